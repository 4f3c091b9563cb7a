//! Spacebring: credentials, pages, filters, statuses, series, removed things, and what is posted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::client::Client;
use doorstep_core::decide::recurrence::occurrences;
use doorstep_core::model::fact::{Booking, Series};

const LOCATION: &str = "00000000-0000-4000-8000-000000000001";
const ROOM: &str = "00000000-0000-4000-8000-000000000061";

async fn client(more: Value) -> Client {
    let mut world = json!({
        "locations": [{ "id": LOCATION, "title": "Riverside", "timezoneId": "Europe/London" }],
        "resources": [{ "id": ROOM, "title": "Boardroom", "locationRef": LOCATION }],
    });
    let more = more.as_object().cloned().unwrap_or_default();
    world.as_object_mut().unwrap().extend(more);
    let mut client = Client::new("spacebring");
    client.put_world(world).await;
    // id:secret
    client.headers = vec![("authorization", "Basic aWQ6c2VjcmV0".to_owned())];
    client
}

fn members(count: usize) -> Vec<Value> {
    let member = |n: usize| json!({ "id": format!("00000000-0000-4000-9000-{n:012}"), "locationRef": LOCATION });
    (0..count).map(member).collect()
}

fn ids(page: &Value, list: &str) -> Vec<String> {
    let all = page[list].as_array().expect("a list").iter();
    all.map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn only_http_basic_with_both_parts_is_accepted() {
    let mut client = client(json!({})).await;
    assert_eq!(client.get("/locations/v1").await.status, 200);
    for wrong in [
        "Basic aWQ6",
        "Basic OnNlY3JldA==",
        "Basic ?",
        "Bearer aWQ6c2VjcmV0",
        "",
    ] {
        client.headers = vec![("authorization", wrong.to_owned())];
        let answer = client.get("/locations/v1").await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (401, &json!("Unauthorized")),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn pages_have_25_unless_asked_and_100_at_most() {
    let client = client(json!({ "memberships": members(130) })).await;
    let list = format!("/community/memberships/v1?locationRef={LOCATION}");
    for (limit, size) in [("", 25), ("&limit=7", 7), ("&limit=100", 100)] {
        let page = client.get(&format!("{list}{limit}")).await;
        assert_eq!(ids(&page.body, "memberships").len(), size, "{limit}");
    }
    for limit in ["&limit=500", "&limit=0", "&limit=x"] {
        let page = client.get(&format!("{list}{limit}")).await;
        assert_eq!(page.status, 400, "{limit}");
    }
    let first = client.get(&format!("{list}&limit=100")).await;
    let token = first.body["nextPageToken"].as_str().expect("a token");
    let rest = client
        .get(&format!("{list}&limit=100&nextPageToken={token}"))
        .await;
    assert_eq!(ids(&rest.body, "memberships").len(), 30);
    assert_eq!(rest.body.get("nextPageToken"), None);
    // A token counts only with the filters that it came with.
    let other = client
        .get(&format!("{list}&types=member&nextPageToken={token}"))
        .await;
    assert_eq!(other.status, 400);
    assert_eq!(
        client
            .get(&format!("{list}&nextPageToken=nonsense"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn some_lists_cut_a_page_that_is_too_large() {
    let plan = |n: usize| json!({ "id": format!("00000000-0000-4000-9000-{n:012}") });
    let plans: Vec<Value> = (0..130).map(plan).collect();
    let client = client(json!({ "plans": plans })).await;
    for (limit, size) in [("500", 100), ("0", 25), ("x", 25)] {
        let page = client.get(&format!("/plans/v1?limit={limit}")).await;
        assert_eq!(ids(&page.body, "plans").len(), size, "{limit}");
    }
}

#[tokio::test]
async fn a_malformed_id_or_network_is_refused() {
    let mut client = client(json!({})).await;
    let free = "00000000-0000-4000-8000-00000000ffff";
    for path in ["/locations/v1", "/transactions/v1/balances"] {
        let rest = if path.ends_with("v1") {
            ""
        } else {
            "/day_passes"
        };
        let answer = client.get(&format!("{path}/riverside{rest}")).await;
        assert_eq!(answer.status, 400, "{path}");
    }
    assert_eq!(
        client.get(&format!("/locations/v1/{free}")).await.status,
        404
    );
    client
        .headers
        .push(("spacebring-network-id", "riverside".to_owned()));
    assert_eq!(client.get("/locations/v1").await.status, 400);
    client.headers.pop();
    client
        .headers
        .push(("spacebring-network-id", free.to_owned()));
    assert_eq!(client.get("/locations/v1").await.status, 200);
}

#[tokio::test]
async fn a_list_says_what_is_wrong_with_a_request() {
    let client = client(json!({})).await;
    for path in [
        "/resources/v1".to_owned(),
        "/resources/bookings/v1".to_owned(),
        "/resources/v1?locationRef=riverside".to_owned(),
        format!("/resources/v1?locationRef={LOCATION}&colour=red"),
        format!("/resources/bookings/v1?locationRef={LOCATION}&status=late"),
        format!("/resources/bookings/v1?locationRef={LOCATION}&endDate[gte]=tomorrow"),
        format!("/resources/bookings/v1?locationRef={LOCATION}&order=startDate"),
        "/resources/bookings/v1?resourceRef=boardroom".to_owned(),
        "/subscriptions/v1?planRef=resident".to_owned(),
        "/transactions/day_passes/v1?customerRef=ada".to_owned(),
        "/transactions/day_passes/scheduled/v1?customerRef=ada".to_owned(),
        format!("/community/memberships/v1?locationRef={LOCATION}&userEmail=ada"),
        format!("/community/companies/v1?locationRef={LOCATION}&types=guest"),
        format!("/visitors/visits/v1?locationRef={LOCATION}&createDate[gte]=today"),
        format!("/floors/v1?locationRef={LOCATION}&limit=x"),
    ] {
        let answer = client.get(&path).await;
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (400, &json!("ValidationError")),
            "{path}"
        );
    }
    assert_eq!(client.get("/nothing/v1").await.status, 404);
    let answer = client.send("DELETE", "/locations/v1", None).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (405, &"GET".parse().unwrap())
    );
}

#[tokio::test]
async fn bookings_are_filtered_by_dates_and_by_a_status_that_they_do_not_show() {
    let booking = |n: u64, day: u64, status: &str| {
        json!({
            "id": format!("00000000-0000-4000-a000-{n:012}"), "resourceRef": ROOM, "status": status,
            "startDate": format!("2026-07-{day:02}T09:00:00.000Z"), "endDate": format!("2026-07-{day:02}T10:00:00.000Z"),
        })
    };
    let all = [
        booking(1, 1, "confirmed"),
        booking(2, 2, "tentative"),
        booking(3, 3, "canceled"),
    ];
    let client = client(json!({ "bookings": all })).await;
    let count = async |query: &str| {
        let page = client
            .get(&format!("/resources/bookings/v1?resourceRef={ROOM}{query}"))
            .await;
        assert_eq!(page.body["bookings"][0].get("status"), None, "{query}");
        ids(&page.body, "bookings").len()
    };
    assert_eq!(count("").await, 2);
    assert_eq!(count("&status=tentative").await, 1);
    assert_eq!(count("&status=confirmed,canceled").await, 2);
    assert_eq!(count("&startDate[gt]=2026-07-01T09:00:00Z").await, 1);
    assert_eq!(
        count("&startDate[gte]=2026-07-01T09:00:00Z&endDate[lte]=2026-07-02T10:00:00Z").await,
        2
    );
}

#[tokio::test]
async fn a_removed_thing_keeps_a_record_unless_the_world_says_otherwise() {
    let id = members(1)[0]["id"].as_str().expect("an id").to_owned();
    for (quirks, status) in [(json!([]), 200), (json!(["deleted-404"]), 404)] {
        let client = client(json!({ "memberships": members(1), "quirks": quirks })).await;
        let body = json!({ "remove": { "memberships": [id] } }).to_string();
        client
            .sandboxes
            .change("spacebring", None, body.into())
            .await
            .expect("a change");
        let one = client.get(&format!("/community/memberships/v1/{id}")).await;
        assert_eq!(one.status, status);
        let list = format!("/community/memberships/v1?locationRef={LOCATION}");
        assert!(ids(&client.get(&list).await.body, "memberships").is_empty());
        let removed = format!("/community/memberships/v1/deleted?locationRef={LOCATION}");
        assert_eq!(
            ids(&client.get(&removed).await.body, "memberships"),
            [id.as_str()]
        );
        let back = json!({ "memberships": [{ "id": id, "locationRef": LOCATION }] }).to_string();
        client
            .sandboxes
            .change("spacebring", None, back.into())
            .await
            .expect("a change");
        assert_eq!(
            ids(&client.get(&list).await.body, "memberships"),
            [id.as_str()]
        );
    }
}

#[tokio::test]
async fn ten_calls_a_second_pass_where_the_world_counts_them() {
    let client = client(json!({ "quirks": ["rate-limit"] })).await;
    for _ in 0..10 {
        assert_eq!(client.get("/locations/v1").await.status, 200);
    }
    let refused = client.get("/locations/v1").await;
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    client.pass(1);
    assert_eq!(client.get("/locations/v1").await.status, 200);
}

#[tokio::test]
async fn each_change_posts_what_the_platform_posts() {
    let client = client(json!({ "memberships": members(1) })).await;
    let id = members(1)[0]["id"].clone();
    let post = async |change: Value| {
        let bodies = client
            .sandboxes
            .change("spacebring", None, change.to_string().into())
            .await
            .expect("a change");
        let parsed = bodies
            .iter()
            .map(|body| serde_json::from_slice::<Value>(body).expect("JSON"));
        parsed.collect::<Vec<_>>()
    };
    let booking = json!({ "id": "00000000-0000-4000-a000-000000000001", "resourceRef": ROOM, "startDate": "2026-07-01T10:00:00.000Z", "endDate": "2026-07-01T11:00:00.000Z" });
    assert_eq!(
        post(json!({ "bookings": [booking] })).await[0]["type"],
        "booking.created"
    );
    assert_eq!(
        post(json!({ "bookings": [{ "id": booking["id"], "memo": "x" }] })).await[0]["type"],
        "booking.updated"
    );
    assert_eq!(
        post(json!({ "remove": { "bookings": [booking["id"]] } })).await[0]["type"],
        "booking.deleted"
    );
    assert!(
        post(json!({ "memberships": [{ "id": id, "notes": "x" }] }))
            .await
            .is_empty()
    );
    let subscription =
        json!({ "id": "00000000-0000-4000-b000-000000000001", "membershipRef": id, "items": [] });
    let bare = &post(json!({ "subscriptions": [subscription] })).await[0];
    assert_eq!(
        (bare.get("type"), bare["user"]["id"].is_number()),
        (None, true),
        "{bare}"
    );
    let visit = json!({ "id": "00000000-0000-4000-c000-000000000001", "visitor": { "email": "grace@example.test" } });
    let posted = &post(json!({ "visits": [visit] })).await[0];
    assert_eq!(
        (posted.get("type"), &posted["visit"]["visitor"]["email"]),
        (None, &json!("grace@example.test"))
    );
    assert!(
        post(json!({ "plans": [{ "id": "00000000-0000-4000-d000-000000000001" }] }))
            .await
            .is_empty()
    );
}

/// The sandbox expands a series as Spacebring does, and Doorstep expands the series of other
/// platforms. Both must say the same, also where the clocks change.
#[tokio::test]
async fn s3_the_platforms_expansion_of_a_series_is_doorsteps() {
    for zone in ["Europe/London", "America/New_York", "Australia/Lord_Howe"] {
        for rule in [
            "FREQ=DAILY;COUNT=400",
            "FREQ=DAILY;INTERVAL=3;UNTIL=20270301T000000Z",
            "FREQ=WEEKLY;BYDAY=MO,WE,SU;COUNT=120",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=40",
            "FREQ=MONTHLY;COUNT=14",
        ] {
            // Half past one is skipped or comes twice where the clocks change.
            for start in [
                "2026-01-31T01:30:00Z",
                "2026-01-28T14:30:00Z",
                "2026-01-30T06:30:00Z",
            ] {
                compare(zone, rule, start).await;
            }
        }
    }
}

async fn compare(zone: &str, rule: &str, start: &str) {
    let start: Timestamp = start.parse().expect("an instant");
    let end = start
        .checked_add(jiff::SignedDuration::from_hours(1))
        .expect("an instant");
    let first = occurrences_of(zone, rule, start, end);
    let series = json!({
        "id": "00000000-0000-4000-a000-000000000001", "resourceRef": ROOM, "recurrence": rule,
        "startDate": start.to_string(), "endDate": end.to_string(),
    });
    let location = json!([{ "id": LOCATION, "title": "There", "timezoneId": zone }]);
    let client = client(json!({ "locations": location, "bookings": [series] })).await;
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!(
            "/resources/bookings/v1?locationRef={LOCATION}&singleBookings=true&limit=100{token}"
        );
        let page = client.get(&path).await.body;
        let starts = page["bookings"].as_array().expect("bookings").iter();
        found.extend(starts.map(|one| {
            one["startDate"]
                .as_str()
                .expect("a start")
                .parse::<Timestamp>()
                .expect("an instant")
        }));
        match page["nextPageToken"].as_str() {
            Some(next) => token = format!("&nextPageToken={next}"),
            None => break,
        }
    }
    assert_eq!(found, first, "{zone} {rule} {start}");
}

fn occurrences_of(zone: &str, rule: &str, start: Timestamp, end: Timestamp) -> Vec<Timestamp> {
    let booking = Booking {
        resource: None,
        location: None,
        booker: None,
        members: Vec::new(),
        visitors: Vec::new(),
        teams: Vec::new(),
        start,
        end,
        timezone: Some(zone.to_owned()),
        series: Some(Series {
            rule: rule.to_owned(),
            except: Vec::new(),
            until: None,
        }),
        alias: None,
        cancelled: false,
        tentative: false,
        unpaid: false,
    };
    let until = "2029-01-01T00:00:00Z".parse().expect("an instant");
    let all = occurrences(&booking, &TimeZone::UTC, start, until).expect("a rule");
    all.into_iter().map(|(start, _)| start).collect()
}
