//! Kisi: people, groups, assignments with validity, pages and refusals.

use serde_json::{Value, json};

use crate::client::{Answer, Client, each};

async fn client(quirks: Value) -> Client {
    let mut client = Client::new("kisi");
    client
        .headers
        .push(("authorization", "KISI-LOGIN key".into()));
    client
        .put_world(json!({
            "quirks": quirks,
            "groups": [{ "id": "11", "name": "Members", "members": [
                { "user": "7", "valid_until": "2026-01-01T00:00:00Z" }, { "user": "7" }, { "user": "9" }] },
                { "id": "12", "name": "Boardroom", "place": "42" }, { "id": "13", "name": "Elsewhere", "place": "43" }],
            "users": [{ "id": "7", "email": "Ada+1@example.test", "name": "Ada Lovelace" },
                { "id": "8", "email": "bob@example.test", "name": "Bob", "role": "organization_owner" },
                { "id": "9", "name": "Guest", "guest": true }],
        }))
        .await;
    client
}

fn assignment(user: u64, group: u64, more: Value) -> Value {
    let mut inner = json!({ "applies_to_type": "Group", "applies_to_id": group, "assignee_type": "User",
        "assignee_id": user, "role_id": "group_basic" });
    inner
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "role_assignment": inner })
}

async fn assign(client: &Client, user: u64, more: Value) -> Answer {
    client
        .send(
            "POST",
            "/role_assignments",
            Some(assignment(user, 12, more)),
        )
        .await
}

#[tokio::test]
async fn without_a_key_there_is_nothing() {
    let client = client(json!([])).await;
    for wrong in [
        vec![],
        vec![("authorization", "KISI-LOGIN ".to_owned())],
        vec![("authorization", "Bearer x".to_owned())],
    ] {
        let answer = client.send_raw("GET", "/users", wrong, String::new()).await;
        assert_eq!(
            (
                answer.status,
                answer.body["error"].is_string(),
                answer.body["code"].is_string()
            ),
            (401, true, true)
        );
    }
}

