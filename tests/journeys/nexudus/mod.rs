//! Journeys that begin at Nexudus.

mod bookings;
mod cards;
mod contracts;
mod desks;
mod hearing;
mod passes;
mod people;
mod replays;
mod successors;
mod teams;
mod unpaid;
mod visitors;

use serde_json::{Value, json};

use crate::support::{self, Doors, DoorsFixture, Platform, Scenario, World};

/// A small town: two locations in two time zones, a team of two, and an individual member. The desk
/// has the number of a room, as it may.
pub fn town(more: Value) -> Value {
    let usual = json!({
        "Businesses": [
            { "Id": 1, "Name": "Riverside", "SimpleTimeZoneNameIana": "Europe/London" },
            { "Id": 2, "Name": "Harbour", "SimpleTimeZoneNameIana": "America/New_York" },
        ],
        "Coworkers": [
            { "Id": 11, "FullName": "Ada Byron", "Email": "ada@example.test" },
            { "Id": 12, "FullName": "Bob Noyce", "Email": "bob@example.test" },
            { "Id": 13, "FullName": "Eve Curie", "Email": "eve@example.test" },
        ],
        "Teams": [{ "Id": 31, "Name": "Acme", "BusinessId": 1, "TeamMembers": [11, 12] }],
        "Tariffs": [
            { "Id": 41, "Name": "Hot desk", "BusinessId": 1 },
            { "Id": 42, "Name": "Office", "BusinessId": 1 },
            { "Id": 43, "Name": "Hot desk", "BusinessId": 2 },
        ],
        "TimePasses": [
            { "Id": 51, "Name": "Day pass", "BusinessId": 1 },
            { "Id": 52, "Name": "Evening pass", "BusinessId": 1 },
        ],
        "Resources": [
            { "Id": 61, "Name": "Boardroom", "BusinessId": 1, "ResourceTypeName": "Meeting room" },
            { "Id": 62, "Name": "Pier room", "BusinessId": 2, "ResourceTypeName": "Meeting room" },
        ],
        "FloorPlanDesks": [
            { "Id": 61, "Name": "Desk 12", "ItemType": 1, "FloorPlanBusinessId": 1 },
            { "Id": 72, "Name": "Office 3", "ItemType": 2, "FloorPlanBusinessId": 2 },
        ],
    });
    support::with_more(usual, more)
}

/// A journey that begins on a Monday with these rules and things.
pub async fn begin(at: Doors, rules: &str, things: Value, groups: &[&str]) -> World {
    Scenario::at(at, rules)
        .on(Platform::Nexudus)
        .begin(town(things), DoorsFixture::with(groups))
        .await
}

/// A contract on the plan *Hot desk* at Riverside from the start of the year, with no end.
pub fn contract(coworker: u64) -> Value {
    json!({ "Id": 100 + coworker, "CoworkerId": coworker, "TariffId": 41, "StartDate": "2026-01-01T00:00:00Z" })
}

/// A booking of the Boardroom.
pub fn booking(coworker: u64, from: &str, to: &str) -> Value {
    json!({ "Id": 200 + coworker, "ResourceId": 61, "CoworkerId": coworker, "FromTime": from, "ToTime": to })
}

/// A pass of one person.
pub fn pass(coworker: u64, kind: u64) -> Value {
    json!({ "Id": kind * 100 + coworker, "CoworkerId": coworker, "TimePassId": kind, "BusinessId": 1 })
}

/// Opens *Members* to people with the plan *Hot desk* of Riverside.
pub const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n";
/// Opens *Meeting* to people who book the Boardroom, from 15 minutes before to 15 minutes after.
pub const ROOM: &str = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n";
/// Opens *Members* to people with a pass.
pub const PASSES: &str = "[[rule]]\npass = \"*\"\nopens = [\"Members\"]\n";
