//! Counts what the table charges for: whoever answers for it is asked for its own count with each request.

use std::sync::Mutex;

use serde_json::Value;

use crate::locked::locked;
use doorstep_vendors::http::{Request, Response};

/// What one operation cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// The operation.
    pub operation: String,
    /// The keys that it names, as `pk sk`.
    pub keys: Vec<String>,
    /// Units, of reading or of writing; `None` where it was refused, for which no count is given.
    pub units: Option<f64>,
}

impl Spent {
    /// Whether these are units of writing.
    pub fn is_write(&self) -> bool {
        matches!(
            self.operation.as_str(),
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
        )
    }
}

/// Off until somebody reads it.
#[derive(Default)]
pub(super) struct Meter(Mutex<Option<Vec<Spent>>>);

impl Meter {
    /// Everything since it was last read.
    pub(super) fn read(&self) -> Vec<Spent> {
        locked(&self.0).replace(Vec::new()).unwrap_or_default()
    }

    /// The same request, asking what it costs; `None` while nothing is counted.
    pub(super) fn asking(&self, request: &Request) -> Option<Request> {
        locked(&self.0).as_ref()?;
        let mut body: Value = serde_json::from_slice(request.body()).ok()?;
        body.as_object_mut()?.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
        Some(super::wire::with_body(request, &body))
    }

    /// Counts what an operation cost.
    pub(super) fn add(&self, operation: &str, request: &[u8], answer: &Response) {
        let keys = keys(&serde_json::from_slice(request).unwrap_or_default());
        let units = answer.status().is_success().then(|| units(answer.body()));
        if let Some(spent) = locked(&self.0).as_mut() {
            spent.push(Spent { operation: operation.to_owned(), keys, units });
        }
    }
}

/// One table is one count, alone or in a list.
fn units(answer: &[u8]) -> f64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let counts = match &answer["ConsumedCapacity"] {
        Value::Array(counts) => counts.iter().collect(),
        one => vec![one],
    };
    counts.into_iter().filter_map(|count| count["CapacityUnits"].as_f64()).sum()
}

/// Every `pk` with its `sk`, wherever they stand in a request.
fn keys(request: &Value) -> Vec<String> {
    match request {
        Value::Object(object) => match (&request["pk"]["S"], &request["sk"]["S"]) {
            (Value::String(pk), Value::String(sk)) => vec![format!("{pk} {sk}")],
            _ => object.values().flat_map(keys).collect(),
        },
        Value::Array(list) => list.iter().flat_map(keys).collect(),
        _ => Vec::new(),
    }
}
