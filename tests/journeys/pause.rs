//! A paused site: everything is read and remembered, nothing is changed at its doors, and then it
//! goes on.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::Mode;

at_both!(
    b2_a_paused_site_changes_nothing_at_its_doors_and_catches_up_when_it_is_resumed,
    b2_a_pause_outlives_a_push_and_keeps_its_beginning,
);

async fn b2_a_paused_site_changes_nothing_at_its_doors_and_catches_up_when_it_is_resumed(
    at: Doors,
) {
    let rules = format!("{PLAN}{ROOM}");
    let things = json!({ "memberships": [hot_desk("ada")],
        "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z")] });
    let world = Scenario::at(at, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    let state = world
        .machine
        .pause(&SiteId::from(SITE), Some("the hall is\npainted"))
        .await
        .expect("it is paused");
    assert_eq!((state.changed, state.mode), (true, Mode::Observe));
    world
        .change_and_deliver(
            json!({ "memberships": [hot_desk("bob")], "remove": { "memberships": ["s-ada"] } }),
        )
        .await;
    world.at("2026-03-02T10:30:00Z", "Meeting", &[]).await;
    assert_eq!(world.inside("Members").await, ["ada"], "no access changes");
    let report = world.reconcile().await;
    let said =
        "riverside is paused since 2026-03-02 08:00 GMT (the hall ispainted): nothing is changed";
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.starts_with(said)),
        "{:?}",
        report.problems
    );
    assert_eq!(
        (report.granted, report.revoked),
        (2, 1),
        "it is still judged"
    );
    assert!(
        world
            .problems("ada")
            .await
            .iter()
            .any(|problem| problem.starts_with(said)),
        "beside each person, too"
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    let state = world
        .machine
        .resume(&SiteId::from(SITE))
        .await
        .expect("it is resumed");
    assert_eq!(
        (state.changed, state.mode, state.paused),
        (true, Mode::Full, None)
    );
    assert_eq!(
        world.inside("Members").await,
        ["bob"],
        "a reconcile was asked for"
    );
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    assert!(
        !world
            .machine
            .resume(&SiteId::from(SITE))
            .await
            .expect("the same again")
            .changed
    );
    world.ends_well().await;
}

async fn b2_a_pause_outlives_a_push_and_keeps_its_beginning(at: Doors) {
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    let world = Scenario::at(at, PLAN)
        .mode("observe")
        .begin(things, DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    world
        .machine
        .pause(&SiteId::from(SITE), Some("first"))
        .await
        .expect("it is paused");
    world.clock("2026-03-02T09:00:00Z").await;
    let again = world
        .machine
        .pause(&SiteId::from(SITE), None)
        .await
        .expect("the same");
    assert!(!again.changed);
    let again = world
        .machine
        .pause(&SiteId::from(SITE), Some("second"))
        .await
        .expect("with another reason");
    let paused = again.paused.expect("it is paused");
    assert_eq!(
        (paused.at.to_string().as_str(), paused.why.as_deref()),
        ("2026-03-02T08:00:00Z", Some("second"))
    );
    let shown = world
        .machine
        .push(&Scenario::at(at, PLAN).text())
        .await
        .expect("a push");
    assert_eq!((shown.stored, shown.mode), (true, Some(Mode::Observe)));
    assert!(
        shown.remarks[0].contains("`doorstep resume riverside`"),
        "{:?}",
        shown.remarks
    );
    assert_eq!(world.inside("Members").await, [""; 0]);
    assert_eq!(
        world
            .machine
            .resume(&SiteId::from(SITE))
            .await
            .expect("it is resumed")
            .mode,
        Mode::Full
    );
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "in the mode of the file that was pushed meanwhile"
    );
    assert!(
        world
            .machine
            .pause(&SiteId::from("nowhere"), None)
            .await
            .is_err()
            && world
                .machine
                .resume(&SiteId::from("nowhere"))
                .await
                .is_err()
    );
    world.ends_well().await;
}
