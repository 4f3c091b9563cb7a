//! Nexudus: tokens, pages, filters, errors, changes and what they post.

use serde_json::{Value, json};

use crate::client::{Client, each};
use doorstep_local::sandbox::Post;

const PASSWORD: &str = "grant_type=password&username=desk&password=secret";

async fn client(world: Value) -> Client {
    let mut client = Client::new("nexudus");
    client.put_world(world).await;
    log_in(&mut client).await;
    client
}

async fn log_in(client: &mut Client) {
    let token = client.form("/api/token", vec![], PASSWORD).await;
    assert_eq!(
        (token.status, &token.body["expires_in"]),
        (200, &json!(3600))
    );
    client.headers = Vec::from([(
        "authorization",
        format!("Bearer {}", token.body["access_token"].as_str().unwrap()),
    )]);
}

fn coworkers(count: u64) -> Vec<Value> {
    (1..=count).map(|n| json!({ "Id": n, "FullName": format!("M {n}"), "UpdatedOn": "2026-06-01T00:00:00Z" })).collect()
}

async fn ids(client: &Client, path: &str) -> Vec<u64> {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    each(&answer.body["Records"], "Id")
        .iter()
        .map(|id| id.as_u64().unwrap())
        .collect()
}

async fn posts(client: &Client, change: Value) -> Vec<(u16, Value)> {
    let posts = client
        .sandboxes
        .post("nexudus", None, change.to_string().into())
        .await
        .unwrap();
    let read = |post: Post| {
        (
            post.action.unwrap(),
            serde_json::from_slice(&post.body).unwrap(),
        )
    };
    posts.into_iter().map(read).collect()
}

async fn actions(client: &Client, change: Value) -> Vec<u16> {
    posts(client, change)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect()
}

#[tokio::test]
async fn tokens_are_for_a_password_or_a_refresh_token_and_basic_does_too() {
    let mut client = client(json!({ "Coworkers": coworkers(1) })).await;
    let path = "/api/spaces/coworkers";
    client.pass(3600);
    assert_eq!(client.get(path).await.status, 401);
    let first = client.form("/token", vec![], PASSWORD).await.body;
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    assert_eq!(
        client.form("/token", vec![], &refresh).await.status,
        400,
        "without client_id"
    );
    let named = vec![("client_id", "desk".to_owned())];
    assert_eq!(client.form("/token", named, &refresh).await.status, 200);
    for wrong in [
        "grant_type=password&username=&password=x",
        "grant_type=refresh_token&refresh_token=x",
        "grant_type=x",
    ] {
        assert_eq!(
            client.form("/token", vec![], wrong).await.status,
            400,
            "{wrong}"
        );
    }
    let basic = |text: &str| vec![("authorization", format!("Basic {text}"))];
    assert_eq!(
        client
            .send_raw("GET", path, basic("ZGVzazpzZWNyZXQ="), String::new())
            .await
            .status,
        200
    );
    assert_eq!(
        client
            .send_raw("GET", path, basic("ZGVzazo="), String::new())
            .await
            .status,
        401
    );
    log_in(&mut client).await;
    assert_eq!(
        client.get("/spaces/coworkers").await.status,
        200,
        "without /api too"
    );
    assert_eq!(client.calls().await["GET /api/spaces/coworkers"], 4);
}

