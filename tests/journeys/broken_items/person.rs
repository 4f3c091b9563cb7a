//! A person whose item cannot be read: nothing of theirs is taken, no command stops, and they are
//! themselves again once the item can be read.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Item, SITE, Scenario, Table, World, address};
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::doctor::doctor;
use doorstep_operator::drift::drift;
use doorstep_operator::explain::who::who;
use doorstep_operator::explain::{explain, who as group};
use doorstep_operator::forget::{self, ForgetOutcome, forget};

fn text(item: &Item, name: &str) -> String {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}

async fn put(world: &World, item: Item) {
    let table = Table::of(world);
    table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item))
        .send()
        .await
        .expect("it is put");
}

/// Breaks Ada's item. Returns it as it was.
async fn break_ada(world: &World) -> Item {
    let items = Table::of(world).items().await;
    let theirs =
        |item: &&Item| text(item, "sk") == "person" && text(item, "body").contains(&address("ada"));
    let whole = items.iter().find(theirs).expect("Ada's item").clone();
    let broken = AttributeValue::S("{".to_owned());
    put(
        world,
        whole
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain([("body".into(), broken)])
            .collect(),
    )
    .await;
    whole
}

async fn begin(more: &str) -> World {
    let scenario = Scenario::at(Doors::Kisi, PLAN).doors_say(more);
    let world = scenario
        .begin(
            town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
}

#[tokio::test]
async fn i3_no_one_is_foreign_because_their_item_cannot_be_read_and_foreign_accounts_still_go() {
    let mut world = begin("foreign = \"remove\"").await;
    let whole = break_ada(&world).await;
    world
        .by_hand(|doors| {
            let dan = json!({ "id": "9001", "email": "dan@example.test", "name": "Dan" });
            doors["users"].as_array_mut().expect("users").push(dan);
            let line = json!({ "user": "9001", "valid_from": null, "valid_until": null });
            doors["groups"][0]["members"]
                .as_array_mut()
                .expect("members")
                .push(line);
        })
        .await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.foreign, report.granted, report.revoked),
        (1, 0, 0),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    // What ends for her meanwhile ends once her item can be read.
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    put(&world, whole).await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    assert!(world.reconcile().await.problems.is_empty());
}

#[tokio::test]
async fn o4_a_person_who_cannot_be_read_stops_no_command() {
    let world = begin("").await;
    let whole = break_ada(&world).await;
    let environment = world.machine.environment();
    let said = |problems: &[String]| {
        problems
            .iter()
            .any(|problem| problem.contains("cannot be read (person "))
    };
    let checkup = doctor(environment, &SiteId::from(SITE))
        .await
        .expect("doctor")
        .to_string();
    assert!(
        checkup.contains("! table: an item of the table cannot be read (person "),
        "{checkup}"
    );
    assert!(said(
        &drift(environment, &SiteId::from(SITE))
            .await
            .expect("drift")
            .problems
    ));
    let people = world.people().await;
    assert!(
        people
            .iter()
            .any(|person| person["email"] == address("bob")),
        "{people:?}"
    );
    let of_group = group::WhoQuery {
        group: "Members".to_owned(),
        at: None,
    };
    let told = who(environment, &SiteId::from(SITE), &of_group)
        .await
        .expect("who");
    assert_eq!(told.people.len(), 2);
    assert!(
        told.remarks
            .iter()
            .any(|remark| remark.starts_with("1 people of this site cannot be read")),
        "{told:?}"
    );
    let asked = |email: String| doorstep_operator::explain::ExplainQuery {
        email: Some(email),
        ..Default::default()
    };
    assert!(
        explain(environment, &SiteId::from(SITE), &asked(address("bob")))
            .await
            .expect("explain")
            .is_some()
    );
    let refused = explain(environment, &SiteId::from(SITE), &asked(address("ada")))
        .await
        .expect_err("it is hers");
    assert!(
        matches!(&refused, Error::Permanent(why) if why.contains("cannot be read (person ")),
        "{refused}"
    );
    let wanted = |who: &str| forget::ForgetQuery {
        email: Some(address(who)),
        person: None,
    };
    assert_eq!(
        forget(environment, &SiteId::from(SITE), &wanted("zoe"))
            .await
            .expect("no person matches"),
        ForgetOutcome::NoPerson
    );
    assert!(matches!(
        forget(environment, &SiteId::from(SITE), &wanted("bob"))
            .await
            .expect("he has access"),
        ForgetOutcome::Refused(_)
    ));
    assert!(
        matches!(
            forget(environment, &SiteId::from(SITE), &wanted("ada")).await,
            Err(Error::Invalid(_))
        ),
        "what leads to her is unknown"
    );
    put(&world, whole).await;
    world.ends_well().await;
}
