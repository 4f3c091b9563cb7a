//! Decides the state of one window of one person. Pure.
//!
//! ```text
//! window    in the group   state
//! to come   –              planned; held, where the new account waits for an approval
//! running   yes            open; late, if it was opened late; refused, if the account is suspended
//! running   no             planned within the bound, then late; or held, refused, or open by hand
//! over      no longer      ended; late, if it was opened or closed late
//! over      still          open within the bound, then late; or held, or open because it stays
//! over      never          late; or refused, if the door system refused then
//! ```
//!
//! In mode observe, a window that was not opened is planned. What is in the group without a window
//! is judged as over.

use jiff::{SignedDuration, Timestamp};

use super::shape::{BarNote, BarState};
use super::stays::Stay;
use crate::on_time::{TO_CLOSE, TO_OPEN};
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::Record;
use doorstep_core::model::window::Window;

/// What applies to one person at one group.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The instant of the answer.
    pub now: Timestamp,
    /// The spans in which the person was in the group, oldest first.
    pub stays: &'a [Stay<'a>],
    /// What the door system refused, for this group or for the account.
    pub refused: &'a [&'a Record],
    /// Doorstep changes nothing at the doors.
    pub observing: bool,
    /// The mode lets Doorstep revoke, and the person is not protected.
    pub revokes: bool,
    /// The platform could not be read for a day.
    pub stale: bool,
    /// Why the account opens nothing although it exists.
    pub suspended: Option<&'a str>,
    /// The person's problem at the door system.
    pub problem: Option<&'a str>,
    /// The hold in which the new account waits.
    pub held_account: Option<&'a Hold>,
    /// The hold in which the removal waits.
    pub held_removal: Option<&'a Hold>,
    /// The person was added by hand, as the last reconcile saw.
    pub by_hand: bool,
    /// The person is protected. Memberships of protected people that were made by hand are not read.
    pub protected: bool,
}

/// A window that the facts and rules give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedWindow {
    /// The window.
    pub window: Window,
    /// Since when its facts and the site file are known.
    pub known: Timestamp,
    /// When the next window of the same group begins.
    pub next: Option<Timestamp>,
}

/// The state of a window, and what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The state.
    pub state: BarState,
    /// What it is about.
    pub note: Option<BarNote>,
    /// When Doorstep opened it.
    pub opened: Option<Timestamp>,
    /// When Doorstep closed it.
    pub closed: Option<Timestamp>,
}

impl Judged {
    fn new(state: BarState, note: Option<BarNote>) -> Self {
        Judged {
            state,
            note,
            opened: None,
            closed: None,
        }
    }

    fn by_stays(mut self, first: &Stay<'_>, last: &Stay<'_>) -> Self {
        self.opened = first.opened.map(|record| record.at);
        self.closed = last.closed.map(|record| record.at);
        self
    }
}

/// Decides the state of an expected window. Returns `None` for a window that was over before it was
/// known: nothing was to be done.
pub fn judge(expected: &ExpectedWindow, at: &Circumstances<'_>) -> Option<Judged> {
    let ExpectedWindow { window, known, .. } = *expected;
    if window.from > at.now {
        return Some(match at.held_account {
            Some(hold) if !at.observing => held(hold),
            _ => Judged::new(BarState::Planned, None),
        });
    }
    let mut stays = at.stays.iter().filter(|stay| stay.overlaps(&window));
    let due = window.from.max(known);
    let Some(first) = stays.next() else {
        return if window.holds(at.now) {
            Some(waiting(due, at))
        } else {
            never(expected, at)
        };
    };
    let last = stays.next_back().unwrap_or(first);
    let late = opened_late(first, window.from);
    let judged = match (window.holds(at.now), last.goes_on) {
        (true, true) => running(late, at),
        (true, false) => waiting(last.until.unwrap_or(due), at),
        (false, _) => over(expected, last, late, at),
    };
    Some(judged.by_stays(first, last))
}

/// Decides the state of a span in the group that no window explains. `due` is the instant since when
/// no window does; `None` if that is not known.
pub fn judge_unexplained(
    stay: &Stay<'_>,
    due: Option<Timestamp>,
    at: &Circumstances<'_>,
) -> Judged {
    let late = opened_late(stay, Timestamp::MIN);
    let judged = match (stay.goes_on, due) {
        (true, Some(due)) => still_in(due, at),
        (true, None) => Judged::new(BarState::Open, None),
        (false, _) => ended(late, closed_late(stay, Timestamp::MIN)),
    };
    judged.by_stays(stay, stay)
}

