//! The vocabulary of the journeys. They run all of Doorstep in one process: no sockets, no sleeps,
//! and a clock that moves only when a test moves it.

mod check;
mod scenario;
mod table;
pub mod town;
pub mod visitor;

use std::collections::BTreeMap;

use base64::Engine;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::Machine;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::sandbox::Post;
use doorstep_operator::approve::Opened;
use doorstep_vendors::delivery::Delivery;

pub use scenario::{Doors, DoorsFixture, Platform, Scenario, address, svix_headers};
pub use table::{Item, Table};

/// The site of every journey.
pub const SITE: &str = "riverside";
/// The signing secret of the sandbox platform.
pub const SECRET: &str = "sandbox-webhook-secret";

/// Returns a world with more things at the ends of its lists.
pub fn with_more(mut world: Value, more: Value) -> Value {
    for (kind, things) in more.as_object().cloned().unwrap_or_default() {
        if world.get(&kind).is_none() {
            world[&kind] = json!([]);
        }
        world[&kind]
            .as_array_mut()
            .expect("a list")
            .extend(things.as_array().cloned().unwrap_or_default());
    }
    world
}

/// A journey in progress.
pub struct World {
    /// The machine.
    pub machine: Machine,
    /// The platform.
    pub platform: Platform,
    /// The door system.
    pub doors: Doors,
    /// The members and accounts when the audit chain had the length `from`.
    before: State,
    from: usize,
    /// A function was crashed or a call failed, so the numbers of calls and events may differ.
    shaken: bool,
}

/// The members of each group by id, and the accounts with their addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    inside: BTreeMap<(String, String), usize>,
    accounts: BTreeMap<String, Option<String>>,
    /// The number of cards of each account.
    tags: BTreeMap<String, usize>,
}

