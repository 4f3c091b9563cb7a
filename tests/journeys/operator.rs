//! What an operator runs into: doors that get another name, a site that is retired, names that
//! would steer a terminal, people who need a human, and a person of a thousand profiles.

use std::collections::BTreeSet;

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_cloud::store::WriteStep;
use doorstep_cloud::store::people::{point_profile, put};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::doctor::FindingSubject;
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, forget};
use doorstep_operator::push::PushOptions;
use doorstep_operator::retire::{How, Order, RetireStage};

at_both!(
    b5_doors_of_another_name_keep_what_is_ours,
    b5_doors_that_are_gone_leave_nothing_that_could_not_be_ended,
    b8_a_retired_site_is_verified_and_still_forgets,
    b8_a_person_of_a_thousand_profiles_is_forgotten,
    b8_an_id_that_looks_like_an_address_is_not_in_the_chain,
    b2_a_name_makes_no_line_of_its_own_in_a_diff,
    the_doctor_finds_people_who_need_a_human_and_checks_all_sites,
    a_version_that_another_doorstep_wrote_can_be_replaced_paused_and_retired,
);

fn renamed(text: &str, more: &str) -> String {
    text.replace("[doors.main]", &format!("[doors.front]\n{more}"))
}

async fn members(at: Doors) -> World {
    let things = town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] }));
    Scenario::at(at, PLAN)
        .begin(things, DoorsFixture::with(&["Members"]))
        .await
}

async fn b5_doors_of_another_name_keep_what_is_ours(at: Doors) {
    let world = members(at).await;
    let text = Scenario::at(at, PLAN).text();
    let refused = world
        .machine
        .push(&renamed(&text, ""))
        .await
        .expect("an answer");
    assert!(!refused.stored, "{refused:?}");
    let said = &refused.findings[0].message;
    assert!(
        said.contains("2 people")
            && said.contains("was = \"main\"")
            && said.contains("--leave-access main"),
        "{said}"
    );
    let shown = world
        .machine
        .push(&renamed(&text, "was = \"main\""))
        .await
        .expect("an answer");
    assert!(shown.stored, "{:?}", shown.findings);
    world.machine.quiet().await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    for person in world.people().await {
        assert_eq!(person["claims"][0]["doors"], "front", "{person}");
    }
    let checkup = world
        .machine
        .doctor(&SiteId::from(SITE))
        .await
        .expect("a checkup");
    assert!(
        checkup
            .findings
            .iter()
            .all(|finding| finding.about != FindingSubject::People),
        "{checkup}"
    );
    // What is ours can be ended under the new name.
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.ends_in_order().await;
}

async fn b5_doors_that_are_gone_leave_nothing_that_could_not_be_ended(at: Doors) {
    let world = members(at).await;
    let other = Scenario::at(at, PLAN)
        .text()
        .replace("\"5e0c\"", "\"0ther\"")
        .replace("riverside/doors", "riverside/other");
    let other = if at == Doors::Kisi {
        other.replace("kind = \"kisi\"", "kind = \"kisi\"\nplace = \"9\"")
    } else {
        other
    };
    let place = if at == Doors::Kisi { "9" } else { "0ther" };
    world
        .put_at(place, DoorsFixture::with(&["Members"]).world(at))
        .await;
    let moved = world
        .machine
        .push(&renamed(&other, "was = \"main\""))
        .await
        .expect("an answer");
    assert!(
        moved.findings[0].message.contains("another door system"),
        "{:?}",
        moved.findings
    );
    let leave = PushOptions {
        leave_access: BTreeSet::from(["main".into()]),
        ..PushOptions::default()
    };
    let shown = world
        .machine
        .push_with(&renamed(&other, ""), &leave)
        .await
        .expect("an answer");
    assert!(shown.stored, "{:?}", shown.findings);
    world.machine.quiet().await;
    for person in world.people().await {
        let claims = person["claims"].as_array().expect("claims");
        assert!(
            claims.iter().all(|claim| claim["doors"] == "front"),
            "nothing is left at the old name: {person}"
        );
    }
    let checkup = world
        .machine
        .doctor(&SiteId::from(SITE))
        .await
        .expect("a checkup");
    assert!(
        checkup
            .findings
            .iter()
            .all(|finding| finding.about != FindingSubject::People),
        "{checkup}"
    );
}

async fn b8_a_retired_site_is_verified_and_still_forgets(at: Doors) {
    let world = members(at).await;
    let order = |yes| Order {
        how: How::LeaveAccess,
        delete_data: false,
        yes,
    };
    let shown = world
        .machine
        .retire(&SiteId::from(SITE), &order(None))
        .await
        .expect("it is shown");
    let done = world
        .machine
        .retire(&SiteId::from(SITE), &order(Some(shown.checksum)))
        .await
        .expect("it is done");
    assert_eq!(done.stage, RetireStage::Done);
    let records = world
        .machine
        .records(&SiteId::from(SITE))
        .await
        .expect("its chain");
    assert!(!records.is_empty());
    let wanted = ForgetQuery {
        email: Some(address("ada")),
        person: None,
    };
    let ForgetOutcome::Forgotten(forgotten) =
        forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
            .await
            .expect("an answer")
    else {
        panic!("the site is retired, so nothing stands in the way");
    };
    assert!(
        forgotten
            .remains
            .iter()
            .any(|text| text.contains("still in group")),
        "{forgotten:?}"
    );
    for (at, item) in world.table().await {
        assert!(
            !format!("{at} {item}").contains(&address("ada")) || at.contains("version"),
            "{at} {item}"
        );
    }
    let verdict = world
        .machine
        .environment()
        .store
        .verify_audit(&SiteId::from(SITE), None)
        .await
        .expect("a verdict");
    assert!(verdict.whole && verdict.records > 0, "{verdict:?}");
    let unknown = forget(
        world.machine.environment(),
        &SiteId::from("nowhere"),
        &wanted,
    )
    .await;
    assert!(unknown.is_err(), "a site that never was is refused");
}

