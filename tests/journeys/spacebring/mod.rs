//! Journeys that begin at Spacebring.

mod bookings;
mod by_hand;
mod lies;
mod passes;
mod people;
mod rows;
mod subscriptions;
mod visits;
mod webhooks;

use serde_json::{Value, json};

use crate::support::{self, Doors, DoorsFixture, Platform, Scenario, World};

/// Returns a UUID with this ending.
pub fn id(ending: u64) -> String {
    format!("00000000-0000-4000-8000-{ending:012}")
}

/// The location Riverside.
pub const RIVERSIDE: u64 = 1;
/// The location Harbour.
pub const HARBOUR: u64 = 2;
/// The plan *Hot desk* of Riverside.
pub const HOT_DESK: u64 = 41;
/// The plan *Office* of Riverside.
pub const OFFICE: u64 = 42;
/// The Boardroom of Riverside.
pub const BOARDROOM: u64 = 61;
/// The desk of Riverside, on its second floor.
pub const DESK: u64 = 62;
/// The company of Ada and Bob.
pub const ACME: u64 = 31;
/// The membership of Ada.
pub const ADA: u64 = 11;
/// The membership of Bob.
pub const BOB: u64 = 12;
/// The membership of Eve, who has no company.
pub const EVE: u64 = 13;

/// A small town: two locations in two time zones, a company of two, and an individual member.
pub fn town(more: Value) -> Value {
    let member = |number: u64, name: &str, surname: &str, company: Option<u64>| {
        let email = format!("{}@example.test", name.to_lowercase());
        let mut member = json!({
            "id": id(number), "locationRef": id(RIVERSIDE),
            "user": { "id": id(number + 900), "email": email, "name": name, "surname": surname },
        });
        if let Some(company) = company {
            member["companyRef"] = json!(id(company));
        }
        member
    };
    let usual = json!({
        "locations": [
            { "id": id(RIVERSIDE), "title": "Riverside", "timezoneId": "Europe/London" },
            { "id": id(HARBOUR), "title": "Harbour", "timezoneId": "America/New_York" },
        ],
        "floors": [
            { "id": id(21), "title": "Second floor", "locationRef": id(RIVERSIDE), "mappings": { "shape-1": [id(DESK)] } },
        ],
        "plans": [
            { "id": id(HOT_DESK), "title": "Hot desk", "locationRef": id(RIVERSIDE) },
            { "id": id(OFFICE), "title": "Office", "locationRef": id(RIVERSIDE) },
            { "id": id(43), "title": "Hot desk", "locationRef": id(HARBOUR) },
        ],
        "resources": [
            { "id": id(BOARDROOM), "title": "Boardroom", "locationRef": id(RIVERSIDE), "type": "meetingRoom" },
            { "id": id(DESK), "title": "Desk 12", "locationRef": id(RIVERSIDE), "type": "dedicatedDesk" },
            { "id": id(63), "title": "Pier room", "locationRef": id(HARBOUR), "type": "meetingRoom" },
        ],
        "companies": [{ "id": id(ACME), "title": "Acme", "locationRef": id(RIVERSIDE) }],
        "memberships": [
            member(ADA, "Ada", "Byron", Some(ACME)),
            member(BOB, "Bob", "Noyce", Some(ACME)),
            member(EVE, "Eve", "Curie", None),
        ],
    });
    support::with_more(usual, more)
}

/// A journey that begins on a Monday with these rules and things.
pub async fn begin(at: Doors, rules: &str, things: Value, groups: &[&str]) -> World {
    Scenario::at(at, rules)
        .on(Platform::Spacebring)
        .begin(town(things), DoorsFixture::with(groups))
        .await
}

/// A subscription of one person to *Hot desk* from the start of the year, with no end.
pub fn subscription(member: u64) -> Value {
    json!({
        "id": id(100 + member), "locationRef": id(RIVERSIDE), "membershipRef": id(member),
        "customer": { "id": id(member), "type": "user" }, "status": "active",
        "startDate": "2026-01-01T00:00:00.000Z", "items": [{ "planRef": id(HOT_DESK) }],
    })
}

/// A booking of the Boardroom.
pub fn booking(member: u64, from: &str, to: &str) -> Value {
    json!({
        "id": id(200 + member), "resourceRef": id(BOARDROOM), "membershipRefOwner": id(member),
        "startDate": from, "endDate": to,
    })
}

/// Opens *Members* to people with the plan *Hot desk* of Riverside.
pub const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n";
/// Opens *Meeting* to people who book the Boardroom, from 15 minutes before to 15 minutes after.
pub const ROOM: &str = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n";
/// Opens *Members* to people with a day pass.
pub const PASSES: &str = "[[rule]]\npass = \"*\"\nopens = [\"Members\"]\n";
