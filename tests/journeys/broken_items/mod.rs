//! One bad item never stops a site: an item that cannot be read, named or written is skipped, and
//! all others continue.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

mod every_kind;
mod person;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, Table, World};

const NOW: &str = "20260302T0800";

async fn put(world: &World, pk: &str, sk: &str, body: &str) {
    let table = Table::of(world);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = table.client.put_item().table_name(&table.name);
    let put = put
        .item("pk", text(&format!("{SITE}#{pk}")))
        .item("sk", text(sk))
        .item("body", text(body));
    put.send().await.expect("the table takes it");
}

async fn town_with_rules() -> World {
    let rules = format!("{PLAN}{ROOM}");
    Scenario::at(Doors::Kisi, &rules)
        .begin(town(json!({})), DoorsFixture::with(&["Members", "Meeting"]))
        .await
}

async fn assert_the_site_goes_on(world: &World) {
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("eve")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(
            json!({ "bookings": [booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["bob"]).await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
}

#[tokio::test]
async fn i4_a_due_item_that_names_no_one_blocks_nothing_and_is_crossed_out() {
    let world = town_with_rules().await;
    let due =
        json!({ "minute": "2026-03-02T08:00:00Z", "subject": { "person": "ghost" }, "mark": "1" });
    put(
        &world,
        "due",
        &format!("{NOW}#person#ghost"),
        &due.to_string(),
    )
    .await;
    assert_the_site_goes_on(&world).await;
    assert!(
        !world
            .table()
            .await
            .iter()
            .any(|(at, _)| at.contains("ghost")),
        "it is crossed out"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn i4_due_items_that_cannot_be_read_block_nothing() {
    let world = town_with_rules().await;
    for (n, body) in [
        "",
        "7",
        "{}",
        r#"{"minute":"soon","subject":{"robot":"r"},"mark":"1"}"#,
    ]
    .iter()
    .enumerate()
    {
        put(&world, "due", &format!("{NOW}#unknown#{n}"), body).await;
    }
    assert_the_site_goes_on(&world).await;
    world.ends_well().await;
}

#[tokio::test]
async fn i4_a_person_whose_item_the_table_refuses_blocks_nothing() {
    let rules = format!("{PLAN}{ROOM}");
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(Doors::Kisi, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    let table = Table::of(&world);
    let text = |item: &crate::support::Item, name: &str| item.get(name)?.as_s().ok().cloned();
    let items = table.items().await;
    let theirs = |item: &&crate::support::Item| {
        text(item, "body").is_some_and(|body| body.contains("\"claims\":[{"))
    };
    let mut item = items.iter().find(theirs).expect("Ada's item").clone();
    let mut person: Value =
        serde_json::from_str(&text(&item, "body").expect("a body")).expect("JSON");
    // So near to what an item may hold that nothing more can be written.
    let room = 409_500 - person.to_string().len();
    person["claims"][0]["cause"] = json!({ "delivery": "x".repeat(room - 15) });
    item.insert("body".into(), AttributeValue::S(person.to_string()));
    table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item))
        .send()
        .await
        .expect("it fits");
    let of = |who: &str| booking(who, "2026-03-02T08:20:00Z", "2026-03-02T08:30:00Z");
    world
        .change_and_deliver(json!({ "bookings": [of("ada"), of("bob")] }))
        .await;
    world.at("2026-03-02T08:05:00Z", "Meeting", &["bob"]).await;
    world.at("2026-03-02T08:45:00Z", "Meeting", &[]).await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("eve")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
}

/// A removal is told, and in the same minute a change of the same thing, which the platform still
/// has: both are looked at later, and the removal is not forgotten over the change.
#[tokio::test]
async fn b1_later_refetches_of_one_thing_in_one_minute_are_one_and_a_removal_stays_reported() {
    let things = json!({ "quirks": ["lag"], "memberships": [hot_desk("eve")] });
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "memberships": [{ "_id": "s-eve", "location": "l-harbour" }] }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-eve"] } }))
        .await;
    let late = json!({ "event": "membership.updated", "data": { "object": { "_id": "s-eve",
        "modifiedAt": "2026-03-02T09:00:00.000Z" } } });
    assert_eq!(world.deliver(late.to_string().as_bytes()).await, 202);
    world.at("2026-03-02T08:02:00Z", "Members", &[]).await;
    let refetches = |at: &str| at.contains("#look#");
    world.clock("2026-03-02T08:10:00Z").await;
    assert!(
        !world.table().await.iter().any(|(at, _)| refetches(at)),
        "no look is left over"
    );
    world.ends_well().await;
}
