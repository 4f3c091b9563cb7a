//! OfficeRnD: tokens, pages, filters, errors, changes and what they post.

use serde_json::{Value, json};

use crate::client::{Client, each};

const SCOPES: &str = "flex.community.members.read flex.community.companies.read flex.community.memberships.read \
    flex.community.checkins.read flex.community.visitors.read flex.billing.plans.read flex.space.bookings.read \
    flex.space.passes.read flex.space.resources.read flex.space.floors.read flex.space.locations.read \
    flex.space.assignments.read";

fn token_form(scope: &str) -> String {
    let scope = scope.replace(' ', "+");
    format!("grant_type=client_credentials&client_id=a&client_secret=b&scope={scope}")
}

async fn client(world: Value) -> Client {
    let mut client = Client::new("officernd");
    client.put_world(world).await;
    log_in(&mut client).await;
    client
}

async fn log_in(client: &mut Client) {
    let token = client
        .form("/oauth/token", vec![], &token_form(SCOPES))
        .await;
    assert_eq!(
        (token.status, &token.body["expires_in"]),
        (200, &json!(3600))
    );
    client.headers = Vec::from([(
        "authorization",
        format!("Bearer {}", token.body["access_token"].as_str().unwrap()),
    )]);
}

fn path(rest: &str) -> String {
    format!("/api/v2/organizations/hub/{rest}")
}

fn members(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({ "_id": format!("m{n}"), "name": format!("M {n}") }))
        .collect()
}

#[tokio::test]
async fn a_scope_that_the_application_lacks_costs_the_whole_token() {
    const VISITS: &str = "flex.community.visits.read";
    let visits = json!([{ "_id": "v1", "visitor": "g1", "start": "2026-03-02T10:00:00.000Z" }]);
    for (ungranted, status) in [(json!([]), 200), (json!([VISITS]), 400)] {
        let mut client = Client::new("officernd");
        client
            .put_world(json!({ "ungranted": ungranted, "visits": visits.clone() }))
            .await;
        let both = format!("{SCOPES} {VISITS}");
        let answer = client
            .form("/oauth/token", vec![], &token_form(&both))
            .await;
        assert_eq!(answer.status, status);
        log_in(&mut client).await;
        assert_eq!(client.get(&path("visits")).await.status, 403);
        assert_eq!(client.get(&path("visitors")).await.status, 200);
        if status == 200 {
            let token = answer.body["access_token"].as_str().unwrap();
            client.headers = Vec::from([("authorization", format!("Bearer {token}"))]);
            let read = client.get(&path("visits")).await;
            assert_eq!(read.body["results"][0]["visitor"], json!("g1"));
            let filtered = client
                .get(&path("visits?modifiedAt[$gte]=2026-03-02"))
                .await;
            assert_eq!(filtered.status, 400, "no filter by change");
        }
    }
}

