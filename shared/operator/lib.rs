//! What the operator's command and the local interface show and request.

#![warn(missing_docs)]
// Futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

pub mod approve;
mod at_doors;
mod called;
pub mod check;
pub mod csv;
pub mod day;
pub mod deliveries;
pub mod doctor;
pub mod drift;
pub mod explain;
pub mod find;
#[cfg(test)]
mod fixture;
pub mod forget;
pub mod groups;
mod known_site;
mod last_read;
pub mod moving;
mod nearest;
pub mod needs;
pub mod on_time;
pub mod pause;
pub mod presence;
pub mod preview;
pub mod pulse;
pub mod push;
pub mod reconcile;
pub mod records;
pub mod rehearse;
pub mod report;
pub mod retire;
pub mod rules;
pub mod sites;
pub mod survey;
pub mod view;
pub mod zone;
