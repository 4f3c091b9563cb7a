//! Invitations, and the seats that SALTO KS sells.

use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};

at_both!(
    o18_new_people_are_invited_where_the_operator_wants_it,
    o18_and_are_not_where_not
);

async fn o18_new_people_are_invited_where_the_operator_wants_it(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let account = world.account("ada").await;
    match at {
        Doors::Kisi => assert_eq!(account["invited"], true, "{account}"),
        Doors::SaltoKs => assert_eq!(
            patches(&world).await,
            0,
            "made with the address, which sends the invitation"
        ),
    }
    world.ends_well().await;
}

async fn o18_and_are_not_where_not(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let scenario = Scenario::at(at, PLAN).doors_say("invite = false");
    let world = scenario
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let account = world.account("ada").await;
    match at {
        Doors::Kisi => assert_eq!(account["invited"], false, "{account}"),
        Doors::SaltoKs => assert_eq!(
            patches(&world).await,
            1,
            "the address comes after the account was made"
        ),
    }
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

async fn patches(world: &crate::support::World) -> u64 {
    let calls = world.calls("salto-ks").await;
    calls
        .get("PATCH /v1.1/sites/{site_id}/users/{id}")
        .copied()
        .unwrap_or(0)
}

/// The create call is answered 201 anyway: only the state shows the difference.
#[tokio::test]
async fn b9_a_missing_seat_is_seen_and_said_and_the_seat_is_used_when_one_comes_free() {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("eve")
        .says("seats", json!(3));
    let mut world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(town(things), fixture)
        .await;
    assert_eq!(
        world.account("ada").await["state"],
        "suspended",
        "two protected people and Eve have the seats"
    );
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the membership is granted anyway"
    );
    let problems = world.problems("ada").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("seat") || problem.contains("suspended")),
        "{problems:?}"
    );
    world.by_hand(|world| world["seats"] = json!(4)).await;
    world.reconcile().await;
    assert_eq!(
        world.account("ada").await["state"],
        "subscribed",
        "the seat is taken as soon as it is there"
    );
    assert_eq!(world.problems("ada").await, [""; 0]);
    world.ends_well().await;
}

#[tokio::test]
async fn b9_a_guest_s_seat_comes_free_when_the_visit_is_over() {
    let guest = |id: &str| json!({ "_id": format!("v-{id}"), "name": id, "email": format!("{id}@example.test") });
    let mut first = booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    first["visitors"] = json!(["v-gus"]);
    let mut second = booking("ada", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z");
    (second["_id"], second["visitors"]) = (json!("b-second"), json!(["v-ida"]));
    let things = json!({ "visitors": [guest("gus"), guest("ida")], "bookings": [first, second] });
    let fixture = DoorsFixture::with(&["Meeting"]).says("seats", json!(4));
    let world = Scenario::at(Doors::SaltoKs, ROOM)
        .begin(town(things), fixture)
        .await;
    world
        .at("2026-03-02T10:00:00Z", "Meeting", &["ada", "gus"])
        .await;
    world
        .at("2026-03-02T12:00:00Z", "Meeting", &["ada", "ida"])
        .await;
    assert_eq!(world.account("gus").await["state"], "suspended");
    assert_eq!(world.account("ida").await["state"], "subscribed");
    world.at("2026-03-02T13:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

/// An account that an operator suspended is not resumed. A group without a schedule is reported.
#[tokio::test]
async fn o4_a_suspended_user_and_a_group_without_schedule_get_the_membership_and_a_problem() {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"]).person("ada");
    let mut scenario = Scenario::at(Doors::SaltoKs, PLAN)
        .start(town(things), fixture)
        .await;
    scenario
        .by_hand(|world| {
            world["groups"][0]["schedule"] = json!(false);
            world["users"][2]["state"] = json!("suspended");
        })
        .await;
    let report = scenario.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("no time schedule")),
        "{report:?}"
    );
    assert_eq!(scenario.inside("Members").await, ["ada"]);
    assert_eq!(scenario.account("ada").await["state"], "suspended");
    let problems = scenario.problems("ada").await;
    assert!(
        problems.iter().any(|problem| problem.contains("suspended")),
        "{problems:?}"
    );
    scenario.ends_well().await;
}
