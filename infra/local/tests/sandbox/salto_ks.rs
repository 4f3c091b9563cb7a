//! SALTO KS: tokens, the two ids, seats, groups, tags, and its awkward moments.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{Answer, Client, each};

const SITE: &str = "5e0c0000-0000-4000-8000-000000000001";
const GROUP: &str = "00000000-0000-4000-8000-0000000000a1";
const SHUT: &str = "00000000-0000-4000-8000-0000000000a2";
const ADA: &str = "00000000-0000-4000-8000-000000000001";
const ADA_HERE: &str = "00000000-0000-4000-8000-00000000f001";
const BOB: &str = "00000000-0000-4000-8000-000000000002";

fn world(quirks: Value) -> Value {
    json!({
        "quirks": quirks, "seats": 3, "tags": ["0123", "0456"],
        "groups": [{ "id": GROUP, "name": "Members", "members": [{ "user": ADA }] },
            { "id": SHUT, "name": "Shut", "schedule": false }],
        "users": [{ "id": ADA, "site_user": ADA_HERE, "email": "ada.o'neil@example.test", "name": "Ada O'Neil", "tags": ["0123"] },
            { "id": BOB, "email": "bob@example.test", "name": "Bob", "has_profile": true, "role": "site_admin" }],
    })
}

fn basic() -> Vec<(&'static str, String)> {
    vec![(
        "authorization",
        format!("Basic {}", STANDARD.encode("id:secret")),
    )]
}

const PASSWORD: &str =
    "grant_type=password&username=u&password=p&scope=user_api.full_access+offline_access";

async fn client(quirks: Value) -> Client {
    let mut client = Client::new("salto-ks");
    client.put_world(world(quirks)).await;
    let token = client.form("/connect/token", basic(), PASSWORD).await;
    assert_eq!(
        (token.status, &token.body["expires_in"]),
        (200, &json!(3600))
    );
    client.headers.push((
        "authorization",
        format!("Bearer {}", token.body["access_token"].as_str().unwrap()),
    ));
    client
}

fn path(rest: &str) -> String {
    format!("/v1.2/sites/{SITE}/{rest}")
}

async fn make(client: &Client, name: &str, more: Value) -> Answer {
    let mut body =
        json!({ "first_name": name, "last_name": "New", "email": format!("{name}@example.test") });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    client.send("POST", &path("users"), Some(body)).await
}

#[tokio::test]
async fn tokens_are_given_refreshed_and_rotated() {
    for (quirks, again) in [(json!([]), 200), (json!(["rotate-refresh"]), 400)] {
        let client = client(quirks).await;
        let token = client.form("/connect/token", basic(), PASSWORD).await.body;
        let refresh = format!(
            "grant_type=refresh_token&refresh_token={}",
            token["refresh_token"].as_str().unwrap()
        );
        assert_eq!(
            client
                .form("/connect/token", basic(), &refresh)
                .await
                .status,
            200
        );
        assert_eq!(
            client
                .form("/connect/token", basic(), &refresh)
                .await
                .status,
            again
        );
    }
    let client = client(json!([])).await;
    assert_eq!(
        client.form("/connect/token", vec![], PASSWORD).await.body["error"],
        "invalid_client"
    );
    for wrong in [
        "grant_type=password&username=u&password=&scope=user_api.full_access",
        "grant_type=password&username=u&password=p&scope=x",
        "grant_type=magic",
        "grant_type=refresh_token&refresh_token=x",
    ] {
        let answer = client.form("/connect/token", basic(), wrong).await;
        assert_eq!(
            (answer.status, answer.body["error"].is_string()),
            (400, true),
            "{wrong}"
        );
    }
    client.pass(3600);
    let answer = client.get(&path("users")).await;
    assert_eq!(
        (answer.status, &answer.body["ErrorCode"]),
        (401, &json!("1500"))
    );
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let mut client = client(json!([])).await;
    client.restart();
    assert_eq!(client.get(&path("users")).await.status, 200);
}