async fn b8_a_person_of_a_thousand_profiles_is_forgotten(at: Doors) {
    let world = members(at).await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    let store = &world.machine.environment().store;
    let all_people = store
        .all_people(&SiteId::from(SITE))
        .await
        .expect("people")
        .known;
    let mut ada = all_people
        .into_iter()
        .find(|person| person.email == Some(address("ada")))
        .expect("she is known");
    let more: Vec<FactId> = (0..1_000)
        .map(|n| FactId {
            kind: Kind::Member,
            id: format!("m-{n}").as_str().into(),
        })
        .collect();
    ada.profiles = ada
        .profiles
        .iter()
        .cloned()
        .chain(more.iter().cloned())
        .collect();
    store
        .write_all(
            WriteStep::Keep,
            vec![put(&SiteId::from(SITE), &ada).expect("a write")],
        )
        .await
        .expect("written");
    store
        .write_many(
            more.iter()
                .map(|name| point_profile(&SiteId::from(SITE), name, &ada.id))
                .collect(),
        )
        .await
        .expect("written");
    let wanted = ForgetQuery {
        email: Some(address("ada")),
        person: None,
    };
    let outcome = forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer");
    assert!(
        matches!(outcome, ForgetOutcome::Forgotten(_)),
        "{outcome:?}"
    );
    let left: Vec<_> = world
        .table()
        .await
        .into_iter()
        .filter(|(_, item)| item.contains(ada.id.as_str()))
        .collect();
    assert!(
        left.iter().all(|(at, _)| !at.contains("profile")),
        "no way to her is left: {left:?}"
    );
    world.ends_in_order().await;
}

async fn b8_an_id_that_looks_like_an_address_is_not_in_the_chain(at: Doors) {
    let mut desk = hot_desk("ada");
    desk["_id"] = json!("ada@example.test");
    let world = Scenario::at(at, PLAN)
        .begin(
            town(json!({ "memberships": [desk] })),
            DoorsFixture::with(&["Members"]),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["ada@example.test"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    for record in world.audit().await {
        assert!(!record.to_string().contains('@'), "{record}");
    }
    world.ends_in_order().await;
}

async fn b2_a_name_makes_no_line_of_its_own_in_a_diff(at: Doors) {
    let world = members(at).await;
    let name = "Ada\n  - Bob Noyce <bob@example.test>: gone\u{202e}";
    world
        .change(
            json!({ "members": [{ "_id": "m-eve", "name": name, "email": "eve@example.test",
        "location": "l-riverside" }], "memberships": [hot_desk("eve")] }),
        )
        .await;
    let shown = world
        .machine
        .drift(&SiteId::from(SITE))
        .await
        .expect("an answer")
        .diff
        .expect("a diff")
        .to_string();
    assert!(shown.contains("Ada\\u{a}  - Bob Noyce"), "{shown}");
    assert!(
        shown
            .lines()
            .all(|line| !line.trim_start().starts_with("- ")),
        "{shown}"
    );
    assert!(!shown.contains('\u{202e}'), "{shown}");
}

async fn the_doctor_finds_people_who_need_a_human_and_checks_all_sites(at: Doors) {
    let fixture = DoorsFixture::with(&["Members"]).person("ada").person("zed");
    let mut world = Scenario::at(at, PLAN)
        .begin(town(json!({ "memberships": [hot_desk("bob")] })), fixture)
        .await;
    world
        .by_hand(|doors| {
            for user in doors["users"].as_array_mut().expect("users") {
                if user["email"] == "zed@example.test" {
                    user["email"] = json!("ada@example.test");
                }
            }
        })
        .await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    world.machine.quiet().await;
    let all = world.machine.doctor_of_all().await.expect("all sites");
    assert_eq!(
        all.iter()
            .map(|checkup| checkup.site.as_str())
            .collect::<Vec<_>>(),
        [SITE]
    );
    let people: Vec<_> = all[0]
        .findings
        .iter()
        .filter(|finding| finding.about == FindingSubject::People)
        .collect();
    assert_eq!(people.len(), 1, "{:?}", all[0].findings);
    assert!(people[0].what.contains("ada@example.test"), "{people:?}");
}

async fn a_version_that_another_doorstep_wrote_can_be_replaced_paused_and_retired(at: Doors) {
    let world = members(at).await;
    let store = &world.machine.environment().store;
    let stored = store
        .in_force(&SiteId::from(SITE))
        .await
        .expect("the version in force");
    // Another version of Doorstep knows a field more, or writes them in another order.
    world
        .machine
        .pause(&SiteId::from(SITE), None)
        .await
        .expect("it is paused");
    let paused = store
        .in_force(&SiteId::from(SITE))
        .await
        .expect("the version in force");
    assert!(paused.revision > stored.revision);
    assert!(
        store
            .pause_site(&SiteId::from(SITE), &stored, None)
            .await
            .is_err_and(|error| error.is_retryable()),
        "an older look is refused"
    );
    world
        .machine
        .resume(&SiteId::from(SITE))
        .await
        .expect("it goes on");
    let text = format!("{}\n# another line\n", Scenario::at(at, PLAN).text());
    assert!(world.machine.push(&text).await.expect("an answer").stored);
}
