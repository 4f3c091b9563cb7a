//! What needs the operator: each state is in the list, with its people and its site, and leaves it
//! when it is put right.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{
    Doors, DoorsFixture, Platform, SITE, Scenario, Table, World, address, at_both,
};
use aws_sdk_dynamodb::types::AttributeValue;
use doorstep_core::decide::guard::Scope;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::needs::{Need, NeedKind, NeedTarget, NeedsYou, NotReadReason, needs};

at_both!(
    nothing_needs_the_operator_of_a_quiet_site_and_the_next_opening_is_named,
    what_hands_changed_needs_the_operator_until_it_is_put_right,
    a_hold_needs_the_operator_until_it_is_approved,
    a_door_system_that_is_down_is_one_line_for_all_of_its_people,
);

async fn asked(world: &World) -> NeedsYou {
    world.machine.quiet().await;
    needs(world.machine.environment()).await.expect("a list")
}

/// The words of the kinds, in their order.
fn kinds(found: &NeedsYou) -> Vec<String> {
    let word = |need: &Need| {
        let value = serde_json::to_value(need).expect("JSON");
        value["kind"].as_str().expect("a word").to_owned()
    };
    found.needs.iter().map(word).collect()
}

/// The only need.
fn only(found: &NeedsYou) -> &Need {
    let [only] = &found.needs[..] else {
        panic!("{found}")
    };
    assert_eq!(only.timezone, "Europe/London");
    assert_eq!(only.site.as_deref(), Some(SITE));
    only
}

fn names(need: &Need) -> Vec<&str> {
    need.whom.iter().map(|who| who.name.as_str()).collect()
}

fn since(need: &Need) -> String {
    need.since.expect("it has a begin").to_string()
}

fn rules() -> String {
    [PLAN, ROOM].concat()
}

async fn riverside(at: Doors, things: Value) -> World {
    let fixture = DoorsFixture::with(&["Members", "Meeting"]).person("mallory");
    Scenario::at(at, &rules())
        .begin(town(things), fixture)
        .await
}

async fn nothing_needs_the_operator_of_a_quiet_site_and_the_next_opening_is_named(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")], "bookings": [
        booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        booking("eve", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z") ] });
    let world = riverside(at, things).await;
    let (state, table) = (world.state().await, world.table().await);
    let found = asked(&world).await;
    assert_eq!(found.needs, [], "{found}");
    let next = found.next.as_ref().expect("Bob's booking");
    assert_eq!(
        (next.at.to_string(), next.group_name.as_deref(), &*next.site),
        ("2026-03-02T09:45:00Z".to_owned(), Some("Meeting"), SITE)
    );
    assert_eq!(next.who.email.as_deref(), Some("bob@example.test"));
    assert_eq!(next.timezone, "Europe/London");
    assert!(
        found.to_string().starts_with("Nothing needs you. Next: "),
        "{found}"
    );
    assert_eq!((world.state().await, world.table().await), (state, table));
    // Bob's window has begun, so Eve's is next, although the end of Bob's comes first.
    world.clock("2026-03-02T10:00:00Z").await;
    world.reconcile().await;
    let next = asked(&world).await.next.expect("Eve's booking");
    assert_eq!(next.at.to_string(), "2026-03-02T11:45:00Z");
    world.clock("2026-03-02T12:00:00Z").await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.next, None);
    world.ends_well().await;
}

async fn what_hands_changed_needs_the_operator_until_it_is_put_right(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let mut world = riverside(at, things).await;
    world.clock("2026-03-02T08:10:00Z").await;
    let site = SiteId::from(SITE);
    let paused = world.machine.pause(&site, Some("painting")).await;
    paused.expect("it is paused");
    world.move_by_hand("ada", false).await;
    world.move_by_hand("mallory", true).await;
    world.reconcile().await;
    let found = asked(&world).await;
    assert_eq!(
        kinds(&found),
        ["paused", "removed-by-hand", "added-by-hand"],
        "{found}"
    );
    let [pause, removed, added] = &found.needs[..] else {
        panic!("{found}")
    };
    assert_eq!(
        (&pause.target, pause.command.join(" ")),
        (&NeedTarget::Pause, "resume riverside".to_owned())
    );
    assert_eq!(
        (names(removed), since(removed)),
        (vec!["Ada Byron"], "2026-03-02T08:10:00Z".into())
    );
    let people = world.people().await;
    let ada = people.iter().find(|one| one["email"] == address("ada"));
    assert_eq!(json!(removed.whom[0].person), ada.expect("Ada")["id"]);
    assert_eq!(
        (names(added), added.whom[0].person.as_deref()),
        (vec!["mallory"], None)
    );
    let said = added.to_string();
    assert!(
        said.starts_with("riverside: mallory: added by hand to Members (main); since "),
        "{said}"
    );
    assert_eq!(removed.command.join(" "), "drift riverside");
    // Doorstep adds Ada again. Mallory may stay, until a hand removes her.
    let resumed = world.machine.resume(&site).await;
    resumed.expect("it is resumed");
    let found = asked(&world).await;
    assert_eq!(kinds(&found), ["added-by-hand"], "{found}");
    world.move_by_hand("mallory", false).await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_well().await;
}

