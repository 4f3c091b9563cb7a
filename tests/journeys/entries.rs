//! Access attempts, and the effect of a refused attempt by an entitled person.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SECRET, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;
use doorstep_operator::presence::{Presence, PresenceQuery};
use doorstep_operator::report::{ReportQuery, ReportRow};

at_both!(
    k9_openings_are_collected_once_and_shown_per_person_door_and_day,
    k9_openings_are_kept_as_long_as_the_site_file_says,
    k9_a_person_who_is_asked_for_is_shown_alone,
    v6_the_summary_says_who_is_inside_and_when_doors_open,
    b14_a_refused_swipe_of_an_entitled_person_lets_them_in_at_once,
    b14_a_refused_swipe_of_a_person_who_is_not_entitled_changes_nothing,
    b14_a_swipe_that_was_refused_long_ago_enqueues_nothing,
);

/// Ada is a member, with an account and inside; Eve has an account and nothing else.
async fn riverside(scenario: Scenario) -> World {
    let locks = json!([{ "id": lock_id(scenario.doors()), "name": "Front door" }]);
    let fixture = DoorsFixture::with(&["Members"])
        .person("eve")
        .says("locks", locks);
    scenario
        .begin(town(json!({ "memberships": [hot_desk("ada")] })), fixture)
        .await
}

fn lock_id(doors: Doors) -> &'static str {
    match doors {
        Doors::Kisi => "5",
        Doors::SaltoKs => "00000000-0000-4000-8000-0000000000aa",
    }
}

/// Where Kisi posts to.
const KISI: &str = "/hooks/riverside/kisi/main";

/// What happens at the front door: Kisi posts it, of SALTO KS a reconcile collects it.
async fn change_undelivered(world: &World, who: Option<&str>, at: &str, refused: bool) {
    let user = who.map(crate::support::address);
    match world.doors {
        Doors::Kisi => {
            let event =
                json!({ "user": user, "lock": "Front door", "at": at, "success": !refused });
            for delivery in world.change_undelivered(json!({ "events": [event] })).await {
                assert_eq!(post(world, &delivery).await, 202);
            }
            world.machine.quiet().await;
        }
        Doors::SaltoKs => {
            let entry = json!({ "user": user, "lock": "Front door", "at": at, "denied": refused });
            world
                .change_undelivered(json!({ "entries": [entry] }))
                .await;
            world.reconcile().await;
        }
    }
}

async fn post(world: &World, body: &[u8]) -> u16 {
    let header = format!("sha256={}", hex::encode(mac(SECRET, body)));
    world.post_as(KISI, "x-signature", &[&header], body).await
}

/// Computed here, and not by what it shall prove to.
pub fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

async fn rows(world: &World, wanted: &ReportQuery) -> Vec<ReportRow> {
    world.machine.quiet().await;
    world
        .machine
        .entries(&SiteId::from(SITE), wanted)
        .await
        .expect("rows")
}

/// Day, address, lock, how often it opened and how often it did not.
type Told<'r> = (String, Option<&'r str>, Option<&'r str>, usize, usize);

fn told(rows: &[ReportRow]) -> Vec<Told<'_>> {
    rows.iter()
        .map(|row| {
            (
                row.day.to_string(),
                row.email.as_deref(),
                row.lock_name.as_deref(),
                row.opened,
                row.refused,
            )
        })
        .collect()
}

async fn k9_openings_are_collected_once_and_shown_per_person_door_and_day(at: Doors) {
    let world = riverside(Scenario::at(at, PLAN)).await;
    change_undelivered(&world, Some("ada"), "2026-03-02T07:30:00Z", false).await;
    change_undelivered(&world, Some("ada"), "2026-03-02T07:45:00Z", true).await;
    change_undelivered(&world, Some("ada"), "2026-03-02T07:50:00Z", false).await;
    change_undelivered(&world, None, "2026-03-02T07:55:00Z", true).await;
    world.clock("2026-03-03T09:00:00Z").await;
    change_undelivered(&world, Some("ada"), "2026-03-03T08:59:00Z", false).await;
    world.reconcile().await;
    let shown = rows(&world, &ReportQuery::default()).await;
    let (ada, door) = (Some("ada@example.test"), Some("Front door"));
    let wanted = [
        ("2026-03-02".to_owned(), None, door, 0, 1),
        ("2026-03-02".to_owned(), ada, door, 2, 1),
        ("2026-03-03".to_owned(), ada, door, 1, 0),
    ];
    assert_eq!(told(&shown), wanted);
    let day = &shown[1];
    assert_eq!(
        (day.name.as_deref(), day.doors.as_str(), day.lock.as_str()),
        (Some("Ada Byron"), "main", lock_id(at))
    );
    assert_eq!(day.first.as_deref(), Some("2026-03-02T07:30:00+00:00"));
    assert_eq!(day.last.as_deref(), Some("2026-03-02T07:50:00+00:00"));
    assert_eq!(day.times.len(), 3);
    assert!(!day.reasons.is_empty());
    world.ends_well().await;
}

