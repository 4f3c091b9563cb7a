//! Plans: a membership opens groups while it runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{PLAN, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address, at_both};

at_both!(
    o4_a_plan_opens_groups_while_a_membership_runs_and_no_one_appears_before_it_starts,
    o4_a_membership_that_is_not_approved_or_ends_before_its_start_opens_nothing,
    o5_a_membership_without_a_member_opens_for_the_whole_company,
    o5_a_person_who_joins_or_leaves_the_company_gains_or_loses_its_access,
    o2_only_chosen_locations_count,
    o2_without_a_choice_every_location_counts,
    o12_all_rules_add_up,
    o12_hours_and_at_narrow_a_rule,
    o4_b10_an_end_that_comes_forward_or_goes_back_is_followed,
);

async fn o4_a_plan_opens_groups_while_a_membership_runs_and_no_one_appears_before_it_starts(
    at: Doors,
) {
    let mut membership = hot_desk("ada");
    membership["startDate"] = json!("2026-03-04T00:00:00Z");
    membership["endDate"] = json!("2026-03-29T00:00:00Z");
    let world = Scenario::at(at, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world
        .change_and_deliver(json!({ "memberships": [membership] }))
        .await;
    world.at("2026-03-03T23:59:59Z", "Members", &[]).await;
    assert!(
        world.account("ada").await.is_null(),
        "no account exists before the membership starts"
    );
    world.at("2026-03-04T00:00:00Z", "Members", &["ada"]).await;
    // The clocks go forward on the last day, which therefore ends at 23:00 UTC.
    world.at("2026-03-29T22:59:59Z", "Members", &["ada"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    assert_eq!(
        world.actions("ada").await,
        ["invited", "granted Members", "revoked Members"]
    );
    world.ends_well().await;
}

async fn o4_a_membership_that_is_not_approved_or_ends_before_its_start_opens_nothing(at: Doors) {
    let (mut waits, mut backwards) = (hot_desk("ada"), hot_desk("bob"));
    waits["status"] = json!("not_approved");
    backwards["endDate"] = json!("2025-12-31T00:00:00Z");
    let memberships = json!({ "memberships": [waits.clone(), backwards] });
    let world = Scenario::at(at, PLAN)
        .begin(town(memberships), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("ends before it starts")),
        "{report:?}"
    );
    waits["status"] = json!("approved");
    world
        .change_and_deliver(json!({ "memberships": [waits] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

async fn o5_a_membership_without_a_member_opens_for_the_whole_company(at: Doors) {
    let baseline = json!({ "_id": "m-zed", "name": "Zed", "email": "zed@example.test", "company": "c-acme",
        "status": "former" });
    let world = Scenario::at(at, PLAN)
        .begin(
            town(json!({ "members": [baseline] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    let mut shared = hot_desk("acme");
    shared["member"] = json!(null);
    shared["company"] = json!("c-acme");
    shared["endDate"] = json!("2026-03-02T00:00:00Z");
    world
        .change_and_deliver(json!({ "memberships": [shared] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob"],
        "neither Eve, who is not in it, nor Zed, who has left"
    );
    world
        .at("2026-03-02T23:59:59Z", "Members", &["ada", "bob"])
        .await;
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn o5_a_person_who_joins_or_leaves_the_company_gains_or_loses_its_access(at: Doors) {
    let mut shared = hot_desk("acme");
    shared["member"] = json!(null);
    shared["company"] = json!("c-acme");
    let world = Scenario::at(at, PLAN)
        .begin(
            town(json!({ "memberships": [shared] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-eve", "company": "c-acme" }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-bob", "company": null }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-ada", "status": "former" }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-acme"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

/// Ada's membership and Bob's booking are at Riverside, Eve's membership at the other location.
async fn two_locations(scenario: Scenario) -> World {
    let mut elsewhere = hot_desk("eve");
    elsewhere["location"] = json!("l-harbour");
    let mut pier = booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    (pier["resource"], pier["location"]) = (json!("r-pier"), json!("l-harbour"));
    let things = json!({ "memberships": [hot_desk("ada"), elsewhere], "bookings": [pier] });
    scenario
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await
}

const BOTH: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n\
    [[rule]]\nresource = \"*\"\nopens = [\"Meeting\"]\n";

async fn o2_only_chosen_locations_count(at: Doors) {
    let world =
        two_locations(Scenario::at(at, BOTH).platform_says("locations = [\"Riverside\"]")).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.at("2026-03-02T10:30:00Z", "Meeting", &[]).await;
    world
        .change_and_deliver(
            json!({ "memberships": [{ "_id": "s-eve", "location": "l-riverside" }] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.ends_well().await;
}

async fn o2_without_a_choice_every_location_counts(at: Doors) {
    let world = two_locations(Scenario::at(at, BOTH)).await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.at("2026-03-02T10:30:00Z", "Meeting", &["bob"]).await;
    world.ends_well().await;
}

async fn o12_all_rules_add_up(at: Doors) {
    let rules = format!(
        "{PLAN}[[rule]]\nplan = \"Office\"\nopens = [\"Members\", \"Front\"]\n\
         [[rule]]\nresource = \"Boardroom\"\nopens = [\"Members\", \"Meeting\"]\n"
    );
    let mut hot = hot_desk("ada");
    hot["endDate"] = json!("2026-03-02T00:00:00Z");
    let mut office = hot_desk("ada");
    (office["_id"], office["plan"], office["endDate"]) = (
        json!("s-office"),
        json!("p-office"),
        json!("2026-03-03T00:00:00Z"),
    );
    let booked = booking("ada", "2026-03-03T23:30:00Z", "2026-03-04T08:00:00Z");
    let things = json!({ "memberships": [hot, office], "bookings": [booked] });
    let world = Scenario::at(at, &rules)
        .begin(
            town(things),
            DoorsFixture::with(&["Members", "Front", "Meeting"]),
        )
        .await;
    assert_eq!(world.inside("Front").await, ["ada"]);
    world.at("2026-03-03T00:00:00Z", "Members", &["ada"]).await;
    world.at("2026-03-03T23:59:00Z", "Front", &["ada"]).await;
    world.at("2026-03-04T00:00:00Z", "Front", &[]).await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the booking goes on opening it"
    );
    world.at("2026-03-04T08:14:59Z", "Members", &["ada"]).await;
    world.at("2026-03-04T08:15:00Z", "Members", &[]).await;
    assert_eq!(world.inside("Meeting").await, [""; 0]);
    let taken = world
        .actions("ada")
        .await
        .into_iter()
        .filter(|action| action == "revoked Members")
        .count();
    assert_eq!(
        taken, 1,
        "a group is left only when no rule opens it any more"
    );
    world.ends_well().await;
}

async fn o12_hours_and_at_narrow_a_rule(at: Doors) {
    let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\nat = \"Riverside\"\nhours = \"Mon-Fri 09:00-18:00\"\n";
    let mut elsewhere = hot_desk("eve");
    elsewhere["location"] = json!("l-harbour");
    let things = json!({ "memberships": [hot_desk("ada"), elsewhere] });
    let world = Scenario::at(at, rules)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world.at("2026-03-27T08:59:59Z", "Members", &[]).await;
    world.at("2026-03-27T09:00:00Z", "Members", &["ada"]).await;
    world.at("2026-03-27T17:59:59Z", "Members", &["ada"]).await;
    world.at("2026-03-27T18:00:00Z", "Members", &[]).await;
    world.at("2026-03-28T12:00:00Z", "Members", &[]).await;
    // On Monday the clocks have gone forward: nine o'clock is an hour earlier.
    world.at("2026-03-30T07:59:59Z", "Members", &[]).await;
    world.at("2026-03-30T08:00:00Z", "Members", &["ada"]).await;
    world.ends_well().await;
}

async fn o4_b10_an_end_that_comes_forward_or_goes_back_is_followed(at: Doors) {
    let mut membership = hot_desk("ada");
    membership["endDate"] = json!("2026-03-10T00:00:00Z");
    let things = json!({ "memberships": [membership] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let end = |world: &serde_json::Value, doors: &World| {
        doors.lines(world, "Members")[0]["valid_until"].clone()
    };
    if at == Doors::Kisi {
        assert_eq!(
            end(&world.door_world().await, &world),
            "2026-03-11T00:00:00Z",
            "should Doorstep be down"
        );
    }
    world
        .change_and_deliver(
            json!({ "memberships": [{ "_id": "s-ada", "endDate": "2026-03-12T00:00:00Z" }] }),
        )
        .await;
    world.at("2026-03-11T12:00:00Z", "Members", &["ada"]).await;
    world
        .change_and_deliver(json!({ "memberships": [{ "_id": "s-ada", "endDate": null }] }))
        .await;
    world.at("2026-03-14T12:00:00Z", "Members", &["ada"]).await;
    if at == Doors::Kisi {
        assert_eq!(
            world.lines(&world.door_world().await, "Members").len(),
            1,
            "one line, not one for each end"
        );
        assert!(end(&world.door_world().await, &world).is_null());
    }
    world
        .change_and_deliver(
            json!({ "memberships": [{ "_id": "s-ada", "endDate": "2026-03-13T00:00:00Z" }] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

/// Bulk: a company of 120 that is in the house already is let in, and out, by one call each, and
/// looked up in a list.
#[tokio::test]
async fn o5_a_large_company_comes_and_goes_in_one_call_each() {
    let who = |n: usize| format!("c{n:03}");
    let mut fixture = DoorsFixture::with(&["Members"]);
    for n in 0..120 {
        fixture = fixture.person(&who(n));
    }
    let member = |n: usize| {
        let name = who(n);
        json!({ "_id": format!("m-{name}"), "name": name, "email": address(&name), "company": "c-acme" })
    };
    let mut shared = hot_desk("acme");
    shared["member"] = json!(null);
    shared["company"] = json!("c-acme");
    shared["startDate"] = json!("2026-03-04T00:00:00Z");
    shared["endDate"] = json!("2026-03-04T00:00:00Z");
    let members: Vec<Value> = (0..120).map(member).collect();
    let world = town(json!({ "members": members, "memberships": [shared] }));
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(world, fixture)
        .await;
    // People without former access have no linked account. People with former access have one.
    let count = |calls: &BTreeMap<String, u64>, what: &str| {
        calls
            .iter()
            .filter(|(call, _)| call.starts_with(what))
            .map(|(_, count)| *count)
            .sum::<u64>()
    };
    world.clock("2026-03-03T23:59:00Z").await;
    world.forget_calls("salto-ks").await;
    world.clock("2026-03-04T00:00:00Z").await;
    let calls = world.calls("salto-ks").await;
    assert_eq!(world.inside("Members").await.len(), 122, "and Ada and Bob");
    assert!(
        count(&calls, "GET") < 100,
        "the list of all was asked for: {calls:?}"
    );
    world.clock("2026-03-04T23:59:00Z").await;
    world.forget_calls("salto-ks").await;
    world.clock("2026-03-05T00:00:00Z").await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    let calls = world.calls("salto-ks").await;
    assert_eq!(count(&calls, "PATCH"), 1, "{calls:?}");
    world.ends_well().await;
}
