//! Several sites in one deployment, and several door systems in one site.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde_json::{Value, json};

use crate::support::{Platform, SECRET, members, names};
use doorstep_core::model::ids::SiteId;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::Delivery;

const MONDAY: &str = "2026-03-02T08:00:00Z";
/// The two places of a site with two door systems.
const NORTH: &str = "00000000-0000-4000-8000-0000000000a1";
const SOUTH: &str = "00000000-0000-4000-8000-0000000000a2";

/// One machine with several sites.
pub struct Several {
    pub machine: Machine,
}

impl Several {
    pub async fn begin(sites: Vec<String>) -> Several {
        let clock = Some(MONDAY.parse().expect("an instant"));
        let setup = Setup {
            sites,
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        Several {
            machine: Machine::start(setup).await.expect("the sites are right"),
        }
    }

    pub async fn back_door(&self, vendor: &str, method: Method, uri: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::from(body.to_string()))
            .expect("a request");
        let answer = self.machine.sandboxes().back_door(vendor, request).await;
        assert!(answer.status().is_success(), "{vendor}: {answer:?}");
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }

    pub async fn put(&self, vendor: &str, of: &str, world: Value) {
        self.back_door(vendor, Method::PUT, &format!("/_world?of={of}"), &world)
            .await;
    }

    pub async fn faults(&self, vendor: &str, of: &str, faults: Value) {
        self.back_door(vendor, Method::PUT, &format!("/_faults?of={of}"), &faults)
            .await;
    }

    /// The addresses in a group.
    pub async fn inside(&self, vendor: &str, of: &str, group: &str) -> Vec<String> {
        self.machine.quiet().await;
        let world = self
            .back_door(
                vendor,
                Method::GET,
                &format!("/_world?of={of}"),
                &Value::Null,
            )
            .await;
        names(&world, &members(&world, group))
    }

    /// Changes a platform, and delivers the letters of it to `site`; gives what they were answered.
    pub async fn change_and_deliver(
        &self,
        platform: Platform,
        of: Option<&str>,
        site: &str,
        change: Value,
    ) -> Vec<u16> {
        let posts = self
            .machine
            .sandboxes()
            .post(platform.word(), of, Bytes::from(change.to_string()))
            .await;
        let mut answers = Vec::new();
        for post in posts.expect("the change is taken") {
            answers.push(
                self.deliver(platform, &platform.path(site, post.action), post.body)
                    .await,
            );
        }
        self.machine.quiet().await;
        answers
    }

    pub async fn deliver(&self, platform: Platform, path: &str, body: Bytes) -> u16 {
        let now = self.machine.now().as_second();
        let mut headers = HeaderMap::new();
        for (name, text) in platform.headers(SECRET, now, &body, &body) {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(&text).expect("text"),
            );
        }
        self.machine
            .deliver(Delivery {
                path: path.to_owned(),
                headers,
                body,
            })
            .await
            .status
    }

    pub async fn clock(&self, to: &str) {
        self.machine
            .move_clock(to.parse().expect("an instant"))
            .await
            .expect("the clock moves");
    }

    /// Every site ends with an empty second diff, and nothing is left in the line.
    pub async fn end_well(&self, sites: &[&str]) {
        for site in sites {
            self.machine
                .reconcile(&SiteId::from(*site))
                .await
                .expect("it reconciles");
            self.machine.quiet().await;
            let second = self
                .machine
                .reconcile(&SiteId::from(*site))
                .await
                .expect("it reconciles");
            assert_eq!(
                (second.granted, second.revoked),
                (0, 0),
                "{site}: {second:?}"
            );
            assert!(
                second.reads.values().all(|read| read.complete),
                "{site}: {second:?}"
            );
        }
        self.machine.quiet().await;
        assert_eq!(self.machine.cloud().triggers.dead().len(), 0);
    }
}

