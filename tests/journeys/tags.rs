//! Numbers that the platform says become tags at SALTO KS and cards at Kisi, and are taken back.
//!
//! OfficeRnD keeps them in a property of a member; whatever platform says them, this is the way
//! they go.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;

at_both!(
    o18_a_number_in_a_property_is_linked_without_handwork,
    n1_a_number_is_assigned_changed_and_taken_back,
    n1_removed_numbers_are_taken_back_and_the_next_person_gets_the_tag,
    n1_a_tag_that_changes_its_owner_changes_hands_at_once,
    n1_a_tag_that_comes_a_little_later_is_given_in_minutes,
    n1_tags_go_with_the_last_access_and_come_back_with_it,
    n1_tags_go_before_an_account_is_put_to_rest,
    n1_of_several_numbers_the_door_system_gets_what_it_can_take,
    n1_a_tag_that_was_given_by_hand_survives,
    n1_a_tag_that_they_had_when_the_site_was_taken_over_is_adopted,
    n1_a_tag_that_was_taken_away_by_hand_comes_back,
    n1_in_observe_no_tag_is_touched_and_the_diff_shows_it,
    n1_in_grant_only_no_tag_is_taken_back,
    n1_whatever_is_shot_each_tag_changes_hands_once,
    n1_the_door_system_does_the_work_and_then_fails,
    n1_many_at_once_cost_one_list,
    n1_in_every_awkward_moment_of_the_vendor,
    n2_a_pod_s_tag_is_left_alone,
    n2_an_unknown_tag_is_a_problem_and_holds_nothing_up,
    n2_another_person_s_tag_is_a_problem_and_stays_theirs,
    n2_one_number_of_two_people_is_given_once,
    n2_a_yes_that_was_not_done_is_a_problem,
    n2_a_door_system_that_refuses_tags_opens_doors_all_the_same,
    n2_a_tag_that_is_blocked_is_said,
);

const PROPERTY: &str = "card_property = \"Card number\"";
const MEMBERS: [&str; 1] = ["Members"];

fn scenario(at: Doors) -> Scenario {
    Scenario::at(at, PLAN).platform_says(PROPERTY)
}

/// A house with two free tags.
fn fixture() -> DoorsFixture {
    DoorsFixture::with(&MEMBERS).says("tags", json!(["0123", "0456"]))
}

/// A member, as the platform is told of a change of theirs.
fn card(who: &str, number: impl Into<Value>) -> Value {
    json!({ "members": [{ "_id": format!("m-{who}"), "properties": { "Card number": number.into() } }] })
}

/// Ada, Bob or both on a plan.
fn on_plan(who: &[&str]) -> Value {
    town(json!({ "memberships": who.iter().map(|who| hot_desk(who)).collect::<Vec<_>>() }))
}

/// Ada is on a plan and has a number.
async fn ada_has(at: Doors, number: &str) -> World {
    let world = scenario(at)
        .begin(on_plan(&["ada", "bob"]), fixture())
        .await;
    world.change_and_deliver(card("ada", number)).await;
    world
}

async fn o18_a_number_in_a_property_is_linked_without_handwork(at: Doors) {
    for number in [json!("0123"), json!(["0123"]), json!("  0123 ")] {
        let world = scenario(at).start(on_plan(&["ada"]), fixture()).await;
        world.change(card("ada", number.clone())).await;
        world.reconcile().await;
        assert_eq!(world.tags("ada").await, ["0123"], "{number}");
        assert_eq!(
            world.actions("ada").await,
            ["invited", "granted Members", "tagged"]
        );
        let record = world.audit().await.pop().expect("a record");
        assert_eq!(record["because"], "tag …23 of member m-ada");
        world.ends_well().await;
    }
    let world = scenario(at)
        .begin(
            on_plan(&["ada"]),
            DoorsFixture::with(&MEMBERS).says("tags", json!(["777"])),
        )
        .await;
    world.change_and_deliver(card("ada", 777)).await;
    assert_eq!(world.tags("ada").await, ["777"], "a number that is no text");
    let world = Scenario::at(at, PLAN)
        .begin(on_plan(&["ada"]), fixture())
        .await;
    world.change_and_deliver(card("ada", "0123")).await;
    assert_eq!(
        world.tags("ada").await,
        [""; 0],
        "the site file names no property"
    );
    world.ends_well().await;
}

