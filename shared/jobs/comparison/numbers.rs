//! The card numbers that a list of members says, beside those that are known of the same members. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorstep_core::decide::cards::key;
use doorstep_core::model::fact::{Fact, FactId, Kind, What};
use doorstep_core::model::record::Record;

/// What card numbers are called among lists that are counted and judged.
pub const NUMBERS: &str = "card number";

/// How many numbers a list says, and lost.
pub struct Numbers {
    /// How many it says.
    pub listed: usize,
    /// How many were known of its members.
    pub known: usize,
    /// How many of these it says of nobody.
    pub lost: usize,
    /// The members of whom it does not say one that was known.
    pub losers: Vec<FactId>,
}

impl Numbers {
    /// Of a list of members, beside what is stored of them.
    pub fn of(facts: &[Fact], stored: &BTreeMap<FactId, Record>) -> Self {
        Self::beside(facts, stored, |record| &record.fact)
    }

    /// The same beside what was known before losses that are doubted: a list that repeats them is no better than the ones
    /// before.
    pub fn with_doubted(facts: &[Fact], stored: &BTreeMap<FactId, Record>) -> Self {
        Self::beside(facts, stored, |record| match &record.vouched {
            Some(vouched) if record.is_doubted() => vouched,
            _ => &record.fact,
        })
    }

    fn beside(facts: &[Fact], stored: &BTreeMap<FactId, Record>, known_of: impl Fn(&Record) -> &Arc<Fact>) -> Self {
        let listed: BTreeSet<String> = facts.iter().flat_map(of_fact).collect();
        let mut numbers = Numbers { listed: listed.len(), known: 0, lost: 0, losers: Vec::new() };
        for name in facts.iter().map(Fact::name).filter(|name| name.kind == Kind::Member) {
            let Some(record) = stored.get(&name).filter(|record| !record.gone) else { continue };
            let known: Vec<String> = of_fact(known_of(record)).collect();
            let lost = known.iter().filter(|number| !listed.contains(*number)).count();
            numbers.known += known.len();
            numbers.lost += lost;
            numbers.losers.extend((lost > 0).then_some(name));
        }
        numbers.losers.sort();
        numbers
    }
}

/// Whether somebody has no number any more who had one.
pub fn lost_all_numbers(before: &Fact, now: &Fact) -> bool {
    of_fact(before).next().is_some() && of_fact(now).next().is_none()
}

/// A member with the numbers that are known of them, where there are any.
pub fn keep_numbers(fact: &mut Fact, stored: &BTreeMap<FactId, Record>) {
    if let Some(record) = stored.get(&fact.name()).filter(|record| !record.gone) {
        with_numbers_of(fact, &record.fact);
    }
}

/// A member with the numbers of another state of theirs, where it has any.
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
