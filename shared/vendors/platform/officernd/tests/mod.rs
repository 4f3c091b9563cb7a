//! OfficeRnD, tested with recorded deliveries and an API that answers from a script.

mod calls;
mod parse;
mod proofs;
mod reads;
mod region;
mod translation;