#[tokio::test]
async fn sites_count_their_seats() {
    let client = client(json!([])).await;
    let site = client.get(&format!("/v1.2/sites/{SITE}")).await.body;
    assert_eq!(
        (
            &site["id"],
            &site["active_user_amount"],
            &site["subscribed_user_amount"]
        ),
        (&json!(SITE), &json!(2), &json!(3))
    );
    assert_eq!(site["installation_state"], "released");
    assert_eq!(
        client.get("/v1.1/sites").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let roles = client.get(&path("roles")).await.body;
    assert!(each(&roles["items"], "code").contains(&json!("site_guest")));
}

#[tokio::test]
async fn people_are_found_by_filter() {
    let client = client(json!([])).await;
    let found = client
        .get(&path(
            "users?$filter=user/email%20eq%20'ada.o''neil@example.test'",
        ))
        .await
        .body;
    assert_eq!(each(&found["items"], "id"), [ADA_HERE]);
    assert_eq!(
        (
            &found["items"][0]["user"]["id"],
            &found["items"][0]["user"]["tag_number"]
        ),
        (&json!(ADA), &json!("0123"))
    );
    assert_eq!(found["items"][0]["subscription_state"], "subscribed");
    let bad = client.get(&path("users?$filter=shoe%20eq%2038")).await;
    assert_eq!((bad.status, &bad.body["ErrorCode"]), (400, &json!("1102")));
    assert_eq!(client.get(&path("users?$top=x")).await.status, 400);
    assert_eq!(client.get(&path("users?page=2")).await.status, 400);
    assert_eq!(
        each(
            &client
                .get(&path("users?$orderby=user/first_name%20desc&$top=1"))
                .await
                .body["items"],
            "alias"
        )
        .len(),
        1
    );
}

#[tokio::test]
async fn lists_go_on_behind_their_link() {
    for (quirks, bare) in [(json!([]), false), (json!(["bare-array"]), true)] {
        let client = client(quirks).await;
        for n in 0..130 {
            assert_eq!(make(&client, &format!("p{n}"), json!({})).await.status, 201);
        }
        let first = client.get(&path("users?$inlinecount=allpages")).await.body;
        if bare {
            assert_eq!(first.as_array().unwrap().len(), 132);
            assert_eq!(
                client
                    .get(&path("users?$top=10&$skip=125"))
                    .await
                    .body
                    .as_array()
                    .unwrap()
                    .len(),
                7
            );
            continue;
        }
        assert_eq!(
            (first["items"].as_array().unwrap().len(), &first["count"]),
            (100, &json!(132))
        );
        let rest = client
            .get(first["next_page_link"].as_str().unwrap())
            .await
            .body;
        assert_eq!(
            (
                rest["items"].as_array().unwrap().len(),
                &rest["next_page_link"]
            ),
            (32, &Value::Null)
        );
    }
}

#[tokio::test]
async fn the_wrong_one_of_two_ids_finds_no_one() {
    let client = client(json!([])).await;
    for (method, wrong) in [
        ("GET", format!("users/{ADA}")),
        ("GET", format!("users/{ADA}/access_groups")),
        ("GET", format!("users/{ADA}/keys")),
        ("DELETE", format!("users/{ADA}")),
        ("DELETE", format!("access_groups/{GROUP}/users/{ADA_HERE}")),
    ] {
        let answer = client.send(method, &path(&wrong), None).await;
        assert_eq!(
            (answer.status, &answer.body["ErrorCode"]),
            (404, &json!("2202")),
            "{wrong}"
        );
    }
    assert_eq!(
        client.get(&path(&format!("users/{ADA_HERE}"))).await.status,
        200
    );
    let groups = client
        .get(&path(&format!("users/{ADA_HERE}/access_groups")))
        .await
        .body;
    assert_eq!(each(&groups["items"], "customer_reference"), ["Members"]);
}

#[tokio::test]
async fn a_create_without_a_seat_is_201_and_suspended() {
    let client = client(json!([])).await;
    let first = make(&client, "first", json!({})).await;
    let second = make(&client, "second", json!({})).await;
    assert_eq!(
        (first.status, &first.body["subscription_state"]),
        (201, &json!("subscribed"))
    );
    assert_eq!(
        (second.status, &second.body["subscription_state"]),
        (201, &json!("suspended"))
    );
    let subscription = |answer: &Answer| {
        path(&format!(
            "users/{}/subscription",
            answer.body["id"].as_str().unwrap()
        ))
    };
    let state = |state: &str| Some(json!({ "state": state }));
    let refused = client
        .send("PATCH", &subscription(&second), state("subscribed"))
        .await;
    assert_eq!(
        (refused.status, &refused.body["ErrorCode"]),
        (400, &json!("2212"))
    );
    assert_eq!(
        client
            .send("PATCH", &subscription(&first), state("suspended"))
            .await
            .status,
        204
    );
    assert_eq!(
        client
            .send("PATCH", &subscription(&second), state("subscribed"))
            .await
            .status,
        204
    );
    let states: Vec<Value> = each(&client.world().await["users"], "state").split_off(2);
    assert_eq!(states, ["suspended", "subscribed"]);
    let guest = client
        .send(
            "POST",
            &path("guests"),
            Some(json!({ "alias": "Visitor", "expires_at": "2026-07-02T00:00:00Z" })),
        )
        .await;
    assert_eq!(
        (guest.status, &guest.body["subscription_state"]),
        (201, &json!("suspended")),
        "guests take seats too"
    );
    assert_eq!(guest.body["roles"][0]["code"], "site_guest");
}

#[tokio::test]
async fn bodies_are_checked() {
    let client = client(json!([])).await;
    for wrong in [
        json!({ "shoe": 38 }),
        json!({ "blocked": "no" }),
        json!({ "role_ids": ["x"] }),
        json!({ "first_name": "" }),
    ] {
        let answer = make(&client, "eve", wrong.clone()).await;
        assert_eq!(
            (answer.status, &answer.body["ErrorCode"]),
            (400, &json!("1101")),
            "{wrong}"
        );
    }
    let list = path(&format!("access_groups/{GROUP}/users"));
    for wrong in [
        json!({}),
        json!({ "user_id": "x" }),
        json!({ "user_id": BOB, "until": null }),
    ] {
        assert_eq!(client.send("POST", &list, Some(wrong)).await.status, 400);
    }
    assert_eq!(
        client
            .send("PATCH", &list, Some(json!({ "add_ids": BOB })))
            .await
            .status,
        400
    );
    assert_eq!(client.send("PUT", &list, None).await.status, 405);
}

#[tokio::test]
async fn a_taken_address_is_refused() {
    for (quirks, status) in [(json!([]), 409), (json!(["email-taken-400"]), 400)] {
        let client = client(quirks).await;
        assert_eq!(
            make(&client, "x", json!({ "email": "BOB@example.test" }))
                .await
                .status,
            status
        );
    }
}

#[tokio::test]
async fn names_change_until_there_is_a_profile() {
    let client = client(json!([])).await;
    let change = Some(json!({ "first_name": "Augusta", "last_name": "King" }));
    let changed = client
        .send(
            "PATCH",
            &format!("/v1.1/sites/{SITE}/users/{ADA_HERE}"),
            change.clone(),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.body["user"]["first_name"]),
        (200, &json!("Augusta"))
    );
    assert_eq!(
        changed.body.get("expires_at"),
        None,
        "version 1.1 does not know it"
    );
    assert_eq!(client.world().await["users"][0]["name"], "Augusta King");
    let bob = client.world().await["users"][1]["site_user"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = client
        .send("PATCH", &path(&format!("users/{bob}")), change)
        .await;
    assert_eq!(
        (refused.status, &refused.body["ErrorCode"]),
        (403, &json!("2203"))
    );
    assert_eq!(
        client
            .send(
                "PATCH",
                &path(&format!("users/{bob}")),
                Some(json!({ "blocked": true }))
            )
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn groups_take_people_in_one_by_one_and_many_at_once() {
    let client = client(json!([])).await;
    let list = path(&format!("access_groups/{GROUP}/users"));
    assert_eq!(
        client
            .send("POST", &list, Some(json!({ "user_id": BOB })))
            .await
            .body["id"],
        BOB
    );
    assert_eq!(
        client
            .send("POST", &list, Some(json!({ "user_id": BOB })))
            .await
            .status,
        200,
        "twice is as good as once"
    );
    assert_eq!(
        each(&client.get(&list).await.body["items"], "id"),
        [ADA, BOB]
    );
    assert_eq!(
        client
            .send("DELETE", &format!("{list}/{BOB}"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        client
            .send("DELETE", &format!("{list}/{BOB}"), None)
            .await
            .status,
        204
    );
    let bulk = format!("/v1.1/sites/{SITE}/access_groups/{GROUP}/users");
    assert_eq!(
        client
            .send(
                "PATCH",
                &bulk,
                Some(json!({ "add_ids": [BOB], "remove_ids": [ADA] }))
            )
            .await
            .status,
        204
    );
    assert_eq!(
        client.world().await["groups"][0]["members"],
        json!([{ "user": BOB, "valid_from": null, "valid_until": null }])
    );
    assert_eq!(
        client
            .send(
                "PATCH",
                &bulk,
                Some(json!({ "remove_ids": [BOB], "add_ids": [SITE] }))
            )
            .await
            .status,
        404
    );
    assert_eq!(
        each(&client.get(&list).await.body["items"], "id"),
        [BOB],
        "a refused call does nothing"
    );
    assert_eq!(
        each(
            &client.get(&format!("{list}?excluded=true")).await.body["items"],
            "id"
        ),
        [ADA]
    );
    let calls = client.calls().await;
    assert_eq!(
        calls["PATCH /v1.1/sites/{site_id}/access_groups/{access_group_id}/users"],
        2
    );
    assert_eq!(
        each(
            &client.get(&path("access_groups")).await.body["items"],
            "user_count"
        ),
        [1, 0]
    );
}

#[tokio::test]
async fn a_group_without_a_schedule_says_so() {
    let client = client(json!([])).await;
    let schedules =
        |group: &str| format!("/v1.1/sites/{SITE}/access_groups/{group}/time_schedules");
    assert_eq!(
        client.get(&schedules(GROUP)).await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(client.get(&schedules(SHUT)).await.body["items"], json!([]));
}

#[tokio::test]
async fn twice_and_missing_are_refused_by_quirk() {
    let client = client(json!(["add-twice-409", "remove-missing-404"])).await;
    let list = path(&format!("access_groups/{GROUP}/users"));
    assert_eq!(
        client
            .send("POST", &list, Some(json!({ "user_id": ADA })))
            .await
            .status,
        409
    );
    assert_eq!(
        client
            .send("DELETE", &format!("{list}/{BOB}"), None)
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .send("PATCH", &list, Some(json!({ "add_ids": [ADA] })))
            .await
            .status,
        409
    );
}

#[tokio::test]
async fn one_in_three_is_not_ready_just_after_a_create() {
    let client = client(json!(["just-created"])).await;
    let list = path(&format!("access_groups/{GROUP}/users"));
    let (mut ids, mut refused) = (Vec::new(), Vec::new());
    for n in 0..60 {
        let id = make(&client, &format!("p{n}"), json!({})).await.body["user"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let answer = client
            .send("POST", &list, Some(json!({ "user_id": id })))
            .await;
        if answer.status != 200 {
            refused.push((
                answer.status,
                answer.body["ErrorCode"].as_str().unwrap().to_owned(),
            ));
        }
        ids.push(id);
    }
    assert!((10..=30).contains(&refused.len()), "{}", refused.len());
    assert!(refused.contains(&(403, "2203".into())) && refused.contains(&(404, "2202".into())));
    client.pass(60);
    assert_eq!(
        client
            .send("PATCH", &list, Some(json!({ "add_ids": ids })))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn errors_hide_in_a_200_by_quirk() {
    let client = client(json!(["error-in-200"])).await;
    let answer = client.get(&path(&format!("users/{ADA}"))).await;
    assert_eq!(
        (answer.status, &answer.body["ErrorCode"]),
        (200, &json!("2202"))
    );
    assert_eq!(
        client
            .send_raw("GET", &path("users"), vec![], String::new())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn deleting_is_accepted_and_done_now_or_later() {
    for (quirks, stays) in [(json!([]), 404), (json!(["delete-later"]), 200)] {
        let client = client(quirks).await;
        let user = path(&format!("users/{ADA_HERE}"));
        assert_eq!(client.send("DELETE", &user, None).await.status, 202);
        assert_eq!(client.get(&user).await.status, stays);
        client.pass(60);
        assert_eq!(client.get(&user).await.status, 404);
        assert_eq!(client.world().await["groups"][0]["members"], json!([]));
    }
}

#[tokio::test]
async fn tags_are_linked_and_taken_back() {
    let client = client(json!([])).await;
    let tags =
        |filter: &str| format!("/v1.1/sites/{SITE}/tags?$filter=tag_number%20eq%20'{filter}'");
    let free = client.get(&tags("0456")).await.body["items"][0].clone();
    assert_eq!(
        (free.get("site_user"), &free["is_pod_tag"]),
        (None, &json!(false))
    );
    let taken = client.get(&tags("0123")).await.body["items"][0].clone();
    assert_eq!(taken["site_user"]["id"], ADA_HERE);
    let bob = client.world().await["users"][1]["site_user"]
        .as_str()
        .unwrap()
        .to_owned();
    let give = |tag: &Value| Some(json!({ "tag_id": tag }));
    let user = |id: &str| path(&format!("users/{id}"));
    assert_eq!(
        client
            .send("PATCH", &user(&bob), give(&taken["id"]))
            .await
            .status,
        400
    );
    assert_eq!(
        client
            .send("PATCH", &user(&bob), give(&json!(SITE)))
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .send("PATCH", &user(&bob), give(&free["id"]))
            .await
            .status,
        200
    );
    assert_eq!(client.world().await["users"][1]["tags"], json!(["0456"]));
    let keys = client.get(&path(&format!("users/{bob}/keys"))).await.body;
    assert_eq!(
        (
            &keys["items"][0]["type"],
            &keys["items"][0]["key_identifier"]
        ),
        (&json!("tag"), &json!("0456"))
    );
    let key = path(&format!(
        "users/{bob}/keys/{}",
        keys["items"][0]["id"].as_str().unwrap()
    ));
    assert_eq!(
        client
            .send("PATCH", &key, Some(json!({ "blocked": true })))
            .await
            .body["blocked"],
        true
    );
    assert_eq!(
        client
            .send("PATCH", &user(&bob), give(&Value::Null))
            .await
            .body["user"]["tag_number"],
        Value::Null
    );
    assert_eq!(client.get(&tags("9999")).await.body["items"], json!([]));
}

#[tokio::test]
async fn ids_must_be_uuids() {
    let client = Client::new("salto-ks");
    for world in [
        json!({ "users": [{ "id": "u1" }] }),
        json!({ "groups": [{ "id": "17" }] }),
        json!({ "users": [{ "id": ADA, "site_user": "s1" }] }),
    ] {
        assert_eq!(client.back("PUT", "/_world", world).await.status, 400);
    }
}

#[tokio::test]
async fn entries_come_in_pages_that_go_on_by_a_token() {
    for quirks in [json!([]), json!(["entries-empty-page"])] {
        let empty_pages = quirks != json!([]);
        let client = client(quirks).await;
        let entry = |n: usize| json!({ "user": ADA, "lock": "Front door", "at": format!("2026-07-01T08:{n:02}:00Z") });
        client
            .change(json!({ "entries": (0..25).map(entry).collect::<Vec<_>>() }))
            .await
            .unwrap();
        let list = path(
            "entries?$filter=utc_date_time%20ge%20DateTime'2026-07-01T08:05:00Z'&$orderby=utc_date_time&$top=10",
        );
        let (mut token, mut pages, mut seen) = (None::<String>, Vec::new(), Vec::new());
        loop {
            let mut headers = client.headers.clone();
            headers.extend(token.take().map(|token| ("CLP-Continuation-Token", token)));
            let answer = client.send_raw("GET", &list, headers, String::new()).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            let times = each(&answer.body["items"], "utc_date_time");
            pages.push(times.len());
            seen.extend(times);
            match answer.body["continuation_token"].as_str() {
                Some(more) => token = Some(more.to_owned()),
                None => break,
            }
        }
        assert_eq!(
            pages,
            if empty_pages {
                vec![10, 0, 10]
            } else {
                vec![10, 10]
            }
        );
        assert_eq!(
            (
                seen.len(),
                &seen[0],
                seen.is_sorted_by_key(|at| at.to_string())
            ),
            (20, &json!("2026-07-01T08:05:00Z"), true)
        );
        let mut headers = client.headers.clone();
        headers.push(("CLP-Continuation-Token", "stale".into()));
        assert_eq!(
            client
                .send_raw("GET", &list, headers, String::new())
                .await
                .status,
            400
        );
        assert_eq!(
            client.get(&path("entries?$skip=5")).await.status,
            400,
            "there is no $skip"
        );
    }
}

#[tokio::test]
async fn entries_name_lock_and_person_and_a_rejected_one_maybe_only_the_tag() {
    let denied = json!({ "entries": [{ "user": "bob@example.test", "lock": "Front door" }, { "user": ADA, "lock": "Front door", "denied": true }] });
    for (quirks, named) in [(json!([]), true), (json!(["rejected-unnamed"]), false)] {
        let client = client(quirks).await;
        client.change(denied.clone()).await.unwrap();
        let items = client.get(&path("entries")).await.body["items"].clone();
        assert_eq!(
            each(&items, "event_category"),
            ["lock_opened", "lock_rejected"]
        );
        assert_eq!(
            each(&items, "user_id"),
            [json!(BOB), if named { json!(ADA) } else { Value::Null }]
        );
        assert_eq!(each(&items, "access_detail"), ["", "0123"]);
        assert_eq!(each(&items, "utc_date_time"), ["2026-07-01T09:00:00Z"; 2]);
        let locks = client.get(&path("locks")).await.body["items"].clone();
        assert_eq!(
            (each(&locks, "customer_reference"), &locks[0]["id"]),
            (vec![json!("Front door")], &items[0]["lock_id"])
        );
    }
    let client = client(json!([])).await;
    for wrong in [
        json!([{ "lock": "x", "user": "nobody" }]),
        json!([{}]),
        json!([{ "lock": "x", "id": "1" }]),
        json!([{ "lock": "x", "at": 5, "user": 5 }]),
    ] {
        assert_eq!(client.change(json!({ "entries": wrong })).await, Err(400));
    }
    assert_eq!(client.change(json!({ "users": [] })).await, Err(400));
}

#[tokio::test]
async fn a_malformed_id_or_flag_is_refused() {
    let client = client(json!([])).await;
    for wrong in [
        "/v1.2/sites/here".to_owned(),
        "/v1.2/sites/here/users".to_owned(),
        path("users/7"),
        path("access_groups/members/users"),
        path(&format!("access_groups/{GROUP}/users?excluded=1")),
        path("users?include_pod_info=yes"),
    ] {
        let answer = client.get(&wrong).await;
        assert_eq!(
            (answer.status, &answer.body["ErrorCode"]),
            (400, &json!("1101")),
            "{wrong}"
        );
    }
    let nothing = json!({ "add_ids": null, "remove_ids": null });
    let group = path(&format!("access_groups/{GROUP}/users"));
    let answer = client.send("PATCH", &group, Some(nothing)).await;
    assert_eq!(answer.status, 204);
    let answer = client.send("PUT", &group, None).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (405, &"GET, POST, PATCH".parse().unwrap())
    );
}