async fn n1_a_number_is_assigned_changed_and_taken_back(at: Doors) {
    let world = ada_has(at, "0123").await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    world.change_and_deliver(card("ada", "0456")).await;
    assert_eq!(world.tags("ada").await, ["0456"]);
    world.change_and_deliver(card("ada", "")).await;
    assert_eq!(world.tags("ada").await, [""; 0]);
    let actions = [
        "invited",
        "granted Members",
        "tagged",
        "untagged",
        "tagged",
        "untagged",
    ];
    assert_eq!(world.actions("ada").await, actions);
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(world.problems("ada").await, [""; 0]);
    let deleted = world
        .calls(at.word())
        .await
        .into_keys()
        .filter(|call| call.starts_with("DELETE /cards"));
    assert_eq!(deleted.count(), 0, "and it is still there for the next");
    world.ends_well().await;
}

async fn n1_removed_numbers_are_taken_back_and_the_next_person_gets_the_tag(at: Doors) {
    let world = ada_has(at, "0123").await;
    world.change_and_deliver(card("ada", Value::Null)).await;
    world.change_and_deliver(card("bob", "0123")).await;
    assert_eq!(
        (world.tags("ada").await, world.tags("bob").await),
        (vec![], vec!["0123".to_owned()])
    );
    world.ends_well().await;
}

/// The order does not matter: the person who returns the tag, or the person who waits for it, may
/// be served first.
async fn n1_a_tag_that_changes_its_owner_changes_hands_at_once(at: Doors) {
    let world = ada_has(at, "0123").await;
    for (from, to) in [("ada", "bob"), ("bob", "ada")] {
        world.change(card(from, "")).await;
        world.change(card(to, "0123")).await;
        let report = world.reconcile().await;
        assert_eq!(
            (report.tagged, report.untagged),
            (0, 1),
            "who takes is not yet shown: {report:?}"
        );
        assert_eq!(
            (world.tags(from).await.len(), world.tags(to).await),
            (0, vec!["0123".to_owned()])
        );
    }
    world.ends_well().await;
}

/// At a front desk the number is often typed first, and the tag taken from its last owner or
/// registered after it.
async fn n1_a_tag_that_comes_a_little_later_is_given_in_minutes(at: Doors) {
    let mut world = ada_has(at, "0123").await;
    world.change_and_deliver(card("bob", "0123")).await;
    assert!(!world.problems("bob").await.is_empty());
    world.change_and_deliver(card("ada", "")).await;
    world.clock("2026-03-02T08:01:00Z").await;
    assert_eq!(
        (world.tags("bob").await, world.problems("bob").await),
        (vec!["0123".to_owned()], vec![])
    );
    world.change_and_deliver(card("ada", "0888")).await;
    world.clock("2026-03-02T08:04:00Z").await;
    assert!(!world.problems("ada").await.is_empty());
    world
        .by_hand(|world| world["tags"] = json!(["0456", "0888"]))
        .await;
    world.clock("2026-03-02T08:06:00Z").await;
    assert_eq!(
        (world.tags("ada").await, world.problems("ada").await),
        (vec!["0888".to_owned()], vec![])
    );
    world.ends_well().await;
}

