//! Whose a group is: ours, theirs, and who is never touched.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both!(
    o13_a_group_managed_solely_loses_a_person_who_was_added_by_hand,
    b5_what_was_done_by_hand_survives_where_the_operator_wants_it,
    b5_people_in_a_group_that_is_taken_over_are_adopted_if_entitled,
    b5_a_person_who_was_in_a_group_while_the_site_observed_is_adopted_when_it_acts,
    b5_a_person_who_is_added_by_hand_later_stays_when_their_booking_ends,
    b6_a_person_who_was_taken_out_by_hand_comes_back,
    b7_o17_protected_people_are_never_revoked,
    o14_a_group_without_the_prefix_is_not_touched_and_said,
    o15_accounts_are_kept_unless_asked_otherwise,
    o15_accounts_without_access_are_suspended_where_asked,
    o15_only_accounts_that_we_made_are_deleted_where_asked,
    b2_in_observe_nothing_is_written,
    b2_in_grant_only_nothing_is_taken,
);

/// Adds a person with an account to the first group by hand.
async fn put_in(world: &mut World, who: &str) {
    let account = world.account(who).await["id"].clone();
    assert!(account.is_string(), "{who} has an account");
    world
        .by_hand(|world| {
            let members = world["groups"][0]["members"]
                .as_array_mut()
                .expect("members");
            members.push(json!({ "user": account }));
        })
        .await;
}

async fn o13_a_group_managed_solely_loses_a_person_who_was_added_by_hand(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members", "Staff"])
        .person("mallory")
        .inside("mallory", "Members")
        .inside("mallory", "Staff");
    let scenario = Scenario::at(at, PLAN).doors_say("foreign = \"remove\"");
    let mut world = scenario
        .begin(town(things), fixture.inside("ops", "Members"))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "ops"],
        "the protected stay"
    );
    assert_eq!(
        world.inside("Staff").await,
        ["mallory"],
        "no rule names this group"
    );
    put_in(&mut world, "mallory").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "ops"]);
    world.ends_well().await;
}

async fn b5_what_was_done_by_hand_survives_where_the_operator_wants_it(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("mallory")
        .inside("mallory", "Members");
    let world = Scenario::at(at, PLAN).begin(town(things), fixture).await;
    let report = world.ends_well().await;
    assert_eq!(report.foreign, 1, "reported");
    assert_eq!(world.inside("Members").await, ["ada", "mallory"]);
}

async fn b5_people_in_a_group_that_is_taken_over_are_adopted_if_entitled(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("ada")
        .inside("ada", "Members");
    let world = Scenario::at(at, PLAN).begin(town(things), fixture).await;
    assert_eq!(
        world.actions("ada").await,
        [""; 0],
        "nothing changes at the door"
    );
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "but it ends with the membership"
    );
    world.ends_well().await;
}

async fn b5_a_person_who_is_added_by_hand_later_stays_when_their_booking_ends(at: Doors) {
    let booked = booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let fixture = DoorsFixture::with(&["Meeting"]).person("eve");
    let mut world = Scenario::at(at, ROOM)
        .begin(town(json!({ "bookings": [booked] })), fixture)
        .await;
    put_in(&mut world, "eve").await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:30:00Z", "Meeting", &["eve"]).await;
    assert_eq!(
        world.actions("eve").await,
        [""; 0],
        "memberships given by hand stay"
    );
    world.ends_well().await;
}

