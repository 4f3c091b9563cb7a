//! The same list for platforms without a read API, whose deliveries are verified by Standard
//! Webhooks. A verified delivery that is wrong is answered with its fault, for the developer of the
//! sender, and is not stored.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Headers, Refused, assert_refused_alike};
use crate::journeys::andcards::{begin, space, subscription};
use crate::support::{Doors, DoorsFixture, KEY, Platform, Scenario, World, webhook_signature};
use doorstep_cloud::environment::Environment;
use doorstep_jobs::receive::receive;
use doorstep_vendors::delivery::Delivery;
use doorstep_vendors::http::{Http, Request};

const PATH: &str = "/hooks/riverside/andcards";
const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";
const NOW: &str = "2026-03-02T08:00:00Z";
/// Later than the first roster.
const LATER: &str = "2026-03-02T08:00:01Z";

/// Ada is inside; of Bob's subscription only the letter in question tells.
async fn riverside() -> World {
    begin(
        Scenario::at(Doors::Kisi, PLAN),
        json!({ "subscriptions": [subscription("ada")] }),
        &["Members"],
    )
    .await
}

fn webhook(kind: &str, at: &str, data: &Value) -> Vec<u8> {
    json!({ "type": kind, "timestamp": at, "data": data })
        .to_string()
        .into_bytes()
}

fn bobs() -> Vec<u8> {
    webhook("subscription.updated", LATER, &subscription("bob"))
}

fn signed(key: &[u8], at: i64, body: &[u8]) -> Headers {
    vec![
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", at.to_string()),
        (
            "webhook-signature",
            webhook_signature(key, "msg_1", at, body),
        ),
    ]
}

async fn send(world: &World, headers: &Headers, body: &[u8]) -> u16 {
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    world.send(PATH, &headers, body).await.0
}

/// Nothing was kept but its count, nothing rung, nothing changed.
async fn changed_nothing(world: &World, before: &[(String, String)]) {
    assert!(
        world.machine.cloud().triggers.is_empty(),
        "no trigger was enqueued"
    );
    assert_eq!(world.table().await, before, "nothing was written");
    assert_eq!(world.inside("Members").await, ["ada"]);
}

