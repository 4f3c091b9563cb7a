//! Whether another contract follows one that ends.

use crate::platform::found::Translated;
use doorstep_core::model::fact::{Fact, What};

/// State of the contract that follows another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Successor {
    /// No successor is needed now.
    NotDue,
    /// The successor exists.
    There,
    /// The successor does not exist yet.
    Missing,
}

/// Marks a contract whose successor is missing. The contract then stays in force for a while.
pub(super) fn awaiting(mut read: Translated, next: Successor) -> Translated {
    if let Ok(Fact {
        what: What::Membership(membership),
        ..
    }) = &mut read
    {
        membership.awaits_next = next == Successor::Missing;
    }
    read
}
