//! Webhook addresses: one site's route or secret is read for that site alone, and its trouble is no
//! other site's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Platform, SECRET, Scenario, World, hmac, sign};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::function_url::{FunctionUrlAnswer, FunctionUrlRequest, answer};
use doorstep_core::model::error::Error;
use doorstep_jobs::entries::entries;
use doorstep_jobs::receive::receive;
use doorstep_vendors::http::{Http, Request, Response};

const OFFICERND: &str = "/hooks/riverside/officernd";
const HARBOUR: &str = "/hooks/harbour/officernd";

fn trigger() -> String {
    json!({ "event": "membership.created", "data": { "object": { "_id": "s-bob" } } }).to_string()
}

/// Two sites with one secret each. Of Bob's new membership only a delivery can tell.
async fn two_sites() -> World {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    scenario.neighbours = vec![scenario.named("harbour")];
    let api = "client_id = \"a\"\nclient_secret = \"b\"\napi_key = \"e\"\n";
    let of = |site: &str| {
        format!(
            "[\"{site}/officernd\"]\nwebhook_secrets = [\"{SECRET}\"]\n{api}[\"{site}/doors\"]\n{api}"
        )
    };
    scenario.secrets = Some(format!("{}{}", of("riverside"), of("harbour")));
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = scenario
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world
        .change(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    world
}

/// What was called, by operation and what it was about.
type Calls = Arc<Mutex<BTreeMap<String, usize>>>;

/// An answer in place of that of AWS.
type Instead = Arc<Mutex<Box<dyn Fn(&str, &Value) -> Option<Response> + Send>>>;

/// The world's outside, with calls to AWS counted, and some answered otherwise.
struct Watched {
    environment: Environment,
    calls: Calls,
    instead: Instead,
}

impl Watched {
    fn of(world: &World) -> Self {
        let (calls, instead): (Calls, Instead) =
            (Arc::default(), Arc::new(Mutex::new(Box::new(|_, _| None))));
        let (environment, counted, other) =
            (world.machine.environment(), calls.clone(), instead.clone());
        let http = environment.http.clone();
        let service = tower::service_fn(move |request: Request| {
            let target = request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok());
            let operation = target
                .and_then(|target| target.split('.').next_back())
                .unwrap_or("GET")
                .to_owned();
            let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            *counted
                .lock()
                .expect("calls")
                .entry(operation.clone())
                .or_default() += 1;
            let instead = other.lock().expect("answers")(&operation, &asked);
            let http = http.clone();
            async move {
                match instead {
                    Some(answer) => Ok(answer),
                    None => http.send(request).await,
                }
            }
        });
        let environment = Environment::new(
            environment.settings.clone(),
            Http::new(service),
            environment.time.clone(),
        );
        Watched {
            environment,
            calls,
            instead,
        }
    }

    /// Answers reads of the secret of one site with this.
    fn spoil(&self, site: &'static str, answer: impl Fn() -> Response + Send + 'static) {
        *self.instead.lock().expect("answers") = Box::new(move |operation, asked| {
            let of = asked["Name"]
                .as_str()
                .is_some_and(|name| name.contains(&format!("/{site}/")));
            (operation == "GetParameter" && of).then(&answer)
        });
    }

    fn heal(&self) {
        *self.instead.lock().expect("answers") = Box::new(|_, _| None);
    }

    fn calls(&self) -> BTreeMap<String, usize> {
        self.calls.lock().expect("calls").clone()
    }

    fn count(&self) -> usize {
        self.calls().values().sum()
    }

    async fn post(&self, world: &World, path: &str) -> u16 {
        let header = sign(
            SECRET,
            world.machine.now().as_second(),
            trigger().as_bytes(),
        );
        status(
            &self
                .call(&json!({ "rawPath": path, "headers": { "officernd-signature": header }, "body": trigger() }))
                .await,
        )
    }

    /// Hands an event to receive as Lambda does.
    async fn call(&self, event: &Value) -> FunctionUrlAnswer {
        answer(read(event), async |delivery| {
            receive(&self.environment, delivery).await
        })
        .await
    }
}

fn read(event: &Value) -> FunctionUrlRequest {
    serde_json::from_str(&event.to_string()).expect("an event")
}

