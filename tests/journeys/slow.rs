//! Vendors that fail, hang, throttle and take their time, by a clock in which calls and pauses take
//! time: what one of them does costs no one else access, and no function comes near its limit.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{booking, hot_desk, nexudus, town};
use crate::support::{Doors, DoorsFixture, Platform, SECRET, members, names};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::ids::SiteId;
use doorstep_local::cloud::dynamodb::VARIABLE;
use doorstep_local::run::faults::Slowness;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::Delivery;

/// A healthy door of the same site opens within this, whatever one vendor does.
const SAME_SITE: SignedDuration = SignedDuration::from_secs(30);
/// Another site's opens within this.
const OTHER_SITE: SignedDuration = SignedDuration::from_secs(10);
/// No invocation comes nearer to its limit of a minute.
const LONGEST: SignedDuration = SignedDuration::from_secs(55);

/// Sites with several door systems on one machine, where every call and every pause takes time.
struct Slow(Machine);

impl Slow {
    async fn begin(sites: &[String]) -> Slow {
        let clock = Some("2026-03-02T08:00:00Z".parse().expect("an instant"));
        let setup = Setup {
            sites: sites.to_vec(),
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        let slow = Slow(Machine::start(setup).await.expect("the sites are right"));
        slow.put(
            "salto-ks",
            None,
            "_world",
            DoorsFixture::with(&["Members"]).world(Doors::SaltoKs),
        )
        .await;
        slow.put(
            "kisi",
            None,
            "_world",
            DoorsFixture::with(&["Members", "Meeting"]).world(Doors::Kisi),
        )
        .await;
        slow
    }

    /// From now on calls and pauses take time.
    fn takes_time(&self) {
        self.0.pace(SignedDuration::from_millis(20));
        self.0.let_waits_count(true);
        self.0.worked();
        self.0.changed_after();
    }

    async fn put(&self, vendor: &str, of: Option<&str>, path: &str, body: Value) {
        let of = of.map(|of| format!("?of={of}")).unwrap_or_default();
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("/{path}{of}"));
        let answer = self.0.sandboxes().back_door(
            vendor,
            request.body(body.to_string().into()).expect("a request"),
        );
        assert!(answer.await.status().is_success(), "{vendor} {path}");
    }

    async fn get(&self, vendor: &str, path: &str) -> Value {
        let request = Request::builder()
            .uri(format!("/{path}"))
            .body(Bytes::new())
            .expect("a request");
        serde_json::from_slice(self.0.sandboxes().back_door(vendor, request).await.body())
            .expect("JSON")
    }

    async fn inside(&self, vendor: &str, group: &str) -> Vec<String> {
        self.0.quiet().await;
        let world = self.get(vendor, "_world").await;
        names(&world, &members(&world, group))
    }

    /// Calls that a vendor received.
    async fn calls(&self, vendor: &str) -> u64 {
        let calls: BTreeMap<String, u64> =
            serde_json::from_value(self.get(vendor, "_calls").await).expect("counts");
        calls.values().sum()
    }

    /// Changes a platform, which posts its letters to `site`. Nothing is served yet.
    async fn post(&self, platform: Platform, site: &str, change: Value) {
        let of = (platform == Platform::OfficeRnd).then_some(site);
        let posts = self
            .0
            .sandboxes()
            .post(platform.word(), of, change.to_string().into())
            .await;
        for post in posts.expect("the change is taken") {
            let mut headers = HeaderMap::new();
            for (name, text) in
                platform.headers(SECRET, self.0.now().as_second(), &post.body, &post.body)
            {
                headers.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_str(&text).expect("text"),
                );
            }
            let path = platform.path(site, post.action);
            assert_eq!(
                self.0
                    .deliver(Delivery {
                        path,
                        headers,
                        body: post.body
                    })
                    .await
                    .status,
                202
            );
        }
    }

    async fn change_and_deliver(&self, site: &str, change: Value) {
        self.post(Platform::OfficeRnd, site, change).await;
        self.0.quiet().await;
    }

    async fn clock(&self, to: &str) {
        self.0
            .move_clock(to.parse().expect("an instant"))
            .await
            .expect("the clock moves");
    }

    /// No function came near its limit, and nothing was given up.
    #[track_caller]
    fn lives(&self) {
        let worked = self.0.worked();
        assert!(worked <= LONGEST, "a function worked for {worked:#}");
        assert_eq!(self.0.cloud().triggers.dead().len(), 0);
    }

    #[track_caller]
    fn opened_within(&self, vendor: &str, bound: SignedDuration) {
        let changed = self.0.changed_after();
        let after = changed
            .get(vendor)
            .unwrap_or_else(|| panic!("nothing changed at {vendor}: {changed:?}"));
        // At DynamoDB Local calls come in any order, and the clock of a function that serves two
        // sites is that of both.
        let in_order = std::env::var_os(VARIABLE).is_none();
        assert!(
            !in_order || *after <= bound,
            "{vendor} was changed after {after:#}"
        );
    }
}

