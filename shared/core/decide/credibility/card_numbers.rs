//! Compares the card numbers of a list of members with the stored ones of the same members. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Loss;
use crate::decide::cards::key;
use crate::model::fact::{Fact, FactId, Kind, What};
use crate::model::record::FactRecord;

/// The name of card numbers among the lists that are counted and judged.
pub const NUMBERS: &str = "card number";

/// The card numbers of a list of members, compared with stored ones.
pub struct CardNumbers {
    /// The number of card numbers in the list.
    pub listed: usize,
    /// What the list lost: stored card numbers of its members that it has for no member.
    pub loss: Loss,
    /// The members that lost a stored number.
    pub losers: Vec<FactId>,
}

impl CardNumbers {
    /// Compares a list of members with their stored facts.
    pub fn of(facts: &[Fact], stored: &BTreeMap<FactId, FactRecord>) -> Self {
        Self::beside(facts, stored, |record| &record.fact)
    }

    /// Compares a list of members with their confirmed numbers, before any unconfirmed loss. A list
    /// that repeats an unconfirmed loss counts no more than the lists before it.
    pub fn with_unconfirmed(facts: &[Fact], stored: &BTreeMap<FactId, FactRecord>) -> Self {
        Self::beside(facts, stored, |record| match &record.confirmed {
            Some(confirmed) if record.is_unconfirmed() => confirmed,
            _ => &record.fact,
        })
    }

    fn beside(
        facts: &[Fact],
        stored: &BTreeMap<FactId, FactRecord>,
        known_of: impl Fn(&FactRecord) -> &Arc<Fact>,
    ) -> Self {
        let listed: BTreeSet<String> = facts.iter().flat_map(of_fact).collect();
        let (mut loss, mut losers) = (Loss { known: 0, lost: 0 }, Vec::new());
        for name in facts
            .iter()
            .map(Fact::name)
            .filter(|name| name.kind == Kind::Member)
        {
            let Some(record) = stored.get(&name).filter(|record| !record.gone) else {
                continue;
            };
            let known: Vec<String> = of_fact(known_of(record)).collect();
            let lost = known
                .iter()
                .filter(|number| !listed.contains(*number))
                .count();
            loss = Loss {
                known: loss.known + known.len(),
                lost: loss.lost + lost,
            };
            losers.extend((lost > 0).then_some(name));
        }
        losers.sort();
        CardNumbers {
            listed: listed.len(),
            loss,
            losers,
        }
    }
}

/// Returns whether the member had a number before and has none now.
pub fn lost_all_numbers(before: &Fact, now: &Fact) -> bool {
    of_fact(before).next().is_some() && of_fact(now).next().is_none()
}

/// Replaces a member's numbers by the stored ones, if there are any.
pub fn keep_numbers(fact: &mut Fact, stored: &BTreeMap<FactId, FactRecord>) {
    if let Some(record) = stored.get(&fact.name()).filter(|record| !record.gone) {
        with_numbers_of(fact, &record.fact);
    }
}

/// Replaces a member's numbers by those of another state of it, if that state has any.
pub fn with_numbers_of(fact: &mut Fact, other: &Fact) {
    if let (What::Member(profile), What::Member(other)) = (&mut fact.what, &other.what)
        && !other.cards.is_empty()
    {
        profile.cards.clone_from(&other.cards);
    }
}

fn of_fact(fact: &Fact) -> impl Iterator<Item = String> {
    let cards: &[String] = match &fact.what {
        What::Member(profile) => &profile.cards,
        _ => &[],
    };
    cards.iter().map(|number| key(number))
}
