//! Each sign.

use jiff::Timestamp;

use super::judge::{CellState, judge};
use super::shape::{CellNote, Sign};
use crate::fixture::hold;
use doorstep_cloud::store::observed::ForeignAccount;
use doorstep_core::decide::entitlement::OpenInterval;
use doorstep_core::decide::group::EndDirection;
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::claim::Claim;
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
    let (desired, ended, hold, hand) = (interval(), claim(Some("10:15")), hold(), by_hand(false));
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