async fn b6_a_person_who_was_taken_out_by_hand_comes_back(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let mut world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world
        .by_hand(|world| world["groups"][0]["members"] = json!([]))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    let report = world.reconcile().await;
    assert_eq!(report.granted, 1);
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

async fn b7_o17_protected_people_are_never_revoked(at: Doors) {
    let ops = json!({ "_id": "m-ops", "name": "Ops", "email": "ops@example.test", "location": "l-riverside" });
    let things = json!({ "members": [ops], "memberships": [hot_desk("ops"), hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"])
        .inside("ops", "Members")
        .inside("owner", "Members");
    let scenario =
        Scenario::at(at, PLAN).doors_say("foreign = \"remove\"\nwithout_access = \"suspend\"");
    let world = scenario.begin(town(things), fixture).await;
    assert_eq!(world.inside("Members").await, ["ada", "ops", "owner"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ops", "s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["ops", "owner"]);
    assert_eq!(world.account("ops").await["state"], "subscribed");
    world.ends_well().await;
}

async fn o14_a_group_without_the_prefix_is_not_touched_and_said(at: Doors) {
    let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"DOORSTEP_Members\", \"Staff\"]\n";
    let things = json!({ "memberships": [hot_desk("ada")] });
    let scenario = Scenario::at(at, rules).doors_say("prefix = \"DOORSTEP_\"");
    let world = scenario
        .begin(
            town(things),
            DoorsFixture::with(&["DOORSTEP_Members", "Staff"]),
        )
        .await;
    assert_eq!(world.inside("DOORSTEP_Members").await, ["ada"]);
    assert_eq!(world.inside("Staff").await, [""; 0]);
    let report = world.ends_well().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("DOORSTEP_")),
        "{report:?}"
    );
}

/// Ada's account is there before Doorstep, Bob's is made by it; then both memberships end.
async fn both_lose_their_access(at: Doors, doors_say: &str) -> World {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let fixture = DoorsFixture::with(&["Members", "Staff"]).person("ada");
    let world = Scenario::at(at, PLAN)
        .doors_say(doors_say)
        .begin(town(things), fixture)
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada", "s-bob"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world
}

async fn o15_accounts_are_kept_unless_asked_otherwise(at: Doors) {
    let world = both_lose_their_access(at, "").await;
    assert_eq!(world.account("ada").await["state"], "subscribed");
    assert_eq!(world.account("bob").await["state"], "subscribed");
    world.ends_well().await;
}

async fn o15_accounts_without_access_are_suspended_where_asked(at: Doors) {
    let world = both_lose_their_access(at, "without_access = \"suspend\"").await;
    assert_eq!(world.account("bob").await["state"], "suspended");
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(
        world.account("bob").await["state"],
        "subscribed",
        "and woken when it is needed again"
    );
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.ends_well().await;
}

async fn o15_only_accounts_that_we_made_are_deleted_where_asked(at: Doors) {
    let world = both_lose_their_access(at, "without_access = \"delete\"").await;
    assert!(world.account("bob").await.is_null());
    assert_eq!(
        world.account("ada").await["state"],
        "subscribed",
        "it was there before us"
    );
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.ends_well().await;
}

async fn b5_a_person_who_was_in_a_group_while_the_site_observed_is_adopted_when_it_acts(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("ada")
        .inside("ada", "Members");
    let world = Scenario::at(at, PLAN)
        .mode("observe")
        .begin(town(things), fixture)
        .await;
    world.reconcile().await;
    for mode in ["grant-only", "full"] {
        let file = Scenario::at(at, PLAN).mode(mode).text();
        doorstep_operator::push::load(world.machine.environment(), &file)
            .await
            .expect("it is stored");
        world.reconcile().await;
        assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    }
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada", "s-bob"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn b2_in_observe_nothing_is_written(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("mallory")
        .inside("mallory", "Members");
    let scenario = Scenario::at(at, PLAN)
        .mode("observe")
        .doors_say("foreign = \"remove\"");
    let world = scenario.begin(town(things), fixture).await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["mallory"]);
    assert_eq!(world.audit().await, Vec::<Value>::new());
    let writes = world
        .calls(at.word())
        .await
        .into_keys()
        .find(|call| !call.starts_with("GET") && !call.ends_with("/token"));
    assert_eq!(writes, None);
    let report = world.reconcile().await;
    assert_eq!(report.granted, 2, "it says what it would do");
}

async fn b2_in_grant_only_nothing_is_taken(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .mode("grant-only")
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}
