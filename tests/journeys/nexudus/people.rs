//! Identity: newcomers and leavers, several profiles of one person, several locations.

use serde_json::json;

use super::{PASSES, PLAN, begin, contract, pass};
use crate::support::{Doors, DoorsFixture, Platform, SITE, Scenario, address};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::{self, who};

#[tokio::test]
async fn k2_a_new_customer_with_a_ruled_pass_gets_access_and_an_invitation_until_they_leave() {
    let world = begin(Doors::Kisi, PASSES, json!({}), &["Members"]).await;
    let new = json!({ "Id": 14, "FullName": "Zoë Newcomer", "Email": "zoe@example.test" });
    world
        .change_and_deliver(json!({ "Coworkers": [new], "CoworkerTimePasses": [pass(14, 51)] }))
        .await;
    assert_eq!(world.inside("Members").await, ["zoe"]);
    assert_eq!(world.actions("zoe").await, ["invited", "granted Members"]);
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 14, "Active": false }] }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0], "suspended");
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 14, "Active": true }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["zoe"]);
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 14, "Archived": true }] }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0], "archived");
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 14, "Archived": false }] }))
        .await;
    world
        .change_and_deliver(
            json!({ "remove": { "Coworkers": [14], "CoworkerTimePasses": [5114] } }),
        )
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["zoe"],
        "an unsigned path is no proof that she is gone"
    );
    world.at("2026-03-02T08:05:00Z", "Members", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn k2_profiles_with_one_address_are_one_person_with_the_access_of_both() {
    let second = json!({ "Id": 23, "FullName": "E. Curie", "Email": " EVE@example.test " });
    let rules = format!("{PLAN}[[rule]]\npass = \"Day pass\"\nopens = [\"Day\"]\n");
    let things = json!({ "Coworkers": [second], "CoworkerContracts": [contract(13)], "CoworkerTimePasses": [pass(23, 51)] });
    let world = begin(Doors::Kisi, &rules, things, &["Members", "Day"]).await;
    assert_eq!(
        (world.inside("Members").await, world.inside("Day").await),
        (vec!["eve".to_owned()], vec!["eve".to_owned()])
    );
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 23, "Active": false }] }))
        .await;
    assert_eq!(
        (world.inside("Members").await, world.inside("Day").await),
        (vec!["eve".to_owned()], vec![])
    );
    world.ends_well().await;
}

#[tokio::test]
async fn k5_a_kisi_key_and_a_place_that_was_chosen() {
    let scenario = Scenario::at(Doors::Kisi, PASSES)
        .on(Platform::Nexudus)
        .doors_say("place = \"77\"\n");
    let world = scenario
        .start(
            super::town(json!({ "CoworkerTimePasses": [pass(13, 51)] })),
            DoorsFixture::with(&[]),
        )
        .await;
    world
        .put_at("77", DoorsFixture::with(&["Members"]).world(Doors::Kisi))
        .await;
    world.reconcile().await;
    let there = world.get_at("77").await;
    assert_eq!(
        world.lines(&there, "Members").len(),
        1,
        "in the place that was chosen"
    );
    assert!(
        world.door_world().await["groups"]
            .as_array()
            .is_some_and(|groups| groups.is_empty())
    );
}

#[tokio::test]
async fn k6_several_locations_each_with_its_own_groups() {
    let rules = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"River\"]\n\
        [[rule]]\nplan = \"Hot desk\"\nat = \"Harbour\"\nopens = [\"Harbour\"]\n\
        [[rule]]\npass = \"*\"\nat = \"Harbour\"\nopens = [\"Harbour\"]\n\
        [[rule]]\nresource = \"Pier room\"\nopens = [\"Harbour\"]\n";
    let mut there = contract(12);
    there["TariffId"] = json!(43);
    let mut harbour_pass = pass(13, 51);
    harbour_pass["BusinessId"] = json!(2);
    let world = begin(
        Doors::Kisi,
        rules,
        json!({ "CoworkerContracts": [contract(11)] }),
        &["River", "Harbour"],
    )
    .await;
    world
        .change_and_deliver(
            json!({ "CoworkerContracts": [there], "CoworkerTimePasses": [harbour_pass] }),
        )
        .await;
    assert_eq!(world.inside("River").await, ["ada"]);
    assert_eq!(world.inside("Harbour").await, ["bob", "eve"]);
    // The last day ends when it does at the harbour, five hours later.
    world
        .change_and_deliver(json!({ "CoworkerContracts": [{ "Id": 112, "CancellationDate": "2026-03-03T00:00:00Z" }] }))
        .await;
    world
        .at("2026-03-04T04:59:59Z", "Harbour", &["bob", "eve"])
        .await;
    world.at("2026-03-04T05:00:00Z", "Harbour", &["eve"]).await;
    let report = world.ends_well().await;
    assert!(report.problems.is_empty(), "{report:?}");
}

#[tokio::test]
async fn k6_of_other_businesses_nothing_is_read() {
    let scenario = Scenario::at(
        Doors::Kisi,
        "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n",
    )
    .on(Platform::Nexudus);
    let scenario = scenario.platform_says("organization = [\"1\"]\n");
    let mut there = contract(12);
    there["TariffId"] = json!(43);
    let things = super::town(json!({ "CoworkerContracts": [contract(11), there] }));
    let world = scenario
        .begin(things, DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "and the name means one plan"
    );
    let report = world.ends_well().await;
    assert!(report.problems.is_empty(), "{report:?}");
}

#[tokio::test]
async fn k1_a_kind_of_pass_can_be_ruled_before_the_first_is_sold() {
    let rules = "[[rule]]\npass = \"Evening pass\"\nopens = [\"Members\"]\n";
    let world = begin(Doors::Kisi, rules, json!({}), &["Members"]).await;
    assert_eq!(world.reconcile().await.problems, [""; 0]);
    world
        .change_and_deliver(json!({ "CoworkerTimePasses": [pass(13, 52), pass(12, 51)] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn b3_explain_and_who_remark_on_no_name_of_a_pass_that_they_have_not_searched() {
    let rules = "[[rule]]\npass = \"Day pass\"\nopens = [\"Members\"]\n";
    let world = begin(
        Doors::Kisi,
        rules,
        json!({ "CoworkerTimePasses": [pass(13, 51)] }),
        &["Members"],
    )
    .await;
    let environment = world.machine.environment();
    let wanted = explain::ExplainQuery {
        email: Some(address("eve")),
        ..explain::ExplainQuery::default()
    };
    let explained = explain::explain(environment, &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer")
        .expect("eve");
    assert_eq!(explained.remarks, [""; 0]);
    let wanted = who::WhoQuery {
        group: "Members".to_owned(),
        ..who::WhoQuery::default()
    };
    assert_eq!(
        who::who(environment, &SiteId::from(SITE), &wanted)
            .await
            .expect("an answer")
            .remarks,
        [""; 0]
    );
    // A comparison reads the passes, and says it where none has the name.
    let misnamed = rules.replace("Day pass", "Dae pass");
    let world = begin(Doors::Kisi, &misnamed, json!({}), &["Members"]).await;
    let problems = world.reconcile().await.problems;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("no pass is named \"Dae pass\"")),
        "{problems:?}"
    );
}