async fn k9_openings_are_kept_as_long_as_the_site_file_says(at: Doors) {
    let rules = format!("[entries]\nkeep = \"2d\"\n\n{PLAN}");
    let world = riverside(Scenario::at(at, &rules)).await;
    change_undelivered(&world, Some("ada"), "2026-03-02T07:30:00Z", false).await;
    let week = ReportQuery {
        from: Some("2026-03-01".into()),
        ..ReportQuery::default()
    };
    world.clock("2026-03-04T07:29:00Z").await;
    assert_eq!(rows(&world, &week).await.len(), 1);
    world.clock("2026-03-04T07:31:00Z").await;
    assert_eq!(rows(&world, &week).await, []);
    world.ends_well().await;
}

async fn k9_a_person_who_is_asked_for_is_shown_alone(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    change_undelivered(&world, Some("ada"), "2026-03-02T07:30:00Z", false).await;
    change_undelivered(&world, Some("bob"), "2026-03-02T07:31:00Z", false).await;
    let of = |email: &str| ReportQuery {
        email: Some(email.to_owned()),
        ..ReportQuery::default()
    };
    let bob = rows(&world, &of("Bob@Example.test ")).await;
    assert_eq!(told(&bob)[0].1, Some("bob@example.test"));
    assert_eq!(
        (
            bob.len(),
            rows(&world, &of("nobody@example.test")).await.len()
        ),
        (1, 0)
    );
    let early = ReportQuery {
        until: Some("2026-03-02T07:31:00Z".into()),
        ..ReportQuery::default()
    };
    assert_eq!(
        told(&rows(&world, &early).await)[0].1,
        Some("ada@example.test")
    );
    assert!(
        world
            .machine
            .entries(&SiteId::from(SITE), &of("nobody"))
            .await
            .is_err()
    );
    world.ends_well().await;
}

/// Ada was removed from the group by hand. Only the next reconcile would notice it.
async fn take_ada_out(world: &mut World) {
    world
        .by_hand(|world| world["groups"][0]["members"] = json!([]))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
}

