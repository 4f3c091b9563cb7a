//! Lists from the first page to the last, and errors that make a list unusable.

use serde_json::{Value, json};

use crate::platform::Span;
use crate::platform::found::{FactList, ResourceAssignments};
use crate::platform::script::{PlatformScript, answer};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{Fact, FactId, Kind, What};

fn span(changed_since: Option<&str>) -> Span {
    Span {
        changed_since: changed_since.map(|since| since.parse().expect("an instant")),
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn page(ids: &[&str], next: Option<&str>) -> crate::platform::script::ScriptedAnswer {
    let results: Vec<Value> = ids
        .iter()
        .map(|id| json!({"_id": id, "name": id}))
        .collect();
    answer(
        200,
        json!({"results": results, "cursorNext": next, "cursorPrev": null, "rangeStart": 1, "rangeEnd": 2}),
    )
}

fn ids(facts: &[Fact]) -> Vec<&str> {
    facts.iter().map(|fact| fact.id.as_str()).collect()
}

/// Returns the decoded query of the last request.
fn query(script: &PlatformScript) -> Vec<(String, String)> {
    let asked = script.asked().pop().expect("a question");
    let query = asked
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default();
    serde_urlencoded::from_str(query).expect("a query")
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn all_pages_are_read_in_order() {
    let script = PlatformScript::new().on(
        "/members",
        [
            page(&["a", "b"], Some("c=1")),
            page(&["c"], Some("c2")),
            page(&[], None),
        ],
    );
    let facts = script
        .reader()
        .read(Kind::Member, &span(None))
        .await
        .expect("a list");
    assert_eq!(ids(&facts.facts), ["a", "b", "c"]);
    assert_eq!(
        query(&script),
        [pair("$limit", "50"), pair("$cursorNext", "c2")]
    );
    assert!(
        script.asked()[3].contains("%24cursorNext=c%3D1"),
        "{:?}",
        script.asked()
    );
}

#[tokio::test]
async fn a_cursor_that_is_missing_null_or_empty_ends_the_list() {
    for body in [
        r#"{"results":[]}"#,
        r#"{"results":[],"cursorNext":null}"#,
        r#"{"results":[],"cursorNext":""}"#,
    ] {
        let script = PlatformScript::new().on("/plans", [answer(200, body)]);
        assert_eq!(
            script.reader().read(Kind::Plan, &span(None)).await,
            Ok(FactList::default())
        );
        assert_eq!(script.requests("/plans").len(), 1);
    }
}

#[tokio::test]
async fn a_bad_page_costs_the_whole_list() {
    for bad in [
        answer(200, "[]"),
        answer(200, "{}"),
        answer(200, r#"{"results":null}"#),
        answer(200, r#"{"results":{}}"#),
        answer(200, r#"{"results":[],"cursorNext":{}}"#),
        answer(200, r#"{"results":[{"_id":"x""#),
        answer(500, "{}"),
    ] {
        // The second page is bad in the same way on each read.
        let script = PlatformScript::new()
            .on("cursorNext", [bad])
            .on("/members", [page(&["a", "b"], Some("2"))]);
        assert!(matches!(
            script.reader().read(Kind::Member, &span(None)).await,
            Err(Error::Retry { .. })
        ));
    }
}

#[tokio::test]
async fn an_id_that_comes_twice_is_read_once_more_and_is_one_where_it_says_the_same() {
    let moved = [
        page(&["a", "b"], Some("2")),
        page(&["b", "c"], None),
        page(&["a", "b"], Some("2")),
        page(&["c"], None),
    ];
    let script = PlatformScript::new().on("/members", moved);
    assert_eq!(
        ids(&script
            .reader()
            .read(Kind::Member, &span(None))
            .await
            .expect("a list")
            .facts),
        ["a", "b", "c"]
    );
    let stays = PlatformScript::new().on("/members", [page(&["c", "c"], None)]);
    assert_eq!(
        ids(&stays
            .reader()
            .read(Kind::Member, &span(None))
            .await
            .expect("a list")
            .facts),
        ["c"]
    );
    assert_eq!(stays.requests("/members").len(), 2);
    let differs = json!({"results": [{"_id": "c", "name": "Ada"}, {"_id": "c", "name": "Bob"}]});
    let differs = PlatformScript::new().on("/members", [answer(200, differs)]);
    assert!(matches!(
        differs.reader().read(Kind::Member, &span(None)).await,
        Err(Error::Retry { .. })
    ));
}

#[tokio::test]
async fn a_bare_list_is_whole() {
    let script =
        PlatformScript::new().on("/members", [answer(200, r#"[{"_id":"a"},{"_id":"b"}]"#)]);
    assert_eq!(
        ids(&script
            .reader()
            .read(Kind::Member, &span(None))
            .await
            .expect("a list")
            .facts),
        ["a", "b"]
    );
}

#[tokio::test]
async fn a_list_that_goes_in_circles_ends() {
    let script = PlatformScript::new().on("/members", [page(&[], Some("again"))]);
    assert!(matches!(
        script.reader().read(Kind::Member, &span(None)).await,
        Err(Error::Retry { .. })
    ));
    let twins =
        std::iter::repeat_n([page(&[], Some("one")), page(&[], Some("two"))], 3_000).flatten();
    let script = PlatformScript::new().on("/members", twins);
    assert!(matches!(
        script.reader().read(Kind::Member, &span(None)).await,
        Err(Error::Retry { .. })
    ));
}

#[tokio::test]
async fn a_list_that_does_not_exist_is_reported() {
    let script = PlatformScript::new();
    assert!(matches!(
        script.reader().read(Kind::Member, &span(None)).await,
        Err(Error::Permanent(_))
    ));
}

#[tokio::test]
async fn only_lists_that_can_tell_are_asked_what_changed() {
    let since = "2026-01-12T07:00:00Z";
    for kind in &PlatformScript::new().reader().kinds() {
        let script = PlatformScript::new().on("/api/v2/", [page(&[], None)]);
        assert_eq!(
            script.reader().read(*kind, &span(Some(since))).await,
            Ok(FactList::default())
        );
        let limit = pair("$limit", "50");
        let expected = match kind {
            Kind::Member
            | Kind::Team
            | Kind::Membership
            | Kind::Pass
            | Kind::Resource
            | Kind::Booking => {
                vec![limit, pair("modifiedAt[$gte]", since)]
            }
            Kind::Checkin => vec![limit, pair("start[$gte]", "2026-01-10T00:00:00Z")],
            _ => vec![limit],
        };
        assert_eq!(query(&script), expected, "{}", kind.word());
    }
}

#[tokio::test]
async fn one_malformed_record_costs_only_itself() {
    let results = json!([7, {"name": "nobody"}, {"_id": "m1", "status": "approved", "member": "a", "startDate": "2026-01-01", "endDate": "soon"},
        {"_id": "m2", "status": "approved", "member": "a", "startDate": "2026-01-01"}]);
    let script =
        PlatformScript::new().on("/memberships", [answer(200, json!({"results": results}))]);
    let read = script
        .reader()
        .read(Kind::Membership, &span(None))
        .await
        .expect("a list");
    assert_eq!(ids(&read.facts), ["m2"]);
    let unreadable: Vec<String> = read
        .unreadable
        .iter()
        .map(|one| format!("{} {}", one.name, one.field))
        .collect();
    assert_eq!(
        (unreadable, read.nameless),
        (vec!["membership m1 endDate".to_owned()], 2)
    );
}

#[tokio::test]
async fn a_membership_is_read_with_all_its_assignments() {
    let assigned = |id: &str, next: Option<&str>| {
        let record = json!({"_id": id, "resource": "r1", "membership": "m1", "startDate": "2026-01-01T00:00:00.000Z"});
        answer(200, json!({"results": [record], "cursorNext": next}))
    };
    let script = PlatformScript::new()
        .on(
            "/memberships/m1",
            [answer(
                200,
                r#"{"_id":"m1","status":"approved","company":"c1","startDate":"2026-01-01"}"#,
            )],
        )
        .on(
            "/assignments",
            [assigned("a1", Some("2")), assigned("a2", None)],
        );
    let fact = script
        .reader()
        .fetch(&FactId::new(Kind::Membership, "m1"))
        .await
        .expect("an answer")
        .fact()
        .expect("a fact");
    let What::Membership(membership) = fact.what else {
        panic!("not a membership")
    };
    assert_eq!(
        membership
            .assignments
            .iter()
            .map(|it| it.id.as_str())
            .collect::<Vec<_>>(),
        ["a1", "a2"]
    );
    assert_eq!(
        query(&script),
        [
            pair("$limit", "50"),
            pair("membership", "m1"),
            pair("$cursorNext", "2")
        ]
    );

    let broken = PlatformScript::new()
        .on(
            "/memberships/m1",
            [answer(
                200,
                r#"{"_id":"m1","status":"approved","company":"c1","startDate":"2026-01-01"}"#,
            )],
        )
        .on(
            "/assignments",
            [assigned("a1", Some("2")), answer(200, "[]")],
        );
    assert!(
        broken
            .reader()
            .fetch(&FactId::new(Kind::Membership, "m1"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn assignments_are_read_resource_by_resource() {
    let of = |id: &str, membership: Value| json!({"results": [{"_id": id, "resource": id, "membership": membership}]});
    let script = PlatformScript::new()
        .on("resource=r1", [answer(200, of("r1", json!("m1")))])
        .on("resource=r2", [answer(200, of("r2", json!(null)))])
        .on("resource=r3", [answer(200, of("r3", json!({"_id": "m3"})))]);
    let all = script
        .reader()
        .assignments(&["r1".into(), "r2".into(), "r3".into()])
        .await
        .expect("assignments");
    let all: Vec<_> = all
        .read
        .iter()
        .map(|(membership, it)| (membership.as_str(), it.resource.as_str()))
        .collect();
    assert_eq!(all, [("m1", "r1"), ("m3", "r3")]);
    assert_eq!(
        script.reader().assignments(&[]).await,
        Ok(ResourceAssignments::default())
    );
    let unknown = script
        .reader()
        .assignments(&["r1".into(), "r9".into()])
        .await;
    assert!(matches!(unknown, Err(Error::Permanent(_))));
}
