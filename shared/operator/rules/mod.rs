//! The rules of a site as a table that can be edited: rows are the things that the platform lists,
//! columns are the groups that the doors list. Everything is answered from the table alone, for the
//! file in force or for a draft of it. A draft is a text that its reader carries: nothing is stored.

pub mod draft;
pub mod edit;
pub mod lists;
mod matrix;
mod reading;
pub mod review;
pub mod screen;
pub mod shape;
pub mod thing;

#[cfg(test)]
mod fixture;