#[tokio::test]
async fn lists_come_in_pages_of_25_and_in_a_shifting_order_unless_asked() {
    let client = client(json!({ "Coworkers": coworkers(60) })).await;
    let first = client.get("/api/spaces/coworkers").await.body;
    assert_eq!(
        (
            first["Records"].as_array().unwrap().len(),
            &first["TotalItems"]
        ),
        (25, &json!(60))
    );
    assert_eq!(
        (
            &first["TotalPages"],
            &first["HasNextPage"],
            &first["CurrentPage"]
        ),
        (&json!(3), &json!(true), &json!(1))
    );
    let last = client
        .get("/api/spaces/coworkers?page=3&size=25&orderBy=Id")
        .await
        .body;
    assert_eq!(
        (
            each(&last["Records"], "Id")[0].clone(),
            &last["HasNextPage"]
        ),
        (json!(51), &json!(false))
    );
    client
        .change(json!({ "Coworkers": [{ "Id": 60, "FullName": "New" }] }))
        .await
        .unwrap();
    assert_eq!(
        ids(&client, "/api/spaces/coworkers").await[0],
        60,
        "what changed last comes first"
    );
    assert_eq!(
        ids(&client, "/api/spaces/coworkers?orderBy=Id&size=2").await,
        [1, 2]
    );
    assert_eq!(
        ids(&client, "/api/spaces/coworkers?orderBy=Id&dir=-1&size=2").await,
        [60, 59]
    );
    assert_eq!(
        client.get("/api/spaces/coworkers?size=none").await.status,
        400
    );
}

#[tokio::test]
async fn lists_are_narrowed_by_field_and_by_span_and_unknown_parameters_count_for_nothing() {
    let world = json!({
        "Bookings": [
            { "Id": "1", "CoworkerId": "9", "FromTime": "2026-07-01T10:00:00Z", "ToTime": "2026-07-01T11:00:00Z" },
            { "Id": 2, "CoworkerId": 8, "FromTime": "2026-07-02T10:00:00Z", "ToTime": "2026-07-02T11:00:00Z" },
        ],
    });
    let client = client(world.clone()).await;
    let path = |query: &str| format!("/api/spaces/bookings?orderBy=Id&{query}");
    assert_eq!(ids(&client, &path("Booking_Coworker=9")).await, [1]);
    assert_eq!(ids(&client, &path("Booking_Id=2")).await, [2]);
    assert_eq!(
        ids(&client, &path("from_Booking_ToTime=2026-07-01T11:00:01Z")).await,
        [2]
    );
    assert_eq!(
        ids(&client, &path("to_Booking_FromTime=2026-07-01T10:00:00Z")).await,
        [1]
    );
    assert_eq!(
        ids(&client, &path("UpdatedSince=2027-01-01&Nonsense=1")).await,
        [1, 2]
    );
    let mut world = world;
    world["quirks"] = json!(["ignore-filters"]);
    client.put_world(world).await;
    assert_eq!(ids(&client, &path("Booking_Coworker=9")).await, [1, 2]);
}

#[tokio::test]
async fn collections_are_shown_by_id_alone_and_a_dead_id_answers_500() {
    let client = client(json!({
        "Teams": [{ "Id": 3, "Name": "Acme", "TeamMembers": [11] }],
        "Coworkers": [{ "Id": 11 }, { "Id": 12, "Teams": ["3"] }],
        "CoworkerContracts": [{ "Id": 5, "Desks": [7, "8"] }],
    }))
    .await;
    let listed = client.get("/api/spaces/teams").await.body["Records"][0].clone();
    assert_eq!(
        (listed.get("TeamMembers"), &listed["ShareTimePasses"]),
        (None, &json!(false))
    );
    assert_eq!(
        client.get("/api/spaces/teams/3").await.body["TeamMembers"],
        json!([11, 12]),
        "either side says it"
    );
    assert_eq!(
        client.get("/api/spaces/coworkers/11").await.body["Teams"],
        json!([3])
    );
    assert_eq!(
        client.get("/api/spaces/coworkers/12").await.body["TeamNames"],
        "Acme"
    );
    let contract = client.get("/api/billing/coworkercontracts").await.body["Records"][0].clone();
    assert_eq!(
        (contract.get("Desks"), &contract["FloorPlanDeskIds"]),
        (None, &json!("7,8"))
    );
    assert_eq!(
        client.get("/api/billing/coworkercontracts/5").await.body["Desks"],
        json!([7, 8])
    );
    let dead = client.get("/api/spaces/coworkers/99").await;
    assert_eq!((dead.status, &dead.body["Status"]), (500, &json!(500)));
    assert_eq!(client.get("/api/spaces/nonsense").await.status, 404);
    assert_eq!(
        client
            .send("POST", "/api/spaces/coworkers", Some(json!({})))
            .await
            .status,
        405
    );
    client
        .change(json!({ "Teams": [{ "Id": 3, "TeamMembers": [12] }] }))
        .await
        .unwrap();
    assert_eq!(
        client.get("/api/spaces/coworkers/11").await.body["Teams"],
        json!([])
    );
    client
        .change(json!({ "remove": { "Teams": [3] } }))
        .await
        .unwrap();
    assert_eq!(
        client.get("/api/spaces/coworkers/12").await.body["Teams"],
        json!([])
    );
}

