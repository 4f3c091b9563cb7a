//! The list under *Bad input*: what is malformed, forged, oversized, outdated or impossible gets a
//! clear answer, changes nothing and loses nothing.

mod push;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::journeys::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SECRET, Scenario, World, sign, signature};
use doorstep_cloud::environment::Environment;
use doorstep_jobs::receive::receive;
use doorstep_local::{Data, Machine, Setup, StartError};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};
use doorstep_vendors::http::{Http, Request};

const PATH: &str = "/hooks/riverside/officernd";

/// Ada is a member and inside; of Bob's new membership only the bell in question could tell.
async fn riverside(scenario: Scenario) -> World {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = scenario
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world
        .change(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    world
}

fn trigger() -> Vec<u8> {
    let object = json!({ "_id": "s-bob" });
    json!({ "event": "membership.created", "eventType": "membership.created", "data": { "object": object } })
        .to_string()
        .into_bytes()
}

/// Nothing was done, nothing was asked, nothing waits; and what the delivery was about is found by
/// the reconcile.
async fn changed_nothing_and_lost_nothing(world: &World) {
    assert!(
        world.machine.cloud().triggers.is_empty(),
        "no trigger was enqueued"
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn whatever_does_not_verify_is_refused_alike_and_costs_only_its_count() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let (now, body) = (world.machine.now().as_second(), trigger());
    let good = signature(SECRET, now, &body);
    let long = format!("t={now},signature={good},pad={}", "x".repeat(64 << 10));
    let header = |signature: &str| format!("t={now},signature={signature}");
    let bad: Vec<Vec<String>> = vec![
        vec![],
        vec![header(&good), header(&good)],
        vec![String::new()],
        vec![format!("sha256={good}")],
        vec![format!("signature={good}")],
        vec![format!("t={now}")],
        vec![format!("t={now},v1={good}")],
        vec![header(&good[1..])],
        vec![header(
            &good.replace(|digit: char| digit.is_ascii_digit(), "g"),
        )],
        vec![header(&good[..32])],
        vec![header("")],
        vec![long],
        vec![sign("wrong", now, &body)],
        vec![sign("", now, &body)],
        vec![format!("t={now},t={now},signature={good}")],
        vec![format!("t=+{now},signature={good}")],
        vec![format!("t={}.0,signature={good}", now)],
        vec![sign(SECRET, now - 301, &body)],
        vec![sign(SECRET, now + 301, &body)],
        vec![format!("t={},signature={good}", now + 1)],
        vec![sign(SECRET, i64::MAX, &body)],
        vec![sign(SECRET, now, b"another body")],
    ];
    let signed = |values: Vec<String>| {
        values
            .into_iter()
            .map(|value| ("officernd-signature", value))
            .collect()
    };
    let of_nothing = signed(vec![sign(SECRET, now, &[])]);
    let refused = Refused {
        path: PATH,
        body,
        bad: bad.into_iter().map(signed).collect(),
        of_nothing,
    };
    assert_refused_alike(&world, refused, receive).await;
    changed_nothing_and_lost_nothing(&world).await;
}

/// The headers of a delivery.
pub type Headers = Vec<(&'static str, String)>;

/// Deliveries that a webhook endpoint must refuse alike.
pub struct Refused {
    pub path: &'static str,
    pub body: Vec<u8>,
    /// Headers that do not verify the body.
    pub bad: Vec<Headers>,
    /// Headers that verify an empty body.
    pub of_nothing: Headers,
}

/// Most writes of counts of refused deliveries in a minute.
const MOST_COUNTS: usize = 10;

/// Every refused delivery gets one and the same answer. It costs no call but the write of its count,
/// and ten of these in a minute at most. One that is too large is answered 413.
pub async fn assert_refused_alike(
    world: &World,
    refused: Refused,
    job: impl AsyncFn(&Environment, Delivery) -> WebhookAnswer,
) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = counting(world, &calls);
    let deliver = async |headers: &Headers, body: Vec<u8>| {
        let mut sent = http::HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, value.parse().expect("a header"));
        }
        job(
            &counting,
            Delivery {
                path: refused.path.to_owned(),
                headers: sent,
                body: body.into(),
            },
        )
        .await
    };
    let none = Headers::new();
    let first = deliver(&none, refused.body.clone()).await;
    let warm = calls.load(Ordering::Relaxed);
    for headers in refused.bad.iter().cycle().take(20 + refused.bad.len()) {
        let answer = deliver(headers, refused.body.clone()).await;
        assert_eq!(answer, first, "one and the same answer: {headers:.90?}");
    }
    assert_eq!(
        (first.status, deliver(&none, Vec::new()).await.status),
        (401, 401)
    );
    assert_eq!(
        deliver(&refused.of_nothing, vec![0; (1 << 20) + 1])
            .await
            .status,
        413
    );
    assert_eq!(
        calls.load(Ordering::Relaxed),
        warm + MOST_COUNTS - 1,
        "a refused delivery costs nothing but its count"
    );
}

