//! The sandbox vendors, driven as their clients drive them.

mod back_door;
mod client;
mod kisi;
mod nexudus;
mod officernd;
mod salto_ks;
mod spacebring;
mod told;
