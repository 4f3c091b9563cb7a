//! Each part of the module by itself.

mod calls;
mod letters;
mod proofs;
mod reads;
mod relations;
mod translation;
