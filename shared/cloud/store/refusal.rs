//! What DynamoDB did not do, sorted by what we do about it.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::error::TransactionCanceledException;

use crate::aws::failure;
use doorstep_core::model::error::Error;

/// Somebody else wrote between our reading and our writing, or is writing at this moment.
pub fn conflict() -> Error {
    Error::retry("somebody else was faster")
}

/// Why a transaction was cancelled: the reasons of all its items.
pub(super) fn cancelled(why: &TransactionCanceledException) -> Error {
    let reasons = why.cancellation_reasons();
    let with = |code: &str| reasons.iter().find(|reason| reason.code() == Some(code));
    if let Some(wrong) = with("ValidationError") {
        return never(wrong.message());
    }
    if with("ConditionalCheckFailed").or(with("TransactionConflict")).is_some() {
        return conflict();
    }
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code()).filter(|code| *code != "None").collect();
    Error::retry(format!("the table did not take a transaction: {}", codes.join(", ")))
}

/// Why a call failed.
pub(super) fn away<E: ProvideErrorMetadata>(error: SdkError<E>) -> Error {
    match error.code() {
        Some("ValidationException") => never(error.message()),
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => conflict(),
        _ => Error::retry(format!("the table cannot be reached: {}", failure("dynamodb", &error))),
    }
}

/// The same request would be refused again. What DynamoDB says of that may quote the whole item, so only whether it
/// speaks of a size is told.
fn never(message: Option<&str>) -> Error {
    let of_size = message.is_some_and(|said| said.to_ascii_lowercase().contains("size"));
    let rule = if of_size { "it is larger than an item or a key may be" } else { "it breaks one of DynamoDB's rules" };
    Error::permanent(format!("the table refuses this: {rule}"))
}