#[tokio::test]
async fn what_a_world_leaves_out_has_the_usual_value() {
    let client =
        client(json!({ "Coworkers": [{ "Id": 1 }], "BookingVisitors": [{ "BookingId": 4 }, { "BookingId": 4 }] }))
            .await;
    let coworker = client.get("/api/spaces/coworkers/1").await.body;
    assert_eq!(
        (
            &coworker["Active"],
            &coworker["Archived"],
            &coworker["Email"]
        ),
        (&json!(true), &json!(false), &json!(null))
    );
    assert_eq!(coworker["UpdatedOn"], "2026-07-01T09:00:00Z");
    assert_eq!(coworker["UniqueId"], "00000000-0007-4000-8000-000000000001");
    assert_eq!(
        ids(
            &client,
            "/api/spaces/bookingvisitors?BookingVisitor_Booking=4"
        )
        .await
        .len(),
        2,
        "each has an id"
    );
}

#[tokio::test]
async fn changes_post_what_the_platform_would_to_the_address_of_each_action() {
    let client = client(json!({
        "Coworkers": [{ "Id": 11, "FullName": "Ada" }, { "Id": 12 }],
        "Teams": [{ "Id": 3, "TeamMembers": [11] }],
        "CoworkerContracts": [{ "Id": 5, "CoworkerId": 11 }],
        "Bookings": [{ "Id": 7, "CoworkerId": 11, "UniqueId": "ab-7", "FromTime": "2026-07-01T10:00:00Z" }],
    }))
    .await;
    assert_eq!(
        actions(
            &client,
            json!({ "Bookings": [{ "Id": 8, "CoworkerId": 12 }, { "Id": 7 }] })
        )
        .await,
        [6, 7]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "Coworkers": [{ "Id": 12, "FullName": "Bob" }, { "Id": 13 }] })
        )
        .await,
        [2, 3]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "Coworkers": [{ "Id": 12, "AccessCardId": "1" }] })
        )
        .await,
        [2, 61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "CoworkerContracts": [{ "Id": 5, "TariffId": 1 }, { "Id": 6 }] })
        )
        .await,
        [60, 62, 61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "CoworkerContracts": [{ "Id": 5, "Cancelled": true }] })
        )
        .await,
        [11, 61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "ContractPausedPeriods": [{ "CoworkerContractId": 5 }] })
        )
        .await,
        [61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "CoworkerTimePasses": [{ "Id": 1, "CoworkerId": 11 }] })
        )
        .await,
        [61]
    );
    assert_eq!(
        actions(&client, json!({ "Checkins": [{ "CoworkerId": 11 }] })).await,
        [47, 61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "Teams": [{ "Id": 3, "TeamMembers": [12] }] })
        )
        .await,
        [58, 61, 61]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "BookingVisitors": [{ "BookingId": 7 }], "Resources": [{ "Id": 1 }] })
        )
        .await,
        [0; 0]
    );
    assert_eq!(
        actions(
            &client,
            json!({ "FloorPlanDesks": [{ "Id": 1 }], "Tariffs": [{ "Id": 1 }] })
        )
        .await,
        [74, 71]
    );
    let visitor = |more: Value| {
        let mut visitor = json!({ "Id": 9, "FullName": "Grace" });
        visitor["HostApprovalStatus"] = more["HostApprovalStatus"].clone();
        visitor["Arrived"] = more["Arrived"].clone();
        json!({ "Visitors": [visitor] })
    };
    for (more, expected) in [
        (json!({ "HostApprovalStatus": 2 }), vec![42]),
        (json!({ "HostApprovalStatus": 5 }), vec![]),
        (json!({ "Arrived": true }), vec![41]),
    ] {
        assert_eq!(actions(&client, visitor(more)).await, expected);
    }
    let left = json!({ "remove": { "Visitors": [9] } });
    assert_eq!(actions(&client, left).await, [64]);
    let gone =
        json!({ "remove": { "Bookings": ["7", 99], "CoworkerContracts": [5], "Coworkers": [13] } });
    let gone = posts(&client, gone).await;
    assert_eq!(
        gone.iter().map(|(action, _)| *action).collect::<Vec<_>>(),
        [50, 77, 8, 61]
    );
    assert_eq!(
        (&gone[2].1[0]["Id"], &gone[3].1[0]["FullName"]),
        (&json!(7), &json!("Ada"))
    );
    let cancelled = client.get("/api/spaces/cancelledbookings").await.body["Records"][0].clone();
    assert_eq!(
        (
            &cancelled["OriginalBookingId"],
            &cancelled["CancellationReason"]
        ),
        (&json!("ab-7"), &json!(1))
    );
    let off = json!({ "WebHooks": [{ "Action": 7, "Active": false, "URL": "https://x/hooks/a/nexudus/7" }] });
    client.change(off).await.unwrap();
    assert_eq!(
        actions(&client, json!({ "Bookings": [{ "Id": 8 }] })).await,
        [0; 0],
        "it is switched off"
    );
}

