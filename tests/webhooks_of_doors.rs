//! The list under *Bad input*, at the address to which a door system posts: what is malformed,
//! forged, oversized or impossible gets a clear answer, changes nothing and loses nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::journeys::entries::mac;
use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SECRET, SITE, Scenario, World};
use crate::webhooks::{Refused, assert_refused_alike};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::entries::entries;
use doorstep_operator::report::{ReportQuery, ReportRow};
use doorstep_vendors::delivery::Delivery;

const PATH: &str = "/hooks/riverside/kisi/main";

/// Ada is a member and was taken out of the group by hand: a refused swipe of hers would bring her
/// back.
async fn riverside(scenario: Scenario) -> World {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let mut world = scenario
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world
        .by_hand(|world| world["groups"][0]["members"] = json!([]))
        .await;
    world
}

async fn event(world: &World, more: Value) -> Vec<u8> {
    let ada: u64 = world.account("ada").await["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a number");
    let mut event = json!({ "uuid": "6f1c2f0e-0000-4000-8000-000000000001", "type": "lock.unlock", "actor_type": "User",
        "actor_id": ada, "object_type": "Lock", "object_id": 5, "place_id": 1, "success": false,
        "error_code": "fcd8ef", "created_at": "2026-03-02T08:00:00Z" });
    event
        .as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    event.to_string().into_bytes()
}

fn header(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, body)))
}

async fn post(world: &World, path: &str, headers: &[&str], body: &[u8]) -> u16 {
    world.post_as(path, "X-Signature", headers, body).await
}

async fn rows(world: &World) -> Vec<ReportRow> {
    let all = ReportQuery {
        from: Some("2026-02-01".into()),
        ..ReportQuery::default()
    };
    world
        .machine
        .entries(&SiteId::from(SITE), &all)
        .await
        .expect("rows")
}

async fn changed_nothing(world: &World) {
    assert!(
        world.machine.cloud().triggers.is_empty(),
        "no trigger was enqueued"
    );
    assert_eq!(rows(world).await, []);
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_in_order().await;
}

#[tokio::test]
async fn whatever_does_not_verify_is_refused_alike_and_costs_only_its_count() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let body = event(&world, json!({})).await;
    let good = hex::encode(mac(SECRET, &body));
    let bad: Vec<Vec<String>> = vec![
        vec![],
        vec![format!("sha256={good}"), format!("sha256={good}")],
        vec![String::new()],
        vec!["sha256=".into()],
        vec![format!("sha1={good}")],
        vec![good[1..].to_owned()],
        vec![good.replace(|digit: char| digit.is_ascii_digit(), "g")],
        vec![format!("{good}={}", "x".repeat(64 << 10))],
        vec![header("wrong", &body)],
        vec![header("", &body)],
        vec![header(SECRET, b"another body")],
        vec![STANDARD.encode(mac("wrong", &body))],
    ];
    let signed = |values: Vec<String>| {
        values
            .into_iter()
            .map(|value| ("x-signature", value))
            .collect()
    };
    let of_nothing = signed(vec![header(SECRET, &[])]);
    let refused = Refused {
        path: PATH,
        body,
        bad: bad.into_iter().map(signed).collect(),
        of_nothing,
    };
    assert_refused_alike(&world, refused, entries).await;
    changed_nothing(&world).await;
}

#[tokio::test]
async fn hex_and_base64_verify_with_and_without_the_prefix_and_duplicates_are_one() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let body = event(&world, json!({})).await;
    let tag = mac(SECRET, &body);
    let (hex, base64) = (hex::encode(&tag), STANDARD.encode(&tag));
    for header in [
        &hex,
        &hex.to_uppercase(),
        &base64,
        base64.trim_end_matches('='),
        &format!("sha256={base64}"),
    ] {
        assert_eq!(post(&world, PATH, &[header], &body).await, 202, "{header}");
    }
    assert_eq!(world.inside("Members").await, ["ada"]);
    let rows = rows(&world).await;
    assert_eq!(
        (rows.len(), rows[0].times.len(), rows[0].refused),
        (1, 1, 1)
    );
    world.ends_well().await;
}

