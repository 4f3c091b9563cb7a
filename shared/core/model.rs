//! Values that Doorstep stores and passes on: facts, people, accounts, claims and records.

pub mod access_attempt;
pub mod account;
pub mod actual_groups;
pub mod audit;
pub mod capabilities;
pub mod cause;
pub mod doors_read;
pub mod error;
pub mod fact;
pub mod few;
pub mod ids;
pub mod log_event;
pub mod minute;
pub mod other_sites;
pub mod person;
pub mod platform_kind;
pub mod problem;
pub mod push_update;
pub mod reasons;
pub mod record;
pub mod shared_group;
pub mod shown;
pub mod subject;
pub mod usual;
pub mod window;
