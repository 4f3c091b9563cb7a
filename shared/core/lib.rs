//! Values and decisions. Nothing in this crate calls out: it has no runtime, no HTTP, no AWS, no clock and no randomness.

#![warn(missing_docs)]

pub mod decide;
pub mod model;
pub mod site;
