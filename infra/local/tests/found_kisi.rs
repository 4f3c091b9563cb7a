//! What driving the one-machine run from outside found about OfficeRnD with Kisi: each test is one
//! finding, through the whole way, from a change at the platform to what the sandbox of the doors
//! holds.

mod common;

use common::ok as call;
use serde_json::{Value, json};

use doorstep_local::{Data, Machine, Setup};

const SITE: &str = r#"
site = "riverside"
timezone = "Europe/London"
mode = "full"
[platform]
kind = "officernd"
organization = "riverside-hub"
secret = "riverside/officernd"
url = "sandbox"
[doors.main]
kind = "kisi"
secret = "riverside/kisi"
url = "sandbox"
protected = ["ops@riverside.example", "owner@riverside.example"]
FOREIGN
[[rule]]
resource = "Boardroom"
opens = ["Meeting"]
[[rule]]
plan = "Hot desk"
opens = ["Members"]
[[rule]]
pass = "*"
opens = ["Members"]
"#;

/// A site with two members, one on a plan, and these people in the group that the plan opens.
async fn start(more: &str, inside: Value) -> Machine {
    let clock = "2026-03-02T08:00:00Z".parse().ok();
    let sites = vec![SITE.replace("FOREIGN", more)];
    let setup = Setup {
        sites,
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    };
    let machine = Machine::start(setup).await.expect("it starts");
    let platform = json!({
        "locations": [{"_id": "l1", "name": "Riverside", "timezone": "Europe/London"}],
        "plans": [{"_id": "p1", "name": "Hot desk"}],
        "resources": [{"_id": "r1", "name": "Boardroom", "type": "meeting_room", "location": "l1"}],
        "members": [{"_id": "m1", "name": "Ada", "email": "ada@example.test", "location": "l1"},
                    {"_id": "m2", "name": "Bob", "email": "bob@example.test", "location": "l1"}],
        "memberships": [{"_id": "s1", "plan": "p1", "member": "m1", "location": "l1", "startDate": "2026-01-01"}],
    });
    call(&machine, "PUT", "/sandbox/officernd/_world", platform).await;
    let doors = json!({
        "groups": [{"id": "1", "name": "Members", "members": inside}, {"id": "2", "name": "Meeting", "members": []}],
        "users": [{"id": "20", "email": "ada@example.test", "name": "Ada"},
                  {"id": "21", "email": "bob@example.test", "name": "Bob"},
                  {"id": "22", "email": "eve@example.test", "name": "Eve"}],
    });
    call(&machine, "PUT", "/sandbox/kisi/_world", doors).await;
    call(
        &machine,
        "POST",
        "/sandbox/sites/riverside/reconcile",
        Value::Null,
    )
    .await;
    machine
}

async fn announced(machine: &Machine, change: Value) {
    call(
        machine,
        "POST",
        "/sandbox/officernd/_change?deliver=riverside",
        change,
    )
    .await;
}

fn booking(end: &str, more: Value) -> Value {
    let mut booking = json!({"_id": "b1", "resource": "r1", "member": "m2", "location": "l1",
        "start": "2026-03-02T08:10:00Z", "end": end, "timezone": "Europe/London"});
    if let (Some(booking), Value::Object(more)) = (booking.as_object_mut(), more) {
        booking.extend(more);
    }
    json!({ "bookings": [booking] })
}

async fn clock(machine: &Machine, now: &str) {
    call(machine, "PUT", "/sandbox/clock", json!({ "now": now })).await;
}

/// Returns all members of a group, with the ends of their memberships.
async fn held(machine: &Machine, group: &str) -> Vec<(String, Option<String>)> {
    let world = call(machine, "GET", "/sandbox/kisi/_world", Value::Null).await;
    let groups = world["groups"].as_array().expect("groups");
    let group = groups
        .iter()
        .find(|listed| listed["name"] == group)
        .expect("the group");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let members = group["members"].as_array().expect("members");
    members
        .iter()
        .map(|line| {
            (
                text(&line["user"]).expect("a user"),
                text(&line["valid_until"]),
            )
        })
        .collect()
}

async fn users(machine: &Machine, group: &str) -> Vec<String> {
    held(machine, group)
        .await
        .into_iter()
        .map(|(user, _)| user)
        .collect()
}