#[tokio::test]
async fn a_wrong_change_changes_nothing() {
    let client = client(json!({})).await;
    let before = client.world().await;
    for wrong in [
        json!([]),
        json!({ "Coworkers": [{ "Id": 1 }], "Invoices": [] }),
        json!({ "Coworkers": [{ "Id": 1 }, { "FullName": "no id" }] }),
        json!({ "Coworkers": [{ "Id": "x" }] }),
        json!({ "Coworkers": [{ "Id": 1 }], "remove": { "Coworkers": ["x"] } }),
    ] {
        assert_eq!(client.change(wrong.clone()).await, Err(400), "{wrong}");
        assert_eq!(client.world().await, before, "{wrong}");
    }
}

#[tokio::test]
async fn awkward_moments_are_off_unless_the_world_lists_them() {
    let quirks = |names: &[&str]| json!({ "Bookings": [{ "Id": 7, "UpdatedOn": "2026-06-01T00:00:00Z" }], "quirks": names });
    let mut client = Client::new("nexudus");
    client
        .put_world(quirks(&["error-in-200", "no-tokens"]))
        .await;
    assert_eq!(
        client.form("/api/token", vec![], PASSWORD).await.body["Status"],
        404
    );
    client.headers = Vec::from([("authorization", "Basic ZGVzazpzZWNyZXQ=".to_owned())]);
    let dead = client.get("/api/spaces/bookings/9").await;
    assert_eq!(
        (
            dead.status,
            &dead.body["Status"],
            &dead.body["WasSuccessful"]
        ),
        (200, &json!(500), &json!(false))
    );
    client
        .put_world(quirks(&[
            "just-changed-500",
            "late-visitors",
            "lone-object",
            "ascii-signature",
        ]))
        .await;
    assert_eq!(client.get("/api/spaces/bookings/7").await.status, 200);
    let change = json!({ "Bookings": [{ "Id": 7 }], "BookingVisitors": [{ "BookingId": 7, "VisitorFullName": "Zoë" }] });
    let posts = client
        .sandboxes
        .post("nexudus", None, change.to_string().into())
        .await
        .unwrap();
    assert!(
        posts[0].folded && posts[0].body.starts_with(b"{"),
        "{posts:?}"
    );
    assert_eq!(client.get("/api/spaces/bookings/7").await.status, 500);
    assert_eq!(ids(&client, "/api/spaces/bookings").await, [7]);
    assert_eq!(ids(&client, "/api/spaces/bookingvisitors").await, [0; 0]);
    client.pass(60);
    client.restart();
    assert_eq!(client.get("/api/spaces/bookings/7").await.status, 200);
    assert_eq!(ids(&client, "/api/spaces/bookingvisitors").await.len(), 1);
}

