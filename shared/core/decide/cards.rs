//! Decides about a person's cards at one door system: numbers at the platform × cards at the door
//! system × Doorstep's record. Pure: it reads nothing and writes nothing. *Ours* is a card that
//! Doorstep assigned or adopted.
//!
//! ```text
//! number  ours  the card                 decision
//! yes     –     is unassigned            assign it
//! yes     –     is the account's         nothing; adopt it while cards are being taken over
//! yes     –     is another account's     trouble: no card is ever taken from one person for another
//! yes     –     is not there             trouble
//! no      yes   is the account's         unassign it
//! no      yes   is not the account's     drop the record
//! no      no    is the account's         nothing: it was assigned by hand
//! ```
//!
//! A door system may allow only one card for each person. Then the first number counts whose card
//! is unassigned, or is the account's already. The other numbers are troubles. A card that was
//! assigned by hand is not replaced.

use jiff::Timestamp;

use crate::model::account::{AccountId, Card};
use crate::model::fact::FactId;
use crate::model::ids::DoorsName;
use crate::model::linked::{Linked, OurCard};
use crate::model::problem::{DoorsProblem, Problem, Wrong};

mod book;

pub use book::CardBook;

/// The most characters of a number that are shown.
const SHOWN: usize = 4;
/// The longest number of a card that is read.
const LONGEST: usize = 64;
/// The most cards of one person that are read.
const MOST: usize = 20;

/// A card number that the platform has for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The number, as the platform writes it.
    pub number: String,
    /// The profile that has it.
    pub of: FactId,
}

impl Number {
    fn trouble(&self, what: Wrong) -> Trouble {
        Trouble {
            number: self.number.clone(),
            what,
        }
    }
}

/// Returns the numbers in one field, separated by commas, semicolons or white space. Returns at
/// most twenty; skips those longer than 64 bytes.
pub fn numbers(text: &str) -> Vec<String> {
    let parts = text.split([',', ';']).flat_map(str::split_whitespace);
    parts
        .filter(|part| part.len() <= LONGEST)
        .take(MOST)
        .map(str::to_owned)
        .collect()
}

/// Returns whether two texts are the same number, regardless of case.
pub fn same_number(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

/// Returns a number as it may be shown: its last characters.
pub fn shown(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let last = characters
        .iter()
        .skip(characters.len().saturating_sub(SHOWN));
    format!("…{}", last.collect::<String>())
}

/// Returns a number as it may be written to a record that is never erased: at most half of it, so
/// that even a short number is not shown whole.
pub fn recorded(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let last = characters
        .iter()
        .skip(characters.len() - (characters.len() / 2).min(SHOWN));
    format!("…{}", last.collect::<String>())
}

/// Returns the form in which numbers are compared.
pub fn key(number: &str) -> String {
    number.trim().to_lowercase()
}

impl Card {
    /// Returns whether the card has this number.
    pub fn has(&self, number: &str) -> bool {
        self.numbers.iter().any(|own| same_number(own, number))
    }
}

/// The input of the decision about one person's cards at one door system.
#[derive(Clone, Copy)]
pub struct CardsView<'a> {
    /// The person's account.
    pub account: &'a AccountId,
    /// The numbers at the platform. Empty if the person has no access.
    pub desired: &'a [Number],
    /// The cards that Doorstep assigned or adopted.
    pub claimed: &'a [OurCard],
    /// The cards of the door system.
    pub book: &'a CardBook,
    /// Whether the door system allows one card for each person.
    pub one: bool,
    /// Whether cards are being taken over. If so, Doorstep adopts a card that the account has and
    /// the platform lists.
    pub taken_over: bool,
    /// Whether cards may be assigned.
    pub give: bool,
    /// Whether cards may be unassigned.
    pub take: bool,
}

/// A card to assign or unassign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardChange {
    /// The card.
    pub card: Card,
    /// Its number, as the platform writes it.
    pub number: String,
    /// The reason for the change.
    pub because: String,
}

/// A card that the account has already and that becomes Doorstep's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardClaim {
    /// The card's number, as the platform writes it.
    pub number: String,
    /// The reason for the claim.
    pub because: String,
}

/// The decision about one person's cards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardDecision {
    /// Cards to assign.
    pub tag: Vec<CardChange>,
    /// Cards to unassign.
    pub untag: Vec<CardChange>,
    /// Cards to adopt: the account has them already.
    pub adopt: Vec<CardClaim>,
    /// Numbers of which the record is dropped.
    pub disown: Vec<String>,
    /// Problems that the operator should look at.
    pub troubles: Vec<Trouble>,
}

/// A number whose card the person does not have, or cannot use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The number.
    pub number: String,
    /// What is wrong with it.
    pub what: Wrong,
}

impl Trouble {
    /// Returns it as a problem of the person at a door system.
    pub fn problem(&self, doors: &DoorsName) -> Problem {
        Problem::at(
            doors,
            DoorsProblem::Card {
                card: shown(&self.number),
                what: self.what,
            },
        )
    }
}

