//! The problems of one person that the operator should look at. The value is stored, and the text
//! is derived from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::error::Error;
use crate::model::fact::FactId;
use crate::model::ids::DoorsName;

/// A problem of one person that the operator should look at. Its text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A fact opens nothing although it should.
    Fact {
        /// The fact.
        fact: FactId,
        /// The reason, as the text after the fact's name.
        why: String,
    },
    /// A problem at one door system.
    At {
        /// The door system.
        doors: DoorsName,
        /// The problem.
        what: DoorsProblem,
    },
    /// Doorstep's table failed, for this reason.
    Store(String),
    /// Doorstep's table never accepts the person's item, for this reason.
    Unstorable(String),
    /// The platform could not be read for a day.
    PlatformUnread,
}

/// The kinds of problem at one door system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorsProblem {
    /// A read or a change failed, for this reason.
    Failed(String),
    /// A change of a card failed.
    CardFailed {
        /// The end of the card's number.
        card: String,
        /// The reason.
        why: String,
    },
    /// The person does not have a card, or cannot use it.
    Card {
        /// The end of the card's number.
        card: String,
        /// What is wrong with the card.
        what: Wrong,
    },
    /// The platform has another e-mail address than the account.
    OtherAddress,
    /// The door system refused the changed name.
    RefusedName,
    /// Doorstep suspended the account for lack of a seat.
    NoSeat,
    /// The account is suspended, and Doorstep did not suspend it.
    Suspended,
    /// The new account waits to be counted.
    Counted,
}

/// What is wrong with a card that the person does not have, or cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// The door system has no such card.
    Unknown,
    /// The card is assigned to another account.
    OfAnother,
    /// Several cards have this number.
    Several,
    /// The card belongs to a pod.
    Reserved,
    /// The card is blocked and opens nothing.
    Blocked,
    /// The door system allows one card for each person, and the person has another.
    OneOnly,
    /// The door system allows one card for each person, and the person was given another by hand.
    GivenByHand,
}

impl Problem {
    /// Returns a problem at a door system.
    pub fn at(doors: &DoorsName, what: DoorsProblem) -> Self {
        Problem::At {
            doors: doors.clone(),
            what,
        }
    }

    /// Returns the problem of a read or a change that failed at a door system.
    pub fn failed(doors: &DoorsName, error: &Error) -> Self {
        Problem::at(doors, DoorsProblem::Failed(error.why().to_owned()))
    }

    /// Returns the problem of a change that failed for one card. `card` is the end of its number.
    pub fn card_failed(doors: &DoorsName, card: String, error: &Error) -> Self {
        Problem::at(
            doors,
            DoorsProblem::CardFailed {
                card,
                why: error.why().to_owned(),
            },
        )
    }

    /// Returns whether it is a problem at this door system.
    pub fn is_at(&self, at: &DoorsName) -> bool {
        matches!(self, Problem::At { doors, .. } if doors == at)
    }

    /// Returns whether it is about a card.
    pub fn is_about_card(&self) -> bool {
        let Problem::At { what, .. } = self else {
            return false;
        };
        matches!(
            what,
            DoorsProblem::Card { .. } | DoorsProblem::CardFailed { .. }
        )
    }

    /// Returns whether it is a new account that waits to be counted.
    pub fn is_counted(&self) -> bool {
        matches!(
            self,
            Problem::At {
                what: DoorsProblem::Counted,
                ..
            }
        )
    }

    /// Returns the problems in the order of their texts, each once.
    pub fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
        problems.sort_by_cached_key(ToString::to_string);
        problems.dedup();
        problems
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Fact { fact, why } => write!(f, "{fact} {why}"),
            Problem::At { doors, what } => write!(f, "{doors}: {what}"),
            Problem::Store(why) => write!(f, "store: {why}"),
            Problem::Unstorable(why) => {
                write!(f, "Doorstep's table refuses the item of this person: {why}")
            }
            Problem::PlatformUnread => f.write_str(
                "the platform could not be read for a day: nothing new is opened until it can be",
            ),
        }
    }
}

impl fmt::Display for DoorsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DoorsProblem::Failed(why) => why,
            DoorsProblem::CardFailed { card, why } => return write!(f, "tag {card}: {why}"),
            DoorsProblem::Card { card, what } => return write!(f, "tag {card} {what}"),
            DoorsProblem::OtherAddress => {
                "the platform has another e-mail address now, which cannot be changed from here: change it at the door \
                 system, or delete the account so that a new one is made"
            }
            DoorsProblem::RefusedName => "the changed name cannot be carried over: change it at the door system",
            DoorsProblem::NoSeat => "the account has no seat and opens nothing: buy or free a seat",
            DoorsProblem::Suspended => "the account is suspended and opens nothing: resume it at the door system",
            DoorsProblem::Counted => {
                "the new account waits: very many are new at once, and they are counted before any of them is invited; \
                 more than 100 wait for `doorstep approve`"
            }
        })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wrong::Unknown => "is not known at the door system: register it there, or correct the number",
            Wrong::OfAnother => "is assigned to another account at the door system: remove it from that account there, or correct the number",
            Wrong::Several => "is the number of several cards: assign the right one by hand",
            Wrong::Reserved => "belongs to a pod, whose tags Doorstep never changes: use another one",
            Wrong::Blocked => "is blocked and opens nothing: unblock or activate it at the door system",
            Wrong::OneOnly => "is not given: the door system allows one tag for each person, and this person has another",
            Wrong::GivenByHand => {
                "is not given: the person may have one tag, and has another that was assigned by hand: remove that \
                 one at the door system"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::Kind;

    #[test]
    fn problems_are_in_the_order_of_their_texts_each_once() {
        let fact = FactId::new(Kind::Booking, "b");
        let problems = vec![
            Problem::Store("away".to_owned()),
            Problem::at(&DoorsName::from("main"), DoorsProblem::Counted),
            Problem::card_failed(
                &DoorsName::from("main"),
                "…0123".to_owned(),
                &Error::retry("away"),
            ),
            Problem::failed(&DoorsName::from("annex"), &Error::permanent("no right")),
            Problem::at(&DoorsName::from("main"), DoorsProblem::Counted),
            Problem::Fact {
                fact,
                why: "ends before it starts".to_owned(),
            },
        ];
        let problems = Problem::in_order(problems);
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let [annex, fact, card, counted, store] = texts.as_slice() else {
            panic!("{texts:?}")
        };
        assert_eq!(
            (annex.as_str(), fact.as_str()),
            ("annex: no right", "booking b ends before it starts")
        );
        assert!(
            counted.starts_with("main: the new account waits"),
            "{counted}"
        );
        assert_eq!(
            (card.as_str(), store.as_str()),
            ("main: tag …0123: away", "store: away")
        );
        let at_main = problems
            .iter()
            .filter(|problem| problem.is_at(&DoorsName::from("main")));
        assert_eq!(
            at_main.map(Problem::is_about_card).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(
            problems
                .iter()
                .filter(|problem| problem.is_counted())
                .count(),
            1
        );
    }
}
