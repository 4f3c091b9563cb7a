//! Worlds, faults and counts, whatever the vendor.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;

fn kisi() -> Client {
    let mut client = Client::new("kisi");
    client
        .headers
        .push(("authorization", "KISI-LOGIN key".into()));
    client
}

fn small() -> Value {
    json!({
        "groups": [{ "id": "1", "name": "Members", "colour": "red",
            "members": [{ "user": "7", "valid_from": null, "valid_until": "2026-01-01T00:00:00Z" }] }],
        "users": [{ "id": "7", "email": "ada@example.test", "name": "Ada", "tags": ["0123"], "shoe": 38 }],
        "tags": ["0123"], "seats": 25, "quirks": ["email-fuzzy"], "note": "kept",
    })
}

#[tokio::test]
async fn a_world_comes_back_as_it_was_put() {
    let client = kisi();
    client.put_world(small()).await;
    assert_eq!(client.world().await, small());
    client.put_world(json!({})).await;
    assert_eq!(
        client.world().await,
        json!({ "groups": [], "users": [], "tags": [] })
    );
}

#[tokio::test]
async fn unsound_worlds_are_refused_whole() {
    let client = kisi();
    client.put_world(small()).await;
    let wrong = [
        json!([]),
        json!({ "users": [{ "id": "u1" }] }),
        json!({ "users": [{ "id": 7 }] }),
        json!({ "users": [{ "id": "07" }] }),
        json!({ "users": [{ "id": "7" }, { "id": "7" }] }),
        json!({ "groups": [{ "id": "1", "members": [{ "user": "7" }] }] }),
        json!({ "users": [{ "id": "7" }], "groups": [{ "id": "1", "members": [{ "user": "7", "valid_until": "soon" }] }] }),
        json!({ "seats": "many" }),
        json!({ "groups": {} }),
    ];
    for world in wrong {
        let answer = client.back("PUT", "/_world", world.clone()).await;
        assert_eq!(answer.status, 400, "{world}");
        assert!(answer.body["error"].is_string());
    }
    assert_eq!(client.world().await, small());
}

#[tokio::test]
async fn unknown_pages_vendors_and_quirks_are_said() {
    let client = kisi();
    assert_eq!(
        client.back("GET", "/_nothing", Value::Null).await.status,
        404
    );
    assert_eq!(
        client.back("POST", "/_world", Value::Null).await.status,
        405
    );
    let answer = client
        .back("PUT", "/_world", json!({ "quirks": ["lag", "nonsense"] }))
        .await;
    assert_eq!(
        (answer.status, &answer.body["unknown_quirks"]),
        (200, &json!(["nonsense"]))
    );
    let unknown = Client::new("acme");
    assert_eq!(
        unknown.back("GET", "/_world", Value::Null).await.status,
        404
    );
    assert_eq!(unknown.get("/users").await.status, 404);
    assert_eq!(unknown.change(json!({})).await, Err(404));
    assert_eq!(
        client.change(json!({ "groups": [] })).await,
        Err(400),
        "at doors only openings happen"
    );
}

#[tokio::test]
async fn places_have_worlds_of_their_own() {
    let mut client = kisi();
    client.put_world(small()).await;
    let other = json!({ "users": [{ "id": "9", "email": "bob@example.test" }] });
    assert_eq!(client.back("PUT", "/_world?of=42", other).await.status, 200);
    assert_eq!(client.get("/users").await.body[0]["id"], 7);
    client.of = Some("42");
    assert_eq!(client.get("/users").await.body[0]["id"], 9);
    client.of = Some("unknown");
    assert_eq!(client.get("/users").await.body[0]["id"], 7);
    assert_eq!(
        client.back("GET", "/_world?of=42", Value::Null).await.body["users"][0]["id"],
        "9"
    );
    assert_eq!(
        client.back("GET", "/_calls?of=42", Value::Null).await.body,
        json!({ "GET /users": 1 })
    );
    assert_eq!(client.calls().await, json!({ "GET /users": 3 }));
}

#[tokio::test]
async fn a_run_goes_on_where_it_was() {
    let mut client = kisi();
    client.put_world(small()).await;
    client
        .put_faults(json!([{ "match": "GET /groups", "status": 500, "times": 2 }]))
        .await;
    let user = |n: usize| json!({ "user": { "email": format!("p{n}@example.test"), "name": "P" } });
    for n in 0..150 {
        assert_eq!(
            client.send("POST", "/users", Some(user(n))).await.status,
            200
        );
    }
    assert_eq!(client.send("DELETE", "/users/20", None).await.status, 204);
    assert_eq!(client.get("/groups").await.status, 500);
    let before = client.world().await;
    client.restart();
    assert_eq!(client.world().await, before);
    assert_eq!(client.get("/groups").await.status, 500);
    assert_eq!(client.get("/groups").await.status, 200);
    assert_eq!(
        client.send("POST", "/users", Some(user(999))).await.body["id"],
        158
    );
    client.put_world(small()).await;
    client.restart();
    assert_eq!(client.world().await, small());
}

