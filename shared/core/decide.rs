//! Decisions about access: what follows from facts and rules.

pub mod action;
pub mod cards;
pub mod diff;
pub mod entitlement;
pub mod guard;
pub mod recurrence;