/// Door systems with these groups and only the two protected people.
pub fn fixture(salto: bool, groups: &[&str]) -> Value {
    let id = |n: usize| {
        if salto {
            format!("00000000-0000-4000-8000-{n:012}")
        } else {
            n.to_string()
        }
    };
    let user = |n: usize, who: &str| json!({ "id": id(n), "site_user": id(n + 500), "email": format!("{who}@example.test"), "name": who, "state": "subscribed" });
    let mut users = vec![user(901, "ops"), user(902, "owner")];
    if !salto {
        users
            .iter_mut()
            .for_each(|user| drop(user.as_object_mut().expect("an object").remove("site_user")));
    }
    let groups: Vec<Value> = groups
        .iter()
        .enumerate()
        .map(|(n, name)| json!({ "id": id(n + 1), "name": name, "members": [] }))
        .collect();
    json!({ "groups": groups, "users": users })
}

pub fn doors(name: &str, site: &str, kind: &str, place: &str) -> String {
    format!(
        "[doors.{name}]\nkind = \"{kind}\"\nplace = \"{place}\"\nsecret = \"{site}/{name}\"\nurl = \"sandbox\"\n\
         protected = [\"ops@example.test\", \"owner@example.test\"]\n"
    )
}

pub fn site(name: &str, platform: Platform, more: &str) -> String {
    let word = platform.word();
    let organization = if platform == Platform::OfficeRnd {
        format!("organization = \"{name}\"\n")
    } else {
        String::new()
    };
    format!(
        "site = \"{name}\"\ntimezone = \"Europe/London\"\nmode = \"full\"\n[platform]\nkind = \"{word}\"\n\
         {organization}secret = \"{name}/{word}\"\nurl = \"sandbox\"\n{more}"
    )
}

fn reservation(id: &str, center: &str, who: &str, start: &str) -> Value {
    let guest = json!({ "name": who, "email": format!("{who}@example.test") });
    json!({ "id": id, "unit": "Boardroom", "center": center, "member": null, "guest": guest,
        "start": format!("2026-03-02T{start}:00Z"), "end": "2026-03-02T12:00:00Z", "cancelled": false })
}

fn centers() -> String {
    let rule = |selector: &str, at: &str, groups: &str| {
        format!(
            "[[rule]]\n{selector}\nat = \"{at}\"\ndoors = \"{}\"\nopens = {groups}\n",
            at.to_lowercase()
        )
    };
    site(
        "mill",
        Platform::Deskworks,
        &[
            doors("north", "mill", "salto-ks", NORTH),
            doors("south", "mill", "salto-ks", SOUTH),
            rule(
                "plan = \"Full time\"",
                "North",
                "[\"Members\", \"Kitchen\"]",
            ),
            rule("plan = \"Full time\"", "South", "[\"Members\"]"),
            rule("resource = \"Boardroom\"", "North", "[\"Meeting\"]"),
            rule(
                "resource = \"Boardroom\"",
                "South",
                "[\"Meeting\", \"Lift\"]",
            ),
        ]
        .concat(),
    )
}