/// Five of twelve are left out by a full read.
async fn a_hold_needs_the_operator_until_it_is_approved(at: Doors) {
    let all: Vec<String> = (0..12).map(|n| format!("n{n}")).collect();
    let member = |name: &String| {
        json!({ "_id": format!("m-{name}"), "name": name,
        "email": format!("{name}@example.test"), "location": "l-riverside" })
    };
    let members: Vec<Value> = all.iter().map(member).collect();
    let memberships: Vec<Value> = all.iter().map(|name| hot_desk(name)).collect();
    let things = json!({ "members": members, "memberships": memberships });
    let world = riverside(at, things).await;
    let gone: Vec<Value> = memberships
        .iter()
        .take(5)
        .map(|one| one["_id"].clone())
        .collect();
    world
        .change(json!({ "remove": { "memberships": gone } }))
        .await;
    world.reconcile().await;
    let found = asked(&world).await;
    let need = only(&found);
    let NeedKind::Held { hold, group_name } = &need.kind else {
        panic!("{found}")
    };
    assert_eq!(
        (hold.revokes, &hold.scope, group_name),
        (5, &Scope::Site, &None)
    );
    assert_eq!(need.target, NeedTarget::Hold(hold.checksum.clone()));
    assert_eq!(need.command, ["approve", &*hold.checksum]);
    assert_eq!(since(need), "2026-03-02T08:00:00Z");
    world.approve_all().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_in_order().await;
}

#[tokio::test]
async fn a_person_whom_a_vendor_refuses_needs_the_operator_until_it_takes_them() {
    let mut world = riverside(Doors::Kisi, json!({})).await;
    let refuse = json!([{ "match": "POST /role_assignments", "status": 422, "times": -1 }]);
    world.faults(refuse).await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    let found = asked(&world).await;
    let need = only(&found);
    assert!(
        matches!(&need.kind, NeedKind::People { problems } if problems.len() == 1),
        "{found}"
    );
    let who = &need.whom[0];
    assert_eq!(
        (who.name.as_str(), who.email.as_deref()),
        ("Ada Byron", Some("ada@example.test"))
    );
    let id = who.person.clone().expect("an id");
    assert_eq!(need.target, NeedTarget::Person(id.clone()));
    assert_eq!(
        need.command.join(" "),
        format!("explain riverside --person {id}")
    );
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(asked(&world).await.needs, []);
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

async fn a_door_system_that_is_down_is_one_line_for_all_of_its_people(at: Doors) {
    let mut world = riverside(at, json!({})).await;
    let down = json!([{ "match": "*", "status": 503, "times": -1 }]);
    world.faults(down).await;
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob"), hot_desk("eve")] });
    world.change_and_deliver(things).await;
    world.clock("2026-03-02T08:15:00Z").await;
    world.reconcile().await;
    let found = asked(&world).await;
    assert_eq!(kinds(&found), ["people", "doors-not-read"], "{found}");
    let people = &found.needs[0];
    assert_eq!((people.whom.len(), people.more), (3, 0), "{found}");
    assert!(names(people).contains(&"Ada Byron"), "{found}");
    assert_eq!(since(&found.needs[1]), "2026-03-02T08:15:00Z");
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:45:00Z").await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn few_seats_need_the_operator_until_there_are_more() {
    let fixture = DoorsFixture::with(&["Members"]).says("seats", json!(5));
    let things = town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] }));
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(things, fixture)
        .await;
    world.reconcile().await;
    let found = asked(&world).await;
    let need = only(&found);
    assert_eq!(
        need.kind,
        NeedKind::Seats {
            doors: "main".into(),
            used: 4,
            paid: 5
        }
    );
    let mut fixture = world.door_world().await;
    fixture["seats"] = json!(50);
    world.put_world(fixture).await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_well().await;
}

