//! Each journey carries the number of the requirement that it shows, and goes the whole way.

pub mod andcards;
mod assignments;
mod bookings;
mod broken_items;
mod clocks;
mod closed;
mod conflict;
mod crash;
mod deskworks;
mod dispatch;
mod doctor;
mod doors;
mod drift;
pub mod entries;
mod explain;
mod first_push;
mod folder;
mod forget;
mod guard;
mod guests;
mod lies;
mod names;
mod newcomers;
pub mod nexudus;
mod observed;
mod officernd;
mod on_time;
mod operations;
mod operator;
mod ownership;
mod passes;
mod pause;
mod plans;
mod preview;
mod push;
mod pushed_visits;
mod queue;
mod reconcile;
mod rehearse;
mod retire;
mod seats;
mod shared_groups;
mod sites;
mod slow;
mod slow_table;
mod snapshots;
pub mod spacebring;
mod subscribers;
mod tags;
mod unreadable;
mod visits;
mod withheld;

use serde_json::{Value, json};

use crate::support;

/// A small town: two locations in two time zones, a company of two, and an individual member.
pub fn town(more: Value) -> Value {
    let usual = json!({
        "locations": [
            { "_id": "l-riverside", "name": "Riverside", "timezone": "Europe/London" },
            { "_id": "l-harbour", "name": "Harbour", "timezone": "America/New_York" },
        ],
        "floors": [
            { "_id": "f-first", "name": "First floor", "location": "l-riverside" },
            { "_id": "f-second", "name": "Second floor", "location": "l-riverside" },
        ],
        "resources": [
            { "_id": "r-board", "name": "Boardroom", "type": "meeting_room", "location": "l-riverside", "floor": "f-first" },
            { "_id": "r-desk", "name": "Desk 12", "type": "desk", "location": "l-riverside", "floor": "f-second" },
            { "_id": "r-pier", "name": "Pier room", "type": "meeting_room", "location": "l-harbour" },
        ],
        "plans": [{ "_id": "p-hot", "name": "Hot desk" }, { "_id": "p-office", "name": "Office" }],
        "companies": [{ "_id": "c-acme", "name": "Acme", "location": "l-riverside" }],
        "members": [
            { "_id": "m-ada", "name": "Ada Byron", "email": "ada@example.test", "company": "c-acme", "location": "l-riverside" },
            { "_id": "m-bob", "name": "Bob Noyce", "email": "bob@example.test", "company": "c-acme", "location": "l-riverside" },
            { "_id": "m-eve", "name": "Eve Curie", "email": "eve@example.test", "location": "l-riverside" },
        ],
    });
    support::with_more(usual, more)
}

/// A membership of one member on the plan *Hot desk* from the start of the year, with no end.
pub fn hot_desk(who: &str) -> Value {
    json!({ "_id": format!("s-{who}"), "plan": "p-hot", "member": format!("m-{who}"), "location": "l-riverside",
        "startDate": "2026-01-01T00:00:00Z" })
}

/// A booking of the Boardroom.
pub fn booking(who: &str, start: &str, end: &str) -> Value {
    json!({ "_id": format!("b-{who}"), "resource": "r-board", "member": format!("m-{who}"), "location": "l-riverside",
        "start": start, "end": end, "timezone": "Europe/London" })
}

/// Opens *Members* to people with the plan *Hot desk*.
pub const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";
/// Opens *Meeting* to people who book the Boardroom, from 15 minutes before to 15 minutes after.
pub const ROOM: &str = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n";