#[tokio::test]
async fn d4_d5_d6_each_center_has_its_own_salto_ks_site_and_its_own_groups() {
    let several = Several::begin(vec![centers()]).await;
    several
        .put(
            "salto-ks",
            NORTH,
            fixture(true, &["Members", "Kitchen", "Meeting"]),
        )
        .await;
    several
        .put(
            "salto-ks",
            SOUTH,
            fixture(true, &["Members", "Meeting", "Lift"]),
        )
        .await;
    let member = |who: &str, center: &str| json!({ "id": who, "name": who, "email": format!("{who}@example.test"), "center": center, "active": true, "master": null });
    let billing = |who: &str, center: &str| {
        json!({ "id": format!("b-{who}-{center}"), "member": who, "product": "Full time", "center": center,
            "start": "2026-01-01", "end": null, "active": true })
    };
    let change = json!({
        "members": [member("ada", "North"), member("bob", "South")],
        "billings": [billing("ada", "North"), billing("bob", "South"), billing("bob", "North")],
        "reservations": [reservation("r1", "North", "gus", "11:00"), reservation("r2", "South", "hal", "11:00")],
    });
    let answers = several
        .change_and_deliver(Platform::Deskworks, None, "mill", change)
        .await;
    assert!(
        !answers.is_empty() && answers.iter().all(|status| *status == 202),
        "{answers:?}"
    );
    assert_eq!(
        several.inside("salto-ks", NORTH, "Members").await,
        ["ada", "bob"]
    );
    assert_eq!(
        several.inside("salto-ks", NORTH, "Kitchen").await,
        ["ada", "bob"]
    );
    assert_eq!(several.inside("salto-ks", SOUTH, "Members").await, ["bob"]);
    several.clock("2026-03-02T10:45:00Z").await;
    assert_eq!(several.inside("salto-ks", NORTH, "Meeting").await, ["gus"]);
    assert_eq!(several.inside("salto-ks", SOUTH, "Meeting").await, ["hal"]);
    assert_eq!(several.inside("salto-ks", SOUTH, "Lift").await, ["hal"]);
    several.clock("2026-03-02T12:15:00Z").await;
    assert_eq!(several.inside("salto-ks", SOUTH, "Lift").await, [""; 0]);
    several.end_well(&["mill"]).await;
}

#[tokio::test]
async fn a8_each_location_has_its_own_salto_ks_account_and_one_that_is_away_stops_no_other() {
    a8(Platform::Andcards, json!({}), pushed()).await;
}

#[tokio::test]
async fn a8_spacebring_locations_have_salto_ks_accounts_of_their_own_too() {
    let id = super::spacebring::id;
    let location = |number: u64, title: &str| json!({ "id": id(number), "title": title, "timezoneId": "Europe/London" });
    let plan = |number: u64| json!({ "id": id(number + 40), "title": format!("Resident {number}"), "locationRef": id(number) });
    let member = |number: u64, who: &str| {
        let user =
            json!({ "id": id(number + 900), "email": format!("{who}@example.test"), "name": who });
        json!({ "id": id(number + 10), "locationRef": id(number), "user": user })
    };
    let subscription = |number: u64| {
        json!({ "id": id(number + 100), "locationRef": id(number), "membershipRef": id(number + 10),
            "customer": { "id": id(number + 10), "type": "user" }, "status": "active",
            "startDate": "2026-01-01T00:00:00.000Z", "items": [{ "planRef": id(number + 40) }] })
    };
    let world = json!({
        "locations": [location(1, "North"), location(2, "South")], "plans": [plan(1), plan(2)],
    });
    let change = json!({
        "memberships": [member(1, "ada"), member(2, "bob")], "subscriptions": [subscription(1), subscription(2)],
    });
    a8(Platform::Spacebring, world, change).await;
}

/// Ada subscribes at North and Bob at South, at a platform that pushes.
fn pushed() -> Value {
    let user = |who: &str| json!({ "id": who, "name": who, "email": format!("{who}@example.test"), "company": null, "active": true });
    let subscription = |who: &str, location: &str| {
        json!({ "id": format!("s-{who}"), "plan": "Resident", "location": location, "user": who, "company": null,
            "start": "2026-01-01", "end": null, "active": true })
    };
    json!({
        "users": [user("ada"), user("bob")],
        "subscriptions": [subscription("ada", "North"), subscription("bob", "South")],
    })
}