/// The machine's world, with every request counted.
fn counting(world: &World, calls: &Arc<AtomicUsize>) -> Environment {
    let (environment, calls) = (world.machine.environment(), calls.clone());
    let http = environment.http.clone();
    let counted = tower::service_fn(move |request: Request| {
        calls.fetch_add(1, Ordering::Relaxed);
        let http = http.clone();
        async move { http.send(request).await }
    });
    Environment::new(
        environment.settings.clone(),
        Http::new(counted),
        environment.time.clone(),
    )
}

#[tokio::test]
async fn whatever_verifies_is_taken_and_opens() {
    for seconds in [-300, -299, 299, 300] {
        let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
        let at = world.machine.now().as_second() + seconds;
        let header = sign(SECRET, at, &trigger());
        assert_eq!(world.post(&[&header], &trigger()).await, 202, "{seconds} s");
        assert_eq!(world.inside("Members").await, ["ada", "bob"], "{seconds} s");
        world.ends_well().await;
    }
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let now = world.machine.now().as_second();
    let upper = signature(SECRET, now, &trigger()).to_uppercase();
    assert_eq!(
        world
            .post(&[&format!(" signature={upper} , t={now}")], &trigger())
            .await,
        202,
        "upper case, other order"
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn any_of_several_secrets_verifies_and_a_retired_one_does_not() {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    let api = "client_id = \"a\"\nclient_secret = \"b\"\nusername = \"c\"\npassword = \"d\"\napi_key = \"e\"\n";
    scenario.secrets = Some(format!(
        "[\"riverside/officernd\"]\nwebhook_secrets = [\"new\", \"old\"]\n{api}[\"riverside/doors\"]\n{api}"
    ));
    let world = riverside(scenario).await;
    let now = world.machine.now().as_second();
    assert_eq!(
        world
            .post(&[&sign(SECRET, now, &trigger())], &trigger())
            .await,
        401,
        "retired"
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(
        world
            .post(&[&sign("old", now, &trigger())], &trigger())
            .await,
        202
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(
        world
            .post(&[&sign("new", now, &trigger())], &trigger())
            .await,
        202
    );
    world.ends_well().await;
}

#[tokio::test]
async fn another_site_s_signature_and_a_swapped_path_verify_nothing() {
    let mut scenario = Scenario::at(Doors::Kisi, PLAN);
    scenario.neighbours = vec![scenario.named("harbour"), scenario.named("silent")];
    let api = "client_id = \"a\"\nclient_secret = \"b\"\napi_key = \"e\"\n";
    scenario.secrets = Some(format!(
        "[\"riverside/officernd\"]\nwebhook_secrets = [\"{SECRET}\"]\n{api}[\"riverside/doors\"]\n{api}\
         [\"harbour/officernd\"]\nwebhook_secrets = [\"theirs\"]\n{api}[\"harbour/doors\"]\n{api}\
         [\"silent/officernd\"]\n{api}[\"silent/doors\"]\n{api}"
    ));
    let world = riverside(scenario).await;
    let now = world.machine.now().as_second();
    let (ours, theirs) = (
        sign(SECRET, now, &trigger()),
        sign("theirs", now, &trigger()),
    );
    assert_eq!(world.post_to(PATH, &[&theirs], &trigger()).await, 401);
    assert_eq!(
        world
            .post_to("/hooks/harbour/officernd", &[&ours], &trigger())
            .await,
        401
    );
    for path in [
        "/hooks/silent/officernd",
        "/hooks/nowhere/officernd",
        "/hooks/riverside/nexudus",
        "/hooks/officernd/riverside",
        "/hooks/riverside",
        "/hooks/riverside/officernd/",
        "/hooks//officernd",
        "/",
    ] {
        assert_eq!(
            world.post_to(path, &[&ours], &trigger()).await,
            404,
            "{path}"
        );
    }
    changed_nothing_and_lost_nothing(&world).await;
}

/// From OfficeRnD 202, for it switches a webhook off that keeps failing; kept, said, and everything
/// is read.
#[tokio::test]
async fn a_verified_body_that_cannot_be_read_is_kept_said_and_made_good() {
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        vec![b'['; 1_000_000],
        br#"{"event":"membership.created","event":"member.removed","data":{"object":{"_id":"s-bob"}}}"#.to_vec(),
        br#"{"event":"membership.created","data":{"object":{"_id":"s-bob","_id":"s-ada"}}}"#.to_vec(),
        br#"{"event":"membership.created","eventType":"member.removed","data":{"object":{"_id":"s-bob"}}}"#.to_vec(),
        br#"{"event":"membership.created","data":{"object":{}}}"#.to_vec(),
        br#"{"event":"membership.created","data":{"object":{"_id":7}}}"#.to_vec(),
        br#"{"data":{"object":{"_id":"s-bob"}}}"#.to_vec(),
    ];
    let count = bodies.len();
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    for body in bodies {
        assert_eq!(
            world.deliver(&body).await,
            202,
            "{:?}",
            body.get(..40.min(body.len()))
        );
    }
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob"],
        "the reconcile that it rings finds what it was about"
    );
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
async fn events_that_are_none_of_our_business_are_taken_and_enqueue_nothing() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    for event in [
        "invoice.created",
        "ticket.updated",
        "member.paymentdetails.removed",
        "a.b.c.d",
        "resource.updated",
    ] {
        let body = json!({ "event": event, "data": { "object": { "_id": "s-ada" } } }).to_string();
        assert_eq!(world.deliver(body.as_bytes()).await, 202, "{event}");
    }
    changed_nothing_and_lost_nothing(&world).await;
}

#[tokio::test]
async fn a_body_of_1_mib_is_taken_and_one_byte_more_is_not() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    let mut body = trigger();
    body.resize(1 << 20, b' ');
    let mut larger = body.clone();
    larger.push(b' ');
    assert_eq!(world.deliver(&larger).await, 413);
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(world.deliver(&body).await, 202);
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

/// A delivery is dated by its signed timestamp. The time in its body is ignored.
#[tokio::test]
async fn a_delivery_from_the_future_or_the_past_waits_for_nothing() {
    let world = riverside(Scenario::at(Doors::Kisi, PLAN)).await;
    for modified in [
        "9999-12-31T23:59:59.999Z",
        "1900-01-01T00:00:00.000Z",
        "tomorrow",
    ] {
        let object = json!({ "_id": "s-bob", "modifiedAt": modified });
        let body =
            json!({ "event": "membership.updated", "data": { "object": object } }).to_string();
        assert_eq!(world.deliver(body.as_bytes()).await, 202);
        assert_eq!(world.inside("Members").await, ["ada", "bob"], "{modified}");
    }
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn impossible_dates_open_what_they_say_and_no_more() {
    let at = |id: &str, start: &str, end: &str| {
        let mut booked = booking("eve", start, end);
        booked["_id"] = json!(id);
        booked
    };
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    let bookings = [
        at("b-1900", "1900-01-01T00:00:00Z", "1900-01-01T01:00:00Z"),
        at("b-back", "2026-03-02T10:00:00Z", "2026-03-02T09:00:00Z"),
        at("b-nonsense", "yesterday", "2026-03-02T23:00:00Z"),
        at("b-never", "2026-03-02T12:00:00Z", "9999-12-31T23:59:59Z"),
    ];
    world
        .change_and_deliver(json!({ "bookings": bookings }))
        .await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &[]).await;
    world.at("2026-03-02T11:44:59Z", "Meeting", &[]).await;
    world.at("2026-03-02T11:45:00Z", "Meeting", &["eve"]).await;
    let problems = world.problems("eve").await;
    assert!(
        problems.iter().any(|problem| problem.contains("b-back")),
        "{problems:?}"
    );
    world.at("2027-03-02T11:45:00Z", "Meeting", &["eve"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn people_without_an_address_and_with_odd_names_are_people() {
    let member =
        |id: &str, name: &str, email: Value| json!({ "_id": id, "name": name, "email": email });
    let people = [
        member("m-none", "No Address", Value::Null),
        member("m-odd", "No Address", json!("not an address")),
        member("m-emoji", "👩‍🚀 Zoë", json!("zoe@example.test")),
        member("m-rtl", "\u{202e}عمر خیّام", json!("omar@example.test")),
        member("m-blank", " ", json!("blank@example.test")),
        member(
            "PERSON#1~|site#fact",
            "Keys",
            json!("riverside#person#1@example.test"),
        ),
    ];
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        let world = Scenario::at(doors, PLAN)
            .begin(town(json!({})), DoorsFixture::with(&["Members"]))
            .await;
        let memberships: Vec<Value> = people
            .iter()
            .map(|person| {
                let mut membership = hot_desk("x");
                membership["_id"] =
                    json!(format!("s#{}", person["_id"].as_str().unwrap_or_default()));
                membership["member"] = person["_id"].clone();
                membership
            })
            .collect();
        world
            .change_and_deliver(json!({ "members": people, "memberships": memberships }))
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
        world
            .change_and_deliver(
                json!({ "remove": { "memberships": memberships.iter().map(|m| &m["_id"]).collect::<Vec<_>>() } }),
            )
            .await;
        assert_eq!(world.inside("Members").await, [""; 0]);
        world.ends_well().await;
    }
}

#[tokio::test]
async fn a_group_that_is_gone_and_a_plan_that_was_renamed_take_nothing() {
    let rules = format!("{PLAN}[[rule]]\nplan = \"Hot desk\"\nopens = [\"Gone\"]\n");
    let things = json!({ "memberships": [hot_desk("ada")] });
    let mut world = Scenario::at(Doors::SaltoKs, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Gone"]))
        .await;
    assert_eq!(world.inside("Gone").await, ["ada"]);
    world
        .by_hand(|world| drop(world["groups"].as_array_mut().expect("groups").pop()))
        .await;
    world
        .change(json!({ "plans": [{ "_id": "p-hot", "name": "Flexible desk" }] }))
        .await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("Hot desk")),
        "{report:?}"
    );
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("Gone")),
        "{report:?}"
    );
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "a name that no longer exists revokes nothing"
    );
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob"],
        "and goes on meaning what it meant"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn a_platform_address_that_points_inside_the_network_is_refused() {
    for inside in [
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://127.0.0.1:8443",
        "https://[::1]",
        "https://localhost",
        "http://app.officernd.com",
        "https://user:secret@app.officernd.com",
    ] {
        let text = Scenario::at(Doors::Kisi, PLAN).text().replacen(
            "\"sandbox\"",
            &format!("\"{inside}\""),
            1,
        );
        let clock = "2026-03-02T08:00:00Z".parse().ok();
        let setup = Setup {
            sites: vec![text],
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        let Err(StartError::Site { why, .. }) = Machine::start(setup).await else {
            panic!("{inside} is not refused")
        };
        assert!(why.to_string().contains("url"), "{inside}: {why}");
    }
}

#[tokio::test]
async fn a_thing_that_the_table_does_not_take_stays_as_it_was_and_blocks_nothing_else() {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    let large = json!({ "_id": "m-eve", "name": "x".repeat(450_000), "email": "eve@example.test" });
    world
        .change_and_deliver(
            json!({ "members": [large], "memberships": [hot_desk("ada"), hot_desk("eve")] }),
        )
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("member m-eve stays as it was")),
        "{report:?}"
    );
    world
        .change(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob", "eve"],
        "the rest of the list is accepted"
    );
    world
        .change(
            json!({ "members": [{ "_id": "m-eve", "name": "Eve", "email": "eve@example.test" }] }),
        )
        .await;
    assert_eq!(world.reconcile().await.problems, [""; 0]);
    world.ends_well().await;
}

/// More people than are served in one slice.
#[tokio::test]
async fn a_company_of_2000_comes_in_and_goes_out() {
    a_company_of(2000).await;
}

async fn a_company_of(people: usize) {
    let member = |n: usize| {
        json!({ "_id": format!("m-{n}"), "name": format!("Worker {n}"), "email": format!("w{n}@example.test"),
            "company": "c-large" })
    };
    let members: Vec<Value> = (0..people).map(member).collect();
    let things =
        json!({ "companies": [{ "_id": "c-large", "name": "Large" }], "members": members });
    let world = Scenario::at(Doors::SaltoKs, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    let mut shared = hot_desk("large");
    (shared["member"], shared["company"]) = (Value::Null, json!("c-large"));
    shared["endDate"] = json!("2026-03-02T00:00:00Z");
    world
        .change_and_deliver(json!({ "memberships": [shared] }))
        .await;
    assert_eq!(
        world.inside("Members").await.len(),
        0,
        "so many accounts need an approval"
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), people);
    world.clock("2026-03-03T00:00:00Z").await;
    assert_eq!(world.inside("Members").await.len(), 0);
    assert_eq!(
        world.audit().await.len(),
        3 * people,
        "each was made an account, let in and taken out"
    );
    world.ends_well().await;
}
