//! andcards: it cannot be asked, so every change comes as a signed letter.

use serde_json::{Value, json};

use crate::support::{self, Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both!(
    a2_a_plan_opens_the_group_chosen_for_it,
    a3_a_subscription_of_a_person_is_theirs_and_of_a_company_all_its_people_s,
    a3_a_company_that_was_removed_has_nothing,
    a4_name_address_start_and_end_are_carried_over,
    a5_the_person_is_invited,
    a6_a_subscription_that_is_deactivated_or_expires_ends_access,
    a6_people_who_are_not_active_or_were_removed_have_nothing,
    a7_a_group_managed_solely_loses_a_person_who_was_added_by_hand,
    k3_a_room_opens_for_a_person_who_booked_it_and_their_guests,
    d6_a_room_of_one_name_opens_by_location,
);

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

async fn begin_in(scenario: Scenario, things: Value, fixture: DoorsFixture) -> World {
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

#[tokio::test]
async fn a1_with_no_salto_ks_site_chosen_nothing_runs() {
    let scenario = Scenario::at(Doors::SaltoKs, PLAN).on(Platform::Andcards);
    assert!(doorstep_core::site::Site::parse(&scenario.text()).is_ok());
    let why = doorstep_core::site::Site::parse(&scenario.text().replace("place = \"5e0c\"\n", ""))
        .expect_err("it is refused");
    assert!(why.to_string().contains("place"), "{why}");
}

async fn a2_a_plan_opens_the_group_chosen_for_it(at: Doors) {
    let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    let mut other = subscription("bob");
    other["plan"] = json!("Virtual");
    world
        .change_and_deliver(json!({ "subscriptions": [subscription("ada"), other] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(json!({ "subscriptions": [{ "id": "s-bob", "plan": "Hot desk" }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

async fn a3_a_subscription_of_a_person_is_theirs_and_of_a_company_all_its_people_s(at: Doors) {
    let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    let mut shared = subscription("acme");
    (shared["user"], shared["company"]) = (Value::Null, json!("c-acme"));
    world
        .change_and_deliver(json!({ "subscriptions": [shared] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(
            json!({ "users": [{ "id": "u-eve", "company": "c-acme" }, { "id": "u-bob", "company": null }] }),
        )
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "eve"],
        "new people of the company gain access, and leavers lose it"
    );
    let zoe =
        json!({ "id": "u-zoe", "name": "Zoë", "email": "zoe@example.test", "company": "c-acme" });
    world.change_and_deliver(json!({ "users": [zoe] })).await;
    assert_eq!(world.inside("Members").await, ["ada", "eve", "zoe"]);
    world
        .change_and_deliver(
            json!({ "subscriptions": [{ "id": "s-acme", "user": "u-bob", "company": null }] }),
        )
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["bob"],
        "it is one person's now"
    );
    world.ends_well().await;
}

async fn a3_a_company_that_was_removed_has_nothing(at: Doors) {
    let mut shared = subscription("acme");
    (shared["user"], shared["company"]) = (Value::Null, json!("c-acme"));
    let world = begin(
        Scenario::at(at, PLAN),
        json!({ "subscriptions": [shared, subscription("eve")] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world
        .change_and_deliver(json!({ "remove": { "companies": ["c-acme"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

async fn a4_name_address_start_and_end_are_carried_over(at: Doors) {
    let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    let mut dated = subscription("ada");
    (dated["start"], dated["end"]) = (json!("2026-03-04"), json!("2026-03-29"));
    world
        .change_and_deliver(json!({ "subscriptions": [dated] }))
        .await;
    world.at("2026-03-03T23:59:59Z", "Members", &[]).await;
    assert!(
        world.account("ada").await.is_null(),
        "no account exists before it starts"
    );
    world.at("2026-03-04T00:00:00Z", "Members", &["ada"]).await;
    let account = world.account("ada").await;
    assert_eq!(
        (&account["name"], &account["email"]),
        (&json!("Ada Byron"), &json!("ada@example.test"))
    );
    world
        .change_and_deliver(json!({ "users": [{ "id": "u-ada", "name": "Ada Lovelace" }] }))
        .await;
    assert_eq!(world.account("ada").await["name"], "Ada Lovelace");
    // The clocks go forward on the last day, which therefore ends at 23:00 UTC.
    world.at("2026-03-29T22:59:59Z", "Members", &["ada"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn a5_the_person_is_invited(at: Doors) {
    let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    world
        .change_and_deliver(json!({ "subscriptions": [subscription("ada")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    if at == Doors::Kisi {
        assert_eq!(world.account("ada").await["invited"], true);
    }
    assert_eq!(world.actions("ada").await, ["invited", "granted Members"]);
    world.ends_well().await;
}

async fn a6_a_subscription_that_is_deactivated_or_expires_ends_access(at: Doors) {
    let mut expires = subscription("bob");
    expires["end"] = json!("2026-03-02");
    let things = json!({ "subscriptions": [subscription("ada"), expires, subscription("eve")] });
    let world = begin(Scenario::at(at, PLAN), things, &["Members"]).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world
        .change_and_deliver(json!({ "subscriptions": [{ "id": "s-ada", "active": false }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["bob", "eve"], "deactivated");
    world
        .change_and_deliver(json!({ "remove": { "subscriptions": ["s-eve"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["bob"], "removed");
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
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

async fn a7_a_group_managed_solely_loses_a_person_who_was_added_by_hand(at: Doors) {
    let fixture = DoorsFixture::with(&["Members"])
        .person("mallory")
        .inside("mallory", "Members")
        .inside("ops", "Members");
    let scenario = Scenario::at(at, PLAN).doors_say("foreign = \"remove\"");
    let world = begin_in(
        scenario,
        json!({ "subscriptions": [subscription("ada")] }),
        fixture,
    )
    .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "ops"],
        "the protected stay"
    );
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