#[tokio::test]
async fn faults_may_be_written_with_the_vendor_s_prefix_or_without() {
    let client = client(json!({ "Bookings": [{ "Id": 7 }] })).await;
    for pattern in ["GET /api/spaces/bookings*", "GET /spaces/bookings*"] {
        client
            .put_faults(json!([{ "match": pattern, "status": 503 }]))
            .await;
        assert_eq!(
            client.get("/api/spaces/bookings/7").await.status,
            503,
            "{pattern}"
        );
        assert_eq!(
            client.get("/api/spaces/bookings/7").await.status,
            200,
            "{pattern}"
        );
    }
}

#[tokio::test]
async fn a_world_of_one_business_serves_a_person_who_names_several() {
    let mut client = client(json!({})).await;
    let world = json!({ "Coworkers": [{ "Id": 1 }] });
    assert_eq!(
        client
            .back("PUT", "/_world?of=20", world.clone())
            .await
            .status,
        200
    );
    client.of = Some("10-20");
    assert_eq!(ids(&client, "/api/spaces/coworkers").await, [1]);
    assert_eq!(
        client.back("PUT", "/_world?of=30,40", world).await.status,
        200
    );
    client.of = Some("30-40");
    assert_eq!(ids(&client, "/api/spaces/coworkers").await, [1]);
}

#[tokio::test]
async fn things_that_are_asked_for_by_their_ids_together_come_with_their_collections() {
    let teams =
        json!([{ "Id": 1, "TeamMembers": [7] }, { "Id": 2, "TeamMembers": [] }, { "Id": 3 }]);
    let client = client(json!({ "Teams": teams, "Coworkers": [{ "Id": 7 }] })).await;
    let answer = client
        .get("/api/spaces/teams?page=1&size=1000&id=%5B1%2C3%5D")
        .await;
    assert_eq!(each(&answer.body["Records"], "Id"), [json!(1), json!(3)]);
    assert_eq!(
        each(&answer.body["Records"], "TeamMembers"),
        [json!([7]), json!([])]
    );
    client
        .put_world(json!({ "Teams": teams, "quirks": ["no-id-lists"] }))
        .await;
    assert_eq!(
        client
            .get("/api/spaces/teams?page=1&size=1000&id=%5B1%2C3%5D")
            .await
            .status,
        400
    );
    client
        .put_world(json!({ "Teams": teams, "quirks": ["ignore-filters"] }))
        .await;
    let answer = client
        .get("/api/spaces/teams?page=1&size=1000&id=%5B1%2C3%5D")
        .await;
    assert_eq!(
        each(&answer.body["Records"], "TeamMembers"),
        [json!(null), json!(null), json!(null)]
    );
}

#[tokio::test]
async fn a_desk_names_the_contracts_that_have_it() {
    let contracts = json!([{ "Id": 1, "Desks": [61] }, { "Id": 2, "Desks": [62, 61] }]);
    let client = client(
        json!({ "FloorPlanDesks": [{ "Id": 61 }, { "Id": 63 }], "CoworkerContracts": contracts }),
    )
    .await;
    assert_eq!(
        client.get("/api/sys/floorplandesks/61").await.body["CoworkerContractIds"],
        "1,2"
    );
    assert_eq!(
        client.get("/api/sys/floorplandesks/63").await.body["CoworkerContractIds"],
        json!(null)
    );
}
