//! Closures and holidays.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address, at_both};
use doorstep_core::model::reasons::ClosedReason;
use doorstep_operator::preview::diff::ClosedAccess;
use doorstep_operator::rehearse::{AccessDifference, DifferenceKind};

at_both! {
    v2_nothing_opens_on_a_closed_day_and_everything_opens_after_it,
    v2_a_booking_into_a_closed_day_ends_at_its_midnight,
    v2_a_closure_may_be_for_some_rules_and_some_locations,
    v2_a_rule_may_go_on_when_the_site_is_closed,
    v2_a_closure_is_planned_and_never_held,
    v2_a_diff_names_the_closure_behind_what_ends_and_what_stays_shut,
    v2_a_rehearsal_names_the_closure_behind_a_difference,
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

/// Returns the closure from one day to another in a site file with one `[[closed]]`.
fn closure(text: &str, from: &str, until: &str) -> ClosedReason {
    let place = text.lines().position(|line| line == "[[closed]]");
    ClosedReason {
        from: from.parse().expect("a day"),
        until: until.parse().expect("a day"),
        line: place.expect("a closure") + 1,
    }
}

async fn v2_a_diff_names_the_closure_behind_what_ends_and_what_stays_shut(at: Doors) {
    let one = booking("bob", "2026-03-02T22:00:00Z", "2026-03-04T10:00:00Z");
    let things = json!({ "memberships": [hot_desk("ada")], "bookings": [one] });
    let rules = format!("{PLAN}{ROOM}");
    let world = begin(at, &rules, things, &["Members", "Meeting"]).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    let rules = format!("{rules}[[closed]]\ndays = \"2026-03-02/2026-03-03\"\n");
    let text = Scenario::at(at, &rules).text();
    let closed = closure(&text, "2026-03-02", "2026-03-03");
    let shown = world.machine.diff(&text).await.expect("a diff");
    let diff = shown.diff.expect("one");
    let closes = diff.groups.iter().flat_map(|group| &group.closes);
    let closes: Vec<_> = closes
        .map(|change| (change.who.email.clone(), change.closed))
        .collect();
    assert_eq!(closes, [(Some(address("ada")), Some(closed))]);
    let kept = |one: &ClosedAccess| {
        let from = one.from.to_string();
        (one.name.clone(), one.who.email.clone(), from, one.closed)
    };
    let kept: Vec<_> = diff.closed.iter().map(kept).collect();
    let shut = |group: &str, who: &str, from: &str| {
        (
            group.to_owned(),
            Some(address(who)),
            from.to_owned(),
            closed,
        )
    };
    assert_eq!(
        kept,
        [
            shut("Members", "ada", "2026-03-02T00:00:00Z"),
            shut("Meeting", "bob", "2026-03-02T21:45:00Z"),
        ]
    );
    assert_eq!((diff.counts.closes, diff.counts.closed), (1, 2));
    let said = diff.to_string();
    let line = format!("closed 2026-03-02 to 2026-03-03, line {}", closed.line);
    let ends = format!("<ada@example.test>: {line}; ");
    let stays =
        format!("<bob@example.test> until 2026-03-04 00:00: {line}; otherwise booking b-bob");
    assert!(said.contains(&ends) && said.contains(&stays), "{said}");
    world.ends_well().await;
}

async fn v2_a_rehearsal_names_the_closure_behind_a_difference(at: Doors) {
    let open = format!("{PLAN}{ROOM}");
    let shut = format!("{open}[[closed]]\ndays = [\"2026-03-01\"]\nrules = [2]\n");
    let one = booking("eve", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
    let things = json!({ "memberships": [hot_desk("ada")], "bookings": [one] });
    for (before, after, what) in [
        (&open, &shut, DifferenceKind::Loses),
        (&shut, &open, DifferenceKind::Gains),
    ] {
        let world = begin(at, before, things.clone(), &["Members", "Meeting"]).await;
        let text = Scenario::at(at, after).text();
        let with_closure = Scenario::at(at, &shut).text();
        let closed = closure(&with_closure, "2026-03-01", "2026-03-01");
        let played = world.machine.rehearse(&text, None).await.expect("a day");
        let shown = |one: &AccessDifference| (one.who.email.clone(), one.what, one.closed);
        let changes: Vec<_> = played.changes.iter().map(shown).collect();
        assert_eq!(
            changes,
            [(Some(address("eve")), what, Some(closed))],
            "{played}"
        );
        assert_eq!(played.changes[0].from.to_string(), "2026-03-01T09:45:00Z");
        let said = format!(": closed 2026-03-01, line {}", closed.line);
        assert!(played.to_string().contains(&said), "{played}");
        world.ends_well().await;
    }
}
