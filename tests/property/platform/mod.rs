//! Stories at every platform. They are made and judged as worlds of OfficeRnD's shape; what another
//! platform cannot say is taken out of them, and the rest is said in its words.

mod nexudus;
mod push;
mod spacebring;
mod spacebring_things;
mod webhooks;

pub use spacebring_things::{change as spacebring_change, dated, rules as spacebring_rules};
pub use webhooks::{SignedWebhook, headers};

use serde_json::{Map, Value, json};

use super::story::Story;
use super::things::LOCATIONS;
use crate::reference_model::{Minute, Rule, Selector, list, text};
use crate::support::Platform;

/// Returns the world in the platform's own words; `None` for OfficeRnD, whose shape all worlds
/// have.
pub fn own(platform: Platform, world: &Value) -> Option<Value> {
    match platform {
        Platform::OfficeRnd => None,
        Platform::Nexudus => Some(nexudus::world(world)),
        Platform::Spacebring => Some(spacebring::world(world)),
        Platform::Andcards => Some(push::andcards(world)),
        Platform::Deskworks => Some(push::deskworks(world)),
    }
}

/// Returns whether the platform has a read API.
pub fn can_be_asked(platform: Platform) -> bool {
    !platform.pushes()
}

/// Returns whether the platform signs a timestamp.
pub fn can_go_stale(platform: Platform) -> bool {
    platform != Platform::Nexudus
}

/// Adds to a first world what only this platform has.
pub fn add(platform: Platform, story: &Story, world: &mut Value, now: Minute) {
    if platform == Platform::Spacebring {
        spacebring_things::add(story, world, now);
    }
}

/// Removes from a world what this platform cannot express.
pub fn fit(platform: Platform, world: &mut Value) {
    if platform != Platform::Spacebring {
        spacebring_things::remove(world);
    }
    match platform {
        Platform::OfficeRnd => {}
        Platform::Nexudus => nexudus::fit(world),
        Platform::Spacebring => spacebring::fit(world),
        Platform::Andcards => push::fit(world, false),
        Platform::Deskworks => push::fit(world, true),
    }
}

/// Returns a rule that this platform supports.
pub fn rule(platform: Platform, rule: Rule) -> Rule {
    let serves = match (platform, &rule.selector) {
        (Platform::OfficeRnd | Platform::Spacebring, _) => true,
        (Platform::Nexudus, selector) => !matches!(selector, Selector::Floor(_)),
        (Platform::Andcards | Platform::Deskworks, selector) => {
            matches!(selector, Selector::Plan(_) | Selector::Resource(_))
        }
    };
    if serves {
        rule
    } else {
        Rule {
            selector: Selector::Plan(vec!["Hot desk"]),
            before: 0,
            after: 0,
            ..rule
        }
    }
}

/// Applies a change to a world.
pub fn apply(world: &mut Value, change: &Value) {
    for (kind, changed) in change.as_object().expect("an object") {
        if kind == "remove" {
            for (kind, ids) in changed.as_object().expect("an object") {
                let ids = ids.as_array().expect("ids");
                things(world, kind).retain(|thing| !ids.contains(&thing["_id"]));
            }
            continue;
        }
        for new in changed.as_array().expect("a list") {
            let all = things(world, kind);
            match all.iter_mut().find(|thing| thing["_id"] == new["_id"]) {
                Some(old) => {
                    let new = new.as_object().expect("an object").clone();
                    old.as_object_mut().expect("an object").extend(new);
                }
                None => all.push(new.clone()),
            }
        }
    }
}

/// Returns the changes that turn one world into another.
pub fn difference(platform: Platform, old: &Value, new: &Value) -> Value {
    let key = if platform == Platform::Nexudus {
        "Id"
    } else {
        "id"
    };
    let (mut change, mut removed) = (Map::new(), Map::new());
    for kind in new.as_object().expect("an object").keys() {
        let before = list(old, kind);
        let after = list(new, kind);
        let other = |thing: &&Value| !before.contains(thing);
        let upserts: Vec<Value> = after.iter().filter(other).cloned().collect();
        let is_gone = |thing: &&Value| !after.iter().any(|new| new[key] == thing[key]);
        let gone: Vec<Value> = before
            .iter()
            .filter(is_gone)
            .map(|thing| thing[key].clone())
            .collect();
        if !upserts.is_empty() {
            change.insert(kind.clone(), json!(upserts));
        }
        if !gone.is_empty() {
            removed.insert(kind.clone(), json!(gone));
        }
    }
    if !removed.is_empty() {
        change.insert("remove".to_owned(), json!(removed));
    }
    Value::Object(change)
}

fn things<'w>(world: &'w mut Value, kind: &str) -> &'w mut Vec<Value> {
    let all = world
        .as_object_mut()
        .expect("an object")
        .entry(kind)
        .or_insert_with(|| json!([]));
    all.as_array_mut().expect("a list")
}

/// Guests have an address at these platforms. Each booking has its own records of its guests.
fn fit_guests(world: &mut Value) {
    for visitor in things(world, "visitors") {
        if visitor["email"].is_null() {
            visitor["email"] = json!(format!(
                "{}@guests.test",
                text(visitor, "_id").unwrap_or_default()
            ));
        }
    }
}

/// Bookings do not repeat, and their only member is the person who booked.
fn fit_bookings(world: &mut Value, tentative: bool) {
    let visitors: Vec<Value> = list(world, "visitors")
        .iter()
        .map(|visitor| visitor["_id"].clone())
        .collect();
    for booking in things(world, "bookings") {
        booking
            .as_object_mut()
            .expect("an object")
            .remove("recurrence");
        booking["members"] = json!([]);
        booking["isTentative"] = json!(tentative && booking["isTentative"] == json!(true));
        booking["visitors"]
            .as_array_mut()
            .expect("a list")
            .retain(|id| visitors.contains(id));
    }
}

/// Only members hold memberships.
fn fit_holders(world: &mut Value, kind: &str, companies: bool) {
    let members: Vec<Value> = list(world, "members")
        .iter()
        .map(|member| member["_id"].clone())
        .collect();
    for thing in things(world, kind)
        .iter_mut()
        .filter(|thing| !companies || !thing["member"].is_null())
    {
        thing["company"] = Value::Null;
    }
    // The things of a removed person are removed too.
    things(world, kind).retain(|thing| {
        if thing["member"].is_null() {
            companies && !thing["company"].is_null()
        } else {
            members.contains(&thing["member"])
        }
    });
}

/// Returns the name of a thing.
fn named<'w>(world: &'w Value, kind: &str, id: &Value) -> &'w str {
    let thing = list(world, kind).iter().find(|thing| thing["_id"] == *id);
    thing
        .and_then(|thing| text(thing, "name"))
        .unwrap_or_default()
}

/// Returns the location of a plan, if plans have one.
fn place_of_plan(plan: &Value) -> &'static str {
    if ["p0", "p2"].iter().any(|here| plan == here) {
        LOCATIONS[0].0
    } else {
        LOCATIONS[1].0
    }
}