async fn n1_tags_go_with_the_last_access_and_come_back_with_it(at: Doors) {
    let world = ada_has(at, "0123").await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.tags("ada").await, [""; 0]);
    assert_eq!(world.inside("Members").await, ["bob"]);
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    world.ends_well().await;
    // Between two bookings a tag stays where it is.
    let both = json!({ "bookings": [booking("eve", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"),
        { "_id": "b-later", "resource": "r-board", "member": "m-eve", "location": "l-riverside",
          "start": "2026-03-09T08:00:00Z", "end": "2026-03-09T09:00:00Z", "timezone": "Europe/London" }] });
    let scenario = Scenario::at(at, ROOM).platform_says(PROPERTY);
    let world = scenario
        .begin(
            town(both),
            DoorsFixture::with(&["Meeting"]).says("tags", json!(["0123"])),
        )
        .await;
    world.change_and_deliver(card("eve", "0123")).await;
    world.at("2026-03-02T12:00:00Z", "Meeting", &[]).await;
    assert_eq!(world.tags("eve").await, ["0123"]);
    world.at("2026-03-09T09:15:00Z", "Meeting", &[]).await;
    assert_eq!(world.tags("eve").await, [""; 0]);
    world.ends_well().await;
}

async fn n1_tags_go_before_an_account_is_put_to_rest(at: Doors) {
    for (says, left) in [
        ("without_access = \"suspend\"", json!("suspended")),
        ("without_access = \"delete\"", json!(null)),
    ] {
        let world = scenario(at)
            .doors_say(says)
            .begin(on_plan(&["ada"]), fixture())
            .await;
        world.change_and_deliver(card("ada", "0123")).await;
        world
            .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
            .await;
        assert_eq!(world.account("ada").await["state"], left);
        assert!(world.actions("ada").await.is_empty() || world.tags("ada").await.is_empty());
        let what: Vec<Value> = world
            .audit()
            .await
            .into_iter()
            .map(|record| record["what"].clone())
            .collect();
        assert_eq!(
            what[3..5],
            [json!("revoked"), json!("untagged")],
            "{what:?}"
        );
        world.ends_well().await;
    }
}

async fn n1_of_several_numbers_the_door_system_gets_what_it_can_take(at: Doors) {
    let world = ada_has(at, "9999, 0456; 0123").await;
    let problems = world.problems("ada").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("main: tag …9999 is not known")),
        "{problems:?}"
    );
    match at {
        Doors::SaltoKs => {
            assert_eq!(
                world.tags("ada").await,
                ["0456"],
                "the first that is there and free"
            );
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.starts_with("main: tag …0123 is not given")),
                "{problems:?}"
            );
        }
        Doors::Kisi => assert_eq!(world.tags("ada").await, ["0456", "0123"]),
    }
    world.ends_well().await;
    world.change_and_deliver(card("ada", "0456")).await;
    assert_eq!(
        (world.tags("ada").await, world.problems("ada").await),
        (vec!["0456".to_owned()], vec![])
    );
    world.ends_well().await;
}

