//! The answer about one group as a value.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_core::model::reasons::Reason;

/// The answer about one group, without words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the group opens, and whether it should.
    pub answer: Answer,
    /// When the access that facts and rules give ends; `None` if it has no end, or there is none.
    pub until: Option<Timestamp>,
    /// The facts and rules that give access at the instant. Without access: those that gave it last
    /// or give it next.
    pub reasons: Vec<Reason>,
    /// What is missing first, if the group does not open.
    pub missing: Option<Missing>,
    /// The instant that the missing thing is about: the begin or the end of the window.
    pub at: Option<Timestamp>,
}

/// Whether a group opens, and whether it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It should open, and does not.
    Fails,
    /// It opens, although facts and rules do not say so.
    StillOpens,
    /// It opens, as it should.
    Opens,
    /// It does not open, as it should not.
    Shut,
}

/// A kind of missing thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// No fact of the person matches a rule that opens the group.
    NoRule,
    /// The window is not open yet.
    NotYet,
    /// The window is over.
    Over,
    /// The site is closed that day.
    Closed,
    /// A fact that opened it is gone.
    Gone,
    /// The mode allows no changes.
    Mode,
    /// The site is paused, or only observes because it was just pushed.
    Paused,
    /// The platform could not be read for a day.
    Unread,
    /// There is no account, or it is ambiguous which one it is.
    NotLinked,
    /// The account has no seat.
    Seat,
    /// The account was suspended by hand.
    Suspended,
    /// The door system refused.
    Refused,
    /// The guard holds the change until the operator approves it.
    Held,
    /// The person was not settled since the window opened.
    NotSettled,
    /// The membership was ended by the door system itself, or by hand.
    Ended,
    /// The reason was not recorded.
    Unknown,
}
