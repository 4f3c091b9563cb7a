//! The start of a journey: a site file, a platform's world and a door system.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{SITE, World};
use doorstep_local::run::functions::{Doorstep, Functions};
use doorstep_local::{Data, Machine, Setup};

/// The start of most journeys: a Monday in winter time.
const MONDAY: &str = "2026-03-02T08:00:00Z";

/// The platform of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// One address for all deliveries.
    OfficeRnd,
    /// One address for each action.
    Nexudus,
    /// Its deliveries come through Svix.
    Spacebring,
    /// It cannot be asked: its letters say all.
    Andcards,
    /// The same.
    Deskworks,
}

impl Platform {
    /// All platforms.
    pub const ALL: [Platform; 5] = [
        Platform::OfficeRnd,
        Platform::Nexudus,
        Platform::Spacebring,
        Platform::Andcards,
        Platform::Deskworks,
    ];

    /// Whether it has no read API and pushes everything.
    pub fn pushes(self) -> bool {
        matches!(self, Platform::Andcards | Platform::Deskworks)
    }

    /// Its name in addresses and site files.
    pub fn word(self) -> &'static str {
        match self {
            Platform::OfficeRnd => "officernd",
            Platform::Nexudus => "nexudus",
            Platform::Spacebring => "spacebring",
            Platform::Andcards => "andcards",
            Platform::Deskworks => "deskworks",
        }
    }

    /// The line of the site file that names the operator there, where there must be one.
    fn organization(self, site: &str) -> String {
        match self {
            Platform::OfficeRnd => format!("organization = \"{site}\"\n"),
            Platform::Nexudus | Platform::Spacebring | Platform::Andcards | Platform::Deskworks => {
                String::new()
            }
        }
    }

    /// The header that proves a delivery.
    pub fn header(self) -> &'static str {
        match self {
            Platform::OfficeRnd => "officernd-signature",
            Platform::Nexudus => "x-nexudus-hook-signature",
            Platform::Spacebring => "svix-signature",
            Platform::Andcards | Platform::Deskworks => "webhook-signature",
        }
    }

    /// What stands in that header, computed here and not by what it shall prove to. `[D]`
    pub fn sign(self, secret: &str, at: i64, body: &[u8]) -> String {
        match self {
            Platform::OfficeRnd => super::sign(secret, at, body),
            Platform::Nexudus => super::hmac(secret, &[body]).to_uppercase(),
            Platform::Spacebring | Platform::Andcards | Platform::Deskworks => {
                let id = format!("{at}-{}", super::hmac("id", &[body]));
                super::webhook_signature(super::KEY, &id, at, body)
            }
        }
    }

    /// All headers of a delivery that carries `body` and of which `signed` is signed.
    pub fn headers(
        self,
        secret: &str,
        at: i64,
        signed: &[u8],
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        if self == Platform::Spacebring {
            return svix_headers(&svix_id(), at, body);
        }
        let mut headers = self.more_headers(at, body);
        headers.push((self.header(), self.sign(secret, at, signed)));
        headers
    }

    /// The address of a site's deliveries, of those of one action where each has its own.
    pub fn path(self, site: &str, action: Option<u16>) -> String {
        let action = action
            .map(|action| format!("/{action}"))
            .unwrap_or_default();
        format!("/hooks/{site}/{}{action}", self.word())
    }

    /// The other headers of a delivery.
    fn more_headers(self, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        match self {
            Platform::OfficeRnd | Platform::Nexudus | Platform::Spacebring => Vec::new(),
            Platform::Andcards | Platform::Deskworks => {
                let id = format!("{at}-{}", super::hmac("id", &[body]));
                vec![("webhook-id", id), ("webhook-timestamp", at.to_string())]
            }
        }
    }
}

/// The id of a delivery by Svix. Every delivery has one of its own, also one with the body of
/// another. `[D]`
fn svix_id() -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    format!("msg_{}", SENT.fetch_add(1, Ordering::Relaxed))
}

