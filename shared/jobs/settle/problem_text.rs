//! The text of a problem at a door system: pure.

use doorstep_core::decide::cards::TAG;
use doorstep_core::model::error::Error;

/// Returns whether a problem is about a card at this door system.
pub fn about_card(doors: &str, problem: &str) -> bool {
    problem.strip_prefix(doors).and_then(|rest| rest.strip_prefix(": ")).is_some_and(|rest| rest.starts_with(TAG))
}

/// Returns the text of a failure among a person's problems.
pub fn problem(doors: &str, error: &Error) -> String {
    format!("{doors}: {}", error.why())
}
