//! The services that Doorstep calls without an SDK are sent what their SDKs would send.

#[path = "../common/mod.rs"]
mod common;

mod queues;
mod scheduler;
mod table;
mod wire;