/// Decides about the cards, by the table at the top of this module.
pub fn decide_cards(view: CardsView<'_>) -> CardDecision {
    let mut decision = CardDecision::default();
    let mut targets = view.targets(&mut decision);
    if view.one {
        view.the_one(&mut targets, &mut decision);
    }
    let is_target = |card: &Card| targets.iter().any(|(_, target)| target.id == card.id);
    let is_ours = |card: &Card| view.claimed.iter().any(|ours| card.has(&ours.number));
    let mut stays = None;
    for card in view
        .book
        .held_by(view.account)
        .filter(|card| !is_target(card))
    {
        match view
            .claimed
            .iter()
            .find(|ours| card.has(&ours.number))
            .filter(|_| !card.reserved)
        {
            Some(ours) if view.take => decision.untag.push(CardChange {
                card: card.clone(),
                number: ours.number.clone(),
                because: format!(
                    "tag {} is no longer theirs: was {}",
                    recorded(&ours.number),
                    ours.because
                ),
            }),
            Some(_) => stays = Some(Wrong::OneOnly),
            None => stays = Some(Wrong::GivenByHand),
        }
    }
    for (number, card) in targets {
        let because = format!("tag {} of {}", recorded(&number.number), number.of);
        let is_theirs = card.holder.is_some();
        if card.blocked {
            decision.troubles.push(number.trouble(Wrong::Blocked));
        }
        match stays.filter(|_| view.one) {
            _ if is_theirs && (is_ours(card) || !view.taken_over || card.reserved) => {}
            _ if is_theirs => decision.adopt.push(CardClaim {
                number: number.number.clone(),
                because,
            }),
            Some(what) => decision.troubles.push(number.trouble(what)),
            None if !view.give => {}
            None => decision.tag.push(CardChange {
                card: card.clone(),
                number: number.number.clone(),
                because,
            }),
        }
    }
    let wanted = |number: &str| {
        view.desired
            .iter()
            .any(|wanted| same_number(&wanted.number, number))
    };
    let held = |number: &str| {
        view.book
            .held_by(view.account)
            .any(|card| card.has(number) && !card.reserved)
    };
    let gone = view
        .claimed
        .iter()
        .filter(|ours| !wanted(&ours.number) && !held(&ours.number));
    decision.disown = gone.map(|ours| ours.number.clone()).collect();
    decision.troubles.sort();
    decision.troubles.dedup();
    decision
}

impl<'a> CardsView<'a> {
    /// Returns the cards that the person may have, in the order of their numbers, each once.
    fn targets(self, decision: &mut CardDecision) -> Vec<(&'a Number, &'a Card)> {
        let mut targets: Vec<(&Number, &Card)> = Vec::new();
        for number in self.desired {
            match self.candidate(&number.number) {
                Ok(card) if targets.iter().any(|(_, target)| target.id == card.id) => {}
                Ok(card) => targets.push((number, card)),
                Err(what) => decision.troubles.push(number.trouble(what)),
            }
        }
        targets
    }

    fn candidate(self, number: &str) -> Result<&'a Card, Wrong> {
        let cards: Vec<&Card> = self.book.numbered(number).collect();
        let theirs = cards
            .iter()
            .find(|card| card.holder.as_ref() == Some(self.account));
        match (theirs, cards.as_slice()) {
            (Some(card), _) => Ok(card),
            (None, []) => Err(Wrong::Unknown),
            (None, [card]) if card.reserved => Err(Wrong::Reserved),
            (None, [card]) if card.holder.is_some() => Err(Wrong::OfAnother),
            (None, [card]) => Ok(card),
            (None, _) => Err(Wrong::Several),
        }
    }

    /// Keeps one target: a card that the account has and keeps, if the platform lists it, or else
    /// the first.
    fn the_one(self, targets: &mut Vec<(&'a Number, &'a Card)>, decision: &mut CardDecision) {
        let is_ours = |card: &Card| self.claimed.iter().any(|ours| card.has(&ours.number));
        let kept =
            |(_, card): &(&Number, &Card)| card.holder.is_some() && !(self.take && is_ours(card));
        let chosen = targets.iter().position(kept).unwrap_or_default();
        let rest = targets
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != chosen);
        decision
            .troubles
            .extend(rest.map(|(_, (number, _))| number.trouble(Wrong::OneOnly)));
        *targets = targets.get(chosen).copied().into_iter().collect();
    }
}

impl Linked {
    /// Records that Doorstep assigned the card to this account (`theirs`), or drops the record.
    pub fn note_card(&mut self, number: &str, theirs: bool, because: &str, now: Timestamp) {
        self.cards.retain(|ours| !same_number(&ours.number, number));
        if theirs {
            self.cards.push(OurCard {
                number: number.to_owned(),
                since: now,
                because: because.to_owned(),
            });
        }
    }

    /// Removes the intent for a card, because the change is complete.
    pub fn card_done(&mut self, number: &str) {
        self.card_intents
            .retain(|intent| !same_number(&intent.number, number));
    }
}

#[cfg(test)]
mod tests;
