//! The one error type of the project. Its variants say what the caller does next.

use std::time::Duration;

/// The failure of a call, named by what the caller does next.
///
/// The texts are for the operator. They never hold a person's name, an e-mail address, a secret or
/// a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The input is wrong. Nothing changed. The text says what to do.
    #[error("refused: {0}")]
    Invalid(String),
    /// The same call may work later: a vendor is busy or unavailable, or an item changed since it
    /// was read.
    #[error("try again later: {why}")]
    Retry {
        /// The cause.
        why: String,
        /// How long the vendor asked to wait, if it did.
        after: Option<Duration>,
    },
    /// Another attempt fails in the same way. The operator must know.
    #[error("gave up: {0}")]
    Permanent(String),
    /// A human must decide before this goes on.
    #[error("held: {0}")]
    Held(String),
}

/// The result of a call that can fail in one of the four ways.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns a failure that may pass by itself at an unknown time.
    pub fn retry(why: impl Into<String>) -> Self {
        Error::Retry {
            why: why.into(),
            after: None,
        }
    }

    /// Returns a failure that the operator must know of.
    pub fn permanent(why: impl Into<String>) -> Self {
        Error::Permanent(why.into())
    }

    /// Returns the error for a wrong input. `why` says what to do.
    pub fn invalid(why: impl Into<String>) -> Self {
        Error::Invalid(why.into())
    }

    /// Returns the text alone, as a list of problems shows it.
    pub fn why(&self) -> &str {
        match self {
            Error::Retry { why, .. }
            | Error::Invalid(why)
            | Error::Permanent(why)
            | Error::Held(why) => why,
        }
    }

    /// Returns whether the same call may work later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Retry { .. })
    }
}