/// Runs a journey at both door systems.
macro_rules! at_both {
    ($($(#[$meta:meta])* $journey:ident),* $(,)?) => { $(
        mod $journey {
            use crate::support::Doors;

            #[tokio::test]
            async fn salto_ks() {
                super::$journey(Doors::SaltoKs).await;
            }

            #[tokio::test]
            async fn kisi() {
                super::$journey(Doors::Kisi).await;
            }
        }
    )* };
}
pub(crate) use at_both;

impl World {
    async fn new(
        machine: Machine,
        platform: Platform,
        doors: Doors,
        things: Value,
        fixture: Value,
    ) -> World {
        let mut world = World {
            machine,
            platform,
            doors,
            before: State::default(),
            from: 0,
            shaken: false,
        };
        world.put(platform.word(), "/_world", things).await;
        world.put(doors.word(), "/_world", fixture).await;
        world.before = world.state().await;
        world
    }

    /// Moves the clock, and runs everything that is due on the way.
    pub async fn clock(&self, to: &str) -> Vec<String> {
        let to: Timestamp = to.parse().expect("an instant");
        let ran = self.machine.move_clock(to).await.expect("forward");
        ran.into_iter()
            .map(|ran| format!("{} {}", ran.at, ran.what))
            .collect()
    }

    /// Returns who can open the doors of a group now: the first part of each address, or the name
    /// if there is no address.
    pub async fn inside(&self, group: &str) -> Vec<String> {
        self.machine.quiet().await;
        let world = self.door_world().await;
        names(&world, &self.valid(&world, group))
    }

    /// Moves the clock to an instant, and asserts who can open the doors of a group then.
    pub async fn at(&self, instant: &str, group: &str, who: &[&str]) {
        self.clock(instant).await;
        assert_eq!(self.inside(group).await, who, "in {group} at {instant}");
    }

    fn valid(&self, world: &Value, group: &str) -> Vec<Value> {
        let bound = |line: &Value, key: &str| {
            line[key]
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
        };
        let now = self.machine.now();
        let lines = self.lines(world, group).into_iter();
        lines
            .filter(|line| bound(line, "valid_from").is_none_or(|from| from <= now))
            .filter(|line| bound(line, "valid_until").is_none_or(|until| now < until))
            .collect()
    }

    /// Returns every member of a group, whatever its dates.
    pub fn lines(&self, world: &Value, group: &str) -> Vec<Value> {
        members(world, group)
    }

    /// Returns the state of the door system.
    pub async fn door_world(&self) -> Value {
        self.get(self.doors.word(), "/_world").await
    }

    /// Returns a person's account; null if there is none.
    pub async fn account(&self, who: &str) -> Value {
        self.machine.quiet().await;
        let world = self.door_world().await;
        let users = world["users"].as_array().expect("users").iter();
        users
            .filter(|user| self::who(user) == who)
            .fold(Value::Null, |before, user| {
                assert!(before.is_null(), "{who} has one account, not two");
                user.clone()
            })
    }

    /// Returns the numbers of a person's cards.
    pub async fn tags(&self, who: &str) -> Vec<String> {
        let account = self.account(who).await;
        account["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect()
    }

    /// Changes the door system by hand. Every earlier change must have an audit record.
    pub async fn by_hand(&mut self, change: impl FnOnce(&mut Value)) {
        self.machine.quiet().await;
        self.check_books().await;
        let mut world = self.door_world().await;
        change(&mut world);
        self.put(self.doors.word(), "/_world", world).await;
        self.before = self.state().await;
        self.from = self.audit().await.len();
    }

    /// Adds or removes a member of the first group by hand.
    pub async fn move_by_hand(&mut self, who: &str, is_in: bool) {
        let account = self.account(who).await["id"].clone();
        self.by_hand(|world| {
            let members = world["groups"][0]["members"]
                .as_array_mut()
                .expect("members");
            match is_in {
                true => members.push(json!({ "user": account })),
                false => members.retain(|member| member["user"] != account),
            }
        })
        .await;
    }

    /// Changes the platform without sending webhooks.
    pub async fn change(&self, change: Value) {
        self.changed(change).await;
    }

    async fn changed(&self, change: Value) -> Vec<Post> {
        let word = self.platform.word();
        let changed = self
            .machine
            .sandboxes()
            .post(word, None, change.to_string().into())
            .await;
        changed.unwrap_or_else(|refused| panic!("the change is refused: {:?}", refused.body()))
    }

    /// Changes the platform, which posts its signed webhooks, and lets Doorstep react.
    pub async fn change_and_deliver(&self, change: Value) {
        let deliveries = self.changed(change).await;
        assert!(
            !deliveries.is_empty(),
            "this platform has no webhook for that: use change"
        );
        for delivery in deliveries {
            assert_eq!(
                self.send_signed(delivery.action, &delivery.signed(), &delivery.body)
                    .await,
                202
            );
        }
        self.machine.quiet().await;
    }

    /// Changes the platform and delivers whatever it posts. A platform that can be read is then read
    /// completely, because it does not post everything.
    pub async fn tell(&self, change: Value) {
        for delivery in self.changed(change).await {
            let signed = delivery.signed();
            let answered = self.send_signed(delivery.action, &signed, &delivery.body);
            assert_eq!(answered.await, 202);
        }
        self.machine.quiet().await;
        if !self.platform.pushes() {
            self.reconcile().await;
            self.machine.quiet().await;
        }
    }

    /// Posts one body, signed now.
    pub async fn deliver(&self, body: &[u8]) -> u16 {
        self.deliver_to(None, body).await
    }

    /// Posts one body to the address of one action, signed now.
    pub async fn deliver_to(&self, action: Option<u16>, body: &[u8]) -> u16 {
        self.send_signed(action, body, body).await
    }

    async fn send_signed(&self, action: Option<u16>, signed: &[u8], body: &[u8]) -> u16 {
        let at = self.machine.now().as_second();
        let headers = self.platform.headers(SECRET, at, signed, body);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.send(&self.platform.path(SITE, action), &headers, body)
            .await
            .0
    }

    /// Posts one body with these signature headers.
    pub async fn post(&self, headers: &[&str], body: &[u8]) -> u16 {
        self.post_to(&self.platform.path(SITE, None), headers, body)
            .await
    }

    /// Posts one body to any path.
    pub async fn post_to(&self, path: &str, headers: &[&str], body: &[u8]) -> u16 {
        self.post_as(path, self.platform.header(), headers, body)
            .await
    }

    /// Posts one body with a signature header of another name.
    pub async fn post_as(
        &self,
        path: &str,
        name: &'static str,
        headers: &[&str],
        body: &[u8],
    ) -> u16 {
        let headers: Vec<(&str, &str)> = headers.iter().map(|header| (name, *header)).collect();
        self.send(path, &headers, body).await.0
    }

    /// Posts one body with exactly these headers. Returns the status and the answer.
    pub async fn send(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            sent.append(
                name,
                http::HeaderValue::from_bytes(value.as_bytes()).expect("a header"),
            );
        }
        let body = Bytes::copy_from_slice(body);
        let answer = self
            .machine
            .deliver(Delivery {
                path: path.to_owned(),
                headers: sent,
                body,
            })
            .await;
        (answer.status, answer.body)
    }

    /// Makes a push platform send a snapshot, in this many parts.
    pub async fn roster(&self, parts: usize) -> Vec<Bytes> {
        let posts = self
            .machine
            .sandboxes()
            .roster(self.platform.word(), None, parts)
            .await;
        posts
            .expect("it has a roster")
            .into_iter()
            .map(|post| post.body)
            .collect()
    }

    /// Makes an event at the doors. Returns the webhook that the door system would post.
    pub async fn change_undelivered(&self, change: Value) -> Vec<Bytes> {
        let changed = self
            .machine
            .sandboxes()
            .change(self.doors.word(), None, change.to_string().into())
            .await;
        changed.unwrap_or_else(|refused| panic!("the change is refused: {:?}", refused.body()))
    }

    /// Makes an event at doors that post no webhooks.
    pub async fn change_doors(&self, change: Value) {
        assert!(
            self.change_undelivered(change).await.is_empty(),
            "these doors post nothing"
        );
    }

    /// Replaces the world of the doors. Nothing that Doorstep manages differs in it.
    pub async fn put_world(&self, world: Value) {
        self.put(self.doors.word(), "/_world", world).await;
    }

    /// Runs a reconcile now.
    pub async fn reconcile(&self) -> Report {
        self.machine
            .reconcile(&SiteId::from(SITE))
            .await
            .expect("a reconcile")
    }

    /// Returns what is held.
    pub async fn holds(&self) -> Vec<Opened> {
        self.machine
            .holds(Some(&SiteId::from(SITE)))
            .await
            .expect("holds")
    }

    /// The operator approves everything that is held.
    pub async fn approve_all(&self) {
        for held in self.holds().await {
            self.machine
                .approve(None, &held.hold.checksum)
                .await
                .expect("it is still held");
        }
    }

    /// Crashes the next `times` functions right after a step.
    pub fn crash(&mut self, step: CrashStep, times: u32) {
        self.shaken = true;
        self.machine.crash(step, times);
    }

    /// Makes calls to the door system fail.
    pub async fn faults(&mut self, faults: Value) {
        self.shaken = true;
        let word = self.doors.word();
        self.put(word, "/_faults", faults).await;
    }

    /// Makes calls to the platform fail.
    pub async fn platform_faults(&mut self, faults: Value) {
        self.put(self.platform.word(), "/_faults", faults).await;
    }

    /// Returns the calls that a vendor received, by method and path pattern.
    pub async fn calls(&self, vendor: &str) -> BTreeMap<String, u64> {
        serde_json::from_value(self.get(vendor, "/_calls").await).expect("counts")
    }

    /// Forgets the calls that a vendor received so far.
    pub async fn forget_calls(&self, vendor: &str) {
        self.back_door(vendor, Method::DELETE, "/_calls", String::new())
            .await;
    }

    /// Returns the audit chain.
    pub async fn audit(&self) -> Vec<Value> {
        let audit = self
            .machine
            .audit(&SiteId::from(SITE))
            .await
            .expect("an audit chain");
        audit.as_array().expect("a list").clone()
    }

    /// Returns the actions on one account, oldest first, as `granted Members`.
    pub async fn actions(&self, who: &str) -> Vec<String> {
        let world = self.door_world().await;
        let audit = self.audit().await;
        let of = audit
            .iter()
            .filter(|record| name(&world, &record["account"]) == who);
        of.map(|record| match &record["group"] {
            Value::Null => record["what"].as_str().unwrap_or_default().to_owned(),
            group => format!(
                "{} {}",
                record["what"].as_str().unwrap_or_default(),
                group_name(&world, group)
            ),
        })
        .collect()
    }

    /// Returns all people in the store.
    pub async fn people(&self) -> Vec<Value> {
        self.machine.quiet().await;
        let people = self
            .machine
            .people(&SiteId::from(SITE))
            .await
            .expect("people");
        people.as_array().expect("a list").clone()
    }

    /// Returns the problems of a person.
    pub async fn problems(&self, who: &str) -> Vec<String> {
        let people = self.people().await.into_iter();
        let of = people.filter(|person| person["email"] == address(who));
        of.flat_map(|person| {
            serde_json::from_value::<Vec<String>>(person["problems"].clone()).expect("texts")
        })
        .collect()
    }

    /// Returns the members of each group and the accounts, by id.
    pub async fn state(&self) -> State {
        let world = self.door_world().await;
        let mut state = State::default();
        for group in world["groups"].as_array().expect("groups") {
            for line in group["members"].as_array().expect("members") {
                let at = (
                    text(&line["user"]).to_lowercase(),
                    text(&group["id"]).to_lowercase(),
                );
                *state.inside.entry(at).or_default() += 1;
            }
        }
        for user in world["users"].as_array().expect("users") {
            let id = text(&user["id"]).to_lowercase();
            let tags = user["tags"].as_array().map_or(0, Vec::len);
            state.tags.extend((tags > 0).then(|| (id.clone(), tags)));
            state
                .accounts
                .insert(id, user["email"].as_str().map(str::to_lowercase));
        }
        state
    }

    /// Adds another place of the door system.
    pub async fn put_at(&self, place: &str, fixture: Value) {
        self.put(self.doors.word(), &format!("/_world?of={place}"), fixture)
            .await;
    }

    /// Returns the state of another place of the door system.
    pub async fn get_at(&self, place: &str) -> Value {
        self.get(self.doors.word(), &format!("/_world?of={place}"))
            .await
    }

    async fn get(&self, vendor: &str, path: &str) -> Value {
        self.back_door(vendor, Method::GET, path, String::new())
            .await
    }

    async fn put(&self, vendor: &str, path: &str, body: Value) {
        self.back_door(vendor, Method::PUT, path, body.to_string())
            .await;
    }

    async fn back_door(&self, vendor: &str, method: Method, path: &str, body: String) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::from(body))
            .expect("whole");
        let answer = self.machine.sandboxes().back_door(vendor, request).await;
        assert!(answer.status().is_success(), "{path}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap_or(json!(null))
    }
}

