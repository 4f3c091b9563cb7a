//! Errors of DynamoDB, sorted by what Doorstep does about them.

use crate::dynamo::{CancellationReason, Cancelled, RefusalText};
use crate::service::CallFailure;
use doorstep_core::model::error::Error;

/// Returns the error for an item that another writer changed since it was read, or is changing now.
pub fn conflict() -> Error {
    Error::retry("conflict: the item changed since it was read; retrying")
}

/// Returns the error for a failed call.
pub(super) fn away(failure: CallFailure) -> Error {
    match failure.code() {
        Some("ValidationException") => {
            let said: RefusalText = failure.details().unwrap_or_default();
            never(said.message.as_deref())
        }
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => conflict(),
        Some("TransactionCanceledException") => match failure.details() {
            Some(Cancelled {
                cancellation_reasons,
            }) => cancelled(&cancellation_reasons),
            None => unavailable(&failure),
        },
        _ => unavailable(&failure),
    }
}

fn unavailable(failure: &CallFailure) -> Error {
    Error::retry(format!("the table cannot be reached: {failure}"))
}

/// Returns the error for a cancelled transaction, from the reasons of all its items.
fn cancelled(reasons: &[CancellationReason]) -> Error {
    let with = |code: &str| {
        let found = |reason: &&CancellationReason| reason.code.as_deref() == Some(code);
        reasons.iter().find(found)
    };
    if let Some(wrong) = with("ValidationError") {
        return never(wrong.message.as_deref());
    }
    if with("ConditionalCheckFailed")
        .or(with("TransactionConflict"))
        .is_some()
    {
        return conflict();
    }
    let codes: Vec<&str> = reasons
        .iter()
        .filter_map(|reason| reason.code.as_deref())
        .filter(|code| *code != "None")
        .collect();
    Error::retry(format!(
        "the table rejected a transaction: {}",
        codes.join(", ")
    ))
}

/// Returns the error for a request that DynamoDB always refuses. DynamoDB's message may quote the
/// whole item, so the error only says whether it is about a size.
fn never(message: Option<&str>) -> Error {
    let of_size = message.is_some_and(|said| said.to_ascii_lowercase().contains("size"));
    let rule = if of_size {
        "it is larger than an item or a key may be"
    } else {
        "it breaks one of DynamoDB's rules"
    };
    Error::permanent(format!("the table refuses this: {rule}"))
}
