//! Errors of DynamoDB, sorted by what Doorstep does about them.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::error::TransactionCanceledException;

use crate::aws::failure;
use doorstep_core::model::error::Error;

/// Returns the error for an item that another writer changed since it was read, or is changing now.
pub fn conflict() -> Error {
    Error::retry("conflict: the item changed since it was read; retrying")
}

/// Returns the error for a cancelled transaction, from the reasons of all its items.
pub(super) fn cancelled(why: &TransactionCanceledException) -> Error {
    let reasons = why.cancellation_reasons();
    let with = |code: &str| reasons.iter().find(|reason| reason.code() == Some(code));
    if let Some(wrong) = with("ValidationError") {
        return never(wrong.message());
    }
    if with("ConditionalCheckFailed")
        .or(with("TransactionConflict"))
        .is_some()
    {
        return conflict();
    }
    let codes: Vec<&str> = reasons
        .iter()
        .filter_map(|reason| reason.code())
        .filter(|code| *code != "None")
        .collect();
    Error::retry(format!(
        "the table rejected a transaction: {}",
        codes.join(", ")
    ))
}

/// Returns the error for a failed call.
pub(super) fn away<E: ProvideErrorMetadata>(error: SdkError<E>) -> Error {
    match error.code() {
        Some("ValidationException") => never(error.message()),
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => conflict(),
        _ => Error::retry(format!(
            "the table cannot be reached: {}",
            failure("dynamodb", &error)
        )),
    }
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