#[tokio::test]
async fn a_webhook_that_is_off_needs_the_operator_until_it_is_on() {
    let world = riverside(Doors::Kisi, json!({})).await;
    let turn = async |is_on: bool| {
        let hook = json!({ "_id": "w-1", "isEnabled": is_on,
            "url": "https://doors.example/hooks/riverside/officernd" });
        world.change(json!({ "webhooks": [hook] })).await;
        world.reconcile().await;
        asked(&world).await
    };
    let found = turn(false).await;
    let need = only(&found);
    assert!(matches!(need.kind, NeedKind::Webhook { .. }), "{found}");
    assert_eq!(
        (&need.target, since(need)),
        (&NeedTarget::Deliveries, "2026-03-02T08:00:00Z".into())
    );
    assert_eq!(turn(true).await.needs, []);
    world.ends_well().await;
}

#[tokio::test]
async fn a_platform_that_is_not_read_needs_the_operator_until_it_is() {
    let mut world = riverside(Doors::Kisi, json!({})).await;
    let how = |found: &NeedsYou| match only(found).kind {
        NeedKind::NotRead { how, .. } => (how, since(only(found))),
        _ => panic!("{found}"),
    };
    world.clock("2026-03-02T08:45:00Z").await;
    assert_eq!(asked(&world).await.needs, []);
    world.clock("2026-03-02T08:46:00Z").await;
    let stopped = (NotReadReason::Stopped, "2026-03-02T08:00:00Z".to_owned());
    assert_eq!(how(&asked(&world).await), stopped);
    let down = json!([{ "match": "*", "status": 503, "times": -1 }]);
    world.platform_faults(down).await;
    world.reconcile().await;
    let failing = "2026-03-02T08:46:00Z".to_owned();
    assert_eq!(
        how(&asked(&world).await),
        (NotReadReason::Failing, failing.clone())
    );
    world.clock("2026-03-03T08:01:00Z").await;
    world.reconcile().await;
    assert_eq!(how(&asked(&world).await), (NotReadReason::Stale, failing));
    world.platform_faults(json!([])).await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_well().await;
}

#[tokio::test]
async fn reconciles_of_the_schedule_note_their_ends_and_need_no_one() {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    scenario.cadence = Some(Duration::from_secs(900));
    let world = scenario
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world.clock("2026-03-02T09:00:00Z").await;
    assert_eq!(asked(&world).await.needs, []);
    let runs = world
        .machine
        .environment()
        .store
        .runs(&SiteId::from(SITE))
        .await;
    let runs = runs.expect("it reads").runs;
    let ended = runs.ended_at.expect("one ended").to_string();
    assert_eq!((ended.as_str(), runs.lease), ("2026-03-02T09:00:00Z", None));
}

#[tokio::test]
async fn an_unreadable_delivery_needs_the_operator_for_a_day() {
    let world = riverside(Doors::Kisi, json!({})).await;
    assert_eq!(world.deliver(b"[]").await, 202);
    let found = asked(&world).await;
    let need = only(&found);
    let NeedKind::UnreadableDeliveries { count: 1, reasons } = &need.kind else {
        panic!("{found}")
    };
    assert_eq!(
        (reasons.len(), since(need)),
        (1, "2026-03-02T08:00:00Z".into())
    );
    world.clock("2026-03-03T08:00:00Z").await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_well().await;
}

#[tokio::test]
async fn dead_letters_need_the_operator_once_for_all_sites() {
    let world = riverside(Doors::Kisi, json!({})).await;
    world
        .machine
        .cloud()
        .triggers
        .send(SITE, Some("1"), "not a trigger")
        .expect("taken");
    let found = asked(&world).await;
    let [need] = &found.needs[..] else {
        panic!("{found}")
    };
    assert_eq!(
        (&need.kind, &need.site, &need.target),
        (
            &NeedKind::DeadLetters { count: 1 },
            &None,
            &NeedTarget::None
        )
    );
}

#[tokio::test]
async fn a_site_that_only_observes_needs_the_operator() {
    let scenario = Scenario::at(Doors::Kisi, PLAN).mode("observe");
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    let world = scenario
        .begin(things, DoorsFixture::with(&["Members"]))
        .await;
    let found = asked(&world).await;
    assert_eq!(only(&found).kind, NeedKind::Observing { first_push: false });
    assert_eq!(found.next, None, "it opens nothing");
}

