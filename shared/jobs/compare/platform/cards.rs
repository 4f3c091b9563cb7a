//! Judges the card numbers of a list of members.

use std::collections::{BTreeMap, BTreeSet};

use super::PlatformReading;
use doorstep_core::decide::credibility::card_numbers::{CardNumbers, NUMBERS, keep_numbers};
use doorstep_core::decide::credibility::{Credibility, LossLimit};
use doorstep_core::model::fact::{Fact, FactId, Kind};
use doorstep_core::model::record::FactRecord;

impl PlatformReading<'_> {
    /// Rejects the card numbers of a list that lost half of them: a property was renamed, or a
    /// permission is missing. Members then keep their stored numbers. A list that repeats the loss
    /// is accepted as unconfirmed, so that the operator must approve it. Returns the members whose
    /// facts are unconfirmed.
    pub(super) fn judge_cards(
        &mut self,
        kind: Kind,
        facts: &mut [Fact],
        stored: &BTreeMap<FactId, FactRecord>,
    ) -> BTreeSet<FactId> {
        let mut unconfirmed = BTreeSet::new();
        if kind != Kind::Member {
            return unconfirmed;
        }
        let CardNumbers {
            listed,
            loss,
            losers,
        } = CardNumbers::of(facts, stored);
        match self
            .refused_lists
            .judge(NUMBERS, &losers, loss, LossLimit::Half)
        {
            Credibility::Credible => self.numbers = self.since.is_none().then_some(listed),
            Credibility::Repeated => {
                self.remarks.push(format!(
                    "the list of members {loss} card numbers, three times alike"
                ));
                unconfirmed.extend(losers);
            }
            Credibility::Incredible => {
                self.refused.push(format!(
                    "the list of members {loss} card numbers since the last read; none is taken back because of it"
                ));
                facts.iter_mut().for_each(|fact| keep_numbers(fact, stored));
            }
        }
        let all = CardNumbers::with_unconfirmed(facts, stored);
        if self.since.is_some() || !all.loss.is_credible(LossLimit::Half) {
            let still = stored
                .values()
                .filter(|record| !record.gone && record.is_unconfirmed());
            unconfirmed.extend(still.map(|record| record.fact.name()));
        }
        unconfirmed
    }
}
