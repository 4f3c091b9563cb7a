//! Decides the sign of one person at one group. Pure.
//!
//! ```text
//! should be in  claim           sign
//! yes           runs            = ; ~ with another end; ! where the account is suspended
//! yes           none, or ended  + ; ? added by hand; * the account waits; ! a problem there
//! no            runs            - ; * the removal waits; ! a problem there
//! no            none, or ended  nothing; ? added by hand; - where the group is Doorstep's alone
//! ```

use jiff::Timestamp;

use super::shape::{CellNote, Sign};
use doorstep_cloud::store::observed::ForeignAccount;
use doorstep_core::decide::entitlement::OpenInterval;
use doorstep_core::decide::group::EndDirection;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::claim::Claim;

/// What applies to one person at one group.
#[derive(Debug, Clone, Copy)]
pub struct CellState<'a> {
    /// The instant of the answer.
    pub now: Timestamp,
    /// The interval that facts and rules give now.
    pub desired: Option<&'a OpenInterval>,
    /// The claim.
    pub claim: Option<&'a Claim>,
    /// The door system ends memberships by itself.
    pub ends_by_itself: bool,
    /// The direction in which an end may move.
    pub ends: EndDirection,
    /// The mode lets Doorstep revoke, and the person is not protected.
    pub revokes: bool,
    /// The person is protected.
    pub protected: bool,
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
    /// The membership that was added by hand.
    pub by_hand: Option<&'a ForeignAccount>,
    /// The claimed membership was removed by hand, and Doorstep does not add it again.
    pub removed: bool,
}

/// The sign of one person at one group, and what it is about.
pub type Signed = (Sign, Option<CellNote>);

/// Decides the sign. Returns `None` for a person who is not in the group and should not be.
pub fn judge(at: &CellState<'_>) -> Option<Signed> {
    let runs = |claim: &&Claim| claim.until.is_none_or(|until| until > at.now);
    match (at.desired, at.claim.filter(runs)) {
        (Some(_), Some(_)) if at.removed => Some((Sign::Missing, Some(CellNote::RemovedByHand))),
        (Some(interval), Some(claim)) => Some(inside(interval, claim, at)),
        (Some(_), None) => Some(not_in_yet(at)),
        (None, Some(_)) if at.removed => None,
        (None, Some(_)) => Some(still_in(at)),
        (None, None) => at.by_hand.map(foreign),
    }
}

fn inside(interval: &OpenInterval, claim: &Claim, at: &CellState<'_>) -> Signed {
    if let Some(why) = at.suspended {
        return problem(why);
    }
    let end = interval.window.until;
    let other = at.ends_by_itself && claim.until != end && at.ends.allow(claim.until, end);
    match other {
        true => (Sign::OtherEnd, None),
        false => (Sign::Right, None),
    }
}

fn not_in_yet(at: &CellState<'_>) -> Signed {
    if at.by_hand.is_some() {
        return (Sign::ByHand, None);
    }
    if let Some(hold) = at.held_account {
        return held(hold);
    }
    if let Some(why) = at.problem {
        return problem(why);
    }
    // Memberships of protected people are not read as memberships made by hand.
    match (at.protected, at.stale) {
        (true, _) => (Sign::ByHand, None),
        (false, true) => (Sign::Missing, Some(CellNote::Unread)),
        (false, false) => (Sign::Missing, None),
    }
}

fn still_in(at: &CellState<'_>) -> Signed {
    if let Some(hold) = at.held_removal {
        return held(hold);
    }
    match (at.revokes, at.problem) {
        (false, _) => (Sign::Extra, Some(CellNote::Stays)),
        (true, Some(why)) => problem(why),
        (true, None) => (Sign::Extra, None),
    }
}

fn foreign(by_hand: &ForeignAccount) -> Signed {
    match by_hand.goes {
        true => (Sign::Extra, Some(CellNote::Goes)),
        false => (Sign::ByHand, None),
    }
}

fn problem(why: &str) -> Signed {
    let why = why.to_owned();
    (Sign::Problem, Some(CellNote::Problem { why }))
}

fn held(hold: &Hold) -> Signed {
    let note = CellNote::Held {
        checksum: hold.checksum.clone(),
        reason: hold.reason.clone(),
    };
    (Sign::Held, Some(note))
}