#[tokio::test]
async fn tokens_ask_for_everything_and_end() {
    let client = client(json!({})).await;
    let other = client
        .form(
            "/oauth/token",
            vec![],
            &token_form("flex.space.bookings.read"),
        )
        .await;
    let narrow = vec![(
        "authorization",
        format!("Bearer {}", other.body["access_token"].as_str().unwrap()),
    )];
    assert_eq!(client.get(&path("members")).await.status, 200);
    let answer = client
        .send_raw("GET", &path("members"), narrow, String::new())
        .await;
    assert_eq!(
        (answer.status, &answer.body["statusCode"]),
        (403, &json!(403))
    );
    for wrong in [
        "grant_type=password&client_id=a&client_secret=b&scope=flex.space.bookings.read".to_owned(),
        "grant_type=client_credentials&client_id=&client_secret=b&scope=flex.space.bookings.read"
            .to_owned(),
        token_form(""),
        token_form("flex.space.bookings.read flex.space.nonsense.read"),
    ] {
        let answer = client.form("/oauth/token", vec![], &wrong).await;
        assert!([400, 401].contains(&answer.status), "{wrong}");
        assert!(answer.body["error"].is_string() && answer.body["error_description"].is_string());
    }
    client.pass(3599);
    assert_eq!(client.get(&path("members")).await.status, 200);
    client.pass(1);
    let answer = client.get(&path("members")).await;
    assert_eq!(
        (answer.status, answer.body),
        (
            401,
            json!({ "statusCode": 401, "message": "Unauthorized", "error": "Unauthorized" })
        )
    );
    assert_eq!(
        client
            .send_raw("GET", &path("members"), vec![], String::new())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn lists_come_in_pages_that_stay_true_while_things_change() {
    let client = client(json!({ "members": members(120) })).await;
    let first = client.get(&path("members")).await;
    assert_eq!(each(&first.body["results"], "_id").len(), 50);
    assert_eq!(
        (
            first.body["rangeStart"].clone(),
            first.body["rangeEnd"].clone()
        ),
        (json!(1), json!(50))
    );
    assert_eq!(first.body["cursorPrev"], Value::Null);
    assert_eq!(first.headers["x-ratelimit-limit-read-minute"], "400");
    client
        .change(json!({ "remove": { "members": ["m3", "m50"] }, "members": [{ "_id": "late" }] }))
        .await
        .unwrap();
    let next = |answer: &Value| {
        format!(
            "members?$limit=40&$cursorNext={}",
            answer["cursorNext"].as_str().unwrap()
        )
    };
    let second = client.get(&path(&next(&first.body))).await;
    assert_eq!(second.body["results"][0]["_id"], "m51");
    let third = client.get(&path(&next(&second.body))).await;
    assert_eq!(third.body["cursorNext"], Value::Null);
    assert_eq!(
        each(&third.body["results"], "_id").last(),
        Some(&json!("late"))
    );
    let back = format!(
        "members?$cursorPrev={}",
        second.body["cursorPrev"].as_str().unwrap()
    );
    assert_eq!(
        each(&client.get(&path(&back)).await.body["results"], "_id").len(),
        49
    );
}

#[tokio::test]
async fn what_a_list_does_not_know_is_refused() {
    let client = client(
        json!({ "assignments": [{ "_id": "a1", "resource": "r1", "membership": "s1" },
        { "_id": "a2", "resource": "r2", "membership": "s1" }] }),
    )
    .await;
    for wrong in [
        "members?$limit=51",
        "members?$limit=0",
        "members?limit=10",
        "members?$cursorNext=xyz",
        "members?modifiedAt[$gte]=yesterday",
        "visitors?modifiedAt[$gte]=2026-01-01T00:00:00Z",
        "plans?modifiedAt[$gte]=2026-01-01T00:00:00Z",
        "checkins?modifiedAt[$gte]=2026-01-01T00:00:00Z",
        "assignments",
        "assignments?resource=r1&membership=s1",
        "bookings/b1?expand=1",
    ] {
        let answer = client
            .get(&path(&wrong.replace('[', "%5B").replace(']', "%5D")))
            .await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (400, &json!("Bad Request")),
            "{wrong}"
        );
    }
    assert_eq!(
        each(
            &client.get(&path("assignments?resource=r1")).await.body["results"],
            "_id"
        ),
        ["a1"]
    );
    assert_eq!(
        each(
            &client.get(&path("assignments?membership=s1")).await.body["results"],
            "_id"
        ),
        ["a1", "a2"]
    );
    let missing = client.get(&path("bookings/none")).await;
    assert_eq!(
        (missing.status, &missing.body["statusCode"]),
        (404, &json!(404))
    );
    assert_eq!(client.get(&path("invoices")).await.status, 404);
    assert_eq!(
        client
            .send("POST", &path("members"), Some(json!({})))
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn lists_tell_what_changed_since() {
    let client = client(json!({
        "members": [{ "_id": "old", "modifiedAt": "2026-01-01T00:00:00.000Z" }, { "_id": "new" }],
        "checkins": [{ "member": "old", "start": "2026-06-30T08:00:00.000Z" }, { "member": "new", "start": "2026-07-01T08:00:00.000Z" }],
    }))
    .await;
    let since = client
        .get(&path(
            "members?modifiedAt%5B%24gte%5D=2026-07-01T09%3A00%3A00.000Z",
        ))
        .await;
    assert_eq!(each(&since.body["results"], "_id"), ["new"]);
    let today = client
        .get(&path(
            "checkins?start%5B$gte%5D=2026-07-01T00:00:00Z&$limit=10",
        ))
        .await;
    assert_eq!(each(&today.body["results"], "member"), ["new"]);
    client.pass(60);
    client
        .change(json!({ "members": [{ "_id": "old", "name": "Renamed" }] }))
        .await
        .unwrap();
    let since = client
        .get(&path(
            "members?modifiedAt%5B%24gte%5D=2026-07-01T09%3A00%3A01Z",
        ))
        .await;
    assert_eq!(
        each(&since.body["results"], "modifiedAt"),
        ["2026-07-01T09:01:00.000Z"]
    );
}

#[tokio::test]
async fn what_a_world_leaves_out_has_the_usual_value() {
    let mut client = client(json!({
        "locations": [{ "_id": "l1", "name": "Auckland", "timezone": "Pacific/Auckland" }],
        "memberships": [
            { "_id": "running", "location": "l1", "startDate": "2026-06-01T00:00:00.000Z", "endDate": "2026-07-01T00:00:00.000Z" },
            { "_id": "over", "startDate": "2026-06-01T00:00:00.000Z", "endDate": "2026-06-30T00:00:00.000Z" },
            { "_id": "ahead", "startDate": "2026-07-02T00:00:00.000Z" },
            { "_id": "refused", "startDate": "2026-06-01T00:00:00.000Z", "status": "not_approved" },
        ],
        "passes": [{ "_id": "p1", "validFrom": "2026-07-01T00:00:00Z" }],
        "bookings": [{ "_id": "b1", "start": "2026-07-01T10:00:00.000Z", "end": "2026-07-01T11:00:00.000Z", "location": "l1" }],
    }))
    .await;
    let memberships = client.get(&path("memberships")).await.body;
    assert_eq!(
        each(&memberships["results"], "calculatedStatus"),
        ["active", "expired", "not_started", "not_approved"]
    );
    client.pass(3 * 3600);
    log_in(&mut client).await;
    assert_eq!(
        client.get(&path("memberships/running")).await.body["calculatedStatus"],
        "expired",
        "days are local"
    );
    let pass = client.get(&path("passes/p1")).await.body;
    assert_eq!(
        (&pass["count"], &pass["usedCount"], &pass["status"]),
        (&json!(1), &json!(0), &json!("valid"))
    );
    let booking = client.get(&path("bookings/b1")).await.body;
    assert_eq!(
        (&booking["isCancelled"], &booking["members"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(booking["timezone"], "Pacific/Auckland");
}

#[tokio::test]
async fn organizations_say_their_region_only_if_they_have_one() {
    let plain = client(json!({})).await;
    let answer = plain.get("/api/v1/organizations/any-slug").await;
    assert_eq!((answer.status, answer.body.get("regionInfo")), (200, None));
    let region = client(json!({ "regionInfo": { "regionUrl": "https://eu.example.test" } })).await;
    assert_eq!(
        region.get("/api/v1/organizations/x").await.body["regionInfo"]["regionUrl"],
        "https://eu.example.test"
    );
}

#[tokio::test]
async fn changes_post_what_the_platform_would() {
    let client =
        client(json!({ "bookings": [{ "_id": "b1", "resource": "r1", "start": "2026-07-01T10:00:00.000Z" }] })).await;
    let events = client
        .change(json!({
            "plans": [{ "_id": "plan" }],
            "bookings": [{ "_id": "b1", "isCancelled": true }, { "_id": "b2" }],
            "members": [{ "_id": "m1" }],
            "passes": [{ "_id": "p1" }],
            "remove": { "bookings": ["b2", "unknown"], "passes": ["p1"] },
        }))
        .await
        .unwrap();
    assert_eq!(
        each(&json!(events), "event"),
        [
            "member.created",
            "pass.created",
            "booking.updated",
            "booking.created",
            "booking.removed"
        ]
    );
    let updated = &events[2]["data"];
    assert_eq!(updated["object"]["resource"], "r1");
    assert_eq!(updated["previousAttributes"]["isCancelled"], false);
    assert_eq!(events[0]["createdAt"], "2026-07-01T09:00:00.000Z");
    let world = client.world().await;
    assert_eq!(each(&world["bookings"], "_id"), ["b1"]);
    assert_eq!(world["bookings"][0]["start"], "2026-07-01T10:00:00.000Z");
}

#[tokio::test]
async fn a_wrong_change_changes_nothing() {
    let client = client(json!({})).await;
    let before = client.world().await;
    for wrong in [
        json!([]),
        json!({ "members": [{ "_id": "m1" }], "invoices": [] }),
        json!({ "members": [{ "_id": "m1" }, { "name": "no id" }] }),
        json!({ "members": [{ "_id": "m1" }], "remove": { "members": [1] } }),
        json!({ "members": { "_id": "m1" } }),
    ] {
        assert_eq!(client.change(wrong.clone()).await, Err(400), "{wrong}");
    }
    assert_eq!(client.world().await, before);
}

#[tokio::test]
async fn reads_lag_for_a_minute_by_quirk() {
    let client =
        client(json!({ "quirks": ["lag"], "members": [{ "_id": "m1", "name": "Before" }, { "_id": "m2" }] })).await;
    client
        .change(
            json!({ "members": [{ "_id": "m1", "name": "After" }, { "_id": "m3" }], "remove": { "members": ["m2"] } }),
        )
        .await
        .unwrap();
    assert_eq!(client.world().await["members"][0]["name"], "After");
    client.pass(59);
    assert_eq!(
        each(&client.get(&path("members")).await.body["results"], "name"),
        ["Before", ""]
    );
    assert_eq!(client.get(&path("members/m3")).await.status, 404);
    assert_eq!(client.get(&path("members/m2")).await.status, 200);
    client.pass(1);
    assert_eq!(
        each(&client.get(&path("members")).await.body["results"], "_id"),
        ["m1", "m3"]
    );
    assert_eq!(client.get(&path("members/m2")).await.status, 404);
}

#[tokio::test]
async fn events_come_in_old_words_by_quirk() {
    let client = client(
        json!({ "quirks": ["v1-events", "cancel-as-removed"], "bookings": [{ "_id": "b1" }] }),
    )
    .await;
    let change = json!({ "bookings": [{ "_id": "b1", "isCancelled": true, "start": "2026-07-01T10:00:00Z", "company": "c1" }] });
    let events = client.change(change).await.unwrap();
    let object = &events[0]["data"]["object"];
    assert_eq!(events[0]["event"], "booking.removed");
    assert_eq!(
        (&object["canceled"], &object["team"]),
        (&json!(true), &json!("c1"))
    );
    assert_eq!(object["start"]["dateTime"], "2026-07-01T10:00:00Z");
}

#[tokio::test]
async fn calls_are_counted_by_pattern() {
    let client = client(json!({})).await;
    client.get(&path("bookings/b1")).await;
    client.get(&path("bookings")).await;
    let calls = client.calls().await;
    assert_eq!(calls["GET /api/v2/organizations/{slug}/bookings/{id}"], 1);
    assert_eq!(calls["GET /api/v2/organizations/{slug}/bookings"], 1);
    assert_eq!(calls["POST /oauth/token"], 1);
}