async fn n1_a_tag_that_was_given_by_hand_survives(at: Doors) {
    let fixture = fixture().person("ada").tagged("ada", "0777");
    let world = scenario(at).begin(on_plan(&["ada", "bob"]), fixture).await;
    world.change_and_deliver(card("ada", "0123")).await;
    match at {
        Doors::SaltoKs => {
            assert_eq!(world.tags("ada").await, ["0777"], "they can have one only");
            let problems = world.problems("ada").await;
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.contains("has another that was assigned by hand")),
                "{problems:?}"
            );
        }
        Doors::Kisi => assert_eq!(world.tags("ada").await, ["0777", "0123"]),
    }
    world.ends_well().await;
    world.change_and_deliver(card("ada", "")).await;
    assert_eq!(world.tags("ada").await, ["0777"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(
        (world.tags("ada").await, world.inside("Members").await),
        (vec!["0777".to_owned()], vec!["bob".to_owned()])
    );
    world.ends_well().await;
}

async fn n1_a_tag_that_they_had_when_the_site_was_taken_over_is_adopted(at: Doors) {
    let fixture = fixture().person("ada").tagged("ada", "0123").person("bob");
    let mut world = scenario(at).start(on_plan(&["ada", "bob"]), fixture).await;
    world.change(card("ada", "0123")).await;
    world.reconcile().await;
    assert_eq!(
        world.actions("ada").await,
        ["granted Members"],
        "nothing changes at the door"
    );
    world
        .by_hand(|world| world["users"].as_array_mut().expect("users")[3]["tags"] = json!(["0456"]))
        .await;
    assert_eq!(world.tags("bob").await, ["0456"]);
    world.change(card("bob", "0456")).await;
    world.reconcile().await;
    world.ends_well().await;
    world.change_and_deliver(card("ada", "")).await;
    world.change_and_deliver(card("bob", "")).await;
    assert_eq!(world.tags("ada").await, [""; 0], "it goes with the number");
    assert_eq!(
        world.tags("bob").await,
        ["0456"],
        "what was given by hand later stays theirs"
    );
    world.ends_well().await;
}

async fn n1_a_tag_that_was_taken_away_by_hand_comes_back(at: Doors) {
    let mut world = ada_has(at, "0123").await;
    let take = |world: &mut Value| {
        for user in world["users"].as_array_mut().expect("users") {
            user["tags"] = json!([]);
        }
    };
    world.by_hand(take).await;
    let report = world.reconcile().await;
    assert_eq!((report.tagged, report.untagged), (1, 0));
    assert_eq!(world.tags("ada").await, ["0123"]);
    world.by_hand(take).await;
    world.change(card("ada", "")).await;
    world.reconcile().await;
    assert_eq!(world.tags("ada").await, [""; 0]);
    world.ends_well().await;
}

async fn n1_in_observe_no_tag_is_touched_and_the_diff_shows_it(at: Doors) {
    let fixture = fixture().person("ada").inside("ada", "Members");
    let world = scenario(at)
        .mode("observe")
        .begin(on_plan(&["ada"]), fixture)
        .await;
    world.change_and_deliver(card("ada", "0123, 9999")).await;
    let report = world.reconcile().await;
    assert_eq!((report.tagged, world.tags("ada").await), (1, vec![]));
    let text = scenario(at).text();
    let shown = world
        .machine
        .diff(&text)
        .await
        .expect("a diff")
        .diff
        .expect("one");
    let shown = shown.to_string();
    for line in [
        "  + Ada Byron <ada@example.test>: tag …0123 would be theirs at main: tag …23 of member m-ada",
        "  ! Ada Byron <ada@example.test>: main: tag …9999 is not known",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    world.machine.push(&text).await.expect("a push");
    assert_eq!(world.tags("ada").await, ["0123"]);
    let after = world
        .machine
        .drift(&SiteId::from(SITE))
        .await
        .expect("a diff")
        .diff
        .expect("one");
    assert!(after.is_empty(), "{after}");
    world.ends_well().await;
    world.change(card("ada", "")).await;
    let shown = world
        .machine
        .drift(&SiteId::from(SITE))
        .await
        .expect("a diff")
        .diff
        .expect("one")
        .to_string();
    assert!(
        shown.contains("tag …0123 would be taken back at main"),
        "{shown}"
    );
}

async fn n1_in_grant_only_no_tag_is_taken_back(at: Doors) {
    let world = scenario(at)
        .mode("grant-only")
        .begin(on_plan(&["ada"]), fixture())
        .await;
    world.change_and_deliver(card("ada", "0123")).await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    world.change_and_deliver(card("ada", "0456")).await;
    match at {
        Doors::SaltoKs => {
            assert_eq!(world.tags("ada").await, ["0123"]);
            let problems = world.problems("ada").await;
            assert!(
                problems
                    .iter()
                    .any(|problem| problem.contains("tag …0456 is not given")),
                "{problems:?}"
            );
        }
        Doors::Kisi => assert_eq!(world.tags("ada").await, ["0123", "0456"]),
    }
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert!(!world.tags("ada").await.is_empty());
    world.ends_well().await;
}

async fn n1_whatever_is_shot_each_tag_changes_hands_once(at: Doors) {
    for step in [
        CrashStep::Read,
        CrashStep::Intend,
        CrashStep::Apply,
        CrashStep::Commit,
    ] {
        for times in [1, 3] {
            let mut world = scenario(at).begin(on_plan(&["ada"]), fixture()).await;
            for (number, tags) in [("0123", vec!["0123"]), ("0456", vec!["0456"]), ("", vec![])] {
                world.crash(step, times);
                world.change_and_deliver(card("ada", number)).await;
                world.crash(step, 0);
                assert_eq!(world.tags("ada").await, tags, "{step:?} {times}");
                world.check_books().await;
            }
            let actions = [
                "invited",
                "granted Members",
                "tagged",
                "untagged",
                "tagged",
                "untagged",
            ];
            assert_eq!(world.actions("ada").await, actions, "{step:?} {times}");
            world.ends_well().await;
        }
    }
}

async fn n1_the_door_system_does_the_work_and_then_fails(at: Doors) {
    for times in [1, 3] {
        for method in ["POST", "PATCH", "DELETE"] {
            let mut world = scenario(at).begin(on_plan(&["ada"]), fixture()).await;
            let fault = json!([{ "match": format!("{method} *"), "after": "apply", "status": 500, "times": times }]);
            for (number, tags) in [("0123", vec!["0123"]), ("0456", vec!["0456"]), ("", vec![])] {
                world.faults(fault.clone()).await;
                world.change_and_deliver(card("ada", number)).await;
                assert_eq!(
                    world.tags("ada").await,
                    tags,
                    "{method} failed {times} times"
                );
            }
            world.faults(json!([])).await;
            let actions = [
                "invited",
                "granted Members",
                "tagged",
                "untagged",
                "tagged",
                "untagged",
            ];
            assert_eq!(
                world.actions("ada").await,
                actions,
                "{method} failed {times} times"
            );
            world.ends_well().await;
        }
    }
}

async fn n1_in_every_awkward_moment_of_the_vendor(at: Doors) {
    let quirks: &[&str] = match at {
        Doors::SaltoKs => &[
            "bare-array",
            "error-in-200",
            "just-created",
            "add-twice-409",
            "delete-later",
        ],
        Doors::Kisi => &["second-assignment-409", "email-fuzzy"],
    };
    for quirk in quirks {
        let fixture = fixture()
            .person("mallory")
            .tagged("mallory", "0777")
            .says("quirks", json!([quirk]));
        let world = scenario(at)
            .doors_say("without_access = \"delete\"")
            .begin(on_plan(&["ada"]), fixture)
            .await;
        world.change_and_deliver(card("ada", "0123")).await;
        world.clock("2026-03-02T08:03:00Z").await;
        assert_eq!(world.tags("ada").await, ["0123"], "{quirk}");
        world.change_and_deliver(card("ada", "0777, 9999")).await;
        assert_eq!(world.tags("ada").await, [""; 0], "{quirk}");
        let problems = world.problems("ada").await;
        assert!(
            matches!(problems.as_slice(), [one, other] if one.contains("0777") && other.contains("9999")),
            "{problems:?}"
        );
        world.change_and_deliver(card("ada", "0456")).await;
        assert_eq!(
            (world.tags("ada").await, world.problems("ada").await),
            (vec!["0456".to_owned()], vec![]),
            "{quirk}"
        );
        world
            .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
            .await;
        world.clock("2026-03-02T08:06:00Z").await;
        world.reconcile().await;
        assert!(world.account("ada").await.is_null(), "{quirk}");
        assert_eq!(
            world.door_world().await["tags"],
            json!(["0123", "0456"]),
            "{quirk}"
        );
        world.ends_well().await;
    }
}

async fn n1_many_at_once_cost_one_list(at: Doors) {
    let who: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let member = |who: &String| {
        json!({ "_id": format!("m-{who}"), "name": who, "email": format!("{who}@example.test"),
            "location": "l-riverside", "properties": { "Card number": format!("77{who}") } })
    };
    let things = json!({ "members": who.iter().map(member).collect::<Vec<_>>(),
        "memberships": who.iter().map(|who| hot_desk(who)).collect::<Vec<_>>() });
    let numbers: Vec<String> = who.iter().map(|who| format!("77{who}")).collect();
    let rules = format!("{PLAN}{ROOM}");
    let scenario = Scenario::at(at, &rules).platform_says(PROPERTY);
    let world = scenario
        .start(
            town(things),
            DoorsFixture::with(&["Members", "Meeting"]).says("tags", json!(numbers)),
        )
        .await;
    world.reconcile().await;
    for who in &who {
        assert_eq!(world.tags(who).await, [format!("77{who}")]);
    }
    let lists = match at {
        Doors::SaltoKs => "GET /v1.1/sites/{site_id}/tags",
        Doors::Kisi => "GET /cards",
    };
    let calls = world.calls(at.word()).await;
    assert_eq!(
        calls.get(lists),
        Some(&2),
        "one for the comparison, one for settling: {calls:?}"
    );
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-p1"] } }))
        .await;
    let before = world.calls(at.word()).await.get(lists).copied();
    world
        .change_and_deliver(
            json!({ "bookings": [booking("p2", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z")] }),
        )
        .await;
    let after = world.calls(at.word()).await;
    assert_eq!(world.inside("Meeting").await, ["p2"]);
    assert_eq!(
        after.get(lists).copied(),
        before,
        "correct cards cause no call"
    );
    world.ends_well().await;
}

async fn n2_a_pod_s_tag_is_left_alone(at: Doors) {
    if at == Doors::Kisi {
        return;
    }
    let pod = json!([{ "number": "0123", "is_pod_tag": true }]);
    let world = scenario(at)
        .begin(
            on_plan(&["ada"]),
            DoorsFixture::with(&MEMBERS).says("tags", pod),
        )
        .await;
    world.change_and_deliver(card("ada", "0123")).await;
    assert_eq!(
        (world.tags("ada").await, world.inside("Members").await),
        (vec![], vec!["ada".to_owned()])
    );
    let problems = world.problems("ada").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("tag …0123 belongs to a pod")),
        "{problems:?}"
    );
    world.ends_well().await;
}

async fn n2_an_unknown_tag_is_a_problem_and_holds_nothing_up(at: Doors) {
    let mut world = scenario(at).start(on_plan(&["ada"]), fixture()).await;
    world.change(card("ada", "5550999")).await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    let problems = world.problems("ada").await;
    assert!(
        matches!(problems.as_slice(), [one] if one.starts_with("main: tag …0999 is not known")),
        "{problems:?}"
    );
    let report = world.ends_well().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("tag …0999")),
        "{report:?}"
    );
    assert!(
        !report
            .problems
            .iter()
            .any(|problem| problem.contains("5550999")),
        "{report:?}"
    );
    world
        .by_hand(|world| world["tags"] = json!(["5550999"]))
        .await;
    world.reconcile().await;
    assert_eq!(
        (world.tags("ada").await, world.problems("ada").await),
        (vec!["5550999".to_owned()], vec![])
    );
    world.ends_well().await;
}

async fn n2_another_person_s_tag_is_a_problem_and_stays_theirs(at: Doors) {
    let fixture = fixture().person("mallory").tagged("mallory", "0777");
    let mut world = scenario(at).begin(on_plan(&["ada"]), fixture).await;
    world.change_and_deliver(card("ada", "0777")).await;
    assert_eq!(
        (world.tags("ada").await, world.tags("mallory").await),
        (vec![], vec!["0777".to_owned()])
    );
    let problems = world.problems("ada").await;
    assert!(
        matches!(problems.as_slice(), [one] if one.starts_with("main: tag …0777 is assigned to another account")),
        "{problems:?}"
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
    world
        .by_hand(|world| {
            world["users"].as_array_mut().expect("users")[2]["tags"] = json!([]);
            world["tags"] = json!(["0777"]);
        })
        .await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.tagged, world.tags("ada").await),
        (1, vec!["0777".to_owned()]),
        "as soon as it is free"
    );
    assert_eq!(world.problems("ada").await, [""; 0]);
    world.ends_well().await;
}

async fn n2_one_number_of_two_people_is_given_once(at: Doors) {
    let world = scenario(at)
        .start(on_plan(&["ada", "bob"]), fixture())
        .await;
    world.change(card("ada", "0123")).await;
    world.change(card("bob", "0123")).await;
    world.reconcile().await;
    let (ada, bob) = (world.tags("ada").await, world.tags("bob").await);
    assert_eq!(ada.len() + bob.len(), 1, "{ada:?} {bob:?}");
    assert!(
        world
            .audit()
            .await
            .iter()
            .all(|record| record["what"] != "refused"),
        "no call was tried"
    );
    let without = if ada.is_empty() { "ada" } else { "bob" };
    let problems = world.problems(without).await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("tag …0123 is assigned to another account")),
        "{problems:?}"
    );
    world.ends_well().await;
    let with = if without == "ada" { "bob" } else { "ada" };
    world.change_and_deliver(card(with, "")).await;
    world.reconcile().await;
    assert_eq!(
        world.tags(without).await,
        ["0123"],
        "the remaining person gets it"
    );
    world.ends_well().await;
}

