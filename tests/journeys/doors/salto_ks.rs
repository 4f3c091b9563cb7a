//! SALTO KS: refusals that mean "already so", passwords, links.

use serde_json::json;

use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World};
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;

async fn at(quirks: &[&str], people: usize) -> World {
    let mut fixture = DoorsFixture::with(&["Members"])
        .says("quirks", json!(quirks))
        .person("ada")
        .person("bob");
    for n in 0..people {
        fixture = fixture
            .person(&format!("c{n:03}"))
            .inside(&format!("c{n:03}"), "Members");
    }
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    Scenario::at(Doors::SaltoKs, PLAN)
        .start(town(things), fixture)
        .await
}

async fn audit(world: &World, what: &str) -> usize {
    world
        .audit()
        .await
        .iter()
        .filter(|record| record["what"] == what)
        .count()
}

/// The call for all is done and its answer is lost. Each person is then refused, for they are in
/// already.
#[tokio::test]
async fn b9_i7_who_is_in_already_is_granted_whatever_the_refusal_looks_like() {
    for quirks in [&["add-twice-409"][..], &["add-twice-409", "error-in-200"]] {
        let mut world = at(quirks, 0).await;
        let lost = json!([{ "match": "PATCH */access_groups/*/users", "after": "apply", "status": 500, "times": 1 }]);
        world.faults(lost).await;
        world.reconcile().await;
        assert_eq!(world.inside("Members").await, ["ada", "bob"]);
        assert_eq!(
            (
                audit(&world, "granted").await,
                audit(&world, "refused").await
            ),
            (2, 0),
            "{quirks:?}"
        );
        let report = world.reconcile().await;
        assert_eq!(report.foreign, 0, "they are ours");
        world
            .change_and_deliver(json!({ "remove": { "memberships": ["s-ada", "s-bob"] } }))
            .await;
        assert_eq!(world.inside("Members").await, [""; 0], "{quirks:?}");
        world.ends_well().await;
    }
}

#[tokio::test]
async fn i7_who_is_out_already_is_revoked_whatever_the_refusal_looks_like() {
    for quirks in [
        &["remove-missing-404"][..],
        &["remove-missing-404", "error-in-200"],
    ] {
        let mut world = at(quirks, 0).await;
        world.reconcile().await;
        let lost = json!([{ "match": "PATCH */access_groups/*/users", "after": "apply", "status": 500, "times": 1 }]);
        world.faults(lost).await;
        world
            .change(json!({ "remove": { "memberships": ["s-ada", "s-bob"] } }))
            .await;
        world.reconcile().await;
        assert_eq!(world.inside("Members").await, [""; 0]);
        assert_eq!(
            (
                audit(&world, "revoked").await,
                audit(&world, "refused").await
            ),
            (2, 0),
            "{quirks:?}"
        );
        world.ends_well().await;
    }
}

/// Without an invitation the account has no address until the create was answered.
#[tokio::test]
async fn b9_an_account_without_an_invitation_whose_creation_was_not_answered_is_found_and_takes_one_seat()
 {
    for dies in [false, true] {
        let things = json!({ "memberships": [hot_desk("eve")] });
        let scenario = Scenario::at(Doors::SaltoKs, PLAN).doors_say("invite = false");
        let mut world = scenario
            .start(town(things), DoorsFixture::with(&["Members"]))
            .await;
        let before = world.door_world().await["users"].as_array().map(Vec::len);
        match dies {
            true => world.crash(CrashStep::Apply, 1),
            false => {
                let lost = json!([{ "match": "POST */users", "after": "apply", "status": 500, "times": 1 }]);
                world.faults(lost).await;
            }
        }
        world.reconcile().await;
        world.clock("2026-03-02T08:20:00Z").await;
        assert_eq!(
            world.inside("Members").await,
            ["eve"],
            "the function dies: {dies}"
        );
        let doors = world.door_world().await;
        assert_eq!(
            doors["users"].as_array().map(Vec::len),
            before.map(|before| before + 1),
            "one account: {doors}"
        );
        let account = world.account("eve").await;
        assert_eq!(account["name"], "Eve Curie", "{account}");
        world.ends_well().await;
    }
}

#[tokio::test]
async fn an_account_whose_creation_was_not_answered_is_found_and_not_made_again() {
    for quirks in [
        &["email-taken-400"][..],
        &["email-taken-400", "error-in-200"],
    ] {
        let things = json!({ "memberships": [hot_desk("eve")] });
        let fixture = DoorsFixture::with(&["Members"]).says("quirks", json!(quirks));
        let mut world = Scenario::at(Doors::SaltoKs, PLAN)
            .start(town(things), fixture)
            .await;
        world
            .faults(
                json!([{ "match": "POST */users", "after": "apply", "status": 500, "times": 1 }]),
            )
            .await;
        world.reconcile().await;
        assert_eq!(world.inside("Members").await, ["eve"]);
        assert_eq!(world.account("eve").await["state"], "subscribed");
        assert_eq!(audit(&world, "refused").await, 0);
        world.ends_well().await;
    }
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again_for_some_minutes() {
    let mut world = at(&[], 0).await;
    let refused = json!([{ "match": "POST /connect/token", "status": 400, "body": "{\"error\":\"invalid_grant\"}",
        "times": -1 }]);
    world.faults(refused).await;
    let tries = async |world: &World| {
        world
            .calls("salto-ks")
            .await
            .get("POST /connect/token")
            .copied()
            .unwrap_or(0)
    };
    for minute in 0..10 {
        world.clock(&format!("2026-03-02T08:{minute:02}:00Z")).await;
        let report = world.reconcile().await;
        assert!(
            report
                .problems
                .iter()
                .any(|problem| problem.contains("password")),
            "{report:?}"
        );
        assert_eq!(tries(&world).await, 1, "minute {minute}");
    }
    world.clock("2026-03-02T08:10:00Z").await;
    world.reconcile().await;
    assert_eq!(tries(&world).await, 2);
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:20:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

/// The second page is named by a link to another host, over http: it is asked of our own.
#[tokio::test]
async fn a_list_of_several_pages_is_read_whatever_host_its_links_name() {
    let world = at(&["foreign-page-link"], 120).await;
    let report = world.reconcile().await;
    assert!(report.reads["main"].complete, "{report:?}");
    assert_eq!(world.inside("Members").await.len(), 122);
    let report = world.ends_well().await;
    assert_eq!(report.foreign, 120, "every line of both pages was seen");
}

#[tokio::test]
async fn k9_entries_are_read_where_their_filter_is_refused() {
    let world = at(&["entries-filter-1102"], 0).await;
    world.reconcile().await;
    world
        .change_doors(json!({ "entries": [{ "user": "ada@example.test", "lock": "Front door" }] }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(report.problems, [""; 0]);
    let shown = world
        .machine
        .entries(
            &SiteId::from(crate::support::SITE),
            &doorstep_operator::report::ReportQuery::default(),
        )
        .await
        .expect("rows");
    assert_eq!(shown.len(), 1);
    let calls = world.calls("salto-ks").await;
    assert_eq!(
        calls["GET /v1.1/sites/{site_id}/entries"], 4,
        "each time once with the filter and once without"
    );
    assert_eq!(world.problems("ada").await, [""; 0]);
    world.ends_well().await;
}
