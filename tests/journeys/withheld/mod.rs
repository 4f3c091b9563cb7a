//! No way past the guard: every way in which something is taken away, by every kind of news.

mod cards;
mod foreign;
mod limits;
mod missing;
mod people;
mod unconfirmed;
mod ways;

use serde_json::{Value, json};

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address};

/// The name of a numbered person.
fn who(n: usize) -> String {
    format!("p{n:02}")
}

fn names(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(who).collect()
}

/// Returns the number of a person's card.
fn number(n: usize) -> String {
    format!("{:04}", 1000 + n)
}

fn member(n: usize) -> Value {
    let properties = json!({ "Card number": number(n) });
    json!({ "_id": format!("m-{}", who(n)), "name": who(n), "email": address(&who(n)), "properties": properties })
}

/// So many people, each with a membership and a card number.
fn people(count: usize) -> Value {
    json!({
        "members": (0..count).map(member).collect::<Vec<_>>(),
        "memberships": (0..count).map(|n| hot_desk(&who(n))).collect::<Vec<_>>(),
    })
}

/// A site with so many people in one group, each with a card.
async fn full(at: Doors, count: usize) -> World {
    full_by(scenario(at), count).await
}

fn scenario(at: Doors) -> Scenario {
    Scenario::at(at, PLAN).platform_says("card_property = \"Card number\"")
}

async fn full_by(scenario: Scenario, count: usize) -> World {
    let numbers: Vec<String> = (0..count).map(number).collect();
    let fixture = DoorsFixture::with(&["Members", "Front"]).says("tags", json!(numbers));
    let world = scenario.begin(town(people(count)), fixture).await;
    assert_eq!(world.inside("Members").await, names(0..count));
    assert_eq!(carded(&world).await, count);
    world
}

/// How many people have a card.
async fn carded(world: &World) -> usize {
    let held = world.door_world().await;
    let users = held["users"].as_array().expect("users");
    users
        .iter()
        .filter(|user| user["tags"].as_array().is_some_and(|tags| !tags.is_empty()))
        .count()
}