/// What SALTO KS says yes to with, and Kisi: nothing is done.
async fn n2_a_yes_that_was_not_done_is_a_problem(at: Doors) {
    let (write, yes) = match at {
        Doors::SaltoKs => ("PATCH */users/*", "{}"),
        Doors::Kisi => ("POST /card_assignments", "{}"),
    };
    let mut world = scenario(at).begin(on_plan(&["ada"]), fixture()).await;
    world
        .faults(json!([{ "match": write, "status": 200, "body": yes, "times": -1 }]))
        .await;
    world.change_and_deliver(card("ada", "0123")).await;
    assert_eq!(world.tags("ada").await, [""; 0]);
    assert_eq!(world.inside("Members").await, ["ada"]);
    let problems = world.problems("ada").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("tag …0123") && problem.contains("reported success")),
        "{problems:?}"
    );
    assert_eq!(
        world.actions("ada").await,
        ["invited", "granted Members"],
        "and it is not written down as done"
    );
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:02:00Z").await;
    assert_eq!(
        (world.tags("ada").await, world.problems("ada").await),
        (vec!["0123".to_owned()], vec![])
    );
    world.ends_well().await;
    let write = if at == Doors::Kisi {
        "DELETE /card_assignments/*"
    } else {
        write
    };
    world
        .faults(json!([{ "match": write, "status": 200, "body": yes, "times": -1 }]))
        .await;
    world.change_and_deliver(card("ada", "")).await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    assert!(!world.problems("ada").await.is_empty());
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:04:00Z").await;
    assert_eq!(
        (world.tags("ada").await, world.problems("ada").await),
        (vec![], vec![])
    );
    world.ends_well().await;
}

