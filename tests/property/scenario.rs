//! The setting of a story: the site and its rules, the door systems, and the start.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::Days;
use serde_json::{Value, json};

use super::dice::Dice;
use super::next_site::NextSite;
use super::platform::{self, rule as fitted};
use super::story::Story;
use crate::reference_model::{
    Audience, Closed, Entry, Minute, OpeningHours, Rule, Selector, Site, date_at, instant,
    may_be_in,
};
use crate::support::Platform;

pub const SITE: &str = "prop";
pub const GROUPS: [&str; 3] = ["Members", "Meeting", "Evening"];
pub const PROTECTED: [&str; 2] = ["ops@doors.test", "owner@doors.test"];
pub const FOREIGN: &str = "stranger@doors.test";

/// A few hours around each clock change in London and New York, and one ordinary day.
const STARTS: [&str; 8] = [
    "2026-06-10T08:00:00Z",
    "2026-03-28T20:00:00Z",
    "2026-10-24T21:07:00Z",
    "2026-03-07T22:30:00Z",
    "2026-10-31T23:00:00Z",
    "2026-03-27T09:00:30Z",
    "2026-10-23T16:00:00Z",
    "2026-11-01T01:10:00Z",
];

#[derive(Debug, Clone)]
pub struct GeneratedScenario {
    pub platform: Platform,
    pub start: Minute,
    pub site: Site,
    pub doors: Vec<Doors>,
    pub platform_quirks: Vec<&'static str>,
    /// Another site of the stack that rules groups of the same door systems.
    pub next: Option<Box<NextSite>>,
}

/// One door system.
#[derive(Debug, Clone)]
pub struct Doors {
    pub name: &'static str,
    pub kind: &'static str,
    pub exclusive: bool,
    pub without_access: &'static str,
    pub guest_accounts: &'static str,
    pub quirks: Vec<&'static str>,
}

impl GeneratedScenario {
    pub fn of(story: &Story, platform: Platform) -> GeneratedScenario {
        let mut dice = Dice(story.scenario);
        let names: &[&str] = dice.any(&[
            &["front"][..],
            &["back"],
            &["front", "back"],
            &["front", "back"],
        ]);
        GeneratedScenario::at(names, dice, story, platform)
    }

    /// Creates a site with these door systems: `front` is at Kisi, `back` at SALTO KS.
    pub fn at(
        names: &[&'static str],
        mut dice: Dice,
        story: &Story,
        platform: Platform,
    ) -> GeneratedScenario {
        let doors: Vec<Doors> = names
            .iter()
            .map(|name| Doors::of(name, &mut dice))
            .collect();
        let site = Site {
            closed: Vec::new(),
            timezone: dice.any(&["Europe/London", "America/New_York"]),
            locations: dice.any(&[
                vec![],
                vec![],
                vec!["Riverside"],
                vec!["Riverside", "Hudson"],
            ]),
            guests: !dice.rarely(4),
            tentative: dice.rarely(4),
            on_the_day: dice.rarely(3),
            unpaid: None,
            rules: story
                .rules
                .iter()
                .map(|number| fitted(platform, rule(Dice(*number), names)))
                .collect(),
        };
        let mut platform_quirks = Vec::new();
        let own = platform == Platform::OfficeRnd;
        platform_quirks.extend((dice.rarely(3) && own).then_some("v1-events"));
        platform_quirks.extend((dice.rarely(3) && own).then_some("cancel-as-removed"));
        platform_quirks.extend((dice.rarely(5) && own).then_some("lag"));
        let start = instant(dice.any(&STARTS));
        let mut site = site;
        if platform == Platform::Spacebring {
            platform::spacebring_rules(&mut site, story);
            let mut dice = Dice(story.scenario ^ QUIRKS);
            platform_quirks.extend(dice.rarely(5).then_some("lag"));
            platform_quirks.extend(dice.rarely(4).then_some("deleted-404"));
        }
        close(&mut site, Dice(story.scenario ^ CLOSED), start);
        GeneratedScenario {
            platform,
            start,
            site,
            doors,
            platform_quirks,
            next: None,
        }
    }

    /// Returns the people who may be in each group: whom this site lets in, and whom the next one
    /// lets in.
    pub fn open(&self, world: &Value, at: Minute) -> BTreeSet<Entry> {
        let mut open = may_be_in(world, &self.site, at);
        open.extend(self.next.iter().flat_map(|next| next.open(at)));
        open
    }

    /// Returns the rules of both sites.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let next = self.next.iter();
        let next = next.flat_map(|next| &next.scenario().site.rules);
        self.site.rules.iter().chain(next)
    }

