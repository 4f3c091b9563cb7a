//! Many who come in at once: accounts are made one by one, and groups are changed once for all
//! people.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address};
use doorstep_local::run::crash::CrashStep;

/// Opens *Front* to people with the plan *Office*.
const OFFICE: &str = "[[rule]]\nplan = \"Office\"\nopens = [\"Front\"]\n";
/// So many, with Ada and Bob: more than are served whole, and fewer than a human must approve.
const MANY: usize = 80;

fn who(n: usize) -> String {
    format!("c{n:02}")
}

/// A company of many, with an office from 4 March on.
fn company() -> Value {
    let member = |n: usize| {
        let name = who(n);
        json!({ "_id": format!("m-{name}"), "name": name, "email": address(&name), "company": "c-acme" })
    };
    let mut office = hot_desk("acme");
    (office["plan"], office["member"], office["company"]) =
        (json!("p-office"), Value::Null, json!("c-acme"));
    office["startDate"] = json!("2026-03-04T00:00:00Z");
    json!({ "members": (0..MANY).map(member).collect::<Vec<_>>(), "memberships": [office] })
}

async fn begin(things: Value, fixture: DoorsFixture) -> World {
    let world = Scenario::at(Doors::SaltoKs, &format!("{PLAN}{OFFICE}"))
        .begin(town(things), fixture)
        .await;
    world.clock("2026-03-03T23:59:00Z").await;
    world.forget_calls("salto-ks").await;
    world
}

fn count(calls: &BTreeMap<String, u64>, method: &str, end: &str) -> u64 {
    let of = |call: &str| call.starts_with(method) && call.ends_with(end);
    calls
        .iter()
        .filter(|(call, _)| of(call))
        .map(|(_, count)| count)
        .sum()
}

async fn records(world: &World, what: &str) -> usize {
    world
        .audit()
        .await
        .iter()
        .filter(|record| record["what"] == what)
        .count()
}

/// Fewest: the list of accounts once, a look for the address right before each account is made, the
/// group once, and once more itself, for it seems to be empty.
#[tokio::test]
async fn o5_newcomers_are_let_in_by_one_call() {
    let world = begin(company(), DoorsFixture::with(&["Members", "Front"])).await;
    let ran = world.clock("2026-03-04T00:00:00Z").await;
    assert_eq!(ran.len(), 1, "{ran:?}");
    let (calls, all) = (world.calls("salto-ks").await, MANY as u64 + 2);
    assert_eq!(world.inside("Front").await.len(), MANY + 2);
    assert_eq!(
        count(&calls, "PATCH", "/access_groups/{access_group_id}/users"),
        1,
        "{calls:?}"
    );
    assert_eq!(
        count(&calls, "POST", "/sites/{site_id}/users"),
        all,
        "{calls:?}"
    );
    assert_eq!(
        count(&calls, "GET", "/sites/{site_id}/users"),
        all + 1,
        "{calls:?}"
    );
    assert_eq!(count(&calls, "GET", "/roles"), 1, "{calls:?}");
    assert_eq!(
        (
            records(&world, "invited").await,
            records(&world, "granted").await
        ),
        (MANY + 2, MANY + 2)
    );
    world.ends_well().await;
}

/// A group that was read before the accounts were made may have changed meanwhile.
#[tokio::test]
async fn i7_a_group_is_read_again_before_a_change_if_making_accounts_took_long() {
    let group = "/access_groups/{access_group_id}/users";
    let at_pace = async |pace: i64| {
        let world = begin(company(), DoorsFixture::with(&["Members", "Front"])).await;
        world.machine.pace(SignedDuration::from_millis(pace));
        world.clock("2026-03-04T00:00:00Z").await;
        let calls = world.calls("salto-ks").await;
        assert_eq!(world.inside("Front").await.len(), MANY + 2);
        world.machine.pace(SignedDuration::ZERO);
        world.ends_well().await;
        (count(&calls, "GET", group), count(&calls, "PATCH", group))
    };
    assert_eq!(at_pace(0).await, (1, 1));
    let (reads, changes) = at_pace(100).await;
    assert!(reads > changes, "{reads} reads before {changes} changes");
}

