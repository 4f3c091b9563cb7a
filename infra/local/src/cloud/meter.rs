//! Counts what DynamoDB would charge. Each request asks the engine for its consumed capacity.

use std::sync::Mutex;

use serde_json::Value;

use crate::locked::locked;
use doorstep_vendors::http::{Request, Response};

/// The cost of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitsUsed {
    /// The operation.
    pub operation: String,
    /// The keys that it names, as `pk sk`; the partition of a query, as `pk`.
    pub keys: Vec<String>,
    /// Capacity units of reading or writing; `None` for a refused operation, which reports no
    /// count.
    pub units: Option<f64>,
}

impl UnitsUsed {
    /// Returns whether these are write units.
    pub fn is_write(&self) -> bool {
        matches!(
            self.operation.as_str(),
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
        )
    }
}

/// Off until its first read.
#[derive(Default)]
pub(super) struct Meter(Mutex<Option<Vec<UnitsUsed>>>);

impl Meter {
    /// Returns the costs since the last read.
    pub(super) fn read(&self) -> Vec<UnitsUsed> {
        locked(&self.0).replace(Vec::new()).unwrap_or_default()
    }

    /// Returns the request with the question for its cost; `None` while the meter is off.
    pub(super) fn asking(&self, request: &Request) -> Option<Request> {
        locked(&self.0).as_ref()?;
        let mut body: Value = serde_json::from_slice(request.body()).ok()?;
        body.as_object_mut()?
            .insert("ReturnConsumedCapacity".into(), "TOTAL".into());
        Some(super::wire::with_body(request, &body))
    }

    /// Records what an operation cost.
    pub(super) fn add(&self, operation: &str, request: &[u8], answer: &Response) {
        let keys = keys(&serde_json::from_slice(request).unwrap_or_default());
        let units = answer.status().is_success().then(|| units(answer.body()));
        if let Some(units_used) = locked(&self.0).as_mut() {
            units_used.push(UnitsUsed {
                operation: operation.to_owned(),
                keys,
                units,
            });
        }
    }
}

/// Returns the units of an answer. A single table has one count, alone or in a list.
fn units(answer: &[u8]) -> f64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let counts = match &answer["ConsumedCapacity"] {
        Value::Array(counts) => counts.iter().collect(),
        one => vec![one],
    };
    counts
        .into_iter()
        .filter_map(|count| count["CapacityUnits"].as_f64())
        .sum()
}

/// Returns every `pk` with its `sk`, at any depth of a request, and the partition of a query.
fn keys(request: &Value) -> Vec<String> {
    match request {
        Value::Object(object) => match (&request["pk"]["S"], &request["sk"]["S"]) {
            (Value::String(pk), Value::String(sk)) => vec![format!("{pk} {sk}")],
            _ => match &request[":pk"]["S"] {
                Value::String(pk) => vec![pk.clone()],
                _ => object.values().flat_map(keys).collect(),
            },
        },
        Value::Array(list) => list.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}
