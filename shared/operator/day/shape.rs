//! The shape of a day: a row for each group, a bar for each window.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::preview::diff::ShownPerson;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::ids::{Checksum, DoorsName, SiteId};
use doorstep_core::model::reasons::{ClosedReason, Reason};
use doorstep_core::model::window::Window;
use doorstep_core::site::Mode;

/// One local day of a site: what opened, what is open and what will open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// The site.
    pub site: SiteId,
    /// The local day.
    pub day: Date,
    /// The IANA name of the site's time zone.
    pub timezone: String,
    /// The instant of the answer.
    pub as_of: Timestamp,
    /// The first instant of the day.
    pub from: Timestamp,
    /// The first instant after the day. A day has 23 or 25 hours when the clocks change.
    pub until: Timestamp,
    /// The mode in force.
    pub mode: Mode,
    /// What the answer follows from.
    pub basis: DayBasis,
    /// What applies to everyone at the site: paused, observing, a platform that cannot be read.
    pub remarks: Vec<String>,
    /// The groups that a rule opens or that were open, by door system and name.
    pub groups: Vec<DayGroup>,
    /// The next opening after now, on whatever day.
    pub next: Option<NextOpening>,
}

/// What a day follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DayBasis {
    /// The facts and rules as they are known now, and the audit records.
    Facts,
    /// The audit records and claims alone. The facts of a day are deleted after three days.
    Records,
    /// The facts and rules, on a day so far ahead that its bookings may not be known yet.
    Incomplete,
}

/// One group on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayGroup {
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub name: Option<String>,
    /// Why the group opens nothing for the people in it, if that is known.
    pub problem: Option<String>,
    /// The bars, by their begin.
    pub bars: Vec<Bar>,
}

/// Windows of one group with the same begin, end and state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The begin, at the earliest the begin of the day.
    pub from: Timestamp,
    /// The end, at the latest the end of the day.
    pub until: Timestamp,
    /// The state.
    pub state: BarState,
    /// The people, by name.
    pub people: Vec<BarPerson>,
}

/// The state of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BarState {
    /// It is still to come, it has just begun, or the mode lets Doorstep only observe.
    Planned,
    /// It is open.
    Open,
    /// It was open, and it was opened and closed in time.
    Ended,
    /// It was opened or closed later than due, or that is due and not done.
    Late,
    /// The door system refused, or the person has a problem there.
    Refused,
    /// It waits for an approval.
    Held,
    /// The site is closed that day.
    Closed,
}

impl BarState {
    /// Every state, from the one that needs a human most.
    pub const ALL: [BarState; 7] = [
        BarState::Refused,
        BarState::Held,
        BarState::Late,
        BarState::Open,
        BarState::Planned,
        BarState::Ended,
        BarState::Closed,
    ];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            BarState::Planned => "planned",
            BarState::Open => "open",
            BarState::Ended => "ended",
            BarState::Late => "late",
            BarState::Refused => "refused",
            BarState::Held => "held",
            BarState::Closed => "closed",
        }
    }
}

/// One person behind a bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BarPerson {
    /// The person.
    #[serde(flatten)]
    pub who: Arc<ShownPerson>,
    /// The whole window, which may begin before the day and end after it.
    pub window: Window,
    /// The facts and rules that open it, or would open it. Empty for a window of which only the
    /// audit records tell.
    pub reasons: Vec<Reason>,
    /// The reason as the audit record has it, for a window that no fact opens now.
    pub record: Option<String>,
    /// When Doorstep opened it, if a record of the day says so.
    pub opened: Option<Timestamp>,
    /// When Doorstep closed it, if a record says so.
    pub closed: Option<Timestamp>,
    /// What the state is about.
    pub note: Option<BarNote>,
}

/// What the state of a window is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum BarNote {
    /// It was opened late.
    OpenedLate {
        /// The delay in seconds.
        seconds: i64,
        /// What delayed it, if that was recorded.
        delay: Option<String>,
    },
    /// It was closed late.
    ClosedLate {
        /// The delay in seconds.
        seconds: i64,
        /// What delayed it, if that was recorded.
        delay: Option<String>,
    },
    /// It should be open, and is not.
    NotOpened {
        /// Since when.
        due: Timestamp,
    },
    /// It should be closed, and is not.
    NotClosed {
        /// Since when.
        due: Timestamp,
    },
    /// The platform could not be read for a day, so nothing new is opened.
    Unread,
    /// The door system refused, or the person has a problem there.
    Refused {
        /// The answer of the door system, or the problem.
        why: String,
    },
    /// It waits for an approval.
    Held {
        /// The checksum to approve.
        checksum: Checksum,
        /// The reason for the hold.
        reason: String,
    },
    /// The site is closed.
    Closed {
        /// The closure.
        #[serde(flatten)]
        by: ClosedReason,
    },
    /// The membership was given by hand, as the last reconcile saw. Doorstep does not manage it.
    ByHand,
    /// Doorstep does not revoke it: the mode does not allow that, or the person is protected.
    Stays,
}

/// The next opening of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextOpening {
    /// The instant.
    pub at: Timestamp,
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub name: Option<String>,
    /// The number of people for whom it opens.
    pub people: usize,
}
