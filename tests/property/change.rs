//! One change at the platform.

use serde_json::{Value, json};

use super::dice::Dice;
use super::platform;
use super::things::{self, one_of, written};
use crate::reference_model::{Minute, instant, list, text};
use crate::support::Platform;

/// Returns the body of `_change`. `fresh` is an unused id.
pub fn change(
    dice: &mut Dice,
    world: &Value,
    fresh: &str,
    now: Minute,
    platform: Platform,
) -> Value {
    match dice.of(16) {
        10 | 11 if platform == Platform::Spacebring => {
            platform::spacebring_change(dice, world, fresh, now)
        }
        10 if platform != Platform::OfficeRnd => altered(
            dice,
            world,
            "members",
            |_, member| json!({ "inactive": member["inactive"] != json!(true) }),
        ),
        0 | 1 => made("bookings", things::booking(dice, world, fresh, now)),
        2 => moved(dice, world, now),
        3 => altered(dice, world, "bookings", |dice, booking| {
            let field = dice.any(&["isCancelled", "isCancelled", "isTentative"]);
            json!({ field: booking[field] != json!(true) })
        }),
        4 => removed(dice, world, "bookings"),
        5 => altered(
            dice,
            world,
            "bookings",
            |dice, _| json!({ "visitors": [one_of(dice, world, "visitors")], "members": [one_of(dice, world, "members")] }),
        ),
        6 => {
            let mut membership = things::membership(dice, world, fresh, now);
            if platform == Platform::Spacebring {
                platform::dated(dice, &mut membership, now);
            }
            made("memberships", membership)
        }
        7 => altered(dice, world, "memberships", |dice, _| {
            let days = dice.any(&[0, -1, 1]);
            json!({ "endDate": written(now + days * 86_400)[..11].to_owned() + "00:00:00.000Z" })
        }),
        8 => altered(
            dice,
            world,
            "memberships",
            |dice, _| json!({ "status": dice.any(&["not_approved", "approved"]) }),
        ),
        9 => removed(dice, world, "memberships"),
        10 => altered(
            dice,
            world,
            "members",
            |dice, _| json!({ "status": things::status(dice), "company": dice.any(&[json!("c0"), json!("c1"), Value::Null]) }),
        ),
        11 => altered(
            dice,
            world,
            "passes",
            |dice, pass| json!({ "usedCount": dice.any(&[pass["count"].clone(), json!(0), json!(0.5)]) }),
        ),
        12 => made("passes", things::pass(dice, world, fresh, now)),
        13 => silent(dice, world, fresh, now),
        14 => guested(dice, world, fresh, now),
        _ => match dice.of(3) {
            0 => removed(dice, world, "members"),
            _ => made("members", things::member(dice, world, fresh, now)),
        },
    }
}

fn made(kind: &str, thing: Value) -> Value {
    json!({ kind: [thing] })
}

fn removed(dice: &mut Dice, world: &Value, kind: &str) -> Value {
    match one_of(dice, world, kind) {
        Value::Null => json!({}),
        id => json!({ "remove": { kind: [id] } }),
    }
}

fn altered(
    dice: &mut Dice,
    world: &Value,
    kind: &str,
    alter: impl Fn(&mut Dice, &Value) -> Value,
) -> Value {
    let all = list(world, kind);
    let Some(place) = dice.index(all.len()) else {
        return json!({});
    };
    let mut fields = alter(dice, &all[place]);
    for list in ["visitors", "members"] {
        if let Some(ids) = fields[list].as_array_mut() {
            ids.retain(|id| !id.is_null());
        } else if let Some(fields) = fields.as_object_mut() {
            fields.remove(list);
        }
    }
    fields["_id"] = all[place]["_id"].clone();
    json!({ kind: [fields] })
}

/// Moves the start or the end of a booking.
fn moved(dice: &mut Dice, world: &Value, _: Minute) -> Value {
    altered(dice, world, "bookings", |dice, booking| {
        let (start, end) = (at(booking, "start"), at(booking, "end"));
        let by = dice.any(&[1800, -900, 3600, -3600, 60]);
        match dice.of(3) {
            0 => json!({ "start": written(start + by), "end": written(end + by) }),
            1 => json!({ "end": written(end + by) }),
            _ => json!({ "start": written(start + by) }),
        }
    })
}

fn at(thing: &Value, field: &str) -> Minute {
    instant(text(thing, field).expect("an instant"))
}

/// Kinds without a webhook.
fn silent(dice: &mut Dice, world: &Value, fresh: &str, now: Minute) -> Value {
    match dice.of(4) {
        0 => made("checkins", things::checkin(dice, world, fresh, now)),
        1 => made("assignments", things::assignment(dice, world, fresh, now)),
        2 => removed(dice, world, "assignments"),
        _ => removed(dice, world, "visitors"),
    }
}

/// Adds a guest to a booking.
fn guested(dice: &mut Dice, world: &Value, fresh: &str, now: Minute) -> Value {
    let guest = things::visitor(dice, world, &format!("{fresh}g"), now);
    let mut booking = things::booking(dice, world, fresh, now);
    booking["visitors"] = json!([guest["_id"]]);
    json!({ "visitors": [guest], "bookings": [booking] })
}
