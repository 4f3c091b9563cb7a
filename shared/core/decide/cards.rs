//! Numbers that the platform says × cards that the door system holds × our record → which card becomes whose. Pure: it
//! reads nothing and writes nothing.
//!
//! ```text
//! number  ours  the card           verdict
//! yes     –     is nobody's        make it theirs
//! yes     –     is theirs          nothing; ours from now on while cards are being taken over
//! yes     –     is somebody else's trouble: no card is ever taken from anybody for another
//! yes     –     is not there       trouble
//! no      yes   is theirs          make it nobody's
//! no      yes   is not theirs      forget that it was ours
//! no      no    is theirs          nothing: somebody gave it by hand
//! ```
//!
//! Where somebody can have one card only, the first number whose card is there and free, or theirs already, is the one,
//! and the others are troubles. A card given by hand is not replaced.

use std::fmt;

use jiff::Timestamp;

use crate::model::account::{AccountId, Card};
use crate::model::fact::FactId;
use crate::model::person::{Linked, OurCard};

mod book;

pub use book::CardBook;

/// How many characters of a number are shown, at most.
const SHOWN: usize = 4;
/// No card has a longer number.
const LONGEST: usize = 64;
/// Nobody has more cards.
const MOST: usize = 20;

/// A number that the platform says of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// As the platform writes it.
    pub number: String,
    /// The profile that says it.
    pub of: FactId,
}

impl Number {
    fn trouble(&self, what: Wrong) -> Trouble {
        Trouble { number: self.number.clone(), what }
    }
}

/// The numbers in one field: apart by commas, semicolons or white space. At most twenty of at most 64 characters.
pub fn numbers(text: &str) -> Vec<String> {
    let parts = text.split([',', ';']).flat_map(str::split_whitespace);
    parts.filter(|part| part.len() <= LONGEST).take(MOST).map(str::to_owned).collect()
}

/// Whether two writings are one number: letters in either case.
pub fn same_number(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

/// A number as it may be shown: its last characters.
pub fn shown(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let last = characters.iter().skip(characters.len().saturating_sub(SHOWN));
    format!("…{}", last.collect::<String>())
}

/// The same for what is never erased: less than half of it, so that no short number stands there whole.
pub fn recorded(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let last = characters.iter().skip(characters.len() - (characters.len() / 2).min(SHOWN));
    format!("…{}", last.collect::<String>())
}

/// The form in which numbers are compared.
pub fn key(number: &str) -> String {
    number.trim().to_lowercase()
}

impl Card {
    /// Whether this is one of its numbers.
    pub fn has(&self, number: &str) -> bool {
        self.numbers.iter().any(|own| same_number(own, number))
    }
}

/// What one person's cards at one door system are judged from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Their account.
    pub account: &'a AccountId,
    /// What the platform says; nothing where they have no access.
    pub wanted: &'a [Number],
    /// What is ours.
    pub ours: &'a [OurCard],
    /// The cards.
    pub book: &'a CardBook,
    /// They can have one only.
    pub one: bool,
    /// Cards are being taken over: what is theirs and what the platform says is ours from now on.
    pub taken_over: bool,
    /// Cards may be given.
    pub give: bool,
    /// Cards may be taken back.
    pub take: bool,
}

/// A card that shall change hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The card.
    pub card: Card,
    /// Its number, as the platform says it.
    pub number: String,
    /// Why.
    pub because: String,
}

/// What must change for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Cards to be made theirs.
    pub tag: Vec<Change>,
    /// Cards to be made nobody's.
    pub untag: Vec<Change>,
    /// Cards that are theirs, and ours from now on: numbers, and why.
    pub adopt: Vec<(String, String)>,
    /// Numbers that are no longer ours.
    pub forget: Vec<String>,
    /// What somebody should look at.
    pub troubles: Vec<Trouble>,
}

/// Why a number is not theirs, or of no use to them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The number.
    pub number: String,
    /// What is wrong with it.
    pub what: Wrong,
}

/// What can be wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// There is no such card.
    Unknown,
    /// It is somebody else's.
    SomebodyElses,
    /// Several cards go by this number.
    Several,
    /// It belongs to a pod.
    Reserved,
    /// It opens nothing.
    Blocked,
    /// Somebody can have one only, and they have another.
    OneOnly,
    /// Somebody can have one only, and was given another by hand.
    GivenByHand,
}

/// How every problem about a card begins, behind the name of the doors.
pub const TAG: &str = "tag …";

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Wrong::Unknown => "is not known at the door system: register it there, or correct the number",
            Wrong::SomebodyElses => {
                "is somebody else's at the door system: take it from them there, or correct the number"
            }
            Wrong::Several => "is the number of several cards: give the right one by hand",
            Wrong::Reserved => "belongs to a pod, whose tags are left alone: use another one",
            Wrong::Blocked => "is blocked and opens nothing: unblock or activate it at the door system",
            Wrong::OneOnly => "is not given: the door system takes one tag for each person, and they have another",
            Wrong::GivenByHand => {
                "is not given: they were given another one by hand, and can have one only: take that one from them at \
                 the door system"
            }
        };
        write!(f, "tag {} {what}", shown(&self.number))
    }
}