    /// Returns whether changes that usually happen at once may take a few minutes.
    pub fn is_slow(&self) -> bool {
        let late = ["lag", "just-created", "delete-later", "deleted-404"];
        let mut quirks = self
            .doors
            .iter()
            .flat_map(|doors| &doors.quirks)
            .chain(&self.platform_quirks);
        quirks.any(|quirk| late.contains(quirk))
    }

    /// Returns the site files.
    pub fn files(&self) -> Vec<String> {
        let next = self.next.iter().map(|next| next.file());
        [self.file()].into_iter().chain(next).collect()
    }

    /// The site file.
    pub fn file(&self) -> String {
        let site = &self.site;
        let mut text = format!(
            "site = {SITE:?}\ntimezone = {:?}\nmode = \"full\"\n",
            site.timezone
        );
        let word = self.platform.word();
        let organization = if word == "officernd" {
            "organization = \"prop-hub\"\n"
        } else {
            ""
        };
        write!(text, "[platform]\nkind = {word:?}\n{organization}secret = \"prop/{word}\"\nurl = \"sandbox\"\n")
            .unwrap();
        if !site.locations.is_empty() {
            writeln!(text, "locations = {:?}", site.locations).unwrap();
        }
        for doors in &self.doors {
            text += &doors.text();
        }
        let tentative = if site.tentative { "open" } else { "ignore" };
        write!(
            text,
            "[bookings]\nguests = {}\ntentative = {tentative:?}\n",
            site.guests
        )
        .unwrap();
        let open = if site.on_the_day {
            "on-the-day"
        } else {
            "while-unused"
        };
        write!(text, "[passes]\nopen = {open:?}\n").unwrap();
        if let Some(unpaid) = site.unpaid {
            write!(text, "[members]\nunpaid = {:?}\n", unpaid.text()).unwrap();
        }
        site.rules.iter().for_each(|rule| text += &rule.text());
        site.closed.iter().for_each(|closed| text += &closed.text());
        text
    }
}

/// Makes other dice of a story's for the quirks of Spacebring.
const QUIRKS: u64 = 0x7175_6972_6b73;
/// Makes other dice of a story's, so that closures leave the rest of the story as it is.
const CLOSED: u64 = 0x636c_6f73_6564;

/// Closes some of the days of a story, and lets a rule go on.
fn close(site: &mut Site, mut dice: Dice, start: Minute) {
    if !dice.rarely(3) {
        return;
    }
    let today = date_at(site.timezone, start);
    let first = today + Days::new(dice.any(&[0, 1, 1, 2]));
    let last = first + Days::new(dice.any(&[0, 0, 1]));
    site.closed.push(Closed {
        days: (first, last),
        yearly: dice.rarely(2),
        rule: (dice.rarely(3) && !site.rules.is_empty()).then_some(1),
        at: dice.rarely(3).then_some("Riverside"),
    });
    if dice.rarely(3)
        && let Some(rule) = site.rules.last_mut()
    {
        rule.open_when_closed = true;
    }
}

impl Doors {
    fn of(name: &'static str, dice: &mut Dice) -> Doors {
        let kisi = name == "front";
        let all: &[&str] = if kisi {
            &["second-assignment-409", "email-fuzzy"]
        } else {
            &[
                "bare-array",
                "error-in-200",
                "add-twice-409",
                "remove-missing-404",
                "email-taken-400",
                "rotate-refresh",
                "delete-later",
                "just-created",
            ]
        };
        let often = if kisi { 2 } else { 4 };
        Doors {
            name,
            kind: if kisi { "kisi" } else { "salto-ks" },
            exclusive: dice.rarely(3),
            without_access: dice.any(&["keep", "suspend", "delete"]),
            guest_accounts: dice.any(&["suspend", "keep", "delete"]),
            quirks: all.iter().copied().filter(|_| dice.rarely(often)).collect(),
        }
    }

    fn text(&self) -> String {
        let place = if self.kind == "kisi" {
            ""
        } else {
            "place = \"5e0c0000-0000-4000-8000-000000000001\"\n"
        };
        let foreign = if self.exclusive { "remove" } else { "report" };
        format!(
            "[doors.{}]\nkind = {:?}\n{place}secret = \"prop/{}\"\nurl = \"sandbox\"\nwithout_access = {:?}\n\
             guest_accounts = {:?}\nforeign = {foreign:?}\nprotected = {PROTECTED:?}\n",
            self.name, self.kind, self.kind, self.without_access, self.guest_accounts
        )
    }

