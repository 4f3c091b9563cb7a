//! Made-up sites of any size: a site file, a platform's world, and a house with doors.

use serde_json::{Value, json};

/// The site.
pub const SITE: &str = "riverside";
/// Members on one plan get one group.
const ROOM_GROUP: &str = "Meeting";

/// Which door system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// Bulk calls, membership without dates.
    SaltoKs,
    /// One call for each change, membership with dates.
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

    /// As tables show it.
    pub fn name(self) -> &'static str {
        match self {
            Doors::SaltoKs => "SALTO KS",
            Doors::Kisi => "Kisi",
        }
    }

    fn id(self, n: usize) -> String {
        match self {
            Doors::SaltoKs => format!("00000000-0000-4000-8000-{n:012}"),
            Doors::Kisi => n.to_string(),
        }
    }
}

/// A site of some size.
#[derive(Debug, Clone, Copy)]
pub struct Town {
    /// Its door system.
    pub doors: Doors,
    /// How many members there are.
    pub members: usize,
    /// How many plans there are, each with a group of its own.
    pub groups: usize,
    /// Members are on a plan.
    pub on_plans: bool,
    /// Members have an account at the door system.
    pub accounts: bool,
    /// Members with a plan are in its group.
    pub inside: bool,
}

impl Town {
    /// The site file: a rule for each plan, and one for the meeting room.
    pub fn site(&self) -> String {
        let (kind, place) = (
            self.doors.word(),
            if self.doors == Doors::SaltoKs {
                "place = \"5e0c\"\n"
            } else {
                ""
            },
        );
        let mut text = format!(
            "site = \"{SITE}\"\ntimezone = \"Europe/London\"\nmode = \"full\"\n\n\
             [platform]\nkind = \"officernd\"\norganization = \"riverside-hub\"\nsecret = \"{SITE}/officernd\"\n\
             url = \"sandbox\"\n\n\
             [doors.main]\nkind = \"{kind}\"\n{place}secret = \"{SITE}/doors\"\nurl = \"sandbox\"\n\
             protected = [\"ops@example.test\", \"owner@example.test\"]\n\n\
             [[rule]]\nresource = \"Boardroom\"\nopens = [\"{ROOM_GROUP}\"]\n"
        );
        for n in 0..self.groups {
            text.push_str(&format!(
                "\n[[rule]]\nplan = \"Plan {n}\"\nopens = [\"Group {n}\"]\n"
            ));
        }
        text
    }

    /// What the platform holds.
    pub fn platform(&self) -> Value {
        let plans: Vec<Value> = (0..self.groups)
            .map(|n| json!({ "_id": format!("p{n}"), "name": plan(n) }))
            .collect();
        let members: Vec<Value> = (0..self.members).map(member).collect();
        let memberships: Vec<Value> = if self.on_plans {
            self.memberships()
        } else {
            Vec::new()
        };
        json!({
            "locations": [{ "_id": "l1", "name": "Riverside", "timezone": "Europe/London" }],
            "resources": [{ "_id": "r1", "name": "Boardroom", "type": "meeting_room", "location": "l1" }],
            "plans": plans, "members": members, "memberships": memberships,
        })
    }

    /// A membership for each member, spread over the plans.
    pub fn memberships(&self) -> Vec<Value> {
        let one = |n: usize| {
            json!({ "_id": format!("5f9a1c3e7b2d4a01{n:08x}"), "plan": format!("p{}", n % self.groups.max(1)), "member": member_id(n),
                "location": "l1", "startDate": "2026-01-01T00:00:00Z" })
        };
        (0..self.members).map(one).collect()
    }

    /// What the door system holds.
    pub fn house(&self) -> Value {
        let user = |id: usize, who: &str| json!({ "id": self.doors.id(id), "email": address(who), "name": who, "state": "subscribed" });
        let mut users = vec![user(1, "ops"), user(2, "owner")];
        if self.accounts {
            users.extend((0..self.members).map(|n| user(self.account(n), &who(n))));
        }
        let mut groups = vec![json!({ "id": self.doors.id(1), "name": ROOM_GROUP, "members": [] })];
        groups.extend((0..self.groups).map(|group| {
            let inside = (group..self.members).step_by(self.groups).filter(|_| self.inside);
            let members: Vec<Value> = inside.map(|n| json!({ "user": self.doors.id(self.account(n)) })).collect();
            json!({ "id": self.doors.id(group + 2), "name": format!("Group {group}"), "members": members })
        }));
        json!({ "groups": groups, "users": users })
    }

    /// The id of a member's account.
    pub fn account_id(&self, n: usize) -> String {
        self.doors.id(self.account(n))
    }

    fn account(&self, n: usize) -> usize {
        n + 1_000
    }
}

fn plan(n: usize) -> String {
    format!("Plan {n}")
}

fn address(who: &str) -> String {
    format!("{who}@example.test")
}

/// As long as the platform's own.
fn member_id(n: usize) -> String {
    format!("5f9a1c3e7b2d4a00{n:08x}")
}

fn who(n: usize) -> String {
    format!("firstname.lastname.{n}")
}

fn member(n: usize) -> Value {
    let name = format!("Firstname Lastname-{n}");
    json!({ "_id": member_id(n), "name": name, "email": address(&who(n)), "location": "l1" })
}

/// A booking of the meeting room by one member.
pub fn booking(id: &str, member: usize, start: &str, end: &str) -> Value {
    json!({ "_id": id, "resource": "r1", "member": member_id(member), "location": "l1", "start": start, "end": end,
        "timezone": "Europe/London" })
}
