//! The work of the four functions: receive, entries, settle and reconcile.

#![warn(missing_docs)]
// The futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

pub mod compare;
pub mod entries;
pub mod receive;
pub mod reconcile;
pub mod settle;
mod webhook;