/// A door system in a site file.
#[derive(Clone, Copy)]
struct DoorsTable {
    name: &'static str,
    kind: &'static str,
    /// The line with its place, or nothing.
    place: &'static str,
}

const FRONT: DoorsTable = DoorsTable {
    name: "front",
    kind: "salto-ks",
    place: "place = \"5e0c\"\n",
};
const BACK: DoorsTable = DoorsTable {
    name: "back",
    kind: "kisi",
    place: "",
};

/// A site whose members and bookings open these door systems.
fn site(name: &str, platform: Platform, doors: &[DoorsTable], rules: &str) -> String {
    let organization = if platform == Platform::OfficeRnd {
        format!("organization = \"{name}\"\n")
    } else {
        String::new()
    };
    let word = platform.word();
    let tables = doors.iter().map(|DoorsTable { name: doors, kind, place }| {
        format!(
            "[doors.{doors}]\nkind = \"{kind}\"\n{place}secret = \"{name}/{doors}\"\nurl = \"sandbox\"\n\
             protected = [\"ops@example.test\", \"owner@example.test\"]\n"
        )
    });
    let plans = doors.iter().map(|DoorsTable { name: doors, .. }| {
        format!("[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\ndoors = \"{doors}\"\nopens = [\"Members\"]\n")
    });
    format!(
        "site = \"{name}\"\ntimezone = \"Europe/London\"\nmode = \"full\"\n[platform]\nkind = \"{word}\"\n\
         {organization}secret = \"{name}/{word}\"\nurl = \"sandbox\"\n{}{}{rules}",
        tables.collect::<String>(),
        plans.collect::<String>()
    )
}

const MEETING: &str =
    "[[rule]]\nresource = \"Boardroom\"\ndoors = \"back\"\nopens = [\"Meeting\"]\n";

/// A site with two door systems that was compared once.
async fn mill() -> Slow {
    let slow = Slow::begin(&[site("mill", Platform::OfficeRnd, &[FRONT, BACK], MEETING)]).await;
    slow.put("officernd", Some("mill"), "_world", town(json!({})))
        .await;
    slow.0
        .reconcile(&SiteId::from("mill"))
        .await
        .expect("a reconcile");
    slow.takes_time();
    slow
}

fn failing(status: u16, retry_after: Option<u32>) -> Value {
    let headers = retry_after.map_or(
        json!({}),
        |seconds| json!({ "Retry-After": seconds.to_string() }),
    );
    json!([{ "match": "*", "status": status, "headers": headers, "times": -1 }])
}

#[tokio::test]
async fn i10_a_door_system_that_fails_keeps_the_other_one_of_its_site_shut_for_no_time() {
    let slow = mill().await;
    slow.put("salto-ks", None, "_faults", failing(503, None))
        .await;
    slow.change_and_deliver(
        "mill",
        json!({ "memberships": [hot_desk("ada"), hot_desk("bob"), hot_desk("eve")] }),
    )
    .await;
    assert_eq!(slow.inside("kisi", "Members").await, ["ada", "bob", "eve"]);
    slow.opened_within("kisi", SAME_SITE);
    slow.lives();
    slow.clock("2026-03-02T08:10:00Z").await;
    slow.lives();
    slow.put("salto-ks", None, "_faults", json!([])).await;
    slow.clock("2026-03-02T08:20:00Z").await;
    assert_eq!(
        slow.inside("salto-ks", "Members").await,
        ["ada", "bob", "eve"]
    );
}