/// Thirty people with accounts, and all others.
#[tokio::test]
async fn i2_a_person_who_has_an_account_does_not_wait_for_those_who_need_one() {
    let mut things = company();
    let known: Vec<Value> = (0..30).map(|n| hot_desk(&who(n))).collect();
    things["memberships"]
        .as_array_mut()
        .expect("a list")
        .extend(known);
    let world = begin(things, DoorsFixture::with(&["Members", "Front"])).await;
    let before = world.audit().await.len();
    world.clock("2026-03-04T00:00:00Z").await;
    assert_eq!(world.inside("Front").await.len(), MANY + 2);
    let calls = world.calls("salto-ks").await;
    assert_eq!(
        count(&calls, "PATCH", "/access_groups/{access_group_id}/users"),
        2,
        "{calls:?}"
    );
    let actions: Vec<Value> = world
        .audit()
        .await
        .into_iter()
        .skip(before)
        .map(|record| record["what"].clone())
        .collect();
    let (first, rest) = actions.split_at(30);
    assert!(first.iter().all(|what| what == "granted"), "{first:?}");
    assert_eq!(
        rest.iter().filter(|what| *what == "invited").count(),
        MANY + 2 - 30
    );
    assert!(
        rest[0] == "invited" && rest[MANY + 2 - 30..].iter().all(|what| what == "granted"),
        "{rest:?}"
    );
    world.ends_well().await;
}

/// Created accounts stay, none is created twice, and all people have access at the end.
#[tokio::test]
async fn i4_a_function_that_dies_while_accounts_are_made_makes_no_one_a_second_one() {
    for (step, times) in [
        (CrashStep::Intend, 3),
        (CrashStep::Apply, 3),
        (CrashStep::Commit, 3),
    ] {
        let mut world = begin(company(), DoorsFixture::with(&["Members", "Front"])).await;
        world.crash(step, times);
        world.clock("2026-03-04T00:00:00Z").await;
        world.crash(step, 0);
        assert_eq!(
            world.inside("Front").await.len(),
            MANY + 2,
            "after {step:?}"
        );
        let calls = world.calls("salto-ks").await;
        assert_eq!(
            count(&calls, "POST", "/sites/{site_id}/users"),
            MANY as u64 + 2,
            "after {step:?}: {calls:?}"
        );
        assert_eq!(
            (
                records(&world, "invited").await,
                records(&world, "granted").await
            ),
            (MANY + 2, MANY + 2)
        );
        world.ends_well().await;
    }
}

/// A vendor error affects one person. If the account was created despite the error, it is found and
/// not created again.
#[tokio::test]
async fn i7_an_account_that_fails_keeps_no_one_else_out() {
    for after in [json!(null), json!("apply")] {
        let mut world = begin(company(), DoorsFixture::with(&["Members", "Front"])).await;
        let fault = json!({ "match": "POST *users", "status": 500, "times": 2, "after": after });
        world.faults(json!([fault])).await;
        world.clock("2026-03-04T00:00:00Z").await;
        assert_eq!(world.inside("Front").await.len(), MANY + 2);
        assert_eq!(
            (
                records(&world, "invited").await,
                records(&world, "granted").await
            ),
            (MANY + 2, MANY + 2)
        );
        world.ends_well().await;
    }
}

/// Each card takes its own call, so cards are assigned after all people have access.
#[tokio::test]
async fn n1_cards_of_many_follow_once_everyone_is_in() {
    let mut things = company();
    for (n, member) in things["members"]
        .as_array_mut()
        .expect("a list")
        .iter_mut()
        .enumerate()
    {
        member["properties"] = json!({ "Card number": format!("77{n:04}") });
    }
    let tags: Vec<String> = (0..MANY).map(|n| format!("77{n:04}")).collect();
    let fixture = DoorsFixture::with(&["Members", "Front"]).says("tags", json!(tags));
    let scenario = Scenario::at(Doors::SaltoKs, &format!("{PLAN}{OFFICE}"));
    let world = scenario
        .platform_says("card_property = \"Card number\"")
        .begin(town(things), fixture)
        .await;
    world.clock("2026-03-04T00:00:00Z").await;
    assert_eq!(world.inside("Front").await.len(), MANY + 2);
    let actions: Vec<Value> = world
        .audit()
        .await
        .into_iter()
        .map(|record| record["what"].clone())
        .collect();
    let last_in = actions
        .iter()
        .rposition(|what| what == "granted")
        .expect("they are in");
    let first_card = actions
        .iter()
        .position(|what| what == "tagged")
        .expect("they have cards");
    assert!(last_in < first_card, "{actions:?}");
    assert_eq!(records(&world, "tagged").await, MANY);
    assert_eq!(world.tags(&who(7)).await, ["770007"]);
    world.ends_well().await;
}
