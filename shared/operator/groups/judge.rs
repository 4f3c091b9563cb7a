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

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::decide::guard::Scope;
    use doorstep_core::model::account::{AccountId, GroupId};
    use doorstep_core::model::reasons::Reasons;
    use doorstep_core::model::window::Window;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-02T{text}:00Z").parse().unwrap()
    }

    fn interval() -> OpenInterval {
        OpenInterval {
            window: Window {
                from: at("10:00"),
                until: Some(at("11:00")),
            },
            because: Reasons::default(),
        }
    }

    fn claim(until: Option<&str>) -> Claim {
        Claim {
            since: at("10:00"),
            until: until.map(at),
            ..Claim::default()
        }
    }

    fn hold() -> Hold {
        Hold {
            checksum: "0123456789abcdef".into(),
            site: "s".into(),
            scope: Scope::Site,
            revokes: 1,
            accounts: 0,
            cards: 0,
            rests: 0,
            moves: 0,
            version: 0,
            reason: "half of all people".into(),
            since: at("09:00"),
            reported: at("09:00"),
            approved: None,
            pieces: 0,
        }
    }

    fn by_hand(goes: bool) -> ForeignAccount {
        ForeignAccount {
            group: GroupId("5".into()),
            account: AccountId("7".into()),
            person: None,
            name: None,
            email: None,
            goes,
            since: at("09:00"),
        }
    }

    fn usual() -> CellState<'static> {
        CellState {
            now: at("10:30"),
            desired: None,
            claim: None,
            ends_by_itself: true,
            ends: EndDirection::Follow,
            revokes: true,
            protected: false,
            stale: false,
            suspended: None,
            problem: None,
            held_account: None,
            held_removal: None,
            by_hand: None,
            removed: false,
        }
    }

    fn mark(state: CellState<'_>) -> char {
        judge(&state).map_or(' ', |(sign, _)| sign.mark())
    }

    #[test]
    fn a_claimed_membership_is_right_or_has_another_end_or_a_problem() {
        let (desired, ours, longer) = (interval(), claim(Some("11:00")), claim(Some("12:00")));
        let in_it = CellState {
            desired: Some(&desired),
            claim: Some(&ours),
            ..usual()
        };
        let other = CellState {
            claim: Some(&longer),
            ..in_it
        };
        let later_only = CellState {
            ends: EndDirection::LaterOnly,
            ..other
        };
        let without_ends = CellState {
            ends_by_itself: false,
            ..other
        };
        let suspended = CellState {
            suspended: Some("no seat"),
            ..in_it
        };
        let removed = CellState {
            removed: true,
            ..in_it
        };
        assert_eq!(
            [in_it, other, later_only, without_ends, suspended, removed].map(mark),
            ['=', '~', '=', '=', '!', '+']
        );
    }

    #[test]
    fn a_missing_membership_is_missing_or_says_what_it_waits_for() {
        let (desired, ended, hold, hand) =
            (interval(), claim(Some("10:15")), hold(), by_hand(false));
        let missing = CellState {
            desired: Some(&desired),
            ..usual()
        };
        let over = CellState {
            claim: Some(&ended),
            ..missing
        };
        let refused = CellState {
            problem: Some("main: no"),
            ..missing
        };
        let held = CellState {
            held_account: Some(&hold),
            ..refused
        };
        let given = CellState {
            by_hand: Some(&hand),
            ..held
        };
        let protected = CellState {
            protected: true,
            ..missing
        };
        assert_eq!(
            [missing, over, refused, held, given, protected].map(mark),
            ['+', '+', '!', '*', '?', '?']
        );
        let unread = CellState {
            stale: true,
            ..missing
        };
        assert_eq!(
            judge(&unread),
            Some((Sign::Missing, Some(CellNote::Unread)))
        );
    }

    #[test]
    fn a_membership_that_should_not_be_is_extra_or_says_why_it_stays() {
        let (ours, ended, hold) = (claim(None), claim(Some("10:15")), hold());
        let extra = CellState {
            claim: Some(&ours),
            ..usual()
        };
        let over = CellState {
            claim: Some(&ended),
            ..usual()
        };
        let held = CellState {
            held_removal: Some(&hold),
            ..extra
        };
        let refused = CellState {
            problem: Some("main: no"),
            ..extra
        };
        let removed = CellState {
            removed: true,
            ..extra
        };
        assert_eq!(
            [extra, over, held, refused, removed, usual()].map(mark),
            ['-', ' ', '*', '!', ' ', ' ']
        );
        let stays = CellState {
            revokes: false,
            ..extra
        };
        assert_eq!(judge(&stays), Some((Sign::Extra, Some(CellNote::Stays))));
        let (stays, goes) = (by_hand(false), by_hand(true));
        let hand = |by_hand| {
            mark(CellState {
                by_hand: Some(by_hand),
                ..usual()
            })
        };
        assert_eq!([hand(&stays), hand(&goes)], ['?', '-']);
    }
}
