//! The one-machine run driven from outside, with Nexudus at the desk: its world, its changes, and
//! its signed webhooks.

mod common;

use common::ok as call;
use serde_json::{Value, json};

use doorstep_local::{Data, Machine, Setup};

const SITE: &str = r#"
site = "riverside"
timezone = "Europe/London"
mode = "full"
[platform]
kind = "nexudus"
organization = ["1", "2"]
secret = "riverside/nexudus"
url = "sandbox"
[doors.main]
kind = "kisi"
secret = "riverside/kisi"
url = "sandbox"
protected = ["ops@riverside.example", "owner@riverside.example"]
[[rule]]
pass = "Day pass"
opens = ["Members"]
"#;

async fn inside(machine: &Machine) -> usize {
    call(machine, "POST", "/sandbox/quiet", Value::Null).await;
    let world = call(machine, "GET", "/sandbox/kisi/_world", Value::Null).await;
    world["groups"][0]["members"]
        .as_array()
        .expect("members")
        .len()
}

/// Once at the world of the organisation as the site file names it, and once at the only one.
#[tokio::test]
async fn a_change_is_signed_posted_to_its_action_and_at_the_door() {
    for of in ["?of=1,2", "?of=1", ""] {
        let clock = "2026-03-02T08:00:00Z".parse().ok();
        let setup = Setup {
            sites: vec![SITE.into()],
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        let machine = Machine::start(setup).await.expect("it starts");
        let platform = json!({
            "Businesses": [{ "Id": 1, "Name": "Riverside" }],
            "Coworkers": [{ "Id": "11", "FullName": "Zoë", "Email": "zoe@example.test" }],
            "TimePasses": [{ "Id": 51, "Name": "Day pass" }],
            "quirks": ["ascii-signature"],
        });
        assert_eq!(
            call(
                &machine,
                "PUT",
                &format!("/sandbox/nexudus/_world{of}"),
                platform
            )
            .await,
            json!({})
        );
        let doors = json!({ "groups": [{ "id": "1", "name": "Members" }] });
        call(&machine, "PUT", "/sandbox/kisi/_world", doors).await;
        call(
            &machine,
            "POST",
            "/sandbox/sites/riverside/reconcile",
            Value::Null,
        )
        .await;
        let and = if of.is_empty() { "?" } else { "&" };
        let path = format!("/sandbox/nexudus/_change{of}{and}deliver=riverside");
        let pass = json!({ "Id": 9, "CoworkerId": 11, "TimePassId": "51", "BusinessId": 1 });
        let sent = call(
            &machine,
            "POST",
            &path,
            json!({ "CoworkerTimePasses": [pass] }),
        )
        .await;
        assert_eq!(sent["delivered"], json!([202]), "{of}");
        assert_eq!(inside(&machine).await, 1, "{of}");
        let sent = call(
            &machine,
            "POST",
            &path,
            json!({ "Coworkers": [{ "Id": 11, "Active": false }] }),
        )
        .await;
        assert_eq!(sent["delivered"], json!([202]), "{of}");
        assert_eq!(inside(&machine).await, 0, "{of}");
        let report = call(
            &machine,
            "POST",
            "/sandbox/sites/riverside/reconcile",
            Value::Null,
        )
        .await;
        assert_eq!(
            (&report["granted"], &report["revoked"]),
            (&json!(0), &json!(0)),
            "{of}"
        );
        assert_eq!(report["reads"]["nexudus"]["complete"], json!(true), "{of}");
        let calls = call(
            &machine,
            "GET",
            &format!("/sandbox/nexudus/_calls{of}"),
            Value::Null,
        )
        .await;
        assert!(
            calls["GET /api/spaces/coworkers/{id}"].as_u64().is_some(),
            "{of}: {calls}"
        );
    }
}
