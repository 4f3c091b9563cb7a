//! What goes over the queues, the scheduler and the bus, as Doorstep sends it.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::file::Section;
use super::table::machine;
use super::values::{action, hold, id};
use super::{SITE, noon};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::ChangeHint;
use doorstep_vendors::http::{Http, Request};

fn triggers() -> [(&'static str, TriggerMessage); 6] {
    let hint = ChangeHint {
        about: id(Kind::Booking, "b-1"),
        reaches: Some(noon()),
        removed: true,
    };
    let account = Trigger::Account {
        doors: "main".into(),
        id: AccountId("a-7".into()),
    };
    [
        (
            "trigger of a delivery",
            TriggerMessage::new(&SiteId::from(SITE), Trigger::Hints(vec![hint]))
                .by("delivery-1", noon()),
        ),
        (
            "trigger of a schedule",
            TriggerMessage::new(&SiteId::from(SITE), Trigger::Schedule(noon().into())),
        ),
        (
            "trigger of due people",
            TriggerMessage::new(&SiteId::from(SITE), Trigger::Due),
        ),
        (
            "trigger of an account",
            TriggerMessage::new(&SiteId::from(SITE), account),
        ),
        (
            "trigger of an unreadable delivery",
            TriggerMessage::new(&SiteId::from(SITE), Trigger::Unreadable),
        ),
        (
            "trigger of a snapshot",
            TriggerMessage::new(&SiteId::from(SITE), Trigger::Snapshot),
        ),
    ]
}

fn request() -> ReconcileRequest {
    ReconcileRequest {
        site: SITE.into(),
        begun: 4,
        by: AskedBy::Function,
    }
}

const REQUEST: &str = "request for a reconcile";
const SCHEDULE: &str = "schedule";

/// Sends one message of each kind. Returns what the SDKs made of them.
pub async fn sections() -> Vec<Section> {
    let machine = machine().await;
    let (sent, environment) = recorded(machine.environment());
    let taken = |name: &str| {
        let body = sent.lock().expect("a lock").pop().expect("one call");
        let mut values = Vec::new();
        flatten("", &body, &mut values);
        Section {
            name: name.to_owned(),
            values,
        }
    };
    let mut sections = Vec::new();
    for (name, ring) in triggers() {
        environment
            .triggers
            .enqueue(&ring, Some("dedup-id"))
            .await
            .expect("taken");
        sections.push(taken(name));
    }
    environment
        .reconciles
        .send(&[request()])
        .await
        .expect("taken");
    sections.push(taken(REQUEST));
    environment
        .schedules
        .try_set(
            &SiteId::from(SITE),
            super::instant("2026-03-01T13:00:00Z").into(),
        )
        .await
        .expect("taken");
    sections.push(taken(SCHEDULE));
    let notices = [
        ("event of a change", Notice::Changed(action())),
        ("event of a hold", Notice::Held(hold())),
        (
            "event that asks for a reconcile",
            Notice::ReconcileWanted(AskedBy::Operator),
        ),
    ];
    for (name, notice) in notices {
        environment
            .bus
            .publish(&SiteId::from(SITE), &[notice])
            .await
            .expect("taken");
        sections.push(taken(name));
    }
    sections
}

/// Reads what the golden file holds of them.
pub fn assert_read(golden: &[Section]) {
    let text = |name: &str, value: &str| {
        let section = golden
            .iter()
            .find(|section| section.name == name)
            .unwrap_or_else(|| panic!("no {name}"));
        section
            .value(value)
            .unwrap_or_else(|| panic!("no {value} of {name}"))
            .to_owned()
    };
    for (name, ring) in triggers() {
        let read: TriggerMessage =
            serde_json::from_str(&text(name, "MessageBody")).expect("a trigger");
        assert_eq!(read, ring, "{name}");
    }
    let read: ReconcileRequest =
        serde_json::from_str(&text(REQUEST, "Entries.0.MessageBody")).expect("a request");
    assert_eq!(read, request());
    let read: TriggerMessage =
        serde_json::from_str(&text(SCHEDULE, "Target.Input")).expect("a trigger");
    assert_eq!(
        read,
        TriggerMessage::new(
            &SiteId::from(SITE),
            Trigger::Schedule(super::instant("2026-03-01T13:00:00Z").into())
        )
    );
}

/// The same outside, and the body of each call that is made with it.
fn recorded(environment: &Environment) -> (Arc<Mutex<Vec<Value>>>, Environment) {
    let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
    let (calls, http) = (sent.clone(), environment.http.clone());
    let service = tower::service_fn(move |request: Request| {
        calls
            .lock()
            .expect("a lock")
            .extend(serde_json::from_slice::<Value>(request.body()));
        let http = http.clone();
        async move { http.send(request).await }
    });
    (
        sent,
        Environment::new(
            environment.settings.clone(),
            Http::new(service),
            environment.time.clone(),
        ),
    )
}

/// Writes every text and number of a JSON value with its path. The token that the SDK makes up is
/// masked.
fn flatten(path: &str, value: &Value, values: &mut Vec<(String, String)>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| flatten(&below(name), value, values)),
        Value::Array(entries) => {
            entries
                .iter()
                .enumerate()
                .for_each(|(n, value)| flatten(&below(&n.to_string()), value, values));
        }
        Value::String(text) => values.push((path.to_owned(), text.clone())),
        other => values.push((path.to_owned(), other.to_string())),
    }
}
