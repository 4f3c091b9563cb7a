//! Crashes a function right after a step: which request belongs to which step, and how often it is
//! to happen.
//!
//! A step is recognised by the request that passes the HTTP seam. The functions know nothing of it.

use std::sync::Mutex;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::function_role::FunctionRole;
use crate::locked::locked;
use doorstep_vendors::http::Request;

/// A step of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrashStep {
    /// Settle: refetched facts were stored.
    Read,
    /// Settle: intents were stored.
    Intend,
    /// Settle: one change at a door was applied.
    Apply,
    /// Settle: claims, audit entries and the next boundary were stored.
    Commit,
    /// Receive and entries: a trigger was enqueued. Its word on the interface is `ring`.
    #[serde(rename = "ring")]
    Enqueue,
}

/// The ordered crashes.
#[derive(Default)]
pub(crate) struct Crash {
    armed: Mutex<Option<(CrashStep, u32)>>,
}

impl Crash {
    /// Crashes the next `times` functions that complete `step`. Replaces any earlier order.
    pub(crate) fn arm(&self, step: CrashStep, times: u32) {
        *locked(&self.armed) = (times > 0).then_some((step, times));
    }

    /// Returns whether a crash is ordered.
    pub(super) fn is_armed(&self) -> bool {
        locked(&self.armed).is_some()
    }

    /// Returns whether the function that just completed `step` crashes.
    pub(super) fn strikes(&self, step: CrashStep) -> bool {
        let mut armed = locked(&self.armed);
        let Some((wanted, times)) = *armed else {
            return false;
        };
        if wanted == step {
            *armed = (times > 1).then_some((step, times - 1));
        }
        wanted == step
    }
}

impl CrashStep {
    /// Returns the step of a function of `role` that ends with `request`.
    pub(super) fn of(role: FunctionRole, request: &Request) -> Option<CrashStep> {
        match (
            role,
            request
                .headers()
                .get("x-amz-target")
                .map(|target| target.as_bytes()),
        ) {
            (
                FunctionRole::Receive | FunctionRole::Entries,
                Some(b"AmazonSQS.SendMessage" | b"AmazonSQS.SendMessageBatch"),
            ) => Some(CrashStep::Enqueue),
            (FunctionRole::Settle, Some(b"DynamoDB_20120810.TransactWriteItems")) => {
                CrashStep::written(request.body())
            }
            (
                FunctionRole::Settle,
                Some(b"DynamoDB_20120810.PutItem" | b"DynamoDB_20120810.UpdateItem"),
            ) => CrashStep::written_alone(request.body()),
            (FunctionRole::Settle, None) if is_door_change(request) => Some(CrashStep::Apply),
            _ => None,
        }
    }

    /// Returns the step of a transaction, by the name that settle gave it.
    fn written(body: &[u8]) -> Option<CrashStep> {
        let transaction: Value = serde_json::from_slice(body).ok()?;
        CrashStep::called(
            transaction
                .get("ClientRequestToken")?
                .as_str()?
                .split_once('-')?
                .0,
        )
    }

    /// Returns the step of a single write, by the name of the value that settle compares.
    fn written_alone(body: &[u8]) -> Option<CrashStep> {
        let write: Value = serde_json::from_slice(body).ok()?;
        write
            .get("ExpressionAttributeValues")?
            .as_object()?
            .keys()
            .find_map(|name| CrashStep::called(name.get(1..)?))
    }

    fn called(word: &str) -> Option<CrashStep> {
        match word {
            "read" => Some(CrashStep::Read),
            "intend" => Some(CrashStep::Intend),
            "commit" => Some(CrashStep::Commit),
            _ => None,
        }
    }
}

/// Returns whether `request` asks a sandbox or real door system for a change. Getting a token is
/// not a change.
fn is_door_change(request: &Request) -> bool {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default();
    let of = |vendor: &str| {
        host == vendor
            || host
                .strip_suffix(vendor)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    let doors = match uri.scheme_str() {
        Some("sandbox") => of("kisi") || of("salto-ks"),
        _ => of("kisi.io") || of("my-clay.com"),
    };
    doors && request.method() != Method::GET && !uri.path().ends_with("/token")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{CrashStep, FunctionRole};

    fn step(
        role: FunctionRole,
        method: &str,
        uri: &str,
        target: Option<&str>,
        body: &'static str,
    ) -> Option<CrashStep> {
        let mut request = http::Request::builder().method(method).uri(uri);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        CrashStep::of(
            role,
            &request.body(Bytes::from_static(body.as_bytes())).ok()?,
        )
    }

    #[test]
    fn each_step_has_its_word_on_the_interface() {
        let words = [
            ("read", CrashStep::Read),
            ("intend", CrashStep::Intend),
            ("apply", CrashStep::Apply),
            ("commit", CrashStep::Commit),
            ("ring", CrashStep::Enqueue),
        ];
        for (word, step) in words {
            assert_eq!(
                serde_json::from_value::<CrashStep>(serde_json::Value::from(word)).ok(),
                Some(step),
                "{word}"
            );
        }
    }

    #[test]
    fn steps_are_known_by_their_requests() {
        let write = Some("DynamoDB_20120810.TransactWriteItems");
        let table = "http://localhost:8000/";
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                table,
                write,
                r#"{"ClientRequestToken":"read-1"}"#
            ),
            Some(CrashStep::Read)
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                table,
                write,
                r#"{"ClientRequestToken":"commit-1"}"#
            ),
            Some(CrashStep::Commit)
        );
        let alone = Some("DynamoDB_20120810.PutItem");
        let values = r#"{"ExpressionAttributeValues":{":intend":{"N":"1"}}}"#;
        assert_eq!(
            step(FunctionRole::Settle, "POST", table, alone, values),
            Some(CrashStep::Intend)
        );
        assert_eq!(
            step(
                FunctionRole::Reconcile,
                "POST",
                table,
                write,
                r#"{"ClientRequestToken":"read-1"}"#
            ),
            None
        );
        assert_eq!(step(FunctionRole::Settle, "POST", table, write, "{}"), None);
        let send = Some("AmazonSQS.SendMessage");
        assert_eq!(
            step(
                FunctionRole::Receive,
                "POST",
                "https://sqs.local.amazonaws.com/",
                send,
                "{}"
            ),
            Some(CrashStep::Enqueue)
        );
        assert_eq!(
            step(
                FunctionRole::Entries,
                "POST",
                "https://sqs.local.amazonaws.com/",
                send,
                "{}"
            ),
            Some(CrashStep::Enqueue)
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                "https://sqs.local.amazonaws.com/",
                send,
                "{}"
            ),
            None
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                "sandbox://kisi/role_assignments",
                None,
                ""
            ),
            Some(CrashStep::Apply)
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "PATCH",
                "sandbox://p1.salto-ks/v1.1/sites",
                None,
                ""
            ),
            Some(CrashStep::Apply)
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "GET",
                "sandbox://kisi/role_assignments",
                None,
                ""
            ),
            None
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                "sandbox://salto-ks/connect/token",
                None,
                ""
            ),
            None
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "POST",
                "sandbox://officernd/bookings",
                None,
                ""
            ),
            None
        );
        assert_eq!(
            step(
                FunctionRole::Settle,
                "DELETE",
                "https://api.kisi.io/role_assignments/1",
                None,
                ""
            ),
            Some(CrashStep::Apply)
        );
    }
}