#[tokio::test]
async fn another_site_s_signature_and_a_swapped_path_verify_nothing() {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    scenario.neighbours = vec![scenario.named("harbour"), scenario.named("silent")];
    let api = "client_id = \"a\"\nclient_secret = \"b\"\napi_key = \"e\"\n";
    scenario.secrets = Some(format!(
        "[\"riverside/officernd\"]\nwebhook_secrets = [\"platform\"]\n{api}\
         [\"riverside/doors\"]\nwebhook_secrets = [\"new\", \"{SECRET}\"]\n{api}\
         [\"harbour/officernd\"]\n{api}[\"harbour/doors\"]\nwebhook_secrets = [\"theirs\"]\n{api}\
         [\"silent/officernd\"]\n{api}[\"silent/doors\"]\n{api}"
    ));
    let world = riverside(scenario).await;
    let body = event(&world, json!({})).await;
    let ours = header(SECRET, &body);
    assert_eq!(
        post(&world, PATH, &[&header("theirs", &body)], &body).await,
        401
    );
    assert_eq!(
        post(&world, PATH, &[&header("platform", &body)], &body).await,
        401,
        "the platform's secret"
    );
    assert_eq!(
        post(&world, PATH, &[&header("retired", &body)], &body).await,
        401
    );
    assert_eq!(
        post(&world, "/hooks/harbour/kisi/main", &[&ours], &body).await,
        401
    );
    for path in [
        "/hooks/silent/kisi/main",
        "/hooks/nowhere/kisi/main",
        "/hooks/riverside/kisi/side",
        "/hooks/riverside/kisi/",
        "/hooks/riverside/kisi/main/",
        "/hooks/riverside/salto-ks/main",
        "/hooks/riverside/kisi",
        "/hooks/kisi/riverside/main",
    ] {
        assert_eq!(post(&world, path, &[&ours], &body).await, 404, "{path}");
    }
    assert!(world.machine.cloud().triggers.is_empty() && rows(&world).await.is_empty());
    assert_eq!(
        post(&world, PATH, &[&header("new", &body)], &body).await,
        202,
        "any of several secrets"
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(
        post(
            &world,
            "/hooks/harbour/kisi/main",
            &[&header("theirs", &body)],
            &body
        )
        .await,
        202
    );
    assert_eq!(
        (rows(&world).await.len(), rows(&world).await[0].times.len()),
        (1, 1),
        "each site has its own"
    );
    let theirs = ReportQuery {
        from: Some("2026-02-01".into()),
        ..ReportQuery::default()
    };
    assert_eq!(
        world
            .machine
            .entries(&SiteId::from("harbour"), &theirs)
            .await
            .expect("rows")
            .len(),
        1
    );
    world.ends_in_order().await;
}

/// Kisi switches a webhook off that keeps failing: 202, kept, said, and everything is read.
#[tokio::test]
async fn a_verified_body_that_cannot_be_read_is_kept_said_and_made_good() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"[]".to_vec(),
        vec![b'['; 1_000_000],
        br#"{"type":"lock.unlock","type":"user.update"}"#.to_vec(),
        br#"{"uuid":"1"}"#.to_vec(),
        event(&world, json!({ "uuid": "" })).await,
        event(&world, json!({ "object_id": "front" })).await,
        event(&world, json!({ "success": null })).await,
        event(&world, json!({ "created_at": "tomorrow" })).await,
        event(&world, json!({ "created_at": "2026-03-02T08:05:01Z" })).await,
        event(&world, json!({ "created_at": "9999-12-31T23:59:59Z" })).await,
    ];
    let count = bodies.len();
    for body in bodies {
        assert_eq!(
            post(&world, PATH, &[&header(SECRET, &body)], &body).await,
            202,
            "{:?}",
            body.get(..40.min(body.len()))
        );
    }
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the reconcile that it rings finds what hands did"
    );
    assert_eq!(rows(&world).await, []);
    let report = world.ends_well().await;
    let said = format!("{count} verified deliveries could not be read");
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains(&said)),
        "{report:?}"
    );
}

