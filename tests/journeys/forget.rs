//! Forgetting a person: nothing of the table tells of them any more, and the chain of what was done
//! is whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::andcards::{begin, subscription};
use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::email::email_digest;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, Forgotten, forget};
use doorstep_vendors::http::Http;

at_both!(
    b8_a_person_who_is_forgotten_is_nowhere_in_the_table_and_the_chain_is_whole,
    b8_a_person_who_would_be_back_or_has_access_is_not_forgotten_and_it_is_said_why,
    b8_a_person_who_was_forgotten_comes_back_as_a_new_person,
    b8_an_id_that_is_an_address_is_nowhere_in_the_table_after_forget,
    b8_a_person_of_a_pushing_platform_is_taken_out_of_what_it_pushed,
);

async fn asked(world: &World, who: &str) -> ForgetOutcome {
    world.machine.quiet().await;
    let wanted = ForgetQuery {
        email: Some(format!(" {}", address(who).to_uppercase())),
        person: None,
    };
    forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer")
}

async fn forgotten(world: &World, who: &str) -> Forgotten {
    match asked(world, who).await {
        ForgetOutcome::Forgotten(forgotten) => forgotten,
        other => panic!("{other:?}"),
    }
}

/// No item of the table contains any of these texts.
async fn is_nowhere(world: &World, words: &[&str]) {
    let digest = email_digest(&address("ada"));
    for (at, item) in world.table().await {
        let item = format!("{at} {item}").to_lowercase();
        for word in words.iter().copied().chain([digest.as_str()]) {
            assert!(!item.contains(&word.to_lowercase()), "{word} in {item}");
        }
    }
}

async fn verified(world: &World) -> u64 {
    let verdict = world
        .machine
        .environment()
        .store
        .verify_audit(&SiteId::from(SITE), None)
        .await
        .expect("it reads");
    assert!(verdict.whole, "{verdict:?}");
    verdict.records
}

const ADA: [&str; 4] = ["ada byron", "ada@example.test", "ada lovelace", "90210473"];