/// The change lets Ada in at North and Bob at South, where the doors do not answer at first.
async fn a8(platform: Platform, world: Value, change: Value) {
    let rule = |at: &str| {
        let doors = at.to_lowercase();
        format!(
            "[[rule]]\nplan = \"*\"\nat = \"{at}\"\ndoors = \"{doors}\"\nopens = [\"Members\"]\n"
        )
    };
    let more = [
        doors("north", "loft", "salto-ks", NORTH),
        doors("south", "loft", "salto-ks", SOUTH),
        rule("North"),
        rule("South"),
    ];
    let several = Several::begin(vec![site("loft", platform, &more.concat())]).await;
    for place in [NORTH, SOUTH] {
        let fixture = fixture(true, &["Members"]);
        several.put("salto-ks", place, fixture).await;
    }
    if !platform.pushes() {
        several
            .back_door(platform.word(), Method::PUT, "/_world", &world)
            .await;
        several
            .machine
            .reconcile(&SiteId::from("loft"))
            .await
            .expect("it reconciles");
    }
    let away = json!([{ "match": "*", "status": 503, "times": -1 }]);
    several.faults("salto-ks", SOUTH, away).await;
    several
        .change_and_deliver(platform, None, "loft", change)
        .await;
    assert_eq!(
        several.inside("salto-ks", NORTH, "Members").await,
        ["ada"],
        "whose doors answer"
    );
    several.faults("salto-ks", SOUTH, json!([])).await;
    assert_eq!(several.inside("salto-ks", SOUTH, "Members").await, [""; 0]);
    several
        .machine
        .reconcile(&SiteId::from("loft"))
        .await
        .expect("it reconciles");
    assert_eq!(several.inside("salto-ks", SOUTH, "Members").await, ["bob"]);
    assert_eq!(several.inside("salto-ks", NORTH, "Members").await, ["ada"]);
    several.end_well(&["loft"]).await;
}

#[tokio::test]
async fn k6_each_nexudus_location_has_its_own_kisi_groups() {
    let rule = |at: &str, group: &str| {
        format!("[[rule]]\nplan = \"*\"\nat = \"{at}\"\nopens = [\"{group}\"]\n")
    };
    let more = [
        doors("main", "quay", "kisi", "7"),
        rule("East", "East members"),
        rule("West", "West members"),
    ];
    let several = Several::begin(vec![site("quay", Platform::Nexudus, &more.concat())]).await;
    several
        .put(
            "kisi",
            "7",
            fixture(false, &["East members", "West members"]),
        )
        .await;
    let contract = |id: u32, who: u32, tariff: u32| json!({ "Id": id, "CoworkerId": who, "TariffId": tariff, "StartDate": "2026-01-01T00:00:00Z", "Active": true });
    let world = json!({
        "Businesses": [{ "Id": 1, "Name": "East" }, { "Id": 2, "Name": "West" }],
        "Tariffs": [{ "Id": 11, "Name": "Resident", "BusinessId": 1 }, { "Id": 12, "Name": "Resident", "BusinessId": 2 }],
        "Coworkers": [
            { "Id": 21, "FullName": "Ada", "Email": "ada@example.test", "InvoicingBusinessId": 1 },
            { "Id": 22, "FullName": "Bob", "Email": "bob@example.test", "InvoicingBusinessId": 2 },
        ],
        "CoworkerContracts": [contract(31, 21, 11), contract(32, 22, 12)],
    });
    let sandboxes = several.machine.sandboxes();
    let request = Request::builder()
        .method(Method::PUT)
        .uri("/_world")
        .body(Bytes::from(world.to_string()));
    assert!(
        sandboxes
            .back_door("nexudus", request.expect("a request"))
            .await
            .status()
            .is_success()
    );
    several
        .machine
        .reconcile(&SiteId::from("quay"))
        .await
        .expect("it reconciles");
    assert_eq!(several.inside("kisi", "7", "East members").await, ["ada"]);
    assert_eq!(several.inside("kisi", "7", "West members").await, ["bob"]);
    let both = several
        .change_and_deliver(
            Platform::Nexudus,
            None,
            "quay",
            json!({ "CoworkerContracts": [contract(33, 21, 12)] }),
        )
        .await;
    assert!(both.iter().all(|status| *status == 202), "{both:?}");
    assert_eq!(
        several.inside("kisi", "7", "West members").await,
        ["ada", "bob"]
    );
    several.end_well(&["quay"]).await;
}

