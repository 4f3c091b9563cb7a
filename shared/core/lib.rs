//! Values and decisions: the model, the site file, and every decision about access.
//!
//! This crate makes no calls. It has no runtime, no HTTP, no AWS, no clock and no randomness. `now`
//! is an argument.

#![warn(missing_docs)]

pub mod budgets;
pub mod decide;
pub mod model;
pub mod site;
