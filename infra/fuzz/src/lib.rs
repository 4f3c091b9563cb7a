//! What the fuzz targets share: how an input is divided, how a delivery is signed, and a vendor
//! that answers from the input.

pub mod sign;
pub mod vendor;

use jiff::Timestamp;

/// Divides the parts of an input.
const SEPARATOR: u8 = 0x1e;
/// The instant of every target, in Unix seconds: 12 January 2026, 08:00 UTC.
pub const NOW_SECONDS: i64 = 1_768_204_800;

/// Returns the instant of every target.
pub fn now() -> Timestamp {
    Timestamp::from_second(NOW_SECONDS).expect("an instant")
}

/// Takes the first byte of an input, for a choice.
pub fn choice(data: &[u8]) -> Option<(u8, &[u8])> {
    data.split_first().map(|(first, rest)| (*first, rest))
}

/// Returns the parts of an input.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == SEPARATOR)
}

/// Returns a text of an input, with replacement characters where it is no UTF-8.
pub fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Returns one of `all`.
pub fn pick<T: Copy>(all: &[T], choice: u8) -> T {
    all[usize::from(choice) % all.len()]
}