/// Ada was a member with a card, under two names, and left. Her company is called like her.
async fn ada_left(at: Doors) -> World {
    let things = town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")],
        "companies": [{ "_id": "c-ada", "name": "Ada Lovelace", "location": "l-riverside" }] }));
    let fixture = DoorsFixture::with(&["Members"]).says("tags", json!(["90210473"]));
    let scenario = Scenario::at(at, PLAN).platform_says("card_property = \"Card\"");
    let world = scenario.begin(things, fixture).await;
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-ada", "name": "Ada Lovelace", "email": "ada@example.test",
            "company": "c-ada", "location": "l-riverside", "properties": { "Card": "90210473" } }] }))
        .await;
    assert_eq!(world.tags("ada").await, ["90210473"]);
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    world
        .change(json!({ "remove": { "companies": ["c-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    world
}

async fn b8_a_person_who_is_forgotten_is_nowhere_in_the_table_and_the_chain_is_whole(at: Doors) {
    let world = ada_left(at).await;
    let before = verified(&world).await;
    assert!(
        world
            .table()
            .await
            .iter()
            .any(|(_, item)| item.contains("ada@example.test")),
        "she is known until then"
    );
    let done = forgotten(&world, "ada").await;
    assert!(
        done.erased > 0
            && done
                .remains
                .iter()
                .any(|text| text.contains("delete it at the door system")),
        "{done:?}"
    );
    is_nowhere(&world, &ADA).await;
    assert_eq!(
        verified(&world).await,
        before + 1,
        "that she was forgotten is written down"
    );
    let last = world.audit().await.pop().expect("a record");
    assert_eq!(
        (&last["what"], &last["person"]),
        (&json!("forgotten"), &json!(done.people[0]))
    );
    assert_eq!(
        asked(&world, "ada").await,
        ForgetOutcome::NoPerson,
        "once more is nothing"
    );
    assert_eq!(world.people().await.len(), 1);
    // What comes after does not bring her back, though the door system still has her account.
    world.reconcile().await;
    world.clock("2026-03-03T10:00:00Z").await;
    is_nowhere(&world, &ADA).await;
    world.ends_in_order().await;
}

async fn b8_a_person_who_would_be_back_or_has_access_is_not_forgotten_and_it_is_said_why(
    at: Doors,
) {
    let world = Scenario::at(at, PLAN)
        .begin(
            town(json!({ "memberships": [hot_desk("ada")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    let before = world.table().await;
    let why = |outcome: ForgetOutcome| match outcome {
        ForgetOutcome::Refused(first) => first.join("\n"),
        other => panic!("{other:?}"),
    };
    let first = why(asked(&world, "ada").await);
    assert!(
        first.contains("still in group") && first.contains("still has the person as member m-ada"),
        "{first}"
    );
    assert!(
        why(asked(&world, "eve").await).contains("member m-eve"),
        "she never had access"
    );
    assert_eq!(world.table().await, before, "nothing was erased");
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    let first = why(asked(&world, "ada").await);
    assert!(
        !first.contains("still in group") && first.contains("member m-ada"),
        "{first}"
    );
    assert_eq!(asked(&world, "nobody").await, ForgetOutcome::NoPerson);
    let environment = world.machine.environment();
    assert!(
        forget(environment, &SiteId::from(SITE), &ForgetQuery::default())
            .await
            .is_err()
    );
    assert!(
        forget(
            environment,
            &SiteId::from("elsewhere"),
            &ForgetQuery::default()
        )
        .await
        .is_err()
    );
    world.ends_in_order().await;
}

async fn b8_an_id_that_is_an_address_is_nowhere_in_the_table_after_forget(at: Doors) {
    let member = json!({ "_id": "ada@example.test", "name": "Ada Byron", "email": "ada@example.test",
        "location": "l-riverside" });
    let desk = json!({ "_id": "ada@example.test", "member": "ada@example.test", "plan": "p-hot", "status": "approved",
        "startDate": "2026-01-01T00:00:00.000Z", "location": "l-riverside" });
    let world = Scenario::at(at, PLAN)
        .begin(
            town(json!({ "memberships": [hot_desk("bob")] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    world
        .change_and_deliver(json!({ "members": [member], "memberships": [desk] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["ada@example.test"] } }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "members": ["ada@example.test"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    forgotten(&world, "ada").await;
    is_nowhere(&world, &ADA).await;
    world.ends_in_order().await;
}

async fn b8_a_person_who_was_forgotten_comes_back_as_a_new_person(at: Doors) {
    let world = ada_left(at).await;
    let done = forgotten(&world, "ada").await;
    world
        .change_and_deliver(
            json!({ "members": [{ "_id": "m-ada", "name": "Ada Byron", "email": "ada@example.test" }] }),
        )
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    let people = world.people().await;
    let ada = people
        .iter()
        .find(|person| person["email"] == "ada@example.test")
        .expect("she is back");
    assert_ne!(ada["id"], done.people[0].as_str());
    world.ends_in_order().await;
}

async fn b8_a_person_of_a_pushing_platform_is_taken_out_of_what_it_pushed(at: Doors) {
    let things = json!({ "subscriptions": [subscription("ada"), subscription("bob")] });
    let world = begin(
        Scenario::at(at, "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n"),
        things,
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "subscriptions": ["s-ada"] } }))
        .await;
    let ForgetOutcome::Refused(first) = asked(&world, "ada").await else {
        panic!("she is told of")
    };
    assert!(
        first.iter().any(|first| first.contains("member u-ada")),
        "{first:?}"
    );
    world
        .change_and_deliver(json!({ "remove": { "users": ["u-ada"] } }))
        .await;
    world.clock("2026-03-02T09:30:00Z").await;
    let deliveries = |table: &[(String, String)]| {
        table
            .iter()
            .filter(|(at, _)| at.contains("#told roster#"))
            .count()
    };
    let told = deliveries(&world.table().await);
    forgotten(&world, "ada").await;
    is_nowhere(&world, &["ada byron", "ada@example.test"]).await;
    assert_eq!(
        deliveries(&world.table().await),
        told,
        "the roster is there without her"
    );
    assert_eq!(world.inside("Members").await, ["bob"]);
    for body in world.roster(1).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    world.machine.quiet().await;
    world.ends_in_order().await;
    is_nowhere(&world, &["ada byron", "ada@example.test"]).await;
}

/// Whatever write of forgetting is the last that the table takes, once more makes it whole.
#[tokio::test]
async fn b8_forgetting_that_stopped_half_way_is_done_by_doing_it_again() {
    for refused in 0..12_u64 {
        let world = ada_left(Doors::Kisi).await;
        let stopped = stopping(world.machine.environment(), refused);
        let wanted = ForgetQuery {
            email: Some(address("ada")),
            person: None,
        };
        let first = forget(&stopped, &SiteId::from(SITE), &wanted).await;
        let Err(_) = first else {
            assert!(refused > 3, "it writes several times");
            return;
        };
        verified(&world).await;
        forgotten(&world, "ada").await;
        is_nowhere(&world, &ADA).await;
        verified(&world).await;
        world.ends_in_order().await;
    }
    panic!("it never comes to an end");
}

/// The calls that change the table.
const WRITES: [&str; 5] = [
    "PutItem",
    "DeleteItem",
    "UpdateItem",
    "TransactWriteItems",
    "BatchWriteItem",
];

/// The same world, whose table takes only so many writes more.
fn stopping(environment: &Environment, writes: u64) -> Environment {
    let (inner, left) = (environment.http.clone(), Arc::new(AtomicU64::new(writes)));
    let http = Http::from_fn(move |request: http::Request<Bytes>| {
        let (inner, left) = (inner.clone(), left.clone());
        async move {
            let target = request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok())
                .unwrap_or("");
            let is_write = WRITES.iter().any(|write| target.ends_with(write));
            let refused = |status: StatusCode| {
                let mut refused = http::Response::new(Bytes::from_static(b"{}"));
                *refused.status_mut() = status;
                refused
            };
            if is_write
                && left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        left.checked_sub(1)
                    })
                    .is_err()
            {
                return refused(StatusCode::BAD_REQUEST);
            }
            inner
                .send(request)
                .await
                .unwrap_or_else(|_| refused(StatusCode::BAD_GATEWAY))
        }
    });
    Environment::new(environment.settings.clone(), http, environment.time.clone())
}
