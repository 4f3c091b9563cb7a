//! Spacebring, tested with deliveries of its catalogue and an API that answers from a script.

mod calls;
mod parse;
mod proofs;
mod reads;
mod translation;
