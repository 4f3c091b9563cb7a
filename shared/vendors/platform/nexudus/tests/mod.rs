//! Each part of the module by itself.

mod calls;
mod parse;
mod proofs;
mod reads;
mod relations;
mod translation;
