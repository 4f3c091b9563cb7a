//! Credibility of lists. Every list from which Doorstep could infer a removal is judged here: things of a platform,
//! card numbers, groups of a door system, a pushed snapshot. Pure.

/// The least size of a list of which a loss of half is not believed. In a list of three memberships, one that ends is
/// a third.
const BASE: usize = 10;
/// How many complete reads must agree before an answer that is not believed counts. The guard then holds what follows
/// from it for approval by a human.
pub const ACCEPTED_AFTER: u32 = 3;

/// Returns whether a list lost at least half of the `known` entries that it had.
pub fn lost_half(known: usize, lost: usize) -> bool {
    known >= BASE && lost * 2 >= known
}

/// Returns whether a list has none of the `known` entries that it had.
pub fn lost_all(known: usize, lost: usize) -> bool {
    known > 0 && lost >= known
}

/// The least size of a list of which a loss of everything is not believed, if its entries cannot be fetched one by
/// one.
const FEW: usize = 3;

/// Returns whether a list lost too many of its `known` entries. For lists whose entries cannot be fetched by an id of
/// their own.
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
