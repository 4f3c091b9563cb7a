//! Cards as they were read, indexed by number and by account.

use std::collections::{BTreeMap, BTreeSet};

use super::key;
use crate::model::account::{AccountId, Card};

/// The cards of one door system that were read.
#[derive(Debug, Clone, Default)]
pub struct CardBook {
    cards: BTreeMap<String, Card>,
    by_number: BTreeMap<String, BTreeSet<String>>,
    by_holder: BTreeMap<AccountId, BTreeSet<String>>,
}

impl CardBook {
    /// Builds an index of these cards.
    pub fn of(cards: Vec<Card>) -> Self {
        let mut book = CardBook::default();
        book.add(cards);
        book
    }

    /// Adds cards. Each replaces what was known of it.
    pub fn add(&mut self, cards: Vec<Card>) {
        for card in cards {
            if let Some(holder) = self.cards.get(&card.id).and_then(|old| old.holder.as_ref())
                && let Some(theirs) = self.by_holder.get_mut(holder)
            {
                theirs.remove(&card.id);
            }
            for number in &card.numbers {
                self.by_number
                    .entry(key(number))
                    .or_default()
                    .insert(card.id.clone());
            }
            if let Some(holder) = &card.holder {
                self.by_holder
                    .entry(holder.clone())
                    .or_default()
                    .insert(card.id.clone());
            }
            self.cards.insert(card.id.clone(), card);
        }
    }

    /// Marks a card as assigned to `to`, before the call that assigns it.
    pub fn hand(&mut self, card: &Card, to: &AccountId) {
        self.add(vec![Card {
            holder: Some(to.clone()),
            ..card.clone()
        }]);
    }

    /// Returns every card with this number.
    pub fn numbered(&self, number: &str) -> impl Iterator<Item = &Card> {
        self.by_number
            .get(&key(number))
            .into_iter()
            .flatten()
            .filter_map(|id| self.cards.get(id))
    }

    /// Returns every card of an account.
    pub fn held_by(&self, account: &AccountId) -> impl Iterator<Item = &Card> {
        self.by_holder
            .get(account)
            .into_iter()
            .flatten()
            .filter_map(|id| self.cards.get(id))
    }

    /// Returns whether the account has the card with this number.
    pub fn is_held(&self, number: &str, account: &AccountId) -> bool {
        self.numbered(number)
            .any(|card| card.holder.as_ref() == Some(account))
    }
}
