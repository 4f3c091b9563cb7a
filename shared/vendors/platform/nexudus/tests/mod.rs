//! Each part of the module by itself.

mod bridge;
mod calls;
mod invoices;
mod parse;
mod proofs;
mod reads;
mod relations;
mod translation;
mod visits;
