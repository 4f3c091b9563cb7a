//! Each part of the room by itself.

mod calls;
mod letters;
mod proofs;
mod reads;
mod relations;
mod translation;
