//! Doorstep on one machine: the cloud it needs, the vendors' sandboxes, and the machine that runs its functions.
//!
//! The functions are the production code, whole: they reach everything through [`doorstep_vendors::http::Http`], and here
//! that leads into this process. Nothing of this crate can get onto a Lambda: no package of the root depends on it.

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

mod locked;
mod pushed;
mod world;

pub use machine::{Data, Machine, Setup, StartError};
