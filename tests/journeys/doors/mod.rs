//! What door systems do that nobody asked them to do, and what follows.

mod bad_reads;
mod ends;
mod kisi;
mod salto_ks;
mod seats;