fn status(answer: &FunctionUrlAnswer) -> u16 {
    let written = serde_json::to_value(answer).expect("JSON");
    written["statusCode"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .expect("a status")
}

fn refusal(kind: &str) -> Response {
    let body = json!({ "__type": kind, "message": "no" }).to_string();
    http::Response::builder()
        .status(400)
        .body(Bytes::from(body))
        .expect("an answer")
}

fn parameter(value: &str) -> Response {
    let body = json!({ "Parameter": { "Name": "/x", "Value": value } }).to_string();
    http::Response::new(Bytes::from(body))
}

#[tokio::test]
async fn i8_a_secret_that_cannot_be_read_costs_only_its_own_site() {
    let world = two_sites().await;
    let spoilt: [fn() -> Response; 4] = [
        || parameter("not JSON"),
        || parameter(r#"{"webhook_secrets":"current"}"#),
        || refusal("AccessDeniedException"),
        || refusal("ThrottlingException"),
    ];
    for answer in spoilt {
        let watched = Watched::of(&world);
        watched.spoil("harbour", answer);
        assert_eq!(watched.post(&world, HARBOUR).await, 503);
        let asked = watched.calls();
        assert_eq!(watched.post(&world, HARBOUR).await, 503);
        assert_eq!(
            watched.calls(),
            asked,
            "it is not asked again within five seconds"
        );
        assert_eq!(watched.post(&world, OFFICERND).await, 202);
    }
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn i9_a_secret_that_is_known_is_used_for_15_minutes_while_it_cannot_be_read_anew() {
    let world = two_sites().await;
    let watched = Watched::of(&world);
    assert_eq!(watched.post(&world, HARBOUR).await, 202);
    watched.spoil("harbour", || refusal("AccessDeniedException"));
    for (instant, status) in [("08:01:00", 202), ("08:14:59", 202), ("08:15:00", 503)] {
        world.clock(&format!("2026-03-02T{instant}Z")).await;
        assert_eq!(watched.post(&world, HARBOUR).await, status, "{instant}");
    }
    watched.heal();
    world.clock("2026-03-02T08:15:05Z").await;
    assert_eq!(watched.post(&world, HARBOUR).await, 202);
}

#[tokio::test]
async fn l1_credentials_are_read_once_a_minute_and_are_gone_a_minute_after_their_removal() {
    let world = two_sites().await;
    let watched = Watched::of(&world);
    let harbour = async |instant: &str| {
        let now = format!("2026-03-02T{instant}Z")
            .parse()
            .expect("an instant");
        let known = watched.environment.secrets.api("harbour/doors", now).await;
        known.map(|secrets| secrets.api_key.is_some())
    };
    let read = || watched.calls().get("GetParameter").copied();
    for instant in ["08:00:00", "08:00:30", "08:00:59"] {
        assert_eq!(harbour(instant).await, Ok(true));
    }
    assert_eq!(read(), Some(1));
    assert_eq!(harbour("08:01:00").await, Ok(true));
    assert_eq!(read(), Some(2));
    watched.spoil("harbour", || refusal("AccessDeniedException"));
    assert_eq!(harbour("08:02:00").await, Ok(true), "the known ones go on");
    watched.spoil("harbour", || refusal("ParameterNotFound"));
    let removed = harbour("08:02:05").await.expect_err("it was removed");
    assert!(matches!(removed, Error::Permanent { .. }), "{removed}");
    let again = harbour("08:02:30").await;
    assert_eq!(again, Err(removed));
    watched.heal();
    assert_eq!(harbour("08:03:05").await, Ok(true));
}

#[tokio::test]
async fn l1_a_start_reads_nothing_and_a_delivery_reads_its_own_site_alone() {
    let world = two_sites().await;
    let watched = Watched::of(&world);
    watched.environment.warm().await;
    assert_eq!(
        watched.calls().keys().collect::<Vec<_>>(),
        ["GET"],
        "only the ways are opened"
    );
    let before = watched.count();
    assert_eq!(watched.post(&world, OFFICERND).await, 202);
    let first: BTreeMap<String, usize> = watched
        .calls()
        .into_iter()
        .filter(|(operation, _)| operation != "GET")
        .collect();
    assert_eq!(first.get("GetItem"), Some(&1), "its route");
    assert_eq!(first.get("GetParameter"), Some(&1), "its secret");
    assert_eq!(first.get("Query"), None, "and no list");
    let cost = watched.count() - before;
    assert_eq!(watched.post(&world, OFFICERND).await, 202);
    assert_eq!(
        watched.count() - before,
        2 * cost - 2,
        "the second one knows both"
    );
    world.machine.quiet().await;
    world.ends_well().await;
}

#[tokio::test]
async fn i8_names_that_are_no_site_cost_few_calls_and_hide_no_site() {
    let world = two_sites().await;
    let watched = Watched::of(&world);
    assert_eq!(watched.post(&world, OFFICERND).await, 202);
    // Both sites have one platform and one house here: the first is served before the other is
    // told.
    world.machine.quiet().await;
    let before = watched.count();
    for n in 0..500 {
        for _ in 0..2 {
            assert_eq!(
                watched
                    .post(&world, &format!("/hooks/nowhere-{n}/officernd"))
                    .await,
                404
            );
        }
    }
    for odd in [
        "Riverside",
        "-a",
        "a b",
        "a#b",
        "%2e%2e",
        &"x".repeat(33),
        "🔑",
    ] {
        assert_eq!(
            watched
                .post(&world, &format!("/hooks/{odd}/officernd"))
                .await,
            404,
            "{odd}"
        );
    }
    let calls = watched.count() - before;
    assert!(
        (51..=53).contains(&calls),
        "fifty looks, and then the list, once, and what was throttled again: {calls}"
    );
    assert_eq!(
        watched.post(&world, HARBOUR).await,
        202,
        "a site without a request so far is still found"
    );
    assert_eq!(watched.post(&world, OFFICERND).await, 202);
}

#[tokio::test]
async fn b1_a_query_that_is_no_uri_keeps_no_delivery_out() {
    let world = two_sites().await;
    let watched = Watched::of(&world);
    let header = sign(
        SECRET,
        world.machine.now().as_second(),
        trigger().as_bytes(),
    );
    let event = json!({ "version": "2.0", "rawPath": OFFICERND, "rawQueryString": "q=a b&%zz",
        "queryStringParameters": { "q": "a b" }, "headers": { "Officernd-Signature": header, "a b": "c" },
        "requestContext": { "http": { "method": "POST", "path": OFFICERND } },
        "body": trigger(), "isBase64Encoded": false });
    assert_eq!(status(&watched.call(&event).await), 202);
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

/// A Function URL joins the values of a header that was sent twice with a comma.
#[tokio::test]
async fn i8_a_signature_that_was_sent_twice_and_joined_verifies_nothing() {
    for platform in [
        Platform::OfficeRnd,
        Platform::Nexudus,
        Platform::Andcards,
        Platform::Deskworks,
    ] {
        let world = Scenario::at(Doors::Kisi, PLAN)
            .on(platform)
            .start(json!({}), DoorsFixture::with(&["Members"]))
            .await;
        let watched = Watched::of(&world);
        let action = (platform == Platform::Nexudus).then_some(61);
        let (path, at, body) = (
            platform.path("riverside", action),
            world.machine.now().as_second(),
            "{}",
        );
        let headers = platform.headers(SECRET, at, body.as_bytes(), body.as_bytes());
        let event = |join: Option<&str>| {
            let value = |name: &str, text: &String| match join {
                Some(comma) if name == platform.header() => format!("{text}{comma}{text}"),
                _ => text.clone(),
            };
            let headers: BTreeMap<&str, String> = headers
                .iter()
                .map(|(name, text)| (*name, value(name, text)))
                .collect();
            json!({ "rawPath": path, "headers": headers, "body": body })
        };
        assert_ne!(
            status(&watched.call(&event(None)).await),
            401,
            "{platform:?}: once it proves"
        );
        for comma in [",", ", ", " ,"] {
            assert_eq!(
                status(&watched.call(&event(Some(comma))).await),
                401,
                "{platform:?} {comma:?}"
            );
        }
    }
}

#[tokio::test]
async fn i8_a_signature_of_a_door_system_that_was_sent_twice_and_joined_verifies_nothing() {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    let watched = Watched::of(&world);
    let header = format!("sha256={}", hmac(SECRET, &[b"{}"]));
    for (header, status) in [
        (header.clone(), 202),
        (format!("{header},{header}"), 401),
        (format!("{header}, {header}"), 401),
    ] {
        let event = json!({ "rawPath": "/hooks/riverside/kisi/main", "headers": { "x-signature": header }, "body": "{}" });
        let answered = answer(read(&event), async |delivery| {
            entries(&watched.environment, delivery).await
        })
        .await;
        assert_eq!(self::status(&answered), status);
    }
}