async fn records(machine: &Machine, what: &str, group: &str) -> usize {
    let audit = call(
        machine,
        "GET",
        "/sandbox/sites/riverside/audit",
        Value::Null,
    )
    .await;
    let all = audit.as_array().expect("a chain");
    all.iter()
        .filter(|record| record["what"] == what && record["group"] == group)
        .count()
}

#[tokio::test]
async fn a_group_in_use_becomes_ours_alone_and_a_person_who_is_entitled_stays() {
    let inside = json!([{"user": "20"}, {"user": "22"}]);
    let machine = start("foreign = \"remove\"", inside).await;
    assert_eq!(users(&machine, "Members").await, ["20"]);
    assert_eq!(
        (
            records(&machine, "granted", "1").await,
            records(&machine, "revoked", "1").await
        ),
        (0, 1)
    );
    let report = call(
        &machine,
        "POST",
        "/sandbox/sites/riverside/reconcile",
        Value::Null,
    )
    .await;
    assert_eq!(
        (&report["granted"], &report["revoked"], &report["foreign"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn a_series_goes_on_where_only_its_rule_says_so() {
    let machine = start("", json!([])).await;
    let daily = json!({"recurrence": {"rrule": "FREQ=DAILY", "exdates": []}});
    announced(&machine, booking("2026-03-02T09:00:00Z", daily)).await;
    clock(&machine, "2026-03-05T08:10:00Z").await;
    assert_eq!(users(&machine, "Meeting").await, ["21"]);
}

#[tokio::test]
async fn a_booking_far_away_opens_without_a_reconcile() {
    let machine = start("", json!([])).await;
    let far = json!({"start": "2026-10-01T10:00:00Z"});
    announced(&machine, booking("2026-10-01T11:00:00Z", far)).await;
    clock(&machine, "2026-10-01T09:44:00Z").await;
    assert!(held(&machine, "Meeting").await.is_empty());
    clock(&machine, "2026-10-01T09:45:00Z").await;
    assert_eq!(users(&machine, "Meeting").await, ["21"]);
}

#[tokio::test]
async fn a_person_who_uses_their_last_pass_is_not_shut_out_by_its_trigger() {
    let machine = start("", json!([])).await;
    let pass = |used: u8| {
        json!({"passes": [{"_id": "q1", "count": 1, "usedCount": used, "member": "m2",
            "validFrom": "2026-03-02", "validTo": "2026-03-04"}]})
    };
    announced(&machine, pass(0)).await;
    assert!(users(&machine, "Members").await.contains(&"21".to_owned()));
    let checkin =
        json!({"checkins": [{"_id": "k1", "member": "m2", "start": "2026-03-02T08:00:00Z"}]});
    call(&machine, "POST", "/sandbox/officernd/_change", checkin).await;
    announced(&machine, pass(1)).await;
    assert!(users(&machine, "Members").await.contains(&"21".to_owned()));
    clock(&machine, "2026-03-03T00:00:00Z").await;
    assert_eq!(users(&machine, "Members").await, ["20"]);
}

#[tokio::test]
async fn a_shortened_booking_leaves_no_longer_membership_behind_after_a_crash() {
    let machine = start("", json!([])).await;
    announced(&machine, booking("2026-03-02T12:00:00Z", json!({}))).await;
    call(
        &machine,
        "POST",
        "/sandbox/crash",
        json!({"after": "apply", "times": 1}),
    )
    .await;
    announced(&machine, booking("2026-03-02T09:00:00Z", json!({}))).await;
    assert_eq!(
        held(&machine, "Meeting").await,
        [("21".to_owned(), Some("2026-03-02T09:15:00Z".to_owned()))]
    );
    assert_eq!(
        records(&machine, "granted", "2").await,
        2,
        "one for each change"
    );
    clock(&machine, "2026-03-02T09:15:00Z").await;
    assert!(held(&machine, "Meeting").await.is_empty());
    assert_eq!(records(&machine, "revoked", "2").await, 1);
}

#[tokio::test]
async fn a_refusal_that_is_over_at_once_keeps_no_one_waiting() {
    for status in [401, 403, 404, 409, 422] {
        let machine = start("", json!([])).await;
        let faults = json!([{"match": "GET /users", "status": status, "times": 2},
                            {"match": "POST /role_assignments", "status": status, "times": 1}]);
        call(&machine, "PUT", "/sandbox/kisi/_faults", faults).await;
        announced(&machine, booking("2026-03-02T12:00:00Z", json!({}))).await;
        assert_eq!(users(&machine, "Meeting").await, ["21"], "{status}");
    }
}
