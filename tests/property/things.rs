//! Things of the platform: the records of a random world, at the start and added later.

use serde_json::{Value, json};

use super::dice::Dice;
use super::story::Story;
use crate::reference_model::{Minute, list, local_midnight, text};

pub const LOCATIONS: [(&str, &str); 3] = [
    ("l0", "Europe/London"),
    ("l1", "America/New_York"),
    ("l2", ""),
];
const COMPANIES: [&str; 2] = ["c0", "c1"];
/// The bookable resources, each with its location.
const ROOMS: [(&str, &str); 3] = [("r0", "l0"), ("r1", "l1"), ("r2", "l2")];
/// The assignable resources, in the order of [`LOCATIONS`].
const DESKS: [&str; 3] = ["d0", "d1", "r2"];

/// Returns an instant as OfficeRnD writes it.
pub fn written(at: Minute) -> String {
    chrono::DateTime::from_timestamp(at, 0)
        .expect("an instant")
        .format("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string()
}

/// Returns a local day as OfficeRnD writes it, some days from `now`.
pub fn day(now: Minute, days: i64) -> String {
    let at = chrono::DateTime::from_timestamp(now + days * 86_400, 0).expect("an instant");
    at.format("%Y-%m-%dT00:00:00.000Z").to_string()
}

/// Returns the first world of the platform.
pub fn world(story: &Story, now: Minute, quirks: &[&str]) -> Value {
    let location = |(id, name, zone): (&str, &str, &str)| match zone {
        "" => json!({ "_id": id, "name": name }),
        zone => json!({ "_id": id, "name": name, "timezone": zone }),
    };
    let names = ["Riverside", "Hudson", "Plain"];
    let locations: Vec<Value> = LOCATIONS
        .iter()
        .zip(names)
        .map(|((id, zone), name)| location((id, name, zone)))
        .collect();
    let mut world = json!({
        "locations": locations,
        "floors": [{ "_id": "f0", "name": "First floor", "location": "l0" }, { "_id": "f1", "name": "Loft", "location": "l1" }],
        "resources": [
            { "_id": "r0", "name": "Boardroom", "type": "meeting_room", "location": "l0", "floor": "f0" },
            { "_id": "r1", "name": "Studio", "type": "meeting_room", "location": "l1" },
            { "_id": "r2", "name": "Hall", "type": "meeting_room", "location": "l2" },
            { "_id": "d0", "name": "Desk 12", "type": "desk", "location": "l0", "floor": "f0" },
            { "_id": "d1", "name": "Office 3", "type": "team_room", "location": "l1", "floor": "f1" },
        ],
        "plans": [
            { "_id": "p0", "name": "Hot desk" }, { "_id": "p1", "name": "Private" },
            { "_id": "p2", "name": "Evening desk" }, { "_id": "p3", "name": "Suite" },
        ],
        "companies": [{ "_id": "c0", "name": "Acme", "location": "l0" }, { "_id": "c1", "name": "Beta", "location": "l1" }],
        "quirks": quirks,
    });
    let kinds: [(&str, &[u64], Make); 7] = [
        ("members", &story.members, member),
        ("visitors", &story.visitors, visitor),
        ("memberships", &story.memberships, membership),
        ("assignments", &story.assignments, assignment),
        ("bookings", &story.bookings, booking),
        ("passes", &story.passes, pass),
        ("checkins", &story.checkins, checkin),
    ];
    for (kind, numbers, make) in kinds {
        world[kind] = json!([]);
        for (place, number) in numbers.iter().enumerate() {
            let thing = make(&mut Dice(*number), &world, &format!("{kind}{place}"), now);
            world[kind].as_array_mut().expect("a list").push(thing);
        }
    }
    world
}

/// Creates one thing in a world.
pub type Make = fn(&mut Dice, &Value, &str, Minute) -> Value;

/// Returns the id of one thing of a kind; `None` if there is none.
pub fn one_of(dice: &mut Dice, world: &Value, kind: &str) -> Value {
    let all = list(world, kind);
    dice.index(all.len())
        .map_or(Value::Null, |place| all[place]["_id"].clone())
}

pub fn member(dice: &mut Dice, world: &Value, id: &str, _: Minute) -> Value {
    let earlier: Vec<&str> = list(world, "members")
        .iter()
        .filter_map(|member| text(member, "email"))
        .collect();
    let email = match (dice.of(8), earlier.last()) {
        (6, Some(shared)) => json!(shared),
        (7, _) => Value::Null,
        _ => json!(format!("{id}@people.test")),
    };
    json!({
        "_id": id, "name": format!("Ada {id}"), "email": email,
        "company": dice.any(&[Value::Null, json!(COMPANIES[0]), json!(COMPANIES[1]), json!(COMPANIES[0])]),
        "location": dice.any(&LOCATIONS).0, "status": status(dice),
    })
}

pub fn status(dice: &mut Dice) -> &'static str {
    dice.any(&[
        "active",
        "active",
        "active",
        "former",
        "lead",
        "not_approved",
        "pending",
        "contact",
        "drop-in",
    ])
}

pub fn visitor(dice: &mut Dice, world: &Value, id: &str, _: Minute) -> Value {
    let members: Vec<&str> = list(world, "members")
        .iter()
        .filter_map(|member| text(member, "email"))
        .collect();
    let email = match dice.of(4) {
        0 | 1 => json!(format!("{id}@guests.test")),
        2 => Value::Null,
        _ => dice
            .index(members.len())
            .map_or(Value::Null, |place| json!(members[place].to_uppercase())),
    };
    json!({ "_id": id, "name": format!("Guest {id}"), "email": email })
}

