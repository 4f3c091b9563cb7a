//! The sandbox vendors, in this process, behind a port of their own.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::site::{HARBOUR, LOFT, RIVERSIDE, Site};
use doorstep_local::{Data, Machine, Setup};

/// The sandboxes of a one-machine run that itself has nothing to do.
pub struct Vendors {
    machine: Machine,
    /// Where they are served.
    pub url: String,
}

impl Vendors {
    /// Starts them, with one house at each vendor.
    pub async fn start() -> Vendors {
        let sites = vec![RIVERSIDE.file(), HARBOUR.file(), LOFT.file()];
        let setup = Setup {
            sites,
            secrets: None,
            clock: None,
            reconcile: None,
            data: Data::Memory,
        };
        let machine = Machine::start(setup).await.expect("the sandboxes start");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let served = machine.router();
        tokio::spawn(async move { axum::serve(listener, served).await });
        let vendors = Vendors { machine, url };
        for site in [RIVERSIDE, HARBOUR] {
            vendors
                .call(
                    "officernd",
                    Method::PUT,
                    &format!("/_world?of={}", site.organization),
                    town(),
                )
                .await;
        }
        for site in [RIVERSIDE, HARBOUR, LOFT] {
            vendors
                .call(
                    "kisi",
                    Method::PUT,
                    &format!("/_world?of={}", site.place),
                    fixture(),
                )
                .await;
        }
        vendors
    }

    /// Changes a site's platform; gives the webhooks that it would post.
    pub async fn change(&self, site: Site, change: Value) -> Vec<Bytes> {
        let changed = self.machine.sandboxes().change(
            "officernd",
            Some(site.organization),
            change.to_string().into(),
        );
        changed.await.expect("a change")
    }

    /// Who is in the group, by the first part of their addresses.
    pub async fn inside(&self, site: Site) -> Vec<String> {
        let world = self
            .call(
                "kisi",
                Method::GET,
                &format!("/_world?of={}", site.place),
                Value::Null,
            )
            .await;
        let users = world["users"].as_array().expect("users");
        let who = |id: &Value| {
            users
                .iter()
                .find(|user| user["id"] == *id)
                .and_then(|user| user["email"].as_str())
        };
        let lines = world["groups"][0]["members"]
            .as_array()
            .expect("members")
            .iter();
        lines
            .map(|line| {
                who(&line["user"])
                    .unwrap_or_default()
                    .split('@')
                    .next()
                    .unwrap_or_default()
                    .into()
            })
            .collect()
    }

    /// Waits until just these people are in the group.
    pub async fn until(&self, site: Site, who: &[&str]) {
        let done = async {
            while self.inside(site).await != who {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(PATIENCE, done)
            .await
            .unwrap_or_else(|_| panic!("{} never had {who:?} inside", site.id));
    }

    async fn call(&self, vendor: &str, method: Method, path: &str, body: Value) -> Value {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(body)
            .expect("whole");
        let answer = self.machine.sandboxes().back_door(vendor, request).await;
        assert!(answer.status().is_success(), "{path}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }
}

fn town() -> Value {
    json!({
        "locations": [{ "_id": "l1", "name": "Riverside", "timezone": "Europe/London" }],
        "resources": [{ "_id": "r1", "name": "Boardroom", "type": "meeting_room", "location": "l1" }],
        "members": [{ "_id": "ada", "name": "Ada Example", "email": "ada@example.test", "location": "l1" }],
    })
}

fn fixture() -> Value {
    json!({
        "groups": [{ "id": "1", "name": "Meeting floor", "members": [] }],
        "users": [
            { "id": "8", "email": "ops@example.test", "name": "Ops" },
            { "id": "9", "email": "owner@example.test", "name": "Owner" },
        ],
    })
}
