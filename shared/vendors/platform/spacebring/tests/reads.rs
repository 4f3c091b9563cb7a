//! Lists from the first page to the last, and things that are gone.

use serde_json::{Value, json};

use crate::platform::Span;
use crate::platform::found::Lookup;
use crate::platform::relation::Relation;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{Fact, FactId, Kind, What};

fn span() -> Span {
    Span {
        changed_since: None,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn page(ids: &[&str], next: Option<&str>) -> ScriptedAnswer {
    let plans: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "id": id, "title": id }))
        .collect();
    let mut body = json!({ "plans": plans });
    if let Some(next) = next {
        body["nextPageToken"] = json!(next);
    }
    answer(200, body)
}

fn ids(facts: &[Fact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.id.as_str()).collect()
}

#[tokio::test]
async fn all_pages_are_read_with_the_same_filters() {
    let pages = [page(&["a", "b"], Some("t=1")), page(&["c"], None)];
    let script = PlatformScript::spacebring().on("/plans/v1", pages);
    let all = script
        .reader()
        .read(Kind::Plan, &span())
        .await
        .expect("a list");
    assert_eq!(ids(&all.facts), ["a", "b", "c"]);
    let asked: Vec<String> = script
        .asked()
        .into_iter()
        .filter(|line| line.contains("/plans"))
        .collect();
    assert!(asked[0].ends_with("?locationRef=l&limit=100"), "{asked:?}");
    assert!(
        asked[1].ends_with("?locationRef=l&limit=100&nextPageToken=t%3D1"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_bad_page_costs_the_list_and_a_list_in_circles_ends() {
    for bad in [
        answer(200, "[]"),
        answer(200, "{}"),
        answer(200, r#"{"plans":{}}"#),
        answer(200, r#"{"plans":[],"nextPageToken":7}"#),
        answer(500, "{}"),
        page(&[], Some("t")),
    ] {
        let script = PlatformScript::spacebring().on("/plans/v1", [page(&["a"], Some("t")), bad]);
        let read = script.reader().read(Kind::Plan, &span()).await;
        assert!(matches!(read, Err(Error::Retry { .. })), "{read:?}");
    }
    let script = PlatformScript::spacebring().on("/plans/v1", [answer(404, "{}")]);
    let read = script.reader().read(Kind::Plan, &span()).await;
    assert!(matches!(read, Err(Error::Permanent(_))), "{read:?}");
}

#[tokio::test]
async fn an_id_that_comes_twice_is_read_once_more() {
    let moved = [
        page(&["a", "b"], Some("t")),
        page(&["b"], None),
        page(&["a", "b"], Some("t")),
        page(&["c"], None),
    ];
    let script = PlatformScript::spacebring().on("/plans/v1", moved);
    let all = script
        .reader()
        .read(Kind::Plan, &span())
        .await
        .expect("a list");
    assert_eq!(ids(&all.facts), ["a", "b", "c"]);
    let differs = json!({ "plans": [{ "id": "a", "title": "x" }, { "id": "a", "title": "y" }] });
    let script = PlatformScript::spacebring().on("/plans/v1", [answer(200, differs)]);
    let read = script.reader().read(Kind::Plan, &span()).await;
    assert!(matches!(read, Err(Error::Retry { .. })), "{read:?}");
}

#[tokio::test]
async fn a_removed_record_is_missing_and_its_removal_is_known() {
    let gone = json!({ "subscription": { "id": "s", "deleteDate": "2026-01-11T00:00:00.000Z" } });
    let script = PlatformScript::spacebring().on("/subscriptions/v1/s", [answer(200, gone)]);
    let (reader, about) = (script.reader(), FactId::new(Kind::Membership, "s"));
    assert_eq!(reader.fetch(&about).await, Ok(Lookup::Missing));
    let around = reader.around(&about, None, true).await;
    assert!(around.expect("an answer").called_off);
}

#[tokio::test]
async fn a_removed_member_is_known_from_the_list_of_removed_people() {
    let removed = json!({ "memberships": [{ "id": "m" }] });
    let script = PlatformScript::spacebring().on("/memberships/v1/deleted", [answer(200, removed)]);
    let member =
        json!({ "memberships": [{ "id": "m", "locationRef": "l", "user": { "name": "Ada" } }] });
    let script = script.on("/community/memberships/v1?", [answer(200, member)]);
    let reader = script.reader();
    let all = reader.read(Kind::Member, &span()).await.expect("a list");
    let about = FactId::new(Kind::Member, "m");
    assert_eq!(reader.fetch(&about).await, Ok(Lookup::Missing));
    let what: Option<&What> = all.facts.first().map(|fact| &fact.what);
    let around = reader.around(&about, what, true).await;
    assert!(around.expect("an answer").called_off);
}

#[tokio::test]
async fn an_assignment_that_a_list_lost_is_asked_for_at_its_subscription() {
    let named = json!({ "subscription": { "id": "s", "assignments": [{ "id": "a", "resource": { "id": "r" } }] } });
    let script = PlatformScript::spacebring().on("/subscriptions/v1/s", [answer(200, named)]);
    let relation = |assignment: &str, resource: &str| Relation::Assigned {
        membership: "s".into(),
        assignment: assignment.into(),
        resource: resource.into(),
    };
    let reader = script.reader();
    assert_eq!(reader.confirms(&relation("a", "other")).await, Ok(true));
    assert_eq!(reader.confirms(&relation("other", "r")).await, Ok(true));
    assert_eq!(
        reader.confirms(&relation("other", "other")).await,
        Ok(false)
    );
}

#[tokio::test]
async fn s6_the_groups_of_the_platforms_own_bridge_are_read() {
    let plans = json!({ "plans": [
        { "id": "p", "title": "Hot desk", "access": { "kisiGroupRef": 7, "brivoGroupRef": 8 } },
        { "id": "q", "title": "Office", "access": {} },
    ] });
    let resources = json!({ "resources": [
            { "id": "r", "title": "Boardroom", "type": "room", "saltoksAccessGroupRef": "g" },
            { "id": "o", "title": "Office 1", "type": "office", "saltoksAccessGroupRef": "h" },
        ] });
    let subscriptions = json!({ "subscriptions": [
        { "id": "s", "items": [{ "planRef": "p", "kisiGroupRef": 9 }, {}] },
    ] });
    let script = PlatformScript::spacebring()
        .on("/plans/v1", [answer(200, plans)])
        .on("/resources/v1", [answer(200, resources)])
        .on("/subscriptions/v1", [answer(200, subscriptions)]);
    let bridged = script.reader().bridged().await.expect("an answer");
    let said: Vec<String> = bridged
        .iter()
        .map(|one| {
            let doors = one.doors.map_or("", |doors| doors.word());
            format!("{} {doors} {} {:?}", one.thing, one.group, one.opens_for)
        })
        .collect();
    assert_eq!(
        said,
        [
            "plan p kisi 7 Plan",
            "resource r salto-ks g Booking",
            "resource o salto-ks h Assignment",
            "membership s kisi 9 Membership(Some(\"p\"))"
        ]
    );
}

#[tokio::test]
async fn only_the_locations_of_the_named_network_are_read() {
    let network = "00000000-0000-4000-8000-00000000000a";
    let locations = json!({ "locations": [
        { "id": "l", "title": "Ours", "networkRef": network },
        { "id": "x", "title": "Another's", "networkRef": "00000000-0000-4000-8000-00000000000b" },
    ] });
    let script = PlatformScript::spacebring().on("/locations/v1", [answer(200, locations)]);
    let reader = crate::platform::PlatformApi::reader(
        &crate::platform::spacebring::Spacebring,
        network,
        script.access(),
    );
    let all = reader.read(Kind::Location, &span()).await.expect("a list");
    assert_eq!(ids(&all.facts), ["l"]);
}
