//! OfficeRnD by its own words: recorded deliveries, and an interface that answers from a script.

mod calls;
mod letters;
mod proofs;
mod reads;
mod region;
mod translation;