/// Returns OfficeRnD's signature header, computed independently of the code under test. `[D]`
pub fn sign(secret: &str, at: i64, body: &[u8]) -> String {
    format!("t={at},signature={}", signature(secret, at, body))
}

/// Returns the signature alone, in hex.
pub fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    hmac(secret, &[body, format!(".{at}").as_bytes()])
}

/// Returns the signing key of a push platform: the bytes behind `whsec_`.
pub const KEY: &[u8] = b"sandbox-webhook-secret-32-bytes!";

/// Returns the signature of a delivery by Standard Webhooks. `[D]`
pub fn webhook_signature(key: &[u8], id: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!(
        "v1,{}",
        base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
    )
}

/// Returns the HMAC-SHA256 over these parts in sequence, in hex.
pub fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    hex::encode(mac.finalize().into_bytes())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn who(user: &Value) -> String {
    match user["email"].as_str() {
        Some(email) => email.split('@').next().unwrap_or_default().to_owned(),
        None => text(&user["name"]),
    }
}

/// Returns every member of the group `group` in the world of a door system, whatever its dates.
pub fn members(world: &Value, group: &str) -> Vec<Value> {
    let groups = world["groups"].as_array().expect("groups");
    let group = groups
        .iter()
        .find(|found| found["name"] == group)
        .expect("the group is there");
    group["members"].as_array().expect("members").clone()
}

/// Returns the names of members in the world of a door system, sorted: the first part of each
/// address, or the name if there is no address.
pub fn names(world: &Value, members: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = members
        .iter()
        .map(|member| name(world, &member["user"]))
        .collect();
    names.sort();
    names
}

fn name(world: &Value, id: &Value) -> String {
    let same = |user: &&Value| text(&user["id"]).eq_ignore_ascii_case(&text(id));
    world["users"]
        .as_array()
        .expect("users")
        .iter()
        .find(same)
        .map_or_else(|| "nobody".to_owned(), who)
}

fn group_name(world: &Value, id: &Value) -> String {
    let same = |group: &&Value| text(&group["id"]).eq_ignore_ascii_case(&text(id));
    world["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .find(same)
        .map_or_else(String::new, |group| text(&group["name"]))
}