#[tokio::test]
async fn i10_a_door_system_that_hangs_keeps_the_other_one_of_its_site_shut_for_no_time() {
    for slowness in [
        Slowness::Hangs,
        Slowness::Takes(std::time::Duration::from_secs(9)),
    ] {
        let slow = mill().await;
        slow.0.slow("salto-ks", Some(slowness));
        slow.change_and_deliver(
            "mill",
            json!({ "memberships": [hot_desk("ada"), hot_desk("bob"), hot_desk("eve")] }),
        )
        .await;
        assert_eq!(slow.inside("kisi", "Members").await, ["ada", "bob", "eve"]);
        slow.opened_within("kisi", SAME_SITE);
        slow.lives();
        slow.clock("2026-03-02T08:03:00Z").await;
        slow.lives();
        slow.0.slow("salto-ks", None);
        slow.clock("2026-03-02T08:15:00Z").await;
        assert_eq!(
            slow.inside("salto-ks", "Members").await,
            ["ada", "bob", "eve"],
            "{slowness:?}"
        );
    }
}

#[tokio::test]
async fn i10_a_door_system_that_hangs_keeps_no_one_in_another_one() {
    let slow = mill().await;
    slow.change_and_deliver("mill", json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(slow.inside("kisi", "Members").await, ["ada"]);
    slow.0.worked();
    // The functions worked for some seconds by their own clocks.
    slow.clock("2026-03-02T08:00:10Z").await;
    slow.0.slow("salto-ks", Some(Slowness::Hangs));
    let ended = json!({ "_id": "s-ada", "endDate": "2026-03-01T00:00:00Z" });
    slow.change_and_deliver("mill", json!({ "memberships": [ended] }))
        .await;
    assert_eq!(slow.inside("kisi", "Members").await, [""; 0]);
    assert_eq!(slow.inside("salto-ks", "Members").await, ["ada"]);
    slow.lives();
    slow.0.slow("salto-ks", None);
    slow.clock("2026-03-02T08:02:00Z").await;
    assert_eq!(slow.inside("salto-ks", "Members").await, [""; 0]);
}

#[tokio::test]
async fn i10_a_vendor_that_asks_for_a_pause_is_left_alone_until_it_is_over() {
    for (asked, before, after) in [
        (9, None, "2026-03-02T08:01:00Z"),
        (90, Some("2026-03-02T08:01:29Z"), "2026-03-02T08:02:00Z"),
        (3600, Some("2026-03-02T08:59:59Z"), "2026-03-02T09:00:00Z"),
    ] {
        let slow = mill().await;
        slow.put("salto-ks", None, "_faults", failing(429, Some(asked)))
            .await;
        slow.change_and_deliver(
            "mill",
            json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] }),
        )
        .await;
        assert_eq!(slow.inside("kisi", "Members").await, ["ada", "bob"]);
        slow.opened_within("kisi", SAME_SITE);
        let calls = slow.calls("salto-ks").await;
        slow.put("salto-ks", None, "_faults", json!([])).await;
        slow.change_and_deliver("mill", json!({ "memberships": [hot_desk("eve")] }))
            .await;
        if let Some(before) = before {
            slow.clock(before).await;
        }
        assert_eq!(
            slow.calls("salto-ks").await,
            calls,
            "no call within {asked} s"
        );
        assert_eq!(slow.inside("kisi", "Members").await, ["ada", "bob", "eve"]);
        slow.clock(after).await;
        // Calls took time: what was asked a moment later is due a minute later.
        slow.0
            .move_clock(slow.0.now() + SignedDuration::from_mins(1))
            .await
            .expect("the clock moves");
        assert_eq!(
            slow.inside("salto-ks", "Members").await,
            ["ada", "bob", "eve"],
            "after {asked} s"
        );
        slow.lives();
    }
}