    /// Returns the id of one of [`GROUPS`].
    pub fn group_id(&self, name: &str) -> String {
        let number = GROUPS
            .iter()
            .position(|group| *group == name)
            .expect("a group")
            + 1;
        if self.kind == "kisi" {
            number.to_string()
        } else {
            uuid(number)
        }
    }

    /// Returns the name of the group with that id.
    pub fn group_name(&self, id: &str) -> String {
        GROUPS
            .into_iter()
            .find(|name| self.group_id(name) == id)
            .unwrap_or(id)
            .to_owned()
    }

    /// Returns the door system with these initial members.
    pub fn world(&self, inside: &[(String, &'static str)]) -> Value {
        let mut people: Vec<&str> = PROTECTED.to_vec();
        people.push(FOREIGN);
        for (email, _) in inside {
            if !people.contains(&email.as_str()) {
                people.push(email);
            }
        }
        let id = |number: usize| {
            if self.kind == "kisi" {
                (100 + number).to_string()
            } else {
                uuid(100 + number)
            }
        };
        let place = |email: &str| {
            people
                .iter()
                .position(|one| *one == email)
                .expect("a person")
        };
        let user = |(number, email): (usize, &&str)| {
            let mut user = json!({ "id": id(number), "email": email, "name": "Some Body", "state": "subscribed" });
            if self.kind == "salto-ks" {
                user["site_user"] = json!(uuid(500 + number));
            }
            user
        };
        let group = |name: &&'static str| {
            let members = inside.iter().filter(|(_, group)| group == name);
            let members: Vec<Value> = members
                .map(|(email, _)| json!({ "user": id(place(email)), "valid_from": null, "valid_until": null }))
                .collect();
            json!({ "id": self.group_id(name), "name": name, "members": members })
        };
        let groups: Vec<Value> = GROUPS.iter().map(group).collect();
        let users: Vec<Value> = people.iter().enumerate().map(user).collect();
        json!({ "groups": groups, "users": users, "quirks": self.quirks })
    }
}

fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn rule(mut dice: Dice, doors: &[&'static str]) -> Rule {
    let selector = match dice.of(8) {
        0..=2 => Selector::Resource(dice.any(&[
            vec!["*"],
            vec!["Boardroom"],
            vec!["Studio", "Boardroom"],
            vec!["Hall"],
        ])),
        3 => Selector::Plan(dice.any(&[vec!["*"], vec!["Hot desk"], vec!["Private", "Hot desk"]])),
        4 => Selector::Pass,
        5 => {
            Selector::Assignable(dice.any(&[vec!["*"], vec!["Desk 12"], vec!["Office 3", "Hall"]]))
        }
        6 => Selector::Floor(dice.any(&[vec!["First floor"], vec!["*"], vec!["Loft"]])),
        _ => Selector::Location(dice.any(&[vec!["Riverside"], vec!["Hudson", "Plain"], vec!["*"]])),
    };
    let booked = matches!(selector, Selector::Resource(_));
    let whole = OpeningHours {
        days: (0, 6),
        from: 0,
        until: 24 * 60,
    };
    let hours = [
        vec![],
        vec![],
        vec![],
        vec![OpeningHours {
            days: (0, 4),
            from: 9 * 60,
            until: 18 * 60,
        }],
        vec![
            OpeningHours {
                days: (0, 4),
                from: 18 * 60,
                until: 23 * 60,
            },
            OpeningHours {
                days: (5, 5),
                from: 22 * 60,
                until: 2 * 60,
            },
        ],
        vec![
            OpeningHours {
                days: (6, 6),
                from: 60,
                until: 150,
            },
            OpeningHours {
                days: (0, 5),
                ..whole
            },
        ],
        vec![OpeningHours {
            days: (0, 6),
            from: 22 * 60 + 30,
            until: 90,
        }],
        vec![OpeningHours {
            days: (5, 6),
            ..whole
        }],
    ];
    Rule {
        selector,
        doors: dice.any(doors),
        opens: dice.any(&[
            vec!["Members"],
            vec!["Meeting"],
            vec!["Members", "Evening"],
            vec!["Evening"],
        ]),
        before: if booked {
            dice.any(&[15, 0, 30, 90, 1440])
        } else {
            0
        },
        after: if booked {
            dice.any(&[15, 0, 30, 61])
        } else {
            0
        },
        audience: dice.any(&[
            Audience::Everyone,
            Audience::Everyone,
            Audience::Members,
            Audience::NonMembers,
        ]),
        at: dice.any(&[None, None, None, Some("Riverside"), Some("Hudson")]),
        open_when_closed: false,
        hours: dice.any(&hours),
    }
}
