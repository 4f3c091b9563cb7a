//! The failures of one person's round.

use doorstep_core::decide::cards::shown;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::problem::Problem;

/// A failure in one person's round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What failed.
    pub of: FailureOf,
    /// The error.
    pub error: Error,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureOf {
    /// A read or a write of Doorstep's table.
    Store,
    /// A read or a change at this door system.
    Doors(DoorsName),
    /// A change of one card.
    Card {
        /// The door system.
        doors: DoorsName,
        /// The card's number.
        number: String,
    },
}

impl Failure {
    /// Returns the failure of a read or a write of the table.
    pub fn of_store(error: Error) -> Self {
        Failure {
            of: FailureOf::Store,
            error,
        }
    }

    /// Returns the failure of a read or a change at a door system.
    pub fn at(doors: &DoorsName, error: Error) -> Self {
        Failure {
            of: FailureOf::Doors(doors.to_owned()),
            error,
        }
    }

    /// Returns the failure of a change of one card.
    pub fn of_card(doors: &DoorsName, number: &str, error: Error) -> Self {
        Failure {
            of: FailureOf::Card {
                doors: doors.to_owned(),
                number: number.to_owned(),
            },
            error,
        }
    }

    /// Returns the door system at which it failed; `None` for the store.
    pub fn doors(&self) -> Option<&DoorsName> {
        match &self.of {
            FailureOf::Store => None,
            FailureOf::Doors(doors) | FailureOf::Card { doors, .. } => Some(doors),
        }
    }

    /// Returns whether it keeps the person waiting at a door. A card does not: it is one more way
    /// in.
    pub fn keeps_waiting(&self) -> bool {
        !matches!(self.of, FailureOf::Card { .. })
    }

    /// Returns it as a problem of the person.
    pub fn problem(&self) -> Problem {
        match &self.of {
            FailureOf::Store => Problem::Store(self.error.why().to_owned()),
            FailureOf::Doors(doors) => Problem::failed(doors, &self.error),
            FailureOf::Card { doors, number } => {
                Problem::card_failed(doors, shown(number), &self.error)
            }
        }
    }
}
