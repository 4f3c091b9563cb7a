//! A site that is pushed for the first time only observes, until the operator says otherwise in so
//! many words.

use serde_json::json;

use super::{PLAN, ROOM, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::Mode;

at_both!(
    b2_first_push_observes_until_the_mode_is_said,
    b2_first_push_with_the_mode_said_acts_at_once,
    b2_first_push_of_a_file_that_observes_is_followed_by_one_taken_at_its_word,
    b2_a_file_that_is_loaded_is_taken_at_its_word,
);

async fn first_pushed(at: Doors) -> (World, Scenario) {
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    let fixture = DoorsFixture::with(&["Members", "Meeting"])
        .person("mallory")
        .inside("mallory", "Members");
    (
        Scenario::at(at, PLAN)
            .not_loaded()
            .start(things, fixture)
            .await,
        Scenario::at(at, PLAN),
    )
}

async fn b2_first_push_observes_until_the_mode_is_said(at: Doors) {
    let (world, scenario) = first_pushed(at).await;
    let text = scenario.text();
    let shown = world.machine.push(&text).await.expect("a push");
    assert_eq!(
        (shown.stored, shown.version, shown.mode),
        (true, Some(1), Some(Mode::Observe))
    );
    assert!(
        shown.remarks[0].contains("push the file again with --mode"),
        "{:?}",
        shown.remarks
    );
    assert_eq!(
        shown.diff.expect("one").counts.opens,
        1,
        "what it would do is shown as the file says"
    );
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("only observes")),
        "{:?}",
        report.problems
    );
    assert_eq!(
        world.inside("Members").await,
        ["mallory"],
        "nothing is done"
    );
    // A corrected file is still a first push. Pushing the same one again changes nothing.
    let better = text.clone() + ROOM;
    let shown = world.machine.push(&better).await.expect("a push");
    assert_eq!(
        (shown.version, shown.mode, shown.remarks.len()),
        (Some(2), Some(Mode::Observe), 1)
    );
    let again = world.machine.push(&better).await.expect("the same");
    assert_eq!(
        (again.stored, again.mode, again.remarks.len()),
        (false, Some(Mode::Observe), 1)
    );
    let other = world
        .machine
        .push_in_mode(&better, Some(Mode::GrantOnly))
        .await
        .expect_err("another than the file's");
    assert!(
        other.to_string().contains("the file has mode = \"full\""),
        "{other}"
    );
    assert_eq!(world.inside("Members").await, ["mallory"]);
    let shown = world
        .machine
        .push_in_mode(&better, Some(Mode::Full))
        .await
        .expect("a push");
    assert_eq!(
        (shown.stored, shown.version, shown.mode),
        (true, Some(3), Some(Mode::Full))
    );
    assert_eq!(shown.remarks, [""; 0]);
    assert_eq!(
        world.inside("Members").await,
        ["ada", "mallory"],
        "the same file acts now"
    );
    // From now on every file is taken at its word.
    let shown = world.machine.push(&text).await.expect("a push");
    assert_eq!((shown.version, shown.mode), (Some(4), Some(Mode::Full)));
    world.ends_well().await;
}

async fn b2_first_push_with_the_mode_said_acts_at_once(at: Doors) {
    let (world, scenario) = first_pushed(at).await;
    let shown = world
        .machine
        .push_in_mode(&scenario.text(), Some(Mode::Full))
        .await
        .expect("a push");
    assert_eq!((shown.mode, shown.remarks.len()), (Some(Mode::Full), 0));
    assert_eq!(world.inside("Members").await, ["ada", "mallory"]);
    world.ends_well().await;
}

async fn b2_first_push_of_a_file_that_observes_is_followed_by_one_taken_at_its_word(at: Doors) {
    let (world, scenario) = first_pushed(at).await;
    let observing = Scenario::at(at, PLAN).mode("observe").text();
    let shown = world.machine.push(&observing).await.expect("a push");
    assert_eq!(
        (shown.mode, shown.remarks.len()),
        (Some(Mode::Observe), 0),
        "it says so itself"
    );
    assert_eq!(world.inside("Members").await, ["mallory"]);
    let shown = world.machine.push(&scenario.text()).await.expect("a push");
    assert_eq!((shown.version, shown.mode), (Some(2), Some(Mode::Full)));
    assert_eq!(world.inside("Members").await, ["ada", "mallory"]);
    world.ends_well().await;
}

async fn b2_a_file_that_is_loaded_is_taken_at_its_word(at: Doors) {
    let (world, scenario) = first_pushed(at).await;
    world.machine.push(&scenario.text()).await.expect("a push");
    let store = &world.machine.environment().store;
    assert!(
        store
            .in_force(&SiteId::from(SITE))
            .await
            .expect("it is here")
            .observing
    );
    doorstep_operator::push::load(world.machine.environment(), &scenario.text())
        .await
        .expect("it is stored");
    assert!(
        !store
            .in_force(&SiteId::from(SITE))
            .await
            .expect("it is here")
            .observing,
        "the same text, but it was never pushed"
    );
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "mallory"]);
}
