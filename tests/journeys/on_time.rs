//! How many doors opened and closed when they should have, per day, as the audit chain tells it.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;
use doorstep_operator::on_time::{OnTimeDay, OnTimeQuery, on_time};

at_both!(
    b13_what_opens_and_closes_at_its_minute_is_on_time,
    b13_what_a_vendor_held_up_is_late_and_it_is_said_why,
    b13_what_was_asked_for_late_is_not_late,
);

async fn day(world: &World, day: &str) -> OnTimeDay {
    world.machine.quiet().await;
    let wanted = OnTimeQuery {
        day: Some(day.to_owned()),
        ..OnTimeQuery::default()
    };
    let told = on_time(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer");
    assert_eq!(told.days.len(), 1);
    assert!(told.to_string().contains(day));
    told.days[0].clone()
}

fn counts(day: &OnTimeDay) -> [usize; 4] {
    [
        day.opened.all,
        day.opened.on_time,
        day.closed.all,
        day.closed.on_time,
    ]
}

async fn b13_what_opens_and_closes_at_its_minute_is_on_time(at: Doors) {
    let things = json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        booking("bob", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z")] });
    let world = Scenario::at(at, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    world.clock("2026-03-04T08:00:00Z").await;
    let [monday, tuesday] = [
        day(&world, "2026-03-02").await,
        day(&world, "2026-03-03").await,
    ];
    assert_eq!(
        (counts(&monday), counts(&tuesday)),
        ([1, 1, 1, 1], [1, 1, 1, 1])
    );
    assert_eq!((monday.opened.latest, monday.closed.latest), (0, 0));
    assert_eq!(counts(&day(&world, "2026-03-04").await), [0; 4]);
    let dues: Vec<String> = world
        .audit()
        .await
        .iter()
        .filter_map(|record| Some(record["due"].as_str()?.to_owned()))
        .collect();
    let edges = [
        "2026-03-02T09:45:00Z",
        "2026-03-02T11:15:00Z",
        "2026-03-03T09:45:00Z",
        "2026-03-03T11:15:00Z",
    ];
    assert_eq!(dues, edges);
    let week = on_time(
        world.machine.environment(),
        &SiteId::from(SITE),
        &OnTimeQuery::default(),
    )
    .await
    .expect("an answer");
    assert_eq!(
        (week.days.len(), week.days[4].day.to_string().as_str()),
        (7, "2026-03-02")
    );
    world.ends_well().await;
}

async fn b13_what_a_vendor_held_up_is_late_and_it_is_said_why(at: Doors) {
    let things =
        json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let mut world = Scenario::at(at, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]).person("eve"))
        .await;
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .faults(json!([{ "match": "*", "status": 500, "times": -1 }]))
        .await;
    world.clock("2026-03-02T09:50:00Z").await;
    world.faults(json!([])).await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &["eve"]).await;
    world
        .faults(json!([{ "match": "*", "status": 500, "times": -1 }]))
        .await;
    world.clock("2026-03-02T11:20:00Z").await;
    world.faults(json!([])).await;
    world.at("2026-03-02T11:40:00Z", "Meeting", &[]).await;
    let day = day(&world, "2026-03-02").await;
    assert_eq!(counts(&day), [1, 0, 1, 0], "{day:?}");
    let told: Vec<_> = day
        .late
        .iter()
        .map(|late| (late.opened, late.due.to_string()))
        .collect();
    let (opened, closed) = (
        (true, "2026-03-02T09:45:00Z".to_owned()),
        (false, "2026-03-02T11:15:00Z".to_owned()),
    );
    assert!(told.contains(&opened) && told.contains(&closed), "{told:?}");
    assert!(
        day.late
            .iter()
            .all(|late| late.seconds >= 300 && late.because.contains("booking b-eve")),
        "{day:?}"
    );
    assert!(
        day.late
            .iter()
            .all(|late| late.delay.as_ref().is_some_and(|why| why.contains("500"))),
        "{day:?}"
    );
    world.ends_in_order().await;
}

async fn b13_what_was_asked_for_late_is_not_late(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    world.clock("2026-03-02T10:20:30Z").await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.clock("2026-03-02T10:40:10Z").await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T10:20:00Z")] }),
        )
        .await;
    assert_eq!(counts(&day(&world, "2026-03-02").await), [1, 1, 1, 1]);
    let dues: Vec<String> = world
        .audit()
        .await
        .iter()
        .filter_map(|record| Some(record["due"].as_str()?.to_owned()))
        .collect();
    assert_eq!(dues, ["2026-03-02T10:20:30Z", "2026-03-02T10:40:10Z"]);
    world.ends_well().await;
}

/// A function that died left its message to come again: what was done is told once, and when it was
/// due.
#[tokio::test]
async fn b13_what_was_interrupted_is_counted_once() {
    let mut world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world.crash(CrashStep::Apply, 1);
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    let day = day(&world, "2026-03-02").await;
    assert_eq!(counts(&day), [1, 1, 0, 0]);
    world.ends_well().await;
}
