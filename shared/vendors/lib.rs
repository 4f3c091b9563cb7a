//! The vendors: requests, answers and webhooks of each platform and door system, as values of
//! `doorstep_core`.

#![warn(missing_docs)]

pub mod access;
pub mod backoff;
pub mod deadline;
pub mod delivery;
pub mod doors;
pub mod http;
pub mod network;
pub mod platform;
pub mod secret;
pub mod time;
pub mod tokens;
pub mod vendor_http;
