//! Decides who is who: which person a profile belongs to, and which account belongs to a person.
//! Pure, and it never guesses. Settle feeds these rules from the table and the door systems, one
//! person at a time. The comparison feeds them from memory, with everyone at once.
//!
//! Profiles with exactly the same address are one person. A profile without an address is a person
//! of its own: names are never compared. An account is a person's by Doorstep's stored link, by
//! Doorstep's mark, by an exact address, or because it appeared while Doorstep was creating it.

mod account;
mod address;

pub use account::{AccountConflict, Acquisition, acquire, appeared, choose_account};
pub use address::{ProfileAddress, TakesAddress, address_of, takes_address};

#[cfg(test)]
mod rows;
