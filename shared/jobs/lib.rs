//! The work of the four functions: receive, entries, settle and reconcile.

#![warn(missing_docs)]
// Futures nest deeper than the compiler follows by itself.
#![recursion_limit = "256"]

pub mod comparison;
pub mod entries;
pub mod receive;
pub mod reconcile;
pub mod settle;