/// Chooses a company, and usually whether a member belongs to it.
fn holder(dice: &mut Dice, world: &Value) -> (Value, Value) {
    let company = json!(dice.any(&COMPANIES));
    match dice.of(3) {
        0 => (company, one_of(dice, world, "members")),
        1 => (company, Value::Null),
        _ => (Value::Null, one_of(dice, world, "members")),
    }
}

pub fn membership(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let (company, member) = holder(dice, world);
    let start = dice.any(&[-40, -1, 0, 1, 2]);
    let end = match dice.of(6) {
        0 | 1 => Value::Null,
        2 => json!(day(now, 0)),
        3 => json!(day(now, 1)),
        4 => json!(day(now, start - 3)),
        _ => json!(day(now, start.max(0) + 2)),
    };
    json!({
        "_id": id, "company": company, "member": member, "plan": dice.any(&["p0", "p1"]),
        "status": dice.any(&["approved", "approved", "approved", "not_approved"]), "location": dice.any(&LOCATIONS).0,
        "startDate": day(now, start), "endDate": end,
    })
}

pub fn assignment(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let membership = one_of(dice, world, "memberships");
    let place = list(world, "memberships")
        .iter()
        .find(|one| one["_id"] == membership);
    let location = place.and_then(|one| text(one, "location"));
    let desk = LOCATIONS
        .iter()
        .zip(DESKS)
        .find(|((id, _), _)| Some(*id) == location)
        .map_or("d0", |(_, desk)| desk);
    let start = dice.any(&[-10, 0, 1]);
    let end = dice
        .any(&[None, Some(0), Some(1), Some(start - 2)])
        .map_or(Value::Null, |days| json!(day(now, days)));
    json!({ "_id": id, "membership": membership, "resource": desk, "startDate": day(now, start), "endDate": end })
}

/// Returns a start within the next days or just before, at various minutes.
pub fn soon(dice: &mut Dice, now: Minute) -> Minute {
    let hours = dice.any(&[1, 0, 2, 3, 5, 8, 13, 26, 38, -1, -3]);
    let quarter = (now + hours * 3600).div_euclid(900) * 900;
    quarter + dice.any(&[0, 0, 0, 0, 60 * 7, 30])
}

pub fn booking(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let start = soon(dice, now);
    let lasts = dice.any(&[
        3600,
        1800,
        5400,
        4 * 3600,
        900,
        30 * 60 + 20,
        26 * 3600,
        0,
        -3600,
    ]);
    let (room, location) = dice.any(&ROOMS);
    let zone = dice.any(&["Europe/London", "America/New_York"]);
    let some = |dice: &mut Dice, kind: &str| {
        let guests: Vec<Value> = (0..dice.of(3))
            .map(|_| one_of(dice, world, kind))
            .filter(|id| !id.is_null())
            .collect();
        guests
    };
    let mut booking = json!({
        "_id": id, "resource": room, "location": location, "timezone": zone,
        "start": written(start), "end": written(start + lasts),
        "member": if dice.rarely(6) { Value::Null } else { one_of(dice, world, "members") },
        "visitors": some(dice, "visitors"), "members": some(dice, "members"),
        "isTentative": dice.rarely(6), "isCancelled": dice.rarely(8),
    });
    if dice.rarely(3) && lasts < 24 * 3600 {
        repeat(dice, &mut booking, zone, start);
    }
    booking
}

/// Turns a booking into a series that began some days ago.
fn repeat(dice: &mut Dice, booking: &mut Value, zone: &str, start: Minute) {
    let lasts = crate::reference_model::instant(text(booking, "end").expect("an end")) - start;
    let time = start - local_midnight(zone, start, 0);
    let first = local_midnight(zone, start - dice.any(&[0, 1, 2, 7, 14]) * 86_400, 0) + time;
    let weekday = crate::reference_model::date_at(zone, first)
        .format("%a")
        .to_string()
        .to_uppercase()[..2]
        .to_owned();
    let until = written(start + 86_400)
        .replace(['-', ':'], "")
        .replace(".000", "");
    let rule = match dice.of(6) {
        0 => "FREQ=DAILY".to_owned(),
        1 => format!(
            "FREQ=WEEKLY;BYDAY=SA,SU,MO{}",
            if "SASUMO".contains(&weekday) {
                String::new()
            } else {
                format!(",{weekday}")
            }
        ),
        2 => "RRULE:FREQ=DAILY;INTERVAL=2".to_owned(),
        3 => "FREQ=DAILY;COUNT=4".to_owned(),
        4 => format!("FREQ=DAILY;UNTIL={until}"),
        _ => "FREQ=WEEKLY;INTERVAL=2".to_owned(),
    };
    let mut exdates = Vec::new();
    if dice.rarely(3) {
        exdates.push(written(start));
    }
    booking["start"] = json!(written(first));
    booking["end"] = json!(written(first + lasts));
    booking["recurrence"] = json!({ "rrule": rule, "exdates": exdates });
}

pub fn pass(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let (company, member) = holder(dice, world);
    let from = dice.any(&[-5, 0, 1]);
    let (count, used) = dice.any(&[(5.0, 0.0), (1.0, 1.0), (2.5, 2.0), (0.5, 0.5), (3.0, 1.5)]);
    json!({
        "_id": id, "company": company, "member": member, "count": count, "usedCount": used,
        "validFrom": day(now, from), "validTo": dice.any(&[Value::Null, json!(day(now, 0)), json!(day(now, 2)), json!(day(now, from - 1))]),
    })
}

pub fn checkin(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let ago = dice.any(&[60, 3600, 9 * 3600, 30 * 3600]);
    json!({ "_id": id, "member": one_of(dice, world, "members"), "location": "l0", "start": written(now - ago) })
}