/// The headers of the delivery by Svix that has this id.
pub fn svix_headers(id: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    let signature = super::webhook_signature(super::KEY, id, at, body);
    vec![
        ("svix-id", id.to_owned()),
        ("svix-timestamp", at.to_string()),
        ("svix-signature", signature),
    ]
}

/// Which door system a journey is told at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// Membership without dates, two ids, seats.
    SaltoKs,
    /// Membership with dates, made and ended one by one.
    Kisi,
}

impl Doors {
    /// Its name in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Doors::SaltoKs => "salto-ks",
            Doors::Kisi => "kisi",
        }
    }

    /// The id of the group at this place of the fixture.
    pub fn group_id(self, n: usize) -> String {
        self.id(n + 1)
    }

    fn user_id(self, n: usize) -> String {
        self.id(n + 101)
    }

    fn id(self, n: usize) -> String {
        match self {
            Doors::SaltoKs => format!("00000000-0000-4000-8000-{n:012}"),
            Doors::Kisi => n.to_string(),
        }
    }
}

/// Groups, and people who are there before Doorstep is. The two protected people always are.
#[derive(Clone)]
pub struct DoorsFixture {
    groups: Vec<String>,
    people: Vec<String>,
    inside: Vec<(String, String)>,
    tags: Vec<(String, String)>,
    top: Map<String, Value>,
}

impl DoorsFixture {
    /// Door systems with these groups, without members.
    pub fn with(groups: &[&str]) -> Self {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        DoorsFixture {
            groups,
            people: vec!["ops".into(), "owner".into()],
            inside: Vec::new(),
            tags: Vec::new(),
            top: Map::new(),
        }
    }

    /// Adds an account.
    pub fn person(mut self, who: &str) -> Self {
        self.people.push(who.to_owned());
        self
    }

    /// Adds a person with an account to a group.
    pub fn inside(mut self, who: &str, group: &str) -> Self {
        self.inside.push((who.to_owned(), group.to_owned()));
        self
    }

    /// Gives a card to a person with an account.
    pub fn tagged(mut self, who: &str, number: &str) -> Self {
        self.tags.push((who.to_owned(), number.to_owned()));
        self
    }

    /// Another key of the door system's world.
    pub fn says(mut self, key: &str, value: Value) -> Self {
        self.top.insert(key.to_owned(), value);
        self
    }

    /// As the sandbox wants it.
    pub fn world(&self, doors: Doors) -> Value {
        let user = |who: &str| {
            doors.user_id(
                self.people
                    .iter()
                    .position(|p| p == who)
                    .expect("has an account"),
            )
        };
        let mut world = self.top.clone();
        let groups = self.groups.iter().enumerate().map(|(n, name)| {
            let inside = self.inside.iter().filter(|(_, group)| group == name);
            let members: Vec<Value> = inside
                .map(|(who, _)| json!({ "user": user(who) }))
                .collect();
            json!({ "id": doors.group_id(n), "name": name, "members": members })
        });
        world.insert("groups".into(), groups.collect());
        let users = self.people.iter().map(|who| {
            let theirs = self.tags.iter().filter(|(owner, _)| owner == who).map(|(_, number)| number);
            let tags: Vec<&String> = theirs.collect();
            json!({ "id": user(who), "email": address(who), "name": who, "state": "subscribed", "tags": tags })
        });
        world.insert("users".into(), users.collect());
        Value::Object(world)
    }
}

/// Returns all addresses.
pub fn address(who: &str) -> String {
    format!("{who}@example.test")
}

/// A site file in its parts, and how the machine is started.
pub struct Scenario {
    platform: Platform,
    doors: Doors,
    mode: &'static str,
    top: String,
    of_platform: String,
    of_doors: String,
    protected: String,
    rest: String,
    clock: String,
    /// How often every site is reconciled; only when asked, unless a journey says otherwise.
    pub cadence: Option<Duration>,
    /// The secrets file; the sandbox's own secrets where there is none.
    pub secrets: Option<String>,
    /// Site files beside this one.
    pub neighbours: Vec<String>,
    /// Where everything is remembered.
    pub data: Data,
    loaded: bool,
}

