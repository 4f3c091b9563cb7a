//! What the operator confirms: the size of a hold, and what changed in it since it was shown. Pure.

use std::collections::BTreeSet;

use super::opened::{Opened, ShownChange};

/// The largest number of people that is approved without typing the number.
pub const MOST_UNCOUNTED: usize = 20;

/// What changed in a hold since it was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldDifference {
    /// The changes that are held now and were not shown.
    pub more: Vec<ShownChange>,
    /// The changes that were shown and are not held any more.
    pub fewer: Vec<ShownChange>,
}

impl HoldDifference {
    /// Compares what was shown with what is held now. The reasons may differ; the changes count.
    pub fn between(shown: &[ShownChange], now: &[ShownChange]) -> Self {
        let missing = |from: &[ShownChange], others: &[ShownChange]| -> Vec<ShownChange> {
            let is_missing = |one: &&ShownChange| !others.iter().any(|other| is_same(one, other));
            from.iter().filter(is_missing).cloned().collect()
        };
        HoldDifference {
            more: missing(now, shown),
            fewer: missing(shown, now),
        }
    }
}

fn is_same(one: &ShownChange, other: &ShownChange) -> bool {
    let of = |change: &ShownChange| {
        let ShownChange {
            doors,
            what,
            group,
            account,
            tag,
            email,
            ..
        } = change.clone();
        (doors, what, group, account, tag, email)
    };
    of(one) == of(other)
}

impl Opened {
    /// Returns the number of people whom the hold concerns. An account without a person counts as
    /// one.
    pub fn people(&self) -> usize {
        let people = self.waiting.iter().map(|change| {
            let account = change.account.as_ref().filter(|_| change.person.is_none());
            let email = change
                .email
                .as_deref()
                .filter(|_| account.is_none() && change.person.is_none());
            (change.person.as_deref(), account, email)
        });
        people.collect::<BTreeSet<_>>().len()
    }

    /// Returns whether the operator must type the number of people to approve.
    pub fn needs_number(&self) -> bool {
        self.people() > MOST_UNCOUNTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approve::Doing;

    fn leaves(person: &str, group: &str) -> ShownChange {
        serde_json::from_value(serde_json::json!({
            "doors": "main", "what": Doing::Leaves, "group": group, "name": null, "who": person, "email": null,
            "account": person, "foreign": false, "tag": null, "person": person,
        }))
        .unwrap()
    }

    #[test]
    fn the_difference_of_a_hold_names_what_came_and_what_went() {
        let shown = [leaves("ada", "g1"), leaves("ben", "g1")];
        let mut now = [leaves("ben", "g1"), leaves("cy", "g2")];
        for change in &mut now {
            change.because = Some("another reason".to_owned());
        }
        let found = HoldDifference::between(&shown, &now);
        let names = |changes: &[ShownChange]| -> Vec<String> {
            changes.iter().map(|change| change.who.clone()).collect()
        };
        assert_eq!(
            (names(&found.more), names(&found.fewer)),
            (vec!["cy".to_owned()], vec!["ada".to_owned()])
        );
        assert_eq!(
            HoldDifference::between(&now, &now),
            HoldDifference::default()
        );
    }
}
