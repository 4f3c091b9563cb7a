//! AWS: the table, the queues, the schedules, the event bus and the secrets.

#![warn(missing_docs)]

pub mod aws;
pub mod bus;
pub mod cached;
pub mod delivery_tally;
pub mod dynamo;
pub mod environment;
pub mod function_url;
pub mod ids;
pub mod other_callers;
pub mod other_sites;
pub mod parameters;
pub mod reconcile_queue;
pub mod reconcile_request;
pub mod routes;
pub mod scheduler;
pub mod schedules;
pub mod sdk;
pub mod secrets;
pub mod service;
pub mod sqs;
pub mod stack;
pub mod store;
pub mod trigger_queue;