async fn n2_a_door_system_that_refuses_tags_opens_doors_all_the_same(at: Doors) {
    let refused = match at {
        Doors::SaltoKs => "GET */tags",
        Doors::Kisi => "GET /cards",
    };
    let mut world = scenario(at)
        .start(on_plan(&["ada", "bob"]), fixture())
        .await;
    world
        .faults(json!([{ "match": refused, "status": 403, "times": -1 }]))
        .await;
    world.change(card("ada", "0123")).await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("its tags")),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert!(!world.problems("ada").await.is_empty());
    assert_eq!(
        world.problems("bob").await,
        [""; 0],
        "who has no number does not notice"
    );
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:10:00Z").await;
    assert_eq!(
        (world.tags("ada").await, world.inside("Members").await.len()),
        (vec!["0123".to_owned()], 2)
    );
    world.ends_well().await;
}

async fn n2_a_tag_that_is_blocked_is_said(at: Doors) {
    let fixture =
        DoorsFixture::with(&MEMBERS).says("tags", json!([{ "number": "0123", "blocked": true }]));
    let mut world = scenario(at).begin(on_plan(&["ada"]), fixture).await;
    world.change_and_deliver(card("ada", "0123")).await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    let problems = world.problems("ada").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("tag …0123 is blocked")),
        "{problems:?}"
    );
    world.ends_well().await;
    world.by_hand(|world| world["tags"] = json!(["0123"])).await;
    world.reconcile().await;
    assert_eq!(world.problems("ada").await, [""; 0]);
    world.ends_well().await;
}