fn running(late: Option<BarNote>, at: &Circumstances<'_>) -> Judged {
    match (at.suspended, late) {
        (Some(why), _) => refused(why),
        (None, None) => Judged::new(BarState::Open, None),
        (None, late) => Judged::new(BarState::Late, late),
    }
}

/// A window that runs, of a person who is not in the group.
fn waiting(due: Timestamp, at: &Circumstances<'_>) -> Judged {
    if at.observing {
        return Judged::new(BarState::Planned, None);
    }
    if at.by_hand {
        return Judged::new(BarState::Open, Some(BarNote::ByHand));
    }
    if let Some(hold) = at.held_account {
        return held(hold);
    }
    if let Some(why) = at.problem {
        return refused(why);
    }
    if at.stale {
        return Judged::new(BarState::Late, Some(BarNote::Unread));
    }
    if at.now.duration_since(due) <= TO_OPEN {
        return Judged::new(BarState::Planned, None);
    }
    if at.protected {
        return Judged::new(BarState::Open, Some(BarNote::ByHand));
    }
    Judged::new(BarState::Late, Some(BarNote::NotOpened { due }))
}

/// A window that is over, of a person who was never in the group.
fn never(expected: &ExpectedWindow, at: &Circumstances<'_>) -> Option<Judged> {
    let ExpectedWindow { window, known, .. } = *expected;
    if at.observing {
        return Some(Judged::new(BarState::Planned, None));
    }
    let then = at.refused.iter().rfind(|record| window.holds(record.at));
    if let Some(record) = then {
        return Some(refused(&record.action.answer));
    }
    if window.until.is_some_and(|until| until <= known) {
        return None;
    }
    let due = window.from.max(known);
    Some(Judged::new(
        BarState::Late,
        Some(BarNote::NotOpened { due }),
    ))
}

/// A window that is over, of a person who was in the group.
fn over(
    expected: &ExpectedWindow,
    last: &Stay<'_>,
    late: Option<BarNote>,
    at: &Circumstances<'_>,
) -> Judged {
    let begun = expected.next.filter(|next| *next <= at.now);
    let continues = begun.is_some_and(|next| last.until.is_none_or(|until| next < until));
    let until = expected.window.until.unwrap_or(Timestamp::MAX);
    if continues {
        return ended(late, None);
    }
    if last.goes_on {
        return still_in(until.max(expected.known), at);
    }
    ended(late, closed_late(last, until))
}

/// A person who is in the group and should not be, since `due`.
fn still_in(due: Timestamp, at: &Circumstances<'_>) -> Judged {
    if let Some(hold) = at.held_removal {
        return held(hold);
    }
    if !at.revokes {
        return Judged::new(BarState::Open, Some(BarNote::Stays));
    }
    if at.now.duration_since(due) <= TO_CLOSE {
        return Judged::new(BarState::Open, None);
    }
    Judged::new(BarState::Late, Some(BarNote::NotClosed { due }))
}

fn ended(opened_late: Option<BarNote>, closed_late: Option<BarNote>) -> Judged {
    match closed_late.or(opened_late) {
        None => Judged::new(BarState::Ended, None),
        late => Judged::new(BarState::Late, late),
    }
}

/// Returns the delay of a begin after `from`. A person who was in before that was not let in late.
fn opened_late(stay: &Stay<'_>, from: Timestamp) -> Option<BarNote> {
    let record = stay.opened.filter(|record| record.at > from)?;
    let seconds = seconds_late(record, TO_OPEN)?;
    let delay = record.action.delay.clone();
    Some(BarNote::OpenedLate { seconds, delay })
}

fn closed_late(stay: &Stay<'_>, until: Timestamp) -> Option<BarNote> {
    let record = stay.closed.filter(|record| record.at > until)?;
    let seconds = seconds_late(record, TO_CLOSE)?;
    let delay = record.action.delay.clone();
    Some(BarNote::ClosedLate { seconds, delay })
}

fn seconds_late(record: &Record, bound: SignedDuration) -> Option<i64> {
    let took = record.at.duration_since(record.action.due?);
    (took > bound).then_some(took.as_secs())
}

fn refused(why: &str) -> Judged {
    let why = why.to_owned();
    Judged::new(BarState::Refused, Some(BarNote::Refused { why }))
}

fn held(hold: &Hold) -> Judged {
    let note = BarNote::Held {
        checksum: hold.checksum.clone(),
        reason: hold.reason.clone(),
    };
    Judged::new(BarState::Held, Some(note))
}