/// Four sites, four platforms, both door systems: what belongs to one proves nothing at another,
/// stops nothing there and opens nothing there.
#[tokio::test]
async fn b15_sites_on_every_platform_stand_apart_from_each_other() {
    let plan = "[[rule]]\nplan = \"*\"\nopens = [\"Members\"]\n";
    let house_of = |name: &str, place: &str, salto: bool| {
        doors("main", name, if salto { "salto-ks" } else { "kisi" }, place) + plan
    };
    let several = Several::begin(vec![
        site(
            "harbour",
            Platform::OfficeRnd,
            &house_of("harbour", NORTH, true),
        ),
        site("quay", Platform::Nexudus, &house_of("quay", "7", false)),
        site("loft", Platform::Andcards, &house_of("loft", SOUTH, true)),
        site("mill", Platform::Deskworks, &house_of("mill", "8", false)),
    ])
    .await;
    let places = [
        ("salto-ks", NORTH),
        ("kisi", "7"),
        ("salto-ks", SOUTH),
        ("kisi", "8"),
    ];
    for (vendor, of) in places {
        several
            .put(vendor, of, fixture(vendor == "salto-ks", &["Members"]))
            .await;
    }
    let inside = async || {
        let mut all = Vec::new();
        for (vendor, of) in places {
            all.push(several.inside(vendor, of, "Members").await);
        }
        all
    };
    // One person at every platform, by one and the same id and address.
    let ada = json!({ "name": "Ada", "email": "ada@example.test" });
    let with = |more: Value| {
        let mut object = ada.clone();
        object
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        object
    };
    let user = with(json!({ "id": "1", "company": null, "active": true }));
    let subscription = json!({ "id": "1", "plan": "P", "location": "L", "user": "1", "company": null, "start": "2026-01-01",
        "end": null, "active": true });
    // A site that cannot reach its platform, and doors that fail, are their own trouble.
    several
        .faults(
            "officernd",
            "harbour",
            json!([{ "match": "*", "status": 500, "times": -1 }]),
        )
        .await;
    several
        .faults(
            "kisi",
            "7",
            json!([{ "match": "*", "status": 500, "times": -1 }]),
        )
        .await;
    let told = json!({ "users": [user], "subscriptions": [subscription] });
    assert!(
        several
            .change_and_deliver(Platform::Andcards, None, "loft", told)
            .await
            .iter()
            .all(|status| *status == 202)
    );
    assert_eq!(
        inside().await,
        [vec![], vec![], vec!["ada".to_owned()], vec![]]
    );
    let member = with(json!({ "id": "1", "center": "C", "active": true, "master": null }));
    let billing = json!({ "id": "1", "member": "1", "product": "P", "center": "C", "start": "2026-01-01", "end": null, "active": true });
    let told = json!({ "members": [member], "billings": [billing] });
    assert!(
        several
            .change_and_deliver(Platform::Deskworks, None, "mill", told)
            .await
            .iter()
            .all(|status| *status == 202)
    );
    assert_eq!(
        inside().await,
        [
            vec![],
            vec![],
            vec!["ada".to_owned()],
            vec!["ada".to_owned()]
        ]
    );
    // A delivery for a site on another platform has no route.
    let delivery =
        json!({ "type": "user.removed", "timestamp": MONDAY, "data": { "id": "1" } }).to_string();
    let wrong = several
        .deliver(
            Platform::Andcards,
            "/hooks/mill/andcards",
            Bytes::from(delivery),
        )
        .await;
    assert_eq!(wrong, 404);
    several.faults("officernd", "harbour", json!([])).await;
    several.faults("kisi", "7", json!([])).await;
    several.end_well(&["harbour", "quay", "loft", "mill"]).await;
    assert_eq!(
        inside().await,
        [
            vec![],
            vec![],
            vec!["ada".to_owned()],
            vec!["ada".to_owned()]
        ]
    );
}