#[tokio::test]
async fn faults_apply_in_order_and_calls_count_all_the_same() {
    let client = kisi();
    client.put_world(small()).await;
    client
        .put_faults(json!([
            { "match": "GET /users", "status": 429, "headers": { "Retry-After": "2" }, "times": 2 },
            { "match": "*", "status": 500, "times": 1 },
            { "match": "GET /users", "body": "[]", "times": 1 },
        ]))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.get("/users?limit=5").await.status);
    }
    assert_eq!(statuses, [429, 429, 500, 200]);
    assert_eq!(
        client.back("GET", "/_faults", Value::Null).await.body,
        json!([])
    );
    assert_eq!(client.get("/users").await.body[0]["id"], 7);
    assert_eq!(client.get("/users/7").await.status, 200);
    assert_eq!(client.get("/never/heard").await.status, 404);
    assert_eq!(
        client.calls().await,
        json!({ "GET /users": 5, "GET /users/{id}": 1, "GET *": 1 })
    );
    assert_eq!(
        client.back("DELETE", "/_calls", Value::Null).await.status,
        200
    );
    assert_eq!(client.calls().await, json!({}));
}

#[tokio::test]
async fn what_is_left_of_faults_can_be_seen_and_cleared() {
    let client = kisi();
    client
        .put_faults(json!([{ "match": "*", "status": 500, "times": 3 }, { "match": "*", "status": 502, "times": -1 }]))
        .await;
    let answer = client.get("/users").await;
    assert_eq!((answer.status, answer.body), (500, Value::Null));
    let left = client.back("GET", "/_faults", Value::Null).await.body;
    assert_eq!(
        (left[0]["times"].clone(), left[1]["times"].clone()),
        (json!(2), json!(-1))
    );
    let wrong = client
        .back("PUT", "/_faults", json!([{ "match": "*", "stat": 500 }]))
        .await;
    assert_eq!(wrong.status, 400);
    client.put_faults(json!([])).await;
    assert_eq!(client.get("/users").await.status, 200);
}

#[tokio::test]
async fn after_apply_the_work_is_done_and_fails() {
    let client = kisi();
    client
        .put_faults(json!([{ "match": "POST *", "after": "apply", "status": 502 }]))
        .await;
    let user = json!({ "user": { "email": "ada@example.test" } });
    assert_eq!(
        client
            .send("POST", "/users", Some(user.clone()))
            .await
            .status,
        502
    );
    assert_eq!(
        client.world().await["users"][0]["email"],
        "ada@example.test"
    );
    assert_eq!(client.send("POST", "/users", Some(user)).await.status, 422);
}

#[tokio::test]
async fn calls_can_be_served_from_any_thread() {
    let client = kisi();
    let sandboxes = client.sandboxes.clone();
    let request = http::Request::builder()
        .uri("/users")
        .body(bytes::Bytes::new())
        .unwrap();
    let answer = tokio::spawn(async move { sandboxes.vendor("kisi", None, request).await })
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn a_delay_takes_real_time_and_nothing_else() {
    let client = kisi();
    client.put_world(small()).await;
    client
        .put_faults(json!([{ "match": "*", "delay_ms": 60 }]))
        .await;
    let start = Instant::now();
    assert_eq!(client.get("/users").await.body[0]["id"], 7);
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn ten_thousand_people_do_not_slow_a_call() {
    let client = kisi();
    let users: Vec<Value> = (1..=10_000)
        .map(|n| json!({ "id": n.to_string(), "email": format!("p{n}@example.test"), "name": "P" }))
        .collect();
    let members: Vec<Value> = (1..=10_000)
        .map(|n| json!({ "user": n.to_string() }))
        .collect();
    client
        .put_world(
            json!({ "users": users, "groups": [{ "id": "1", "name": "All", "members": members }] }),
        )
        .await;
    let start = Instant::now();
    for n in 0..50 {
        let user = json!({ "user": { "email": format!("new{n}@example.test") } });
        let id = client.send("POST", "/users", Some(user)).await.body["id"].clone();
        assert_eq!(
            client
                .get(&format!("/users?email=new{n}@example.test"))
                .await
                .body[0]["id"],
            id
        );
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}