#[tokio::test]
async fn what_is_none_of_our_business_or_long_past_is_taken_and_enqueues_nothing() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    for more in [
        json!({ "type": "lock.opened" }),
        json!({ "type": "role_assignment.create" }),
        json!({ "type": "card.assign" }),
        json!({ "type": "a.b.c" }),
        json!({ "created_at": "1900-01-01T00:00:00Z" }),
        json!({ "created_at": "2025-12-01T08:00:00Z" }),
    ] {
        let body = event(&world, more.clone()).await;
        assert_eq!(
            post(&world, PATH, &[&header(SECRET, &body)], &body).await,
            202,
            "{more}"
        );
    }
    changed_nothing(&world).await;
}

/// A webhook of the whole organisation posts what happens at all of its places; a site has one of
/// them.
#[tokio::test]
async fn what_happens_at_another_place_is_none_of_this_site_s_business() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN).doors_say("place = \"42\"")).await;
    let elsewhere = event(&world, json!({ "place_id": 43 })).await;
    assert_eq!(
        post(&world, PATH, &[&header(SECRET, &elsewhere)], &elsewhere).await,
        202
    );
    assert!(world.machine.cloud().triggers.is_empty() && rows(&world).await.is_empty());
    let here = event(&world, json!({ "place_id": 42 })).await;
    assert_eq!(
        post(&world, PATH, &[&header(SECRET, &here)], &here).await,
        202
    );
    assert_eq!(
        (world.inside("Members").await, rows(&world).await.len()),
        (vec!["ada".to_owned()], 1)
    );
    world.ends_well().await;
}

/// Ids and reasons of a vendor are texts like any other.
#[tokio::test]
async fn ids_that_look_like_our_keys_land_in_their_own_place() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    for uuid in [
        "x#riverside#person#1",
        "../../",
        "%23",
        "riverside#site",
        "👩‍🚀",
    ] {
        let body = event(
            &world,
            json!({ "uuid": uuid, "success": true, "error_code": null }),
        )
        .await;
        assert_eq!(
            post(&world, PATH, &[&header(SECRET, &body)], &body).await,
            202,
            "{uuid}"
        );
    }
    assert_eq!(rows(&world).await[0].opened, 5);
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "an opened door needs no work"
    );
    world.ends_in_order().await;
}

#[tokio::test]
async fn a_table_or_a_queue_that_is_away_has_it_sent_again() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let body = event(&world, json!({})).await;
    let environment = world.machine.environment();
    for away in ["GetItem", "PutItem", "SendMessage"] {
        let http = environment.http.clone();
        let failing = tower::service_fn(move |request: doorstep_vendors::http::Request| {
            let target = request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok());
            let fails = target.is_some_and(|target| target.ends_with(away));
            let http = http.clone();
            async move {
                if fails {
                    Err(doorstep_vendors::http::NoAnswer::Lost("away".into()))
                } else {
                    http.send(request).await
                }
            }
        });
        let http = doorstep_vendors::http::Http::new(failing);
        let broken = doorstep_cloud::environment::Environment::new(
            environment.settings.clone(),
            http,
            environment.time.clone(),
        );
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "x-signature",
            header(SECRET, &body).parse().expect("a header"),
        );
        let answer = entries(
            &broken,
            Delivery {
                path: PATH.into(),
                headers,
                body: body.clone().into(),
            },
        )
        .await;
        assert_eq!(answer.status, 503, "{away}");
    }
    assert_eq!(
        post(&world, PATH, &[&header(SECRET, &body)], &body).await,
        202
    );
    assert_eq!(
        (world.inside("Members").await, rows(&world).await.len()),
        (vec!["ada".to_owned()], 1)
    );
    world.ends_well().await;
}
