//! The one error. Its variants say what happens next; nothing here says how it is told to anybody.

use std::time::Duration;

/// Why something could not be done, named after what the caller does about it.
///
/// Texts are for the operator: they never hold a person's name, an e-mail address, a secret or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The input is wrong. Nothing was changed; the text says what to do about it.
    #[error("refused: {0}")]
    Refused(String),
    /// The same may work later: a vendor is busy, away, or changed under our hands.
    #[error("try again later: {why}")]
    Later {
        /// What stood in the way.
        why: String,
        /// How long the vendor asked us to wait, where it did.
        after: Option<Duration>,
    },
    /// Trying again is no use; somebody must be told.
    #[error("gave up: {0}")]
    Report(String),
    /// A human must decide before this goes on.
    #[error("held: {0}")]
    Held(String),
}

/// The result of anything that can fail in one of the four ways.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure that may pass by itself, with no word on when.
    pub fn later(why: impl Into<String>) -> Self {
        Error::Later { why: why.into(), after: None }
    }

    /// A failure that somebody must be told of.
    pub fn report(why: impl Into<String>) -> Self {
        Error::Report(why.into())
    }

    /// Wrong input, with what to do about it.
    pub fn refused(why: impl Into<String>) -> Self {
        Error::Refused(why.into())
    }

    /// The text alone, as it reads in a list of problems.
    pub fn why(&self) -> &str {
        match self {
            Error::Later { why, .. } | Error::Refused(why) | Error::Report(why) | Error::Held(why) => why,
        }
    }

    /// Whether the same may work if it is tried again.
    pub fn may_pass(&self) -> bool {
        matches!(self, Error::Later { .. })
    }
}