#[tokio::test]
async fn lists_come_in_ranges() {
    let client = client(json!([])).await;
    for n in 0..120 {
        let user =
            json!({ "user": { "email": format!("p{n}@example.test"), "name": format!("P {n}") } });
        assert_eq!(
            client.send("POST", "/users", Some(user)).await.body["id"],
            10 + n
        );
    }
    let first = client.get("/users?limit=100").await;
    assert_eq!(
        (
            first.body.as_array().unwrap().len(),
            &first.headers["x-collection-range"]
        ),
        (100, &"0-99/122".parse().unwrap())
    );
    let rest = client.get("/users?limit=100&offset=100").await;
    assert_eq!(
        (
            rest.body.as_array().unwrap().len(),
            &rest.headers["x-collection-range"]
        ),
        (22, &"100-199/122".parse().unwrap())
    );
    assert_eq!(
        client.get("/users").await.body.as_array().unwrap().len(),
        50
    );
    assert_eq!(
        client.get("/role_assignments").await.headers["x-collection-range"],
        "0-9/4"
    );
    for wrong in [
        "/users?limit=101",
        "/groups?limit=251",
        "/users?offset=20001",
        "/users?limit=x",
        "/users?limit=0",
    ] {
        let answer = client.get(wrong).await;
        assert_eq!(
            (answer.status, answer.body["errors"].is_object()),
            (422, true),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn people_are_found_by_address_and_roughly() {
    let exact = client(json!([])).await;
    assert_eq!(
        each(
            &exact.get("/users?email=ada%2B1%40EXAMPLE.test").await.body,
            "id"
        ),
        [7]
    );
    assert!(
        exact
            .get("/users?email=ada")
            .await
            .body
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        each(&exact.get("/users?query=lovelace").await.body, "id"),
        [7]
    );
    assert_eq!(
        each(&exact.get("/users?query=example").await.body, "id"),
        [7, 8]
    );
    assert_eq!(each(&exact.get("/users?ids=8,99").await.body, "id"), [8]);
    assert_eq!(each(&exact.get("/users?group_id=11").await.body, "id"), [7]);
    let fuzzy = client(json!(["email-fuzzy"])).await;
    assert_eq!(
        each(&fuzzy.get("/users?email=example.test").await.body, "id"),
        [7, 8]
    );
}

#[tokio::test]
async fn people_are_made_changed_and_deleted() {
    let client = client(json!([])).await;
    let new = json!({ "user": { "email": "eve@example.test", "name": "Eve", "send_emails": false, "confirm": true, "metadata": { "doorstep": "p1" } } });
    let made = client.send("POST", "/users", Some(new.clone())).await;
    assert_eq!(
        (made.status, &made.body["id"], &made.body["confirmed"]),
        (200, &json!(10), &json!(true))
    );
    let again = client
        .send(
            "POST",
            "/users",
            Some(json!({ "user": { "email": "EVE@example.test" } })),
        )
        .await;
    assert_eq!(
        (again.status, again.body),
        (
            422,
            json!({ "errors": { "email": ["has already been taken"] } })
        )
    );
    let patch = json!({ "user": { "name": "Eve B", "access_enabled": false } });
    assert_eq!(
        client.send("PATCH", "/users/10", Some(patch)).await.status,
        204
    );
    assert_eq!(
        client.get("/users/10").await.body["metadata"]["doorstep"],
        "p1"
    );
    let world = client.world().await;
    let eve = &world["users"][3];
    assert_eq!(
        (&eve["id"], &eve["name"], &eve["state"], &eve["tags"]),
        (
            &json!("10"),
            &json!("Eve B"),
            &json!("suspended"),
            &json!([])
        )
    );
    for wrong in [
        json!({ "user": { "email": "x@example.test" } }),
        json!({ "name": "X" }),
        json!({ "user": { "name": 1 } }),
    ] {
        assert_eq!(
            client.send("PATCH", "/users/10", Some(wrong)).await.status,
            422
        );
    }
    for wrong in [
        json!({ "user": { "name": "No address" } }),
        json!({ "user": { "email": "a@b", "shoe": 1 } }),
        json!({ "user": { "email": "ab" } }),
    ] {
        assert_eq!(client.send("POST", "/users", Some(wrong)).await.status, 422);
    }
    assert_eq!(client.send("DELETE", "/users/10", None).await.status, 204);
    assert_eq!(client.send("DELETE", "/users/10", None).await.status, 404);
    assert_eq!(
        client.send("POST", "/users", Some(new)).await.body["id"],
        11,
        "an id is never given twice"
    );
}

#[tokio::test]
async fn groups_belong_to_places() {
    let client = client(json!([])).await;
    assert_eq!(each(&client.get("/groups").await.body, "id"), [11, 12, 13]);
    let here = client.get("/groups?place_id=42&limit=250").await.body;
    assert_eq!(each(&here, "id"), [11, 12]);
    assert_eq!(here[0]["users_count"], 3);
    assert_eq!(client.get("/groups/99").await.status, 404);
    assert_eq!(each(&client.get("/places").await.body, "id"), [42, 43]);
    assert_eq!(client.get("/locks").await.body, json!([]));
}

#[tokio::test]
async fn assignments_are_listed_whatever_their_dates() {
    let client = client(json!([])).await;
    let all = client
        .get("/role_assignments?applies_to_type=Group&applies_to_id=11&limit=250")
        .await
        .body;
    assert_eq!(each(&all, "assignee_id"), [7, 7, 9]);
    assert_eq!(each(&all, "assignee_type"), ["User", "User", "Guest"]);
    assert_eq!(all[0]["valid_until"], "2026-01-01T00:00:00Z");
    assert_eq!(
        each(
            &client
                .get("/role_assignments?assignee_type=User&assignee_id=8")
                .await
                .body,
            "role_id"
        ),
        ["organization_owner"]
    );
    assert_eq!(
        client.get("/role_assignments?applies_to_id=x").await.status,
        422
    );
    assert_eq!(
        client
            .send("DELETE", "/role_assignments/9000000008", None)
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn assigning_checks_everything_first() {
    let client = client(json!([])).await;
    let made = assign(
        &client,
        7,
        json!({ "valid_until": "2026-07-01T12:00:00Z", "notify": false }),
    )
    .await;
    assert_eq!(
        (
            made.status,
            &made.body["group_id"],
            &made.body["assignee"]["email"]
        ),
        (200, &json!(12), &json!("Ada+1@example.test"))
    );
    assert_eq!(
        client.world().await["groups"][1]["members"],
        json!([{ "user": "7", "valid_from": null, "valid_until": "2026-07-01T12:00:00Z" }])
    );
    assert_eq!(assign(&client, 77, json!({})).await.status, 404);
    assert_eq!(
        assign(&client, 9, json!({})).await.status,
        404,
        "a guest is no user"
    );
    assert_eq!(
        assign(&client, 9, json!({ "assignee_type": "Guest" }))
            .await
            .status,
        200
    );
    assert_eq!(
        assign(&client, 8, json!({ "applies_to_id": 99 }))
            .await
            .status,
        404
    );
    for wrong in [
        json!({ "shoe": 1 }),
        json!({ "role_id": "king" }),
        json!({ "assignee_id": "8" }),
        json!({ "valid_from": "tomorrow" }),
        json!({ "valid_from": "2026-07-02T00:00:00Z", "valid_until": "2026-07-01T00:00:00Z" }),
    ] {
        assert_eq!(
            assign(&client, 8, wrong.clone()).await.status,
            422,
            "{wrong}"
        );
    }
    let id = &made.body["id"];
    let patch = json!({ "role_assignment": { "valid_until": null } });
    assert_eq!(
        client
            .send("PATCH", &format!("/role_assignments/{id}"), Some(patch))
            .await
            .status,
        422
    );
    assert_eq!(
        client
            .send("DELETE", &format!("/role_assignments/{id}"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        client
            .send("DELETE", &format!("/role_assignments/{id}"), None)
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .send_raw(
                "POST",
                "/role_assignments",
                vec![
                    ("authorization", "KISI-LOGIN k".into()),
                    ("content-type", "application/json".into())
                ],
                "{".into()
            )
            .await
            .status,
        400
    );
    assert_eq!(client.calls().await["DELETE /role_assignments/{id}"], 2);
}

#[tokio::test]
async fn a_second_assignment_is_made_or_refused() {
    let until = |at: &str| json!({ "valid_until": at });
    for (quirks, second) in [(json!([]), 200), (json!(["second-assignment-409"]), 409)] {
        let client = client(quirks).await;
        assert_eq!(
            assign(&client, 8, until("2026-07-01T10:00:00Z"))
                .await
                .status,
            200
        );
        assert_eq!(
            assign(&client, 8, until("2026-07-01T10:00:00Z"))
                .await
                .status,
            409,
            "the very same"
        );
        assert_eq!(
            assign(&client, 8, until("2026-07-01T11:00:00Z"))
                .await
                .status,
            second
        );
        client.pass(3 * 3600);
        assert_eq!(
            assign(&client, 8, json!({})).await.status,
            200,
            "what is over is not held"
        );
    }
}

#[tokio::test]
async fn guests_have_names_and_no_login() {
    let client = client(json!([])).await;
    let made = client
        .send(
            "POST",
            "/guests",
            Some(json!({ "guest": { "name": "Visitor" } })),
        )
        .await;
    assert_eq!(
        (made.status, &made.body["id"], &made.body["email"]),
        (200, &json!(10), &Value::Null)
    );
    assert_eq!(
        each(&client.get("/guests").await.body, "name"),
        ["Guest", "Visitor"]
    );
    assert_eq!(client.get("/users/10").await.status, 404);
    assert_eq!(
        client
            .send("POST", "/guests", Some(json!({ "guest": {} })))
            .await
            .status,
        422
    );
    assert_eq!(client.send("DELETE", "/guests/9", None).await.status, 204);
    assert_eq!(
        client.world().await["groups"][0]["members"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn cards_are_assigned_and_taken_back() {
    let client = client(json!([])).await;
    let mut world = client.world().await;
    world["tags"] = json!(["0123", { "number": "0456", "id": "70", "blocked": true }]);
    world["users"][1]["tags"] = json!(["0789"]);
    client.put_world(world).await;
    let cards = client.get("/cards?limit=250").await.body;
    assert_eq!(
        each(&cards, "token"),
        ["0123", "0456", "0789"],
        "those of people are there too"
    );
    assert_eq!(
        (
            &cards[1]["id"],
            &cards[0]["assigned"],
            &cards[2]["assigned"]
        ),
        (&json!(70), &json!(false), &json!(true))
    );
    let of = |query: &str| format!("/card_assignments?{query}");
    let bobs = client
        .get(&of("assignee_type=User&assignee_id=8"))
        .await
        .body;
    assert_eq!(
        (&bobs[0]["card_id"], &bobs[0]["status"]),
        (&cards[2]["id"], &json!("activated"))
    );
    let give = |user: u64, kind: &str, card: &Value| {
        Some(
            json!({ "card_assignment": { "assignee_type": kind, "assignee_id": user, "card_id": card } }),
        )
    };
    let made = client
        .send(
            "POST",
            "/card_assignments",
            give(7, "User", &cards[0]["id"]),
        )
        .await;
    assert_eq!(
        (made.status, &made.body["assignee_id"], &made.body["status"]),
        (200, &json!(7), &json!("activated"))
    );
    assert_eq!(
        client
            .send("POST", "/card_assignments", give(9, "Guest", &json!(70)))
            .await
            .body["status"],
        "deactivated"
    );
    assert_eq!(
        client
            .send(
                "POST",
                "/card_assignments",
                give(8, "User", &cards[0]["id"])
            )
            .await
            .status,
        422
    );
    assert_eq!(
        client
            .send(
                "POST",
                "/card_assignments",
                give(9, "User", &cards[0]["id"])
            )
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .send("POST", "/card_assignments", give(8, "User", &json!(1)))
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .send("POST", "/card_assignments", Some(json!({})))
            .await
            .status,
        422
    );
    assert_eq!(client.world().await["users"][0]["tags"], json!(["0123"]));
    assert_eq!(
        each(&client.get("/cards?token=0123").await.body, "token"),
        ["0123"]
    );
    assert_eq!(
        each(&client.get("/cards?status=unassigned").await.body, "token"),
        [""; 0]
    );
    for (id, left) in [(&bobs[0]["id"], "0789"), (&made.body["id"], "0123")] {
        assert_eq!(
            client.get(&format!("/card_assignments/{id}")).await.status,
            200
        );
        assert_eq!(
            client
                .send("DELETE", &format!("/card_assignments/{id}"), None)
                .await
                .status,
            204
        );
        assert_eq!(
            client
                .send("DELETE", &format!("/card_assignments/{id}"), None)
                .await
                .status,
            404
        );
        assert_eq!(
            client.get(&format!("/cards?token={left}")).await.body[0]["assigned"],
            false,
            "it is still there"
        );
    }
    assert_eq!(client.world().await["users"][1]["tags"], json!([]));
}

#[tokio::test]
async fn webhooks_are_made_changed_and_switched_off() {
    let client = client(json!([])).await;
    let new = |url: Value| {
        json!({ "integration": { "name": "Doorstep", "type": "event_webhook", "url": url,
        "enabled_events": ["lock.unlock"], "signature_key": "hush" } })
    };
    let refused = client
        .send("POST", "/integrations", Some(new(json!(5))))
        .await;
    assert_eq!(
        (refused.status, refused.body["errors"]["url"].is_array()),
        (422, true)
    );
    let made = client
        .send(
            "POST",
            "/integrations",
            Some(new(json!("https://x.test/hooks/a/kisi/main"))),
        )
        .await;
    assert_eq!(
        (made.status, &made.body["id"], &made.body["enabled"]),
        (200, &json!(1), &json!(true))
    );
    assert!(
        !made.body.to_string().contains("hush"),
        "the key is never shown"
    );
    let list = client.get("/integrations").await;
    assert_eq!(
        (each(&list.body, "id"), list.body[0].get("url")),
        (vec![json!(1)], None),
        "a list says no address"
    );
    assert_eq!(
        client.get("/integrations/1").await.body["url"],
        "https://x.test/hooks/a/kisi/main"
    );
    let mut world = client.world().await;
    world["integrations"][0]["disabled_due_to_error"] = json!(true);
    world["integrations"][0]["enabled"] = json!(false);
    client.put_world(world).await;
    assert_eq!(
        client
            .change(json!({ "events": [{ "lock": "5" }] }))
            .await
            .unwrap(),
        [Value::Null; 0],
        "switched off"
    );
    let on = json!({ "integration": { "enabled": true } });
    assert_eq!(
        client
            .send("PATCH", "/integrations/1", Some(on))
            .await
            .status,
        204
    );
    assert_eq!(
        client.get("/integrations/1").await.body["disabled_due_to_error"],
        false
    );
    assert_eq!(
        client
            .change(json!({ "events": [{ "lock": "5" }] }))
            .await
            .unwrap()
            .len(),
        1
    );
    let other = json!({ "events": [{ "type": "user.update", "object_id": 7 }] });
    assert_eq!(
        client.change(other).await.unwrap(),
        [Value::Null; 0],
        "only what was chosen"
    );
    assert_eq!(
        client.send("DELETE", "/integrations/1", None).await.status,
        204
    );
    assert_eq!(
        client.send("DELETE", "/integrations/1", None).await.status,
        404
    );
}

#[tokio::test]
async fn openings_happen_and_are_posted_as_kisi_does() {
    let client = client(json!([])).await;
    let mut world = client.world().await;
    world["locks"] = json!([{ "id": "5", "name": "Front door" }, "Back door"]);
    client.put_world(world).await;
    let locks = client.get("/locks").await.body;
    assert_eq!(each(&locks, "name"), ["Front door", "Back door"]);
    let events = json!({ "events": [
        { "user": "7", "lock": "Front door", "success": false, "error_code": "f35ade" },
        { "user": "9", "lock": 6, "at": "2026-06-30T12:00:00Z" },
        { "lock": "Back door" },
    ] });
    let told = client.change(events).await.unwrap();
    let [ada, guest, unnamed] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (&ada["type"], &ada["object_id"], &ada["object_name"]),
        (&json!("lock.unlock"), &json!(5), &json!("Front door"))
    );
    assert_eq!(
        (&ada["actor_type"], &ada["actor_id"], &ada["success"]),
        (&json!("User"), &json!(7), &json!(false))
    );
    assert_eq!(
        (&ada["error_code"], &ada["created_at"]),
        (&json!("f35ade"), &json!("2026-07-01T09:00:00Z"))
    );
    assert_eq!(
        (&guest["actor_type"], &guest["created_at"]),
        (&json!("Guest"), &json!("2026-06-30T12:00:00Z"))
    );
    assert_eq!(
        (&unnamed["actor_type"], &unnamed["object_id"]),
        (&Value::Null, &locks[1]["id"])
    );
    let uuids: std::collections::BTreeSet<String> =
        told.iter().map(|event| event["uuid"].to_string()).collect();
    assert_eq!(uuids.len(), 3);
    for wrong in [
        json!([{ "user": "70", "lock": 5 }]),
        json!([{ "lock": {} }]),
        json!([{}]),
        json!([{ "lock": 5, "at": "x" }]),
    ] {
        assert_eq!(client.change(json!({ "events": wrong })).await, Err(400));
    }
    assert_eq!(
        client.change(json!({ "users": [] })).await,
        Err(400),
        "only openings happen by themselves"
    );
}

#[tokio::test]
async fn a_list_refuses_what_its_description_does_not_allow() {
    let client = client(json!([])).await;
    for wrong in [
        "/groups?sort=size",
        "/groups?scope=city",
        "/places?favorite=maybe",
        "/locks?online=2",
        "/locks?floor_id=first",
        "/users?place_id=here",
        "/role_assignments?applies_to_type=Door",
        "/role_assignments?scope=door",
        "/card_assignments?status=lost",
        "/cards?activated=yes",
        "/integrations?enabled=1",
    ] {
        let answer = client.get(wrong).await;
        assert_eq!(
            (answer.status, answer.body["errors"].is_object()),
            (422, true),
            "{wrong}"
        );
    }
    let image = json!({ "user": { "email": "n@example.test", "image": "face" } });
    let answer = client.send("POST", "/users", Some(image)).await;
    assert_eq!(
        (answer.status, &answer.body["errors"]),
        (422, &json!({ "image": ["is invalid"] }))
    );
    for email in [
        "ada",
        "@example.test",
        "ada@",
        "ada@example.test*",
        "ada@x..test",
    ] {
        let user = json!({ "user": { "email": email } });
        let answer = client.send("POST", "/users", Some(user)).await;
        assert_eq!(answer.status, 422, "{email}");
    }
    for right in [
        "/groups?sort=-name&scope=place",
        "/locks?online=true",
        "/integrations?enabled=false",
        "/users?group_id=-1",
        "/users?user_id=me",
    ] {
        assert_eq!(client.get(right).await.status, 200, "{right}");
    }
}

#[tokio::test]
async fn another_method_is_told_those_that_a_path_has() {
    let client = client(json!([])).await;
    let answer = client.send("PUT", "/users/7", None).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (405, &"GET, PATCH, DELETE".parse().unwrap())
    );
}