#[tokio::test]
async fn i10_a_person_who_is_due_does_not_wait_for_a_platform_that_hangs() {
    let slow = mill().await;
    let new = booking("bob", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z");
    slow.change_and_deliver("mill", json!({ "bookings": [new] }))
        .await;
    slow.clock("2026-03-02T08:44:59Z").await;
    slow.lives();
    slow.0.changed_after();
    slow.0.slow("officernd", Some(Slowness::Hangs));
    slow.post(
        Platform::OfficeRnd,
        "mill",
        json!({ "memberships": [hot_desk("ada"), hot_desk("eve")] }),
    )
    .await;
    let minute: Timestamp = "2026-03-02T08:45:00Z".parse().expect("an instant");
    let ring = TriggerMessage::new(&SiteId::from("mill"), Trigger::Schedule(minute.into()))
        .text()
        .expect("JSON");
    slow.0
        .cloud()
        .triggers
        .send("mill", Some("alarm"), &ring)
        .expect("taken");
    assert_eq!(slow.inside("kisi", "Meeting").await, ["bob"]);
    slow.opened_within("kisi", OTHER_SITE);
    slow.lives();
    slow.0.slow("officernd", None);
    slow.clock("2026-03-02T08:47:00Z").await;
    assert_eq!(
        slow.inside("kisi", "Members").await,
        ["ada", "eve"],
        "what could not be fetched is fetched later"
    );
    slow.lives();
}

#[tokio::test]
async fn i10_one_sites_vendor_that_hangs_keeps_no_other_site_shut() {
    let front = site("mill", Platform::OfficeRnd, &[FRONT], "");
    let back = site("quay", Platform::OfficeRnd, &[BACK], "");
    let slow = Slow::begin(&[front, back]).await;
    for site in ["mill", "quay"] {
        slow.put("officernd", Some(site), "_world", town(json!({})))
            .await;
        slow.0
            .reconcile(&SiteId::from(site))
            .await
            .expect("a reconcile");
    }
    slow.takes_time();
    slow.0.slow("salto-ks", Some(Slowness::Hangs));
    slow.post(
        Platform::OfficeRnd,
        "mill",
        json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] }),
    )
    .await;
    slow.post(
        Platform::OfficeRnd,
        "quay",
        json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] }),
    )
    .await;
    assert_eq!(slow.inside("kisi", "Members").await, ["ada", "bob"]);
    slow.opened_within("kisi", OTHER_SITE);
    slow.lives();
}

#[tokio::test]
async fn i10_ten_hints_about_people_with_fifty_bookings_each_never_reach_the_limit() {
    let slow = Slow::begin(&[site("riverside", Platform::Nexudus, &[BACK], MEETING)]).await;
    let people: Vec<u64> = (1_001..=1_010).collect();
    let coworker = |id: u64| json!({ "Id": id, "FullName": format!("N {id}"), "Email": format!("n{id}@example.test") });
    let meeting = |coworker: u64, n: u64| {
        let day: Timestamp = "2026-03-02T07:00:00Z".parse().expect("an instant");
        let from = day + SignedDuration::from_hours(24 * i64::try_from(n).expect("few"));
        json!({ "Id": coworker * 100 + n, "ResourceId": 61, "CoworkerId": coworker, "FromTime": from.to_string(),
            "ToTime": (from + SignedDuration::from_hours(5)).to_string() })
    };
    let coworkers: Vec<Value> = people.iter().map(|id| coworker(*id)).collect();
    slow.put(
        "nexudus",
        None,
        "_world",
        nexudus::town(json!({ "Coworkers": coworkers })),
    )
    .await;
    slow.0
        .reconcile(&SiteId::from("riverside"))
        .await
        .expect("a reconcile");
    let bookings: Vec<Value> = people
        .iter()
        .flat_map(|id| (0..50).map(move |n| meeting(*id, n)))
        .collect();
    slow.0
        .sandboxes()
        .post(
            "nexudus",
            None,
            json!({ "Bookings": bookings }).to_string().into(),
        )
        .await
        .expect("taken");
    slow.takes_time();
    slow.0.pace(SignedDuration::from_millis(30));
    slow.0.slow(
        "nexudus",
        Some(Slowness::Takes(std::time::Duration::from_millis(100))),
    );
    let changed: Vec<Value> = people
        .iter()
        .map(|id| json!({ "Id": id, "MobilePhone": "1" }))
        .collect();
    slow.post(
        Platform::Nexudus,
        "riverside",
        json!({ "Coworkers": changed }),
    )
    .await;
    slow.0.quiet().await;
    slow.lives();
    slow.clock("2026-03-02T08:06:00Z").await;
    slow.lives();
    let mut all_people: Vec<String> = people.iter().map(|id| format!("n{id}")).collect();
    all_people.sort();
    assert_eq!(slow.inside("kisi", "Meeting").await, all_people);
}
