//! The occasional failures of AWS: a throttled call, or a batch with a part unprocessed.
//!
//! They happen at every n-th call, so that two equal runs fail equally.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::wire::{self, ServiceError};
use crate::clock::Clock;
use crate::locked::locked;
use doorstep_vendors::http::{Request, Response};
use doorstep_vendors::time::Time;

/// One of this many table calls is throttled.
const THROTTLED: u64 = 211;
/// One of this many batches is answered with a part unprocessed.
const UNPROCESSED: u64 = 5;
/// Most keys of one `BatchGetItem`, and most items of one `BatchWriteItem`. A larger batch is
/// rejected completely.
const LARGEST_READ: usize = 100;
const LARGEST_WRITE: usize = 25;
/// Most calls to Parameter Store in one second.
const PARAMETERS_A_SECOND: u32 = 40;

/// Counts calls.
pub(super) struct Throttling {
    clock: Arc<Clock>,
    calls: AtomicU64,
    batches: AtomicU64,
    /// While the region is overloaded, the table answers one of this many calls of the functions,
    /// and none if it is [`u64::MAX`]; 0 is the usual.
    overload: AtomicU64,
    second: Mutex<Second>,
}

#[derive(Default)]
struct Second {
    at: i64,
    calls: u32,
}

/// A batch with a part left out.
pub(super) struct Shortened {
    /// The request without that part.
    pub(super) request: Request,
    /// The member of the answer that reports the part, and the part.
    member: &'static str,
    undone: Value,
}

fn too_many(kind: &'static str) -> ServiceError {
    ServiceError::new(
        kind,
        "too many requests at the moment: send it again, more slowly",
    )
}

impl Throttling {
    pub(super) fn new(clock: Arc<Clock>) -> Self {
        Throttling {
            clock,
            calls: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            overload: AtomicU64::new(0),
            second: Mutex::default(),
        }
    }

    pub(super) fn overload(&self, one_of: u64) {
        self.overload.store(one_of, Ordering::Relaxed);
    }

    /// Returns the refusal of a function's table call while the region is overloaded.
    pub(super) fn overloaded(&self) -> Option<ServiceError> {
        let one_of = self.overload.load(Ordering::Relaxed);
        if one_of == 0 {
            return None;
        }
        let count = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let refused = one_of == u64::MAX || !count.is_multiple_of(one_of);
        refused.then(|| too_many("ThrottlingException"))
    }

    /// Returns the refusal of a throttled table call, by its partition or by the account.
    pub(super) fn throttles_table(&self) -> Option<ServiceError> {
        let count = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let kind = match count.is_multiple_of(2 * THROTTLED) {
            _ if !count.is_multiple_of(THROTTLED) => return None,
            true => "ThrottlingException",
            false => "ProvisionedThroughputExceededException",
        };
        Some(too_many(kind))
    }

    /// Returns the refusal of a call to Parameter Store beyond its rate. The caller retries in the
    /// next second, even if the clock is a standing one.
    pub(super) fn throttles_parameters(&self) -> Option<ServiceError> {
        let now = self.clock.now().as_second();
        let mut second = locked(&self.second);
        if second.at != now {
            *second = Second { at: now, calls: 0 };
        }
        second.calls += 1;
        if second.calls <= PARAMETERS_A_SECOND {
            return None;
        }
        if self.clock.is_standing() {
            second.calls = 0;
        }
        Some(ServiceError::new("ThrottlingException", "Rate exceeded"))
    }

    /// Returns the batch with a part left out, if it is this one's turn.
    pub(super) fn shortens(&self, operation: &str, request: &Request) -> Option<Shortened> {
        if !matches!(operation, "BatchGetItem" | "BatchWriteItem") {
            return None;
        }
        let mut body: Value = serde_json::from_slice(request.body()).ok()?;
        let (name, asked) = body["RequestItems"].as_object_mut()?.iter_mut().next()?;
        let table = name.clone();
        let (items, most) = match operation {
            "BatchGetItem" => (asked["Keys"].as_array_mut()?, LARGEST_READ),
            _ => (asked.as_array_mut()?, LARGEST_WRITE),
        };
        if !(2..=most).contains(&items.len()) || !self.is_due() {
            return None;
        }
        let rest = items.split_off(items.len() / 2);
        let (member, part) = match operation {
            "BatchGetItem" => (
                "UnprocessedKeys",
                json!({ "Keys": rest, "ConsistentRead": asked["ConsistentRead"] == true }),
            ),
            _ => ("UnprocessedItems", Value::Array(rest)),
        };
        let undone = json!({ table: part });
        Some(Shortened {
            request: wire::with_body(request, &body),
            member,
            undone,
        })
    }

    fn is_due(&self) -> bool {
        (self.batches.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(UNPROCESSED)
    }
}

impl Shortened {
    /// Returns the answer with the part that was left out.
    pub(super) fn complete(self, answer: Response) -> Response {
        if !answer.status().is_success() {
            return answer;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(answer.body()) else {
            return answer;
        };
        match &mut body[self.member] {
            // The engine left a part of the same single table unprocessed too.
            Value::Object(more) if !more.is_empty() => merge(more, self.undone),
            place => *place = self.undone,
        }
        wire::json(answer.status(), &body)
    }
}

fn merge(more: &mut serde_json::Map<String, Value>, undone: Value) {
    let Value::Object(undone) = undone else {
        return;
    };
    for (table, part) in undone {
        match (more.get_mut(&table), part) {
            (Some(Value::Array(items)), Value::Array(rest)) => items.extend(rest),
            (Some(Value::Object(keys)), Value::Object(mut rest)) => {
                if let (Some(Value::Array(keys)), Some(Value::Array(rest))) =
                    (keys.get_mut("Keys"), rest.get_mut("Keys"))
                {
                    keys.append(rest);
                }
            }
            (_, part) => drop(more.insert(table, part)),
        }
    }
}
