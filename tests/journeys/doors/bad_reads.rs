//! Empty or incomplete answers of a door system: no access is revoked, and no account is created
//! twice.

use serde_json::{Value, json};

use crate::journeys::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both!(
    i4_a_list_that_says_nothing_takes_nothing_and_makes_no_one_twice,
    i4_an_account_that_is_not_found_once_is_not_made_again,
    i4_a_group_that_a_list_leaves_out_stays_ours,
    i4_a_group_that_was_deleted_is_given_up,
);

const ANSWERS: [&str; 4] = ["[]", "{}", "<html>busy</html>", "[{\"id\":null}]"];

/// Paths of every list and every look.
fn paths(at: Doors) -> &'static [&'static str] {
    match at {
        Doors::Kisi => &[
            "GET /users*",
            "GET /guests*",
            "GET /groups*",
            "GET /role_assignments*",
            "GET *",
        ],
        Doors::SaltoKs => &[
            "GET */users",
            "GET */users/*",
            "GET */access_groups",
            "GET */access_groups/*",
            "GET /v1*",
        ],
    }
}

/// Ada is a member; Eve, and a guest without an address, come for a meeting that is on.
async fn at_work(at: Doors) -> World {
    let mut meeting = booking("eve", "2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z");
    meeting["visitors"] = json!(["v-gus"]);
    let guest = json!({ "_id": "v-gus", "name": "Gus" });
    let things =
        json!({ "memberships": [hot_desk("ada")], "visitors": [guest], "bookings": [meeting] });
    let rules = format!("{PLAN}{ROOM}");
    let world = Scenario::at(at, &rules)
        .begin(
            town(things),
            DoorsFixture::with(&["Members", "Meeting", "Other"]),
        )
        .await;
    world
        .at("2026-03-02T09:00:00Z", "Meeting", &["Gus", "eve"])
        .await;
    world
}

async fn accounts(world: &World) -> usize {
    world.door_world().await["users"]
        .as_array()
        .map_or(0, Vec::len)
}

async fn revoked(world: &World) -> usize {
    world
        .audit()
        .await
        .iter()
        .filter(|record| record["what"] == "revoked")
        .count()
}

async fn i4_a_list_that_says_nothing_takes_nothing_and_makes_no_one_twice(at: Doors) {
    let mut world = at_work(at).await;
    let there = accounts(&world).await;
    let mut minute = 1;
    for path in paths(at) {
        for answer in ANSWERS {
            world
                .faults(json!([{ "match": path, "body": answer, "times": -1 }]))
                .await;
            // All people are evaluated: a booking moves, and a reconcile runs.
            let end = format!("2026-03-02T12:{:02}:00Z", minute % 60);
            world
                .change_and_deliver(json!({ "bookings": [{ "_id": "b-eve", "end": end }] }))
                .await;
            world.reconcile().await;
            world.clock(&format!("2026-03-02T09:{minute:02}:00Z")).await;
            minute += 1;
            world.faults(json!([])).await;
            assert_eq!(revoked(&world).await, 0, "{path} {answer}");
            assert_eq!(accounts(&world).await, there, "{path} {answer}");
        }
    }
    world.clock("2026-03-02T10:30:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(world.inside("Meeting").await, ["Gus", "eve"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "what was claimed is still ours to take back"
    );
    world.at("2026-03-02T12:45:00Z", "Meeting", &[]).await;
    assert_eq!(accounts(&world).await, there);
    world.ends_well().await;
}

/// One 404 by id is not enough while a list has the account.
async fn i4_an_account_that_is_not_found_once_is_not_made_again(at: Doors) {
    let mut world = at_work(at).await;
    let there = accounts(&world).await;
    let path = if at == Doors::Kisi {
        "GET /users/*"
    } else {
        "GET */users/*"
    };
    world
        .faults(json!([{ "match": path, "status": 404, "times": -1 }]))
        .await;
    // Their accounts are looked at, because their name changed or they come in again.
    world
        .change_and_deliver(
            json!({ "members": [{ "_id": "m-ada", "name": "Ada King" }, { "_id": "m-eve", "name": "Eve M. Curie" }] }),
        )
        .await;
    world
        .change_and_deliver(
            json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T12:30:00Z" }] }),
        )
        .await;
    world.at("2026-03-02T12:45:00Z", "Meeting", &[]).await;
    world.faults(json!([])).await;
    world.reconcile().await;
    assert_eq!(accounts(&world).await, there);
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.clock("2026-03-02T13:00:00Z").await;
    world.ends_well().await;
}

/// The list of groups as the vendor shows it, without one of them.
fn groups_without_members(world: &Value) -> String {
    let groups = world["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter(|group| group["name"] != "Members");
    let shown = groups.map(|group| {
        let id = group["id"].as_str().expect("an id");
        let id = id
            .parse::<u64>()
            .map_or_else(|_| json!(id), |number| json!(number));
        json!({ "id": id, "name": group["name"], "customer_reference": group["name"] })
    });
    Value::from_iter(shown).to_string()
}

async fn i4_a_group_that_a_list_leaves_out_stays_ours(at: Doors) {
    let mut world = at_work(at).await;
    let list = groups_without_members(&world.door_world().await);
    let path = if at == Doors::Kisi {
        "GET /groups"
    } else {
        "GET */access_groups"
    };
    world
        .faults(json!([{ "match": path, "body": list, "times": -1 }]))
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-ada", "name": "Ada King" }] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.faults(json!([])).await;
    world.reconcile().await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "it was never forgotten that it is ours"
    );
    world.clock("2026-03-02T09:10:00Z").await;
    world.ends_well().await;
}

/// A group that the list leaves out, and that is not found by its id either, is gone.
async fn i4_a_group_that_was_deleted_is_given_up(at: Doors) {
    let mut world = at_work(at).await;
    world
        .by_hand(|world| {
            let groups = world["groups"].as_array_mut().expect("groups");
            groups.retain(|group| group["name"] != "Members");
        })
        .await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("Members")),
        "{report:?}"
    );
    assert_eq!(
        world.inside("Meeting").await,
        ["Gus", "eve"],
        "the other group goes on"
    );
    let people = world.people().await;
    let ada = people
        .iter()
        .find(|person| person["email"] == "ada@example.test")
        .expect("Ada");
    assert_eq!(ada["claims"], json!([]));
}