impl Scenario {
    /// A site in mode `full`, whose doors are these, with these rules.
    pub fn at(doors: Doors, rules: &str) -> Self {
        Scenario {
            platform: Platform::OfficeRnd,
            doors,
            mode: "full",
            top: String::new(),
            of_platform: String::new(),
            of_doors: String::new(),
            protected: r#"["ops@example.test", "owner@example.test"]"#.into(),
            rest: rules.to_owned(),
            clock: MONDAY.to_owned(),
            cadence: None,
            secrets: None,
            neighbours: Vec::new(),
            data: Data::Memory,
            loaded: true,
        }
    }

    /// Another platform.
    pub fn on(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Which door system it is at.
    pub fn doors(&self) -> Doors {
        self.doors
    }

    /// The machine starts without it, and it is pushed later.
    pub fn not_loaded(mut self) -> Self {
        self.loaded = false;
        self
    }

    /// Another start.
    pub fn starts_at(mut self, instant: &str) -> Self {
        self.clock = instant.to_owned();
        self
    }

    /// Another mode.
    pub fn mode(mut self, mode: &'static str) -> Self {
        self.mode = mode;
        self
    }

    /// More lines under `[platform]`.
    pub fn platform_says(mut self, lines: &str) -> Self {
        self.of_platform = lines.to_owned();
        self
    }

    /// More lines under `[doors.main]`.
    pub fn doors_say(mut self, lines: &str) -> Self {
        self.of_doors = lines.to_owned();
        self
    }

    /// Asserts that the site file is correct, and that it is refused once no SALTO KS site is chosen.
    pub fn is_refused_without_a_place(&self) {
        let text = self.text();
        assert!(doorstep_core::site::Site::parse(&text).is_ok());
        let why = doorstep_core::site::Site::parse(&text.replace("place = \"5e0c\"\n", ""))
            .expect_err("it is refused");
        assert!(why.to_string().contains("place"), "{why}");
    }

    /// The site file.
    pub fn text(&self) -> String {
        self.named(SITE)
    }

    /// The same file for a site of another name.
    pub fn named(&self, site: &str) -> String {
        let Scenario {
            platform,
            mode,
            top,
            of_platform,
            of_doors,
            protected,
            rest,
            ..
        } = self;
        let (word, organization, kind) = (
            platform.word(),
            platform.organization(site),
            self.doors.word(),
        );
        let place = if self.doors == Doors::SaltoKs {
            "place = \"5e0c\"\n"
        } else {
            ""
        };
        format!(
            "site = \"{site}\"\ntimezone = \"Europe/London\"\nmode = \"{mode}\"\n{top}\n\
             [platform]\nkind = \"{word}\"\n{organization}secret = \"{site}/{word}\"\n\
             url = \"sandbox\"\n{of_platform}\n\n\
             [doors.main]\nkind = \"{kind}\"\n{place}secret = \"{site}/doors\"\nurl = \"sandbox\"\n\
             protected = {protected}\n{of_doors}\n\n{rest}"
        )
    }

    /// Starts the machine, puts both worlds there, and lets Doorstep compare them once.
    pub async fn begin(self, platform: Value, fixture: DoorsFixture) -> World {
        let world = self.start(platform, fixture).await;
        world.reconcile().await;
        world
    }

    /// Starts the machine and puts both worlds there.
    pub async fn start(self, platform: Value, fixture: DoorsFixture) -> World {
        self.start_with(platform, fixture, Arc::new(Doorstep)).await
    }

    /// The same with other functions.
    pub async fn start_with(
        self,
        platform: Value,
        fixture: DoorsFixture,
        functions: Arc<dyn Functions>,
    ) -> World {
        let setup = Setup {
            sites: [
                Vec::from_iter(self.loaded.then(|| self.text())),
                self.neighbours,
            ]
            .concat(),
            secrets: self.secrets,
            clock: Some(self.clock.parse().expect("an instant")),
            reconcile: self.cadence,
            data: self.data,
        };
        let machine = Machine::start_with(setup, functions)
            .await
            .expect("it starts");
        World::new(
            machine,
            self.platform,
            self.doors,
            platform,
            fixture.world(self.doors),
        )
        .await
    }
}
