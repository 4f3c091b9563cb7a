//! What only Spacebring knows: several plans in one subscription, each on days of its own;
//! subscriptions that are not paid; and visits without a booking.

use serde_json::{Value, json};

use crate::property::dice::Dice;
use crate::property::story::Story;
use crate::property::things::{LOCATIONS, day, one_of, soon, written};
use crate::reference_model::{Minute, Rule, Selector, Site, Unpaid, instant, list, text};

/// Make other dice of a story's numbers, so that the rest of the story stays as it is.
const PLANS: u64 = 0x0070_6c61_6e73;
const RULES: u64 = 0x0072_756c_6573;
const SITE: u64 = 0x7369_7465;

/// Adds these things to a first world.
pub fn add(story: &Story, world: &mut Value, now: Minute) {
    for (place, number) in story.memberships.iter().enumerate() {
        dated(
            &mut Dice(number ^ PLANS),
            &mut world["memberships"][place],
            now,
        );
    }
    let visits = story.visits.iter().enumerate();
    let visits: Vec<Value> = visits
        .map(|(place, number)| visit(&mut Dice(*number), world, &format!("visits{place}"), now))
        .collect();
    world["visits"] = json!(visits);
}

/// Turns some rules of a site into rules about visitors and about the other plans, and says what a
/// member has who has not paid.
pub fn rules(site: &mut Site, story: &Story) {
    for (rule, number) in site.rules.iter_mut().zip(&story.rules) {
        adapt(rule, Dice(number ^ RULES));
    }
    let grace = [None, Some(Unpaid::Open), Some(Unpaid::Wait)];
    let more = [Some(Unpaid::Grace(1)), Some(Unpaid::Grace(3))];
    site.unpaid = Dice(story.scenario ^ SITE).any(&[grace.as_slice(), &more].concat());
}

fn adapt(rule: &mut Rule, mut dice: Dice) {
    match (dice.of(4), &rule.selector) {
        (0, _) => {
            let names = [vec!["*"], vec!["Riverside"], vec!["Hudson", "Plain"]];
            rule.selector = Selector::Visitor(dice.any(&names));
            rule.before = dice.any(&[15, 0, 90, 1440]);
            rule.after = dice.any(&[120, 0, 15, 1440]);
        }
        (1 | 2, Selector::Plan(_)) => {
            let names = [
                vec!["Evening desk"],
                vec!["Suite", "Hot desk"],
                vec!["Suite"],
            ];
            rule.selector = Selector::Plan(dice.any(&names));
        }
        _ => {}
    }
}

/// Returns one change of such a thing, as the body of a `_change`.
pub fn change(dice: &mut Dice, world: &Value, fresh: &str, now: Minute) -> Value {
    let of = |dice: &mut Dice, kind: &str| {
        let id = one_of(dice, world, kind);
        list(world, kind)
            .iter()
            .find(|one| one["_id"] == id)
            .cloned()
    };
    match dice.of(7) {
        0 | 1 => json!({ "visits": [visit(dice, world, fresh, now)] }),
        2 => match of(dice, "visits") {
            Some(mut visit) => {
                let start = text(&visit, "start").map_or(now, instant);
                let by = dice.any(&[1800, -3600, 86_400, 60]);
                visit["start"] = json!(written(start + by));
                json!({ "visits": [visit] })
            }
            None => json!({}),
        },
        3 => match of(dice, "visits") {
            Some(visit) => json!({ "remove": { "visits": [visit["_id"]] } }),
            None => json!({}),
        },
        4 => match of(dice, "memberships") {
            Some(membership) => {
                let status = dice.any(&["unpaid", "approved"]);
                json!({ "memberships": [{ "_id": membership["_id"], "status": status }] })
            }
            None => json!({}),
        },
        _ => match of(dice, "memberships") {
            Some(mut membership) => {
                dated(dice, &mut membership, now);
                json!({ "memberships": [membership] })
            }
            None => json!({}),
        },
    }
}

/// Gives a membership up to three plans of its location, each with days of its own, and lets some
/// of them be unpaid.
pub fn dated(dice: &mut Dice, membership: &mut Value, now: Minute) {
    let plans = match text(membership, "plan") {
        Some("p0" | "p2") => ["p0", "p2"],
        _ => ["p1", "p3"],
    };
    let item = |dice: &mut Dice| {
        let from = dice.any(&[None, Some(0), Some(-3), Some(1), Some(2)]);
        let until = dice.any(&[None, Some(1), Some(0), Some(2), Some(-1)]);
        let at = |days: Option<i64>| days.map_or(Value::Null, |days| json!(day(now, days)));
        json!({ "plan": dice.any(&plans), "startDate": at(from), "endDate": at(until) })
    };
    let items: Vec<Value> = (0..dice.of(4)).map(|_| item(dice)).collect();
    membership["items"] = json!(items);
    if dice.rarely(4) {
        membership["status"] = json!("unpaid");
    }
}

/// Creates a visit. Some visitors have a member's address.
pub fn visit(dice: &mut Dice, world: &Value, id: &str, now: Minute) -> Value {
    let members: Vec<&str> = list(world, "members")
        .iter()
        .filter_map(|member| text(member, "email"))
        .collect();
    let own = format!("{id}@visits.test");
    let email = match dice.of(3) {
        2 => dice
            .index(members.len())
            .map_or(own, |place| members[place].to_uppercase()),
        _ => own,
    };
    json!({
        "_id": id, "location": dice.any(&LOCATIONS).0, "start": written(soon(dice, now)),
        "name": format!("Visitor {id}"), "email": email,
    })
}

/// Takes these things out of a world of another platform.
pub fn remove(world: &mut Value) {
    if let Some(world) = world.as_object_mut() {
        world.remove("visits");
    }
    for membership in super::things(world, "memberships") {
        if membership["status"] == json!("unpaid") {
            membership["status"] = json!("not_approved");
        }
        if let Some(membership) = membership.as_object_mut() {
            membership.remove("items");
        }
    }
}
