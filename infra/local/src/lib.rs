//! Doorstep on one machine: the AWS services that it uses, the sandbox vendors, and the machine
//! that runs its functions.
//!
//! The functions are the complete production code. They reach everything through
//! [`doorstep_vendors::http::Http`], which leads into this process here. None of this crate can
//! reach a Lambda function: no package of the root depends on it.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo)]
#![warn(missing_docs)]

pub mod clock;
pub mod cloud;
pub mod folder;
pub mod keep;
pub mod machine;
pub mod options;
pub mod run;
pub mod sample;
pub mod sandbox;
pub mod secrets;
pub mod server;
pub mod sites;
pub mod spent;

mod function_role;
mod locked;
mod network;
mod pushed;

pub use machine::{Data, Machine, Setup, StartError};
