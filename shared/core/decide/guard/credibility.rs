//! Whether a list is believed. Every list that something could be inferred from is judged here, whatever it lists:
//! things of a platform, card numbers, groups of a door system, a pushed snapshot. Pure.

/// Smallest list of which losing half is unbelievable. Of three memberships one that ends is a third.
const BASE: usize = 10;
/// The same unbelievable answer in so many complete reads is believed as far as the guard goes: a human must approve
/// what follows from it.
pub const BELIEVED_AFTER: u32 = 3;

/// Returns whether a list lost half, or more, of the `known` entries that it held.
pub fn lost_half(known: usize, lost: usize) -> bool {
    known >= BASE && lost * 2 >= known
}

/// Returns whether a list has none of the `known` entries that it held.
pub fn lost_all(known: usize, lost: usize) -> bool {
    known > 0 && lost >= known
}

/// Smallest list that cannot be asked for thing by thing and of which losing everything is unbelievable.
const FEW: usize = 3;

/// Returns whether a list whose entries cannot be asked for by an id of their own lost too many of the `known` ones.
pub fn ran_out(known: usize, lost: usize) -> bool {
    lost_half(known, lost) || known >= FEW && lost_all(known, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_ten_is_not_believed_and_of_nine_it_is() {
        assert_eq!(
            [(10, 4), (10, 5), (9, 9), (200, 100), (201, 100), (0, 0)].map(|(k, l)| lost_half(k, l)),
            [false, true, false, true, false, false]
        );
        assert_eq!([(0, 0), (1, 1), (3, 2), (3, 3)].map(|(k, l)| lost_all(k, l)), [false, true, false, true]);
        assert_eq!([(2, 2), (3, 2), (3, 3), (10, 5)].map(|(k, l)| ran_out(k, l)), [false, false, true, true]);
    }
}
