//! Decisions about access: what follows from facts and rules.

pub mod action;
pub mod cards;
pub mod credibility;
pub mod doors_context;
pub mod entitlement;
pub mod group;
pub mod guard;
pub mod guest_seats;
pub mod identity;
pub mod person;
pub mod recurrence;
