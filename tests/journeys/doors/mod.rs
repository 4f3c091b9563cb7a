//! Unrequested behaviour of door systems, and its effects.

mod bad_reads;
mod ends;
mod kisi;
mod salto_ks;
mod seats;
