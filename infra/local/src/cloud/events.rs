//! EventBridge: the published events, and the one rule of the stack: a requested reconcile calls
//! the dispatcher.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Changes;
use super::wire::{self, ServiceError};
use crate::keep::Keep;
use crate::locked::locked;
use doorstep_vendors::http::Response;
use doorstep_vendors::time::SharedTime;

const OUTBOX: &str = "outbox/";
const WANTED: &str = "wanted/";
/// The event that requests a reconcile. Its detail names the site.
const RECONCILE_WANTED: &str = "reconcile.wanted";
/// Most bytes of all events of one call. `[D]` Newer announcements say 1 MB; the lower figure is
/// valid everywhere.
const LARGEST: usize = 256 << 10;
/// Most events of one call. `[D]`
const BATCH: usize = 10;
/// Most published events to store. The oldest are removed first.
const KEPT: u64 = 10_000;

/// The event bus.
pub struct LocalEventBus {
    name: String,
    time: SharedTime,
    keep: Keep,
    state: Mutex<BusState>,
    changes: Changes,
}

struct BusState {
    next: u64,
    /// Every event that requests a reconcile and is not served yet, by its number. EventBridge
    /// merges none, so each starts one.
    wanted: BTreeMap<u64, ReconcileEvent>,
}

struct ReconcileEvent {
    detail: Value,
    serving: bool,
}

/// An event that the rule of the stack passes to its target.
pub(crate) struct MatchedEvent {
    /// The detail of the event.
    detail: Value,
    number: u64,
}

impl MatchedEvent {
    /// Returns the event as the rule passes it to its target.
    pub(crate) fn event(&self) -> Value {
        json!({ "source": "doorstep", "detail-type": RECONCILE_WANTED, "detail": self.detail })
    }
}

/// One published event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Published {
    /// When it was published.
    pub at: Timestamp,
    /// Its detail type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its detail.
    pub detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<PutEventsEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEventsEntry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

impl PutEventsEntry {
    /// Returns the size in bytes, as EventBridge counts it.
    fn size(&self) -> usize {
        [&self.source, &self.detail_type, &self.detail]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum()
    }
}

impl LocalEventBus {
    pub(super) fn new(name: &str, keep: Keep, time: SharedTime, changes: Changes) -> Self {
        let last = keep
            .list(OUTBOX)
            .last()
            .and_then(|(key, _)| key.strip_prefix(OUTBOX)?.parse::<u64>().ok());
        let event = |(key, detail): (String, Vec<u8>)| {
            let number = key.strip_prefix(WANTED)?.parse().ok()?;
            Some((
                number,
                ReconcileEvent {
                    detail: serde_json::from_slice(&detail).ok()?,
                    serving: false,
                },
            ))
        };
        let wanted = keep.list(WANTED).into_iter().filter_map(event).collect();
        let state = Mutex::new(BusState {
            next: last.map_or(1, |last| last + 1),
            wanted,
        });
        LocalEventBus {
            name: name.to_owned(),
            time,
            keep,
            state,
            changes,
        }
    }

    /// Performs one operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        wire::answer(match operation {
            "PutEvents" => wire::read(body).and_then(|events| self.put(events)),
            _ => Err(ServiceError::unknown_operation(operation)),
        })
    }

    fn put(&self, events: PutEvents) -> Result<Value, ServiceError> {
        if !(1..=BATCH).contains(&events.entries.len()) {
            return Err(ServiceError::new(
                "ValidationException",
                "one call holds 1 to 10 events",
            ));
        }
        if events
            .entries
            .iter()
            .map(PutEventsEntry::size)
            .sum::<usize>()
            > LARGEST
        {
            return Err(ServiceError::new(
                "ValidationException",
                "Total size of the entries in the request is over the limit.",
            ));
        }
        let results: Vec<_> = events
            .entries
            .into_iter()
            .map(|entry| self.publish(entry))
            .collect();
        let failed = results.iter().filter(|result| result.is_err()).count();
        let entries: Vec<_> = results
            .into_iter()
            .map(|result| match result {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            })
            .collect();
        self.changes.notify();
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }

    fn publish(&self, entry: PutEventsEntry) -> Result<String, (&'static str, &'static str)> {
        if entry.source.is_none_or(|source| source.is_empty()) {
            return Err(("InvalidArgument", "an event needs a source"));
        }
        if entry.event_bus_name.is_some_and(|bus| bus != self.name) {
            return Err(("InvalidArgument", "there is no such bus"));
        }
        let kind = entry
            .detail_type
            .ok_or(("InvalidArgument", "an event needs a detail type"))?;
        let detail = entry
            .detail
            .and_then(|detail| serde_json::from_str(&detail).ok())
            .filter(Value::is_object);
        let event = Published {
            at: self.time.now(),
            kind,
            detail: detail.ok_or(("MalformedDetail", "no JSON object"))?,
        };
        let mut state = locked(&self.state);
        if !self
            .keep
            .put_json(&format!("{OUTBOX}{:020}", state.next), &event)
        {
            return Err(("InternalFailure", "the data folder cannot be written"));
        }
        if let Some(oldest) = state.next.checked_sub(KEPT) {
            self.keep.remove(&format!("{OUTBOX}{oldest:020}"));
        }
        let number = state.next;
        state.next += 1;
        if event.kind == RECONCILE_WANTED {
            self.keep
                .put_json(&format!("{WANTED}{number:020}"), &event.detail);
            state.wanted.insert(
                number,
                ReconcileEvent {
                    detail: event.detail,
                    serving: false,
                },
            );
        }
        Ok(uuid::Uuid::new_v4().to_string())
    }

    /// Returns every published event, oldest first.
    pub fn published(&self) -> Vec<Published> {
        self.keep.list_json(OUTBOX)
    }

    /// Returns whether no requested reconcile is waiting or running.
    pub(crate) fn has_no_requests(&self) -> bool {
        locked(&self.state).wanted.is_empty()
    }

    /// Takes a requested reconcile that is not being served.
    pub(crate) fn take_request(&self) -> Option<MatchedEvent> {
        let mut state = locked(&self.state);
        let (number, event) = state.wanted.iter_mut().find(|(_, event)| !event.serving)?;
        event.serving = true;
        Some(MatchedEvent {
            detail: event.detail.clone(),
            number: *number,
        })
    }

    /// Finishes the request that [`LocalEventBus::take_request`] took.
    pub(crate) fn served(&self, wanted: &MatchedEvent) {
        locked(&self.state).wanted.remove(&wanted.number);
        self.keep.remove(&format!("{WANTED}{:020}", wanted.number));
        self.changes.notify();
    }
}