async fn b14_a_refused_swipe_of_an_entitled_person_lets_them_in_at_once(at: Doors) {
    let mut world = riverside(Scenario::at(at, PLAN)).await;
    take_ada_out(&mut world).await;
    change_undelivered(&world, Some("ada"), "2026-03-02T08:00:00Z", true).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

async fn b14_a_refused_swipe_of_a_person_who_is_not_entitled_changes_nothing(at: Doors) {
    let world = riverside(Scenario::at(at, PLAN)).await;
    let people = world.people().await.len();
    change_undelivered(&world, Some("eve"), "2026-03-02T08:00:00Z", true).await;
    change_undelivered(&world, Some("owner"), "2026-03-02T08:00:00Z", true).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(
        world.people().await.len(),
        people,
        "an access attempt creates no person"
    );
    world.ends_well().await;
}

async fn b14_a_swipe_that_was_refused_long_ago_enqueues_nothing(at: Doors) {
    let world = riverside(Scenario::at(at, PLAN)).await;
    if at == Doors::Kisi {
        let calls = world.calls("kisi").await;
        change_undelivered(&world, Some("ada"), "2026-03-02T06:59:59Z", true).await;
        assert_eq!(world.calls("kisi").await, calls, "no account was read");
        assert_eq!(
            rows(&world, &ReportQuery::default()).await.len(),
            1,
            "but it is kept"
        );
    } else {
        change_undelivered(&world, Some("ada"), "2026-03-02T06:59:59Z", true).await;
        let report = world.reconcile().await;
        assert_eq!(
            (
                report.granted,
                rows(&world, &ReportQuery::default()).await.len()
            ),
            (0, 1)
        );
    }
    world.ends_well().await;
}

/// The account of an entitled person may not be linked yet: it is found by its address.
#[tokio::test]
async fn b14_an_account_that_is_not_linked_is_found_by_its_address() {
    let mut world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    take_ada_out(&mut world).await;
    // A second account takes the place of the one that was linked.
    world
        .by_hand(|world| {
            let users = world["users"].as_array_mut().expect("users");
            let ada = users
                .iter_mut()
                .find(|user| user["email"] == "ada@example.test")
                .expect("Ada");
            ada["id"] = json!("900");
        })
        .await;
    change_undelivered(&world, Some("ada"), "2026-03-02T08:00:00Z", true).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_in_order().await;
}

/// What hands changed about an account is seen at once: Kisi tells of it.
#[tokio::test]
async fn b6_an_account_that_was_deleted_by_hand_is_made_again_at_once() {
    let mut world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let ada = world.account("ada").await["id"].clone();
    world
        .by_hand(|world| {
            world["groups"][0]["members"] = json!([]);
            world["users"]
                .as_array_mut()
                .expect("users")
                .retain(|user| user["email"] != "ada@example.test");
        })
        .await;
    let id: u64 = ada
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a number");
    for delivery in world
        .change_undelivered(json!({ "events": [{ "type": "user.destroy", "object_id": id }] }))
        .await
    {
        assert_eq!(post(&world, &delivery).await, 202);
    }
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

#[tokio::test]
async fn k9_an_opening_that_is_reported_twice_is_one_and_a_crash_loses_none() {
    let mut world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let event = json!({ "user": "ada@example.test", "lock": "5", "success": false });
    let deliveries = world.change_undelivered(json!({ "events": [event] })).await;
    let [delivery] = &deliveries[..] else {
        panic!("one letter")
    };
    world.crash(CrashStep::Enqueue, 1);
    assert_eq!(post(&world, delivery).await, 500, "the sender tries again");
    assert_eq!(rows(&world, &ReportQuery::default()).await, []);
    for _ in 0..3 {
        assert_eq!(post(&world, delivery).await, 202);
    }
    let shown = rows(&world, &ReportQuery::default()).await;
    assert_eq!((shown.len(), shown[0].times.len()), (1, 1));
    world.ends_well().await;
}

/// A list of many pages, some of them empty, is read to its end over several comparisons, and
/// nothing twice.
#[tokio::test]
async fn k9_entries_of_salto_ks_are_read_page_by_page_to_the_last() {
    let world = riverside(Scenario::at(Doors::SaltoKs, PLAN)).await;
    let mut fixture = world.door_world().await;
    fixture["quirks"] = json!(["entries-empty-page"]);
    let start: Timestamp = "2026-03-02T01:00:00Z".parse().expect("an instant");
    let entry = |n: i64| json!({ "user": "ada@example.test", "lock": "Front door", "at": start + SignedDuration::from_secs(10 * n) });
    fixture["entries"] = (0..2_500).map(entry).collect();
    world.put_world(fixture).await;
    world.forget_calls("salto-ks").await;
    let count = async || {
        let rows = rows(&world, &ReportQuery::default()).await;
        rows.iter().map(|row| row.opened).sum::<usize>()
    };
    world.reconcile().await;
    assert_eq!(count().await, 1_000, "twenty pages, half of them empty");
    assert_eq!(
        world.calls("salto-ks").await["GET /v1.1/sites/{site_id}/entries"],
        20
    );
    world.reconcile().await;
    assert_eq!(count().await, 2_000);
    world.reconcile().await;
    assert_eq!(count().await, 2_500);
    world
        .change_doors(json!({ "entries": [entry(2_500)] }))
        .await;
    world.reconcile().await;
    assert_eq!(
        count().await,
        2_501,
        "the next one goes on near the end, and nothing is counted twice"
    );
    world.ends_well().await;
}

/// A rejected entry of SALTO KS names no user. The owner of the tag is looked up.
#[tokio::test]
async fn b14_a_person_who_was_rejected_without_a_name_is_known_by_their_tag() {
    let mut world = riverside(Scenario::at(Doors::SaltoKs, PLAN)).await;
    world
        .by_hand(|world| {
            world["quirks"] = json!(["rejected-unnamed"]);
            world["groups"][0]["members"] = json!([]);
            let users = world["users"].as_array_mut().expect("users");
            let ada = users
                .iter_mut()
                .find(|user| user["email"] == "ada@example.test")
                .expect("Ada");
            ada["tags"] = json!(["0123"]);
        })
        .await;
    change_undelivered(&world, Some("ada"), "2026-03-02T08:00:00Z", true).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    let shown = rows(&world, &ReportQuery::default()).await;
    assert_eq!(told(&shown)[0].1, Some("ada@example.test"));
    assert!(
        !serde_json::to_string(&shown)
            .expect("JSON")
            .contains("0123"),
        "the tag's number is not kept"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn k9_entries_that_cannot_be_read_are_a_problem_and_disturb_nothing_else() {
    let mut world = riverside(Scenario::at(Doors::SaltoKs, PLAN)).await;
    world
        .change_doors(json!({ "entries": [{ "user": "ada@example.test", "lock": "Front door" }] }))
        .await;
    world
        .faults(json!([{ "match": "GET */entries", "status": 500, "times": -1 }]))
        .await;
    world
        .change(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert!(report.reads["main"].complete, "access was read");
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.starts_with("main: who came and went: ")),
        "{report:?}"
    );
    world.faults(json!([])).await;
    let report = world.ends_well().await;
    assert_eq!(report.problems, [""; 0]);
    assert_eq!(
        rows(&world, &ReportQuery::default()).await.len(),
        1,
        "and nothing was lost"
    );
}

/// Kisi switches a webhook off that fails: it is noticed and said, with what to do.
#[tokio::test]
async fn b12_a_webhook_that_kisi_switched_off_is_noticed_and_said() {
    let mut world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let webhook = |more: Value| {
        let mut webhook = json!({ "id": "1", "name": "Doorstep", "type": "event_webhook", "enabled": true,
            "url": format!("https://x.test{KISI}"), "enabled_events": ["lock.unlock"] });
        webhook
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        webhook
    };
    let elsewhere =
        json!({ "id": "2", "url": "https://x.test/hooks/other/kisi/main", "enabled": false });
    for (more, said) in [
        (json!({}), None),
        (
            json!({ "disabled_due_to_error": true, "enabled": false }),
            Some("switched its event webhook off"),
        ),
        (json!({ "enabled": false }), Some("is disabled")),
        (
            json!({ "enabled_events": ["user.update"] }),
            Some("does not post lock.unlock"),
        ),
    ] {
        world
            .by_hand(|fixture| {
                fixture["integrations"] = json!([webhook(elsewhere.clone()), webhook(more)])
            })
            .await;
        let problems = world.reconcile().await.problems;
        match said {
            Some(said) => assert!(
                problems
                    .iter()
                    .any(|problem| problem.starts_with("main: Kisi's") || problem.contains(said)),
                "{problems:?}"
            ),
            None => assert_eq!(problems, [""; 0]),
        }
        assert_eq!(
            problems.iter().any(|problem| problem.contains("webhook")),
            said.is_some()
        );
    }
    // Its own letter of that, posted by another webhook, has everything compared at once.
    world.forget_calls("kisi").await;
    world
        .by_hand(|fixture| fixture["integrations"] = json!([]))
        .await;
    for delivery in world
        .change_undelivered(json!({ "events": [{ "type": "integration.disable_due_to_error" }] }))
        .await
    {
        assert_eq!(post(&world, &delivery).await, 202);
    }
    world.machine.quiet().await;
    assert!(world.calls("kisi").await.contains_key("GET /integrations"));
    world.ends_well().await;
}

async fn v6_the_summary_says_who_is_inside_and_when_doors_open(at: Doors) {
    let world = riverside(Scenario::at(at, PLAN)).await;
    world.clock("2026-03-02T12:00:00Z").await;
    for (who, at, refused) in [
        ("ada", "2026-03-02T08:10:00Z", false),
        ("eve", "2026-03-02T08:20:00Z", false),
        ("ada", "2026-03-02T11:50:00Z", false),
        ("eve", "2026-03-02T11:55:00Z", true),
    ] {
        change_undelivered(&world, Some(who), at, refused).await;
    }
    let of = async |within: &str| -> Presence {
        let wanted = PresenceQuery {
            within: Some(within.to_owned()),
            ..PresenceQuery::default()
        };
        world.machine.quiet().await;
        world
            .machine
            .presence(&SiteId::from(SITE), &wanted)
            .await
            .expect("a summary")
    };
    let names = |told: &Presence| -> Vec<Option<String>> {
        told.inside
            .iter()
            .map(|one| one.who.email.clone())
            .collect()
    };
    let ada = Some("ada@example.test".to_owned());
    let hour = of("1h").await;
    assert_eq!(
        names(&hour),
        std::slice::from_ref(&ada),
        "a refusal lets no one in"
    );
    assert_eq!(of("4h").await.inside.len(), 2);
    let day = hour
        .days
        .iter()
        .find(|day| day.who.email == ada)
        .expect("Ada's day");
    assert_eq!(
        (day.first.as_str(), day.last.as_str(), day.opened),
        ("2026-03-02T08:10:00+00:00", "2026-03-02T11:50:00+00:00", 2)
    );
    let hours: Vec<(i8, &str, usize)> = hour
        .hours
        .iter()
        .map(|hour| (hour.hour, hour.lock.as_str(), hour.opened))
        .collect();
    assert_eq!(hours, [(8, "Front door", 2), (11, "Front door", 1)]);
    world.ends_well().await;
}