/// Decides; see the table above.
pub fn judge(view: View<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut targets = view.targets(&mut verdict);
    if view.one {
        view.the_one(&mut targets, &mut verdict);
    }
    let is_target = |card: &Card| targets.iter().any(|(_, target)| target.id == card.id);
    let is_ours = |card: &Card| view.ours.iter().any(|ours| card.has(&ours.number));
    let mut stays = None;
    for card in view.book.held_by(view.account).filter(|card| !is_target(card)) {
        match view.ours.iter().find(|ours| card.has(&ours.number)).filter(|_| !card.reserved) {
            Some(ours) if view.take => verdict.untag.push(Change {
                card: card.clone(),
                number: ours.number.clone(),
                because: format!("tag {} is no longer theirs: was {}", recorded(&ours.number), ours.because),
            }),
            Some(_) => stays = Some(Wrong::OneOnly),
            None => stays = Some(Wrong::GivenByHand),
        }
    }
    for (number, card) in targets {
        let because = format!("tag {} of {}", recorded(&number.number), number.of);
        let is_theirs = card.holder.is_some();
        if card.blocked {
            verdict.troubles.push(number.trouble(Wrong::Blocked));
        }
        match stays.filter(|_| view.one) {
            _ if is_theirs && (is_ours(card) || !view.taken_over || card.reserved) => {}
            _ if is_theirs => verdict.adopt.push((number.number.clone(), because)),
            Some(what) => verdict.troubles.push(number.trouble(what)),
            None if !view.give => {}
            None => verdict.tag.push(Change { card: card.clone(), number: number.number.clone(), because }),
        }
    }
    let wanted = |number: &str| view.wanted.iter().any(|wanted| same_number(&wanted.number, number));
    let held = |number: &str| view.book.held_by(view.account).any(|card| card.has(number) && !card.reserved);
    let gone = view.ours.iter().filter(|ours| !wanted(&ours.number) && !held(&ours.number));
    verdict.forget = gone.map(|ours| ours.number.clone()).collect();
    verdict.troubles.sort();
    verdict.troubles.dedup();
    verdict
}

impl<'a> View<'a> {
    /// The cards that they may have, in the order of their numbers, each once.
    fn targets(self, verdict: &mut Verdict) -> Vec<(&'a Number, &'a Card)> {
        let mut targets: Vec<(&Number, &Card)> = Vec::new();
        for number in self.wanted {
            match self.candidate(&number.number) {
                Ok(card) if targets.iter().any(|(_, target)| target.id == card.id) => {}
                Ok(card) => targets.push((number, card)),
                Err(what) => verdict.troubles.push(number.trouble(what)),
            }
        }
        targets
    }

    fn candidate(self, number: &str) -> Result<&'a Card, Wrong> {
        let cards: Vec<&Card> = self.book.numbered(number).collect();
        let theirs = cards.iter().find(|card| card.holder.as_ref() == Some(self.account));
        match (theirs, cards.as_slice()) {
            (Some(card), _) => Ok(card),
            (None, []) => Err(Wrong::Unknown),
            (None, [card]) if card.reserved => Err(Wrong::Reserved),
            (None, [card]) if card.holder.is_some() => Err(Wrong::SomebodyElses),
            (None, [card]) => Ok(card),
            (None, _) => Err(Wrong::Several),
        }
    }

    /// Leaves one: what they have and keep where the platform says that number too, else the first.
    fn the_one(self, targets: &mut Vec<(&'a Number, &'a Card)>, verdict: &mut Verdict) {
        let is_ours = |card: &Card| self.ours.iter().any(|ours| card.has(&ours.number));
        let kept = |(_, card): &(&Number, &Card)| card.holder.is_some() && !(self.take && is_ours(card));
        let chosen = targets.iter().position(kept).unwrap_or_default();
        let rest = targets.iter().enumerate().filter(|(place, _)| *place != chosen);
        verdict.troubles.extend(rest.map(|(_, (number, _))| number.trouble(Wrong::OneOnly)));
        *targets = targets.get(chosen).copied().into_iter().collect();
    }
}

impl Linked {
    /// Writes down that a card is theirs because of us, or is no more.
    pub fn note_card(&mut self, number: &str, theirs: bool, because: &str, now: Timestamp) {
        self.cards.retain(|ours| !same_number(&ours.number, number));
        if theirs {
            self.cards.push(OurCard { number: number.to_owned(), since: now, because: because.to_owned() });
        }
    }

    /// What was begun on a card is over.
    pub fn card_done(&mut self, number: &str) {
        self.card_intents.retain(|intent| !same_number(&intent.number, number));
    }
}

#[cfg(test)]
mod tests;
