//! Doorstep as a whole, on one machine: what goes in is a signed delivery, an alarm or a reconcile,
//! and what is looked at is who can open which door. One binary, so that it is linked once.

// The journeys of the library nest futures deeper than the compiler follows by itself.
#![recursion_limit = "256"]

mod aws_failures;
#[cfg(feature = "operator")]
mod command;
mod console_access;
mod console_day;
mod console_rules;
mod golden;
mod journeys;
mod pages;
mod property;
mod reference_model;
mod rights;
mod routes;
mod simulation;
mod store;
mod support;
mod walls;
mod webhooks;
mod webhooks_of_doors;
