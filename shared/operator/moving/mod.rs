//! Moves a site in: writes its first rules from the mapping that the platform's own bridge holds, or
//! from equal names where the platform tells nothing of such a bridge. Everything that was guessed
//! has a comment, and what no rule uses is named in comments. Nothing here calls a vendor.

mod mapping;
pub mod new_site;
pub mod opening;
pub mod proposal;
pub mod quoted;
mod same_names;
mod unused;
pub(crate) mod words;
pub mod write;

pub use words::Word;

#[cfg(test)]
mod tests;