#[tokio::test]
async fn whatever_does_not_verify_is_refused_alike_and_costs_only_its_count() {
    let world = riverside().await;
    let (now, body) = (world.machine.now().as_second(), bobs());
    let good = signed(KEY, now, &body);
    let signature = good[2].1.clone();
    let with = |name: usize, value: &str| {
        let mut headers = good.clone();
        headers[name].1 = value.to_owned();
        headers
    };
    let tag = signature.trim_start_matches("v1,");
    let hex = hex::encode(STANDARD.decode(tag).expect("base64"));
    let mut bad: Vec<Headers> = vec![
        vec![],
        with(2, ""),
        with(2, tag),
        with(2, &format!("v2,{tag}")),
        with(2, &format!("v1={tag}")),
        with(2, &format!("sha256={hex}")),
        with(2, &format!("v1,{hex}")),
        with(2, &format!("v1,{}", &tag[1..])),
        with(2, signature.trim_end_matches('=')),
        with(2, &format!("{signature}=")),
        with(2, &format!("v1,{}", "*".repeat(44))),
        with(2, &signature.to_lowercase()),
        with(2, &format!("{signature} {}", "x".repeat(64 << 10))),
        with(0, ""),
        with(0, "msg_2"),
        with(1, ""),
        with(1, &format!("+{now}")),
        with(1, &format!("{now}.0")),
        with(1, &(now + 1).to_string()),
        signed(KEY, now - 301, &body),
        signed(KEY, now + 301, &body),
        signed(b"", now, &body),
        signed(b"another secret of enough bytes", now, &body),
        signed(KEY, now, b"another body"),
        signed(&[KEY, b"!"].concat(), now, &body),
    ];
    for header in &good {
        bad.push(good.iter().chain([header]).cloned().collect());
        bad.push(
            good.iter()
                .filter(|other| *other != header)
                .cloned()
                .collect(),
        );
    }
    let before = world.table().await;
    let refused = Refused {
        path: PATH,
        body: body.clone(),
        bad,
        of_nothing: signed(KEY, now, &[]),
    };
    assert_refused_alike(&world, refused, receive).await;
    changed_nothing(&world, &before).await;
    assert_eq!(
        send(&world, &good, &body).await,
        202,
        "and the good one is taken"
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn whatever_verifies_is_taken_and_opens() {
    for seconds in [-300, -299, 299, 300] {
        let world = riverside().await;
        let at = world.machine.now().as_second() + seconds;
        assert_eq!(
            send(&world, &signed(KEY, at, &bobs()), &bobs()).await,
            202,
            "{seconds} s"
        );
        assert_eq!(world.inside("Members").await, ["ada", "bob"], "{seconds} s");
        world.ends_well().await;
    }
    let world = riverside().await;
    let mut headers = signed(KEY, world.machine.now().as_second(), &bobs());
    headers[2].1 = format!(
        "v1,{} v1a,xyz {} v2,",
        STANDARD.encode([1; 32]),
        headers[2].1
    );
    assert_eq!(send(&world, &headers, &bobs()).await, 202, "one of several");
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn any_of_several_secrets_verifies_and_neither_a_retired_nor_another_site_s_does() {
    let keys: [&[u8]; 3] = [
        b"the new secret of twenty-four",
        b"the old secret of twenty-four",
        b"their secret, not any of ours",
    ];
    let [new, old, theirs] = keys.map(|key| format!("whsec_{}", STANDARD.encode(key)));
    let mut scenario = Scenario::at(Doors::Kisi, PLAN).on(Platform::Andcards);
    scenario.neighbours = vec![
        scenario.named("harbour"),
        scenario.named("silent"),
        scenario.named("broken"),
    ];
    let doors = "client_id = \"a\"\napi_key = \"e\"\n";
    scenario.secrets = Some(format!(
        "[\"riverside/andcards\"]\nwebhook_secrets = [\"{new}\", \"{old}\"]\n[\"riverside/doors\"]\n{doors}\
         [\"harbour/andcards\"]\nwebhook_secrets = [\"{theirs}\"]\n[\"harbour/doors\"]\n{doors}\
         [\"silent/andcards\"]\nwebhook_secrets = []\n[\"silent/doors\"]\n{doors}\
         [\"broken/andcards\"]\nwebhook_secrets = [\"whsec_c2hvcnQ=\", \"plain\"]\n[\"broken/doors\"]\n{doors}"
    ));
    let world = scenario
        .start(json!({}), DoorsFixture::with(&["Members"]))
        .await;
    world.reconcile().await;
    let now = world.machine.now().as_second();
    let post = async |path: &str, key: &[u8], body: &[u8]| {
        let headers = signed(key, now, body);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        world.send(path, &headers, body).await.0
    };
    assert_eq!(post(PATH, KEY, &bobs()).await, 401, "retired");
    assert_eq!(post(PATH, keys[2], &bobs()).await, 401, "another site's");
    assert_eq!(post("/hooks/harbour/andcards", keys[0], &bobs()).await, 401);
    assert_eq!(
        post("/hooks/silent/andcards", keys[0], &bobs()).await,
        404,
        "no secret, no service"
    );
    for key in [b"short".as_slice(), b"plain", b""] {
        assert_eq!(
            post("/hooks/broken/andcards", key, &bobs()).await,
            401,
            "what is no secret proves nothing"
        );
    }
    for path in [
        "/hooks/riverside/deskworks",
        "/hooks/nowhere/andcards",
        "/hooks/riverside/andcards/1",
    ] {
        assert_eq!(post(path, keys[0], &bobs()).await, 404, "{path}");
    }
    let users = webhook("roster.replaced", NOW, &space(json!({})));
    assert_eq!(post(PATH, keys[1], &users).await, 202);
    assert_eq!(
        post(
            PATH,
            keys[0],
            &webhook(
                "subscription.updated",
                "2026-03-02T08:00:01Z",
                &subscription("bob")
            )
        )
        .await,
        202
    );
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn a_verified_delivery_that_is_wrong_is_refused_in_words_and_nothing_is_kept() {
    let world = riverside().await;
    let before = world.table().await;
    let with = |key: &str, value: Value| {
        let mut data = subscription("bob");
        data[key] = value;
        webhook("subscription.updated", NOW, &data)
    };
    let bodies: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "the body is empty"),
        (b"{".to_vec(), "the body is not JSON"),
        (b"\xff\xfe\x00".to_vec(), "the body is not UTF-8"),
        (b"[]".to_vec(), "the body is not an object"),
        (b"null".to_vec(), "the body is not an object"),
        (vec![b'['; 1_000_000], "the body is nested too deep"),
        (
            br#"{"type":"user.removed","type":"user.removed"}"#.to_vec(),
            "the body has a key twice",
        ),
        (br#"{"data":{}}"#.to_vec(), "type is missing"),
        (
            with("id", json!("")),
            "data.id: write a text of 1 to 200 bytes that is not blank",
        ),
        (with("id", json!(7)), "data.id: this is not a string"),
        (
            with("user", Value::Null),
            "data: exactly one of user and company has it",
        ),
        (
            with("start", json!("Monday")),
            "data.start: write a day such as 2026-03-02",
        ),
        (
            with("Bob's secret", json!(1)),
            "data: there is a key that the contract does not have; it has `id`",
        ),
        (
            webhook(
                "user.removed",
                "2026-03-02T08:05:01Z",
                &json!({ "id": "u-ada" }),
            ),
            "timestamp is more than 300 seconds",
        ),
        (
            webhook(
                "user.removed",
                "9999-12-31T23:59:59Z",
                &json!({ "id": "u-ada" }),
            ),
            "timestamp is more than 300 seconds",
        ),
        (
            webhook(
                "user.removed",
                "2026-03-02T08:00:00",
                &json!({ "id": "u-ada" }),
            ),
            "timestamp: write an instant",
        ),
        (
            webhook("roster.replaced", NOW, &json!({ "users": [{}] })),
            "data.users[0]: `id` is missing",
        ),
    ];
    for (body, why) in bodies {
        let now = world.machine.now().as_second();
        let headers = signed(KEY, now, &body);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (status, said) = world.send(PATH, &headers, &body).await;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(status, 422, "{why}");
        assert!(
            said["error"]
                .as_str()
                .is_some_and(|said| said.starts_with(why) && !said.contains("Bob")),
            "{said}"
        );
    }
    changed_nothing(&world, &before).await;
    for kind in ["invoice.updated", "user.created", "reservation.updated"] {
        assert_eq!(
            world.deliver(&webhook(kind, NOW, &json!({}))).await,
            202,
            "{kind} is none of our business"
        );
    }
    changed_nothing(&world, &before).await;
    let ahead = webhook(
        "subscription.updated",
        "2026-03-02T08:05:00Z",
        &subscription("bob"),
    );
    assert_eq!(world.deliver(&ahead).await, 202, "exactly 300 s ahead");
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    let report = world.ends_well().await;
    assert_eq!(
        report.problems, [""; 0],
        "a sender's mistake is the sender's to hear of"
    );
}

#[tokio::test]
async fn a_body_of_1_mib_is_taken_and_one_byte_more_is_not() {
    let world = riverside().await;
    let mut body = bobs();
    body.resize(1 << 20, b' ');
    let mut larger = body.clone();
    larger.push(b' ');
    assert_eq!(world.deliver(&larger).await, 413);
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(world.deliver(&body).await, 202);
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

/// The table or the line does not take it: the sender is asked to try again, and then nothing is
/// missing.
#[tokio::test]
async fn what_cannot_be_stored_or_enqueued_is_answered_503_and_sent_again() {
    let world = riverside().await;
    for target in ["DynamoDB_20120810.PutItem", "AmazonSQS.SendMessage"] {
        let environment = world.machine.environment();
        let inner = environment.http.clone();
        let failing = tower::service_fn(move |request: Request| {
            let inner = inner.clone();
            async move {
                let fails = request
                    .headers()
                    .get("x-amz-target")
                    .is_some_and(|asked| asked.as_bytes() == target.as_bytes());
                if !fails {
                    return inner.send(request).await;
                }
                let body = Bytes::from_static(
                    br#"{"__type":"com.amazon#AccessDeniedException","message":"no"}"#,
                );
                Ok(http::Response::builder()
                    .status(400)
                    .body(body)
                    .expect("an answer"))
            }
        });
        let failing = Environment::new(
            environment.settings.clone(),
            Http::new(failing),
            environment.time.clone(),
        );
        let both = json!({ "subscriptions": [subscription("ada"), subscription("bob")] });
        for body in [bobs(), webhook("roster.replaced", LATER, &space(both))] {
            let mut headers = http::HeaderMap::new();
            for (name, value) in signed(KEY, world.machine.now().as_second(), &body) {
                headers.append(name, value.parse().expect("a header"));
            }
            let sent = Delivery {
                path: PATH.to_owned(),
                headers,
                body: body.into(),
            };
            assert_eq!(receive(&failing, sent).await.status, 503, "{target}");
        }
    }
    assert_eq!(world.deliver(&bobs()).await, 202);
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_in_order().await;
}

#[tokio::test]
async fn the_deliveries_of_the_docs_are_taken() {
    for (platform, count) in [(Platform::Andcards, 12), (Platform::Deskworks, 10)] {
        let folder = format!(
            "{}/tests/webhooks/{}",
            env!("CARGO_MANIFEST_DIR"),
            platform.word()
        );
        let world = Scenario::at(Doors::Kisi, PLAN)
            .on(platform)
            .start(json!({}), DoorsFixture::with(&["Members"]))
            .await;
        let mut taken = 0;
        for file in std::fs::read_dir(folder).expect("letters") {
            let body = std::fs::read(file.expect("a file").path()).expect("it reads");
            assert_eq!(
                world.deliver(&body).await,
                202,
                "{}",
                String::from_utf8_lossy(&body)
            );
            taken += 1;
        }
        assert_eq!(taken, count);
        world.ends_in_order().await;
    }
}

#[tokio::test]
async fn impossible_dates_open_what_they_say_and_no_more() {
    let rules = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Members\"]\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Desk\"]\n";
    let world = begin(
        Scenario::at(Doors::Kisi, rules),
        json!({}),
        &["Members", "Desk"],
    )
    .await;
    let at = |id: &str, start: &str, end: &str| json!({ "id": id, "room": "Boardroom", "location": "Riverside", "user": "u-eve", "start": start, "end": end });
    let dated = |who: &str, start: &str, end: &str| {
        let mut dated = subscription(who);
        (dated["start"], dated["end"]) = (json!(start), json!(end));
        dated
    };
    let bookings = [
        at("b-1900", "1900-01-01T00:00:00Z", "1900-01-01T01:00:00Z"),
        at("b-back", "2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z"),
        at("b-never", "2026-03-02T12:00:00Z", "9999-12-31T23:59:59Z"),
    ];
    let subscriptions = [
        dated("ada", "1900-01-01", "9999-12-31"),
        dated("bob", "2026-03-02", "2026-03-01"),
        dated("eve", "9999-12-31", "9999-12-31"),
    ];
    world
        .change_and_deliver(json!({ "bookings": bookings, "subscriptions": subscriptions }))
        .await;
    assert_eq!(world.inside("Desk").await, ["ada"]);
    world.at("2026-03-02T10:00:00Z", "Members", &[]).await;
    world.at("2026-03-02T11:45:00Z", "Members", &["eve"]).await;
    let problems = [world.problems("eve").await, world.problems("bob").await].concat();
    for id in ["b-back", "s-bob"] {
        assert!(
            problems.iter().any(|problem| problem.contains(id)),
            "{id}: {problems:?}"
        );
    }
    world.at("2027-03-02T11:45:00Z", "Members", &["eve"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn people_without_an_address_of_one_address_and_with_odd_names_are_people() {
    let user =
        |id: &str, name: &str, email: Value| json!({ "id": id, "name": name, "email": email });
    let people = [
        user("none", "No Address", Value::Null),
        user("odd", "No Address", json!("not an address")),
        user("emoji", "👩‍🚀 Zoë", json!("zoe@example.test")),
        user("rtl", "\u{202e}عمر خیّام", json!("omar@example.test")),
        user("blank", " ", json!("blank@example.test")),
        user("twin", "The same address", json!(" ZOE@example.test ")),
        user(
            "PERSON#1~|site#told%23",
            "Keys",
            json!("riverside#person#1@example.test"),
        ),
    ];
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        let world = begin(Scenario::at(doors, PLAN), json!({}), &["Members"]).await;
        let of = |person: &Value| {
            let mut own = subscription("x");
            own["id"] = json!(format!(
                "letter#{}",
                person["id"].as_str().unwrap_or_default()
            ));
            own["user"] = person["id"].clone();
            own
        };
        let subscriptions: Vec<Value> = people.iter().map(of).collect();
        world
            .change_and_deliver(json!({ "users": people, "subscriptions": subscriptions }))
            .await;
        let inside = world.inside("Members").await;
        assert_eq!(
            inside,
            [
                "No Address",
                "No Address",
                "blank",
                "omar",
                "riverside#person#1",
                "zoe"
            ],
            "{doors:?}"
        );
        let ids: Vec<&Value> = subscriptions.iter().map(|one| &one["id"]).collect();
        world
            .change_and_deliver(json!({ "remove": { "subscriptions": ids } }))
            .await;
        assert_eq!(world.inside("Members").await, [""; 0]);
        world.ends_well().await;
    }
}

#[tokio::test]
async fn a_company_of_300_comes_in_by_a_roster_and_goes_out() {
    let user = |n: usize| {
        json!({ "id": format!("u-{n}"), "name": format!("Worker {n}"), "email": format!("w{n}@example.test"),
            "company": "c-large" })
    };
    let mut shared = subscription("large");
    (shared["user"], shared["company"], shared["end"]) =
        (Value::Null, json!("c-large"), json!("2026-03-02"));
    let things = json!({ "users": (0..300).map(user).collect::<Vec<_>>(), "companies": [{ "id": "c-large", "name": "Large" }],
        "subscriptions": [shared] });
    let world = begin(Scenario::at(Doors::SaltoKs, PLAN), things, &["Members"]).await;
    assert_eq!(
        world.inside("Members").await.len(),
        0,
        "so many accounts need an approval"
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), 300);
    world.clock("2026-03-03T00:00:00Z").await;
    assert_eq!(world.inside("Members").await.len(), 0);
    world.ends_well().await;
}
