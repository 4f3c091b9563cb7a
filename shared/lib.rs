//! Doorstep keeps doors in step with bookings. Reading this list is watching a fact become an open door.

// Nothing that comes from outside may stop a function.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::todo)]
#![warn(missing_docs)]
// Journeys nest futures deeper than the compiler follows by itself.
#![recursion_limit = "256"]

// A webhook arrives and is proven.
pub mod cached;
pub mod delivery;
pub mod function_url;
pub mod platform;
pub mod routes;

// What is known, of whom, and the rules.
pub mod account;
pub mod action;
pub mod fact;
pub mod few;
pub mod person;
pub mod platform_kind;
pub mod push_update;
pub mod record;
pub mod site;
pub mod subject;

// The deciding modules: pure.
pub mod cards;
pub mod diff;
pub mod entitlement;
pub mod guard;
pub mod recurrence;
pub mod window;

// Where it becomes true, and who went through.
pub mod doors;
pub mod opening;

// What we remember, ring, set and write down.
pub mod alarms;
pub mod audit;
pub mod bus;
pub mod ledger;
pub mod line;
pub mod reconcile_queue;
pub mod reconcile_request;

// Everything beside everything, for whoever compares.
pub mod comparison;

// The four journeys.
pub mod entries;
pub mod receive;
pub mod reconcile;
pub mod settle;

// The way in for the operator, and what is shown.
pub mod approve;
pub mod check;
pub mod doctor;
pub mod drift;
pub mod explain;
pub mod forget;
pub mod on_time;
pub mod pause;
pub mod preview;
pub mod push;
pub mod rehearse;
pub mod report;
pub mod retire;
pub mod shown;
pub mod view;

// Everything outside, and what failed there.
pub mod access;
pub mod aws;
pub mod backoff;
pub mod caller;
pub mod deadline;
pub mod error;
pub mod http;
pub mod ids;
pub mod network;
pub mod other_sites;
pub mod outside;
pub mod secrets;
pub mod stack;
pub mod time;
pub mod tokens;