/// The file of one of two sites is broken in the table.
#[tokio::test]
async fn a_site_that_cannot_be_read_is_one_line_and_stops_no_other() {
    let mut scenario = Scenario::at(Doors::Kisi, &rules());
    scenario.neighbours = vec![scenario.named("harbour")];
    let things =
        json!({ "bookings": [booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] });
    let world = scenario
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    let harbour = world.machine.reconcile(&SiteId::from("harbour")).await;
    harbour.expect("a reconcile");
    assert_eq!(asked(&world).await.needs, []);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let table = Table::of(&world);
    let put = table.client.put_item().table_name(&table.name);
    let put = put
        .item("pk", text("harbour#site"))
        .item("sk", text("active"));
    put.item("body", text("{\"shape\":\"of tomorrow\"}"))
        .send()
        .await
        .expect("it is put");
    let found = asked(&world).await;
    let [need] = &found.needs[..] else {
        panic!("{found}")
    };
    assert!(matches!(need.kind, NeedKind::SiteFile { .. }), "{found}");
    assert_eq!(need.site.as_deref(), Some("harbour"));
    let next = found.next.expect("Bob's booking");
    assert_eq!(&*next.site, SITE);
}

/// A platform without a read API is not asked for anything.
#[tokio::test]
async fn a_quiet_site_of_a_pushing_platform_needs_nothing() {
    let scenario = Scenario::at(Doors::Kisi, PLAN).on(Platform::Andcards);
    let world = super::andcards::begin(scenario, json!({}), &["Members"]).await;
    world.reconcile().await;
    assert_eq!(asked(&world).await.needs, []);
    world.ends_well().await;
}

#[tokio::test]
async fn the_first_page_names_each_need_with_its_people_and_leads_to_where_it_is_done() {
    let mut world = riverside(Doors::Kisi, json!({})).await;
    let visitor = Visitor::of(&world, false).await;
    let page = visitor.page("/").await;
    assert!(
        page.contains("Nothing needs you. No opening is known."),
        "{page}"
    );
    let refuse = json!([{ "match": "POST /role_assignments", "status": 422, "times": -1 }]);
    world.faults(refuse).await;
    let member = json!({ "_id": "m-ada", "name": "<b>Ada</b>", "email": "ada@example.test",
        "location": "l-riverside" });
    world
        .change_and_deliver(json!({ "members": [member], "memberships": [hot_desk("ada")] }))
        .await;
    let found = asked(&world).await;
    let id = only(&found).whom[0].person.clone().expect("an id");
    let page = visitor.page("/").await;
    assert!(page.contains("1 thing needs you."), "{page}");
    let person = format!("<a href=\"/site/riverside/person/{id}\">&lt;b&gt;Ada&lt;/b&gt;</a>");
    assert!(page.contains(&person), "{page}");
    let command = format!("<code>doorstep explain riverside --person {id} --local</code>");
    assert!(page.contains(&command), "{page}");
    world.faults(json!([])).await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert!(visitor.page("/").await.contains("Nothing needs you."));
    world.ends_well().await;
}

#[tokio::test]
async fn the_page_of_deliveries_compares_only_where_the_console_may_act() {
    let world = riverside(Doors::Kisi, json!({})).await;
    assert_eq!(world.post(&["signature=00, t=0"], b"{}").await, 401);
    let (shows, acts) = (
        Visitor::of(&world, false).await,
        Visitor::of(&world, true).await,
    );
    let path = "/site/riverside/deliveries";
    let page = shows.page(path).await;
    for says in [
        "<title>08:00, 0 verified, 1 refused, 0 unreadable</title>",
        "/hooks/riverside/officernd",
        "doorstep deliveries riverside --local",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let offers = "Compare riverside now";
    assert!(!page.contains(offers), "{page}");
    assert!(acts.page(path).await.contains(offers));
    let compare = "/site/riverside/compare";
    assert_eq!(shows.post(compare, &[]).await.0, 403);
    // No webhook reports this membership.
    world
        .change(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(acts.post(compare, &[]).await, (303, path.to_owned()));
    assert_eq!(world.inside("Members").await, ["ada"]);
    let (status, text) = shows.get(&format!("{path}?day=soon")).await;
    assert_eq!(status, 400, "{text}");
    world.ends_well().await;
}
