//! Closures and holidays.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both! {
    v2_nothing_opens_on_a_closed_day_and_everything_opens_after_it,
    v2_a_booking_into_a_closed_day_ends_at_its_midnight,
    v2_a_closure_may_be_for_some_rules_and_some_locations,
    v2_a_rule_may_go_on_when_the_site_is_closed,
    v2_a_closure_is_planned_and_never_held,
}

async fn begin(at: Doors, rules: &str, things: serde_json::Value, groups: &[&str]) -> World {
    Scenario::at(at, rules)
        .begin(town(things), DoorsFixture::with(groups))
        .await
}

async fn v2_nothing_opens_on_a_closed_day_and_everything_opens_after_it(at: Doors) {
    let rules = format!("{PLAN}[[closed]]\ndays = [\"2026-03-29\", \"yearly 04-03/04-04\"]\n");
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = begin(at, &rules, things, &["Members"]).await;
    world.at("2026-03-28T23:59:00Z", "Members", &["ada"]).await;
    // The clocks go forward on this day, so it ends at 23:00 UTC.
    world.at("2026-03-29T00:00:00Z", "Members", &[]).await;
    world.at("2026-03-29T22:59:00Z", "Members", &[]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &["ada"]).await;
    world.at("2026-04-02T23:00:00Z", "Members", &[]).await;
    world.at("2026-04-04T23:00:00Z", "Members", &["ada"]).await;
    world.ends_well().await;
}

async fn v2_a_booking_into_a_closed_day_ends_at_its_midnight(at: Doors) {
    let rules = format!("{ROOM}[[closed]]\ndays = \"2026-03-03\"\n");
    let one = booking("ada", "2026-03-02T22:00:00Z", "2026-03-03T01:00:00Z");
    let other = booking("bob", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z");
    let things = json!({ "bookings": [one, other] });
    let world = begin(at, &rules, things, &["Meeting"]).await;
    world.at("2026-03-02T21:45:00Z", "Meeting", &["ada"]).await;
    world.at("2026-03-03T00:00:00Z", "Meeting", &[]).await;
    world.at("2026-03-03T10:30:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn v2_a_closure_may_be_for_some_rules_and_some_locations(at: Doors) {
    let rules = format!(
        "{PLAN}{ROOM}[[closed]]\ndays = \"2026-03-03\"\nrules = [2]\n\
         [[closed]]\ndays = \"2026-03-04\"\nat = \"Harbour\"\n"
    );
    let one = booking("ada", "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z");
    let things = json!({ "memberships": [hot_desk("ada")], "bookings": [one] });
    let world = begin(at, &rules, things, &["Members", "Meeting"]).await;
    world.at("2026-03-03T10:30:00Z", "Meeting", &[]).await;
    world.at("2026-03-03T10:30:00Z", "Members", &["ada"]).await;
    world.at("2026-03-04T10:30:00Z", "Members", &["ada"]).await;
    world.ends_well().await;
}

async fn v2_a_rule_may_go_on_when_the_site_is_closed(at: Doors) {
    let rules = format!(
        "{PLAN}open_when_closed = true\n{ROOM}[[closed]]\ndays = \"2026-03-02/2026-03-03\"\n"
    );
    let one = booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let things = json!({ "memberships": [hot_desk("ada")], "bookings": [one] });
    let world = begin(at, &rules, things, &["Members", "Meeting"]).await;
    world.at("2026-03-02T10:30:00Z", "Members", &["ada"]).await;
    world.at("2026-03-02T10:30:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn v2_a_closure_is_planned_and_never_held(at: Doors) {
    let rules = format!(
        "{PLAN}[[closed]]\ndays = \"2026-03-03\"\n[guard]\nshare = 0.1\nleast = 1\nbase = 1\nmost = 1\n"
    );
    let all = ["ada", "bob", "eve"].map(hot_desk);
    let world = begin(at, &rules, json!({ "memberships": all }), &["Members"]).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    assert!(world.reconcile().await.held == 0);
    assert!(world.holds().await.is_empty());
    world
        .at("2026-03-04T00:00:00Z", "Members", &["ada", "bob", "eve"])
        .await;
    world.ends_well().await;
}
