//! andcards: it cannot be asked, so every change comes as a signed letter.

use serde_json::{Value, json};

use super::subscribers::told_at;
use crate::support::{self, Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both!(
    a6_people_who_are_not_active_or_were_removed_have_nothing,
    k3_a_room_opens_for_a_person_who_booked_it_and_their_guests,
    d6_a_room_of_one_name_opens_by_location,
);
told_at! { Andcards:
    a2_a_plan_opens_the_group_chosen_for_it,
    a3_a_subscription_of_a_person_is_theirs_and_of_a_company_all_its_people_s,
    a3_a_company_that_was_removed_has_nothing,
    a4_name_address_start_and_end_are_carried_over,
    a5_the_person_is_invited,
    a6_a_subscription_that_is_deactivated_or_expires_ends_access,
    a6_people_who_were_removed_have_nothing,
    a7_a_group_managed_solely_loses_a_person_who_was_added_by_hand,
}

const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";

/// A company of two, and an individual member.
pub fn space(more: Value) -> Value {
    let usual = json!({
        "users": [
            { "id": "u-ada", "name": "Ada Byron", "email": "ada@example.test", "company": "c-acme", "active": true },
            { "id": "u-bob", "name": "Bob Noyce", "email": "bob@example.test", "company": "c-acme", "active": true },
            { "id": "u-eve", "name": "Eve Curie", "email": "eve@example.test", "active": true },
        ],
        "companies": [{ "id": "c-acme", "name": "Acme" }],
    });
    support::with_more(usual, more)
}

/// A subscription of one user to *Hot desk* at Riverside from the start of the year, with no end.
pub fn subscription(who: &str) -> Value {
    json!({ "id": format!("s-{who}"), "plan": "Hot desk", "location": "Riverside", "user": format!("u-{who}"),
        "company": null, "start": "2026-01-01", "end": null, "active": true })
}

fn booking(who: &str) -> Value {
    json!({ "id": format!("b-{who}"), "room": "Boardroom", "location": "Riverside", "user": format!("u-{who}"),
        "start": "2026-03-02T11:00:00+01:00", "end": "2026-03-02T11:00:00Z" })
}

/// A world of andcards that told everything once.
pub async fn begin(scenario: Scenario, things: Value, groups: &[&str]) -> World {
    begin_in(scenario, things, DoorsFixture::with(groups)).await
}

/// The same with these door systems.
pub async fn begin_in(scenario: Scenario, things: Value, fixture: DoorsFixture) -> World {
    let world = scenario
        .on(Platform::Andcards)
        .start(space(things), fixture)
        .await;
    for body in world.roster(1).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    world.machine.quiet().await;
    world.reconcile().await;
    world
}

#[test]
fn a1_with_no_salto_ks_site_chosen_nothing_runs() {
    let scenario = Scenario::at(Doors::SaltoKs, PLAN).on(Platform::Andcards);
    scenario.is_refused_without_a_place();
}

async fn a6_people_who_are_not_active_or_were_removed_have_nothing(at: Doors) {
    let things =
        json!({ "subscriptions": [subscription("ada"), subscription("bob"), subscription("eve")] });
    let world = begin(Scenario::at(at, PLAN), things, &["Members"]).await;
    world
        .change_and_deliver(json!({ "users": [{ "id": "u-ada", "active": false }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["bob", "eve"]);
    world
        .change_and_deliver(json!({ "remove": { "users": ["u-bob"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "users": [{ "id": "u-ada", "active": true }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.ends_well().await;
}

async fn k3_a_room_opens_for_a_person_who_booked_it_and_their_guests(at: Doors) {
    let rules = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n";
    let world = begin(Scenario::at(at, rules), json!({}), &["Meeting"]).await;
    let mut booked = booking("eve");
    booked["guests"] = json!([{ "name": "Gil", "email": "gil@example.test" }, { "name": "Sam" }]);
    let mut by_guest = booking("none");
    (by_guest["user"], by_guest["guest"]) = (
        Value::Null,
        json!({ "name": "Zed", "email": "zed@example.test" }),
    );
    world
        .change_and_deliver(json!({ "bookings": [booked, by_guest] }))
        .await;
    world.at("2026-03-02T09:44:59Z", "Meeting", &[]).await;
    world
        .at(
            "2026-03-02T09:45:00Z",
            "Meeting",
            &["Sam", "eve", "gil", "zed"],
        )
        .await;
    world
        .change_and_deliver(
            json!({ "bookings": [{ "id": "b-eve", "guests": [{ "name": "Sam" }] }] }),
        )
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        ["Sam", "eve", "zed"],
        "a guest is struck out"
    );
    world
        .change_and_deliver(json!({ "bookings": [{ "id": "b-none", "cancelled": true }] }))
        .await;
    assert_eq!(world.inside("Meeting").await, ["Sam", "eve"]);
    world
        .at("2026-03-02T11:14:59Z", "Meeting", &["Sam", "eve"])
        .await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn d6_a_room_of_one_name_opens_by_location(at: Doors) {
    let rules = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"North\"]\nat = \"Riverside\"\n\
        [[rule]]\nresource = \"Boardroom\"\nopens = [\"South\"]\nat = \"Harbour\"\n\
        [[rule]]\nresource = \"Boardroom\"\nopens = [\"Lobby\"]\n";
    let world = begin(
        Scenario::at(at, rules),
        json!({}),
        &["North", "South", "Lobby"],
    )
    .await;
    let mut there = booking("ada");
    there["location"] = json!("Harbour");
    world
        .change_and_deliver(json!({ "bookings": [booking("eve"), there] }))
        .await;
    world.at("2026-03-02T10:00:00Z", "North", &["eve"]).await;
    assert_eq!(world.inside("South").await, ["ada"]);
    assert_eq!(world.inside("Lobby").await, ["ada", "eve"]);
    world.at("2026-03-02T12:00:00Z", "Lobby", &[]).await;
    world.ends_well().await;
}
