//! Deliveries that were caught and are posted again: Nexudus signs neither a time nor the address.
//! `[D]`

use serde_json::{Value, json};

use super::{PLAN, ROOM, begin, booking, contract, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World};

/// An empty list of Nexudus.
const NOTHING: &str =
    r#"{"Records":[],"CurrentPage":1,"TotalItems":0,"TotalPages":0,"HasNextPage":false}"#;

/// For a while Nexudus says of a contract that it is not there, by its id and in the list.
async fn hide(world: &mut World) {
    let dead =
        json!({ "match": "GET /api/billing/coworkercontracts/113", "status": 500, "times": -1 });
    let none =
        json!({ "match": "GET /api/billing/coworkercontracts", "body": NOTHING, "times": -1 });
    world.platform_faults(json!([dead, none])).await;
}

#[tokio::test]
async fn b4_a_caught_delivery_at_the_address_of_a_removal_takes_nothing_while_reads_fail() {
    let mut world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    hide(&mut world).await;
    for action in [77, 50, 61] {
        let id = if action == 77 { 113 } else { 13 };
        assert_eq!(
            world
                .deliver_to(Some(action), format!("[{{\"Id\":{id}}}]").as_bytes())
                .await,
            202
        );
        assert_eq!(world.inside("Members").await, ["eve"], "{action}");
    }
    world.at("2026-03-02T08:01:00Z", "Members", &["eve"]).await;
    world.platform_faults(json!([])).await;
    world.at("2026-03-02T08:10:00Z", "Members", &["eve"]).await;
    assert_eq!(world.actions("eve").await, ["invited", "granted Members"]);
    world.ends_well().await;
}

#[tokio::test]
async fn n4_a_removal_is_read_again_before_it_is_accepted_and_a_cancelled_booking_is_gone_at_once()
{
    let booked = booking(12, "2026-03-02T08:05:00Z", "2026-03-02T09:00:00Z");
    let things = json!({ "CoworkerContracts": [contract(13)], "Bookings": [booked] });
    let world = begin(
        Doors::Kisi,
        &format!("{PLAN}{ROOM}"),
        things,
        &["Members", "Meeting"],
    )
    .await;
    world
        .change_and_deliver(json!({ "remove": { "CoworkerContracts": [113], "Bookings": [212] } }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        [""; 0],
        "Nexudus keeps a record of its cancellation"
    );
    world.at("2026-03-02T08:04:00Z", "Members", &["eve"]).await;
    world.at("2026-03-02T08:05:00Z", "Members", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn i4_equal_deliveries_within_minutes_cost_one_and_lose_no_second_change() {
    let world = begin(Doors::Kisi, PLAN, json!({}), &["Members"]).await;
    let hint = br#"[{"Id":113}]"#;
    world
        .change(json!({ "CoworkerContracts": [contract(13)] }))
        .await;
    world.forget_calls("nexudus").await;
    assert_eq!(world.deliver_to(Some(60), hint).await, 202);
    assert_eq!(world.inside("Members").await, ["eve"]);
    let one = world.calls("nexudus").await;
    for _ in 0..50 {
        assert_eq!(
            world.deliver_to(Some(60), hint).await,
            202,
            "a duplicate is taken, too"
        );
    }
    world.machine.quiet().await;
    assert_eq!(
        world.calls("nexudus").await,
        one,
        "fifty replays are not read"
    );
    // A second change, whose delivery is of the same bytes and comes within the same minutes.
    world
        .change(json!({ "CoworkerContracts": [{ "Id": 113, "Active": false }] }))
        .await;
    assert_eq!(world.deliver_to(Some(60), hint).await, 202);
    world.at("2026-03-02T08:01:00Z", "Members", &[]).await;
    // Minutes later an equal delivery is one of its own.
    world
        .change(json!({ "CoworkerContracts": [{ "Id": 113, "Active": true }] }))
        .await;
    world.clock("2026-03-02T08:02:00Z").await;
    assert_eq!(world.deliver_to(Some(60), hint).await, 202);
    assert_eq!(world.inside("Members").await, ["eve"]);
    // The same bytes at another address say something else.
    world
        .change(json!({ "CoworkerContracts": [{ "Id": 113, "Active": false }] }))
        .await;
    assert_eq!(world.deliver_to(Some(62), hint).await, 202);
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

/// What changes at Nexudus, and who is inside afterwards.
async fn lagging(things: Value, change: Value, after: &[&str]) {
    let mut world = town(things);
    world["quirks"] = json!(["lag"]);
    let scenario = Scenario::at(Doors::Kisi, PLAN).on(Platform::Nexudus);
    let world = scenario
        .begin(world, DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.change_and_deliver(change.clone()).await;
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "{change}: reads still show what was before"
    );
    world.at("2026-03-02T08:02:00Z", "Members", after).await;
    world.clock("2026-03-02T08:06:00Z").await;
    world.ends_well().await;
}

#[tokio::test]
async fn n4_whatever_changes_at_a_platform_that_lags_its_webhooks_is_read_again() {
    let things = || json!({ "CoworkerContracts": [contract(13)] });
    let ended = json!({ "Id": 113, "Cancelled": true, "CancellationDate": "2026-03-01T00:00:00Z" });
    lagging(things(), json!({ "CoworkerContracts": [ended] }), &[]).await;
    lagging(
        things(),
        json!({ "Coworkers": [{ "Id": 13, "Active": false }] }),
        &[],
    )
    .await;
}
