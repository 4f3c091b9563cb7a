//! Decides which lists to accept. Every list from which Doorstep could infer a removal is judged
//! here, because a list that lost half of its entries is more likely a fault of the vendor than the
//! truth. Pure.
//!
//! ```text
//! list                              entries fetched one by one   rejected if it lost
//! things of a platform              yes                          half of at least 10
//! card numbers of the members       no                           half of at least 10
//! assignments of desks and offices  no                           half of at least 10, or all of at least 3
//! groups of a door system           those of Doorstep            half of at least 10, or all and is empty
//! one kind of a pushed snapshot     no                           half of at least 10, or all unless it may run out
//! members of a claimed group        no                           all
//! ```
//!
//! The same answer in [`AGREEING`] complete reads is accepted as unconfirmed: the guard holds what
//! follows from it for approval by a human.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub mod card_numbers;

/// The least size of a list of which a loss of half is rejected. In a list of three memberships,
/// one that ends is a third.
const BASE: usize = 10;
/// The least size of a list of which a loss of everything is rejected, if its entries cannot be
/// fetched one by one.
const FEW: usize = 3;
/// How many complete reads must agree before an answer that is rejected counts.
pub const AGREEING: usize = 3;

/// Returns whether so many reads gave the same answer that it counts.
pub fn agree(reads: usize) -> bool {
    reads >= AGREEING
}

/// What a complete list lost of the entries that were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The number of known entries.
    pub known: usize,
    /// The number of known entries that the list lacks.
    pub lost: usize,
}

/// The loss from which a list is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossLimit {
    /// Half of at least ten.
    Half,
    /// Half of at least ten, or all of at least three.
    HalfOrAllOfThree,
    /// Half of at least ten, or all.
    HalfOrAll,
}

impl Loss {
    /// Returns whether a list with this loss is accepted.
    pub fn is_credible(self, limit: LossLimit) -> bool {
        let Loss { known, lost } = self;
        let half = known >= BASE && lost * 2 >= known;
        let all = known > 0 && lost >= known;
        let too_much = match limit {
            LossLimit::Half => half,
            LossLimit::HalfOrAllOfThree => half || all && known >= FEW,
            LossLimit::HalfOrAll => half || all,
        };
        !too_much
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lost {} of {}", self.lost, self.known)
    }
}

/// Whether a list is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credibility {
    /// It is accepted.
    Credible,
    /// It lost too much and said the same in [`AGREEING`] complete reads: it counts as unconfirmed.
    Repeated,
    /// It lost too much and is rejected.
    Incredible,
}

/// An answer that is rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedList {
    /// The hash of what the list lacks.
    pub said: String,
    /// How many times in a row the list lacked exactly that.
    pub times: u32,
}

impl RefusedList {
    fn of(missing: &impl Serialize, before: Option<&RefusedList>) -> Self {
        let said = hex::encode(Sha256::digest(
            serde_json::to_vec(missing).unwrap_or_default(),
        ));
        let times = before
            .filter(|before| before.said == said)
            .map_or(0, |before| before.times)
            + 1;
        RefusedList { said, times }
    }
}

/// The lists that were rejected in the latest reads, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefusedLists(BTreeMap<String, RefusedList>);

impl RefusedLists {
    /// Returns whether no list is rejected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Judges a list of which these known entries are `missing`, and remembers the answer if it is
    /// rejected.
    pub fn judge(
        &mut self,
        list: &str,
        missing: &impl Serialize,
        loss: Loss,
        limit: LossLimit,
    ) -> Credibility {
        if loss.is_credible(limit) {
            self.0.remove(list);
            return Credibility::Credible;
        }
        let said = RefusedList::of(missing, self.0.get(list));
        let repeated = agree(said.times as usize);
        self.0.insert(list.to_owned(), said);
        if repeated {
            Credibility::Repeated
        } else {
            Credibility::Incredible
        }
    }
}

impl FromIterator<(String, RefusedList)> for RefusedLists {
    fn from_iter<I: IntoIterator<Item = (String, RefusedList)>>(lists: I) -> Self {
        RefusedLists(lists.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<const N: usize>(limit: LossLimit, losses: [(usize, usize); N]) -> [bool; N] {
        losses.map(|(known, lost)| !Loss { known, lost }.is_credible(limit))
    }

    #[test]
    fn half_of_ten_is_rejected_and_of_nine_it_is() {
        let half = [(10, 4), (10, 5), (9, 9), (200, 100), (201, 100), (0, 0)];
        assert_eq!(
            refused(LossLimit::Half, half),
            [false, true, false, true, false, false]
        );
        let all = [(0, 0), (1, 1), (3, 2), (3, 3), (10, 5)];
        assert_eq!(
            refused(LossLimit::HalfOrAll, all),
            [false, true, false, true, true]
        );
        let few = [(2, 2), (3, 2), (3, 3), (10, 5)];
        assert_eq!(
            refused(LossLimit::HalfOrAllOfThree, few),
            [false, false, true, true]
        );
    }

    #[test]
    fn the_same_answer_counts_the_third_time_in_a_row() {
        let mut refused_lists = RefusedLists::default();
        let mut said = |missing: &[&str]| {
            let loss = Loss {
                known: 10,
                lost: missing.len(),
            };
            refused_lists.judge("member", &missing, loss, LossLimit::Half)
        };
        let (one, other) = (["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "f"]);
        assert_eq!(
            [said(&one), said(&one), said(&one)][1..],
            [Credibility::Incredible, Credibility::Repeated]
        );
        assert_eq!(
            [said(&other), said(&other)],
            [Credibility::Incredible; 2],
            "another answer begins anew"
        );
        assert_eq!(
            [said(&one[..4]), said(&other)],
            [Credibility::Credible, Credibility::Incredible]
        );
    }
}

#[cfg(test)]
mod rows;
