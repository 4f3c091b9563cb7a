//! AWS: the table, the queues, the schedules, the event bus and the secrets.

#![warn(missing_docs)]

pub mod alarms;
pub mod aws;
pub mod bus;
pub mod cached;
pub mod function_url;
pub mod ids;
pub mod ledger;
pub mod line;
pub mod other_sites;
pub mod outside;
pub mod reconcile_queue;
pub mod reconcile_request;
pub mod routes;
pub mod secrets;
pub mod stack;
