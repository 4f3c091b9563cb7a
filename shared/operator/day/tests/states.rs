//! Each state of a window.

use super::{at, claim, granted, record, revoked};
use crate::day::judge::{Circumstances, ExpectedWindow, Judged, judge, judge_unexplained};
use crate::day::shape::{BarNote, BarState};
use crate::day::stays::{Stay, stays};
use crate::fixture::hold;
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::window::Window;

/// The window of every test: from ten to eleven.
fn expected() -> ExpectedWindow {
    ExpectedWindow {
        window: Window {
            from: at("10:00"),
            until: Some(at("11:00")),
        },
        known: at("08:00"),
        next: None,
    }
}

/// In mode full, at a door system that answers.
fn usual<'a>(now: &str, stays: &'a [Stay<'a>]) -> Circumstances<'a> {
    Circumstances {
        now: at(now),
        stays,
        refused: &[],
        observing: false,
        revokes: true,
        stale: false,
        suspended: None,
        problem: None,
        held_account: None,
        held_removal: None,
        by_hand: false,
        protected: false,
    }
}

fn told(judged: Option<Judged>) -> (BarState, Option<BarNote>) {
    let judged = judged.expect("a state");
    (judged.state, judged.note)
}

fn state(circumstances: &Circumstances<'_>) -> BarState {
    told(judge(&expected(), circumstances)).0
}

#[test]
fn a_window_to_come_is_planned_and_one_whose_account_waits_is_held() {
    let before = usual("09:00", &[]);
    assert_eq!(told(judge(&expected(), &before)), (BarState::Planned, None));
    let hold = hold();
    let waits = Circumstances {
        held_account: Some(&hold),
        ..before
    };
    let (state, note) = told(judge(&expected(), &waits));
    let Some(BarNote::Held { checksum, .. }) = note else {
        panic!("{note:?}")
    };
    assert_eq!(
        (state, checksum.as_str()),
        (BarState::Held, "0123456789abcdef")
    );
}

#[test]
fn a_window_that_runs_is_open_and_says_when_it_was_opened() {
    let (grant, claim) = (granted("10:00:03", "10:00"), claim("10:00", None));
    let all = stays(&[&grant], Some(&claim), at("10:30"));
    let judged = judge(&expected(), &usual("10:30", &all)).expect("a state");
    assert_eq!(
        (judged.state, judged.note, judged.opened, judged.closed),
        (BarState::Open, None, Some(at("10:00:03")), None)
    );
}

#[test]
fn a_window_that_was_opened_later_than_the_bound_is_late_and_says_what_delayed_it() {
    let claim = claim("10:02", None);
    let opened = |happened: &str| {
        let grant = granted(happened, "10:00");
        let all = stays(&[&grant], Some(&claim), at("10:30"));
        told(judge(&expected(), &usual("10:30", &all)))
    };
    assert_eq!(opened("10:01:30").0, BarState::Open);
    let late = BarNote::OpenedLate {
        seconds: 91,
        delay: Some("main: away".to_owned()),
    };
    assert_eq!(opened("10:01:31"), (BarState::Late, Some(late)));
}

#[test]
fn a_window_that_is_due_and_not_open_is_late_after_the_bound() {
    assert_eq!(state(&usual("10:01:30", &[])), BarState::Planned);
    let (state, note) = told(judge(&expected(), &usual("10:01:31", &[])));
    let due = at("10:00");
    assert_eq!(
        (state, note),
        (BarState::Late, Some(BarNote::NotOpened { due }))
    );
    let asked_later = ExpectedWindow {
        known: at("10:20"),
        ..expected()
    };
    let (state, _) = told(judge(&asked_later, &usual("10:21", &[])));
    assert_eq!(state, BarState::Planned, "it was asked for at 10:20");
    let unread = Circumstances {
        stale: true,
        ..usual("10:30", &[])
    };
    let (state, note) = told(judge(&expected(), &unread));
    assert_eq!((state, note), (BarState::Late, Some(BarNote::Unread)));
}

#[test]
fn a_window_that_the_door_system_keeps_shut_is_refused() {
    let why = || {
        Some(BarNote::Refused {
            why: "main: no".to_owned(),
        })
    };
    let refuses = Circumstances {
        problem: Some("main: no"),
        ..usual("10:30", &[])
    };
    assert_eq!(
        told(judge(&expected(), &refuses)),
        (BarState::Refused, why())
    );
    let (grant, claim) = (granted("10:00", "10:00"), claim("10:00", None));
    let all = stays(&[&grant], Some(&claim), at("10:30"));
    let suspended = Circumstances {
        suspended: Some("main: no"),
        ..usual("10:30", &all)
    };
    assert_eq!(
        told(judge(&expected(), &suspended)),
        (BarState::Refused, why())
    );
    let refusal = record(AuditAction::Refused, "10:00:05", "10:00");
    let refusals = [&refusal];
    let then = Circumstances {
        refused: &refusals,
        ..usual("12:00", &[])
    };
    assert_eq!(state(&then), BarState::Refused);
}

#[test]
fn a_window_whose_account_waits_for_an_approval_is_held_and_one_given_by_hand_is_open() {
    let hold = hold();
    let waits = Circumstances {
        held_account: Some(&hold),
        problem: Some("main: no"),
        ..usual("10:30", &[])
    };
    assert_eq!(state(&waits), BarState::Held);
    let by_hand = Circumstances {
        by_hand: true,
        ..waits
    };
    let (state, note) = told(judge(&expected(), &by_hand));
    assert_eq!((state, note), (BarState::Open, Some(BarNote::ByHand)));
}

#[test]
fn a_window_that_was_opened_and_closed_in_time_is_ended() {
    let closed = |happened: &str| {
        let (grant, revoke) = (granted("10:00:03", "10:00"), revoked(happened, "11:00"));
        let all = stays(&[&grant, &revoke], None, at("12:00"));
        judge(&expected(), &usual("12:00", &all)).expect("a state")
    };
    let ended = closed("11:02");
    assert_eq!(
        (ended.state, ended.note, ended.closed),
        (BarState::Ended, None, Some(at("11:02")))
    );
    let late = closed("11:02:01");
    assert_eq!(late.state, BarState::Late);
    assert!(matches!(
        late.note,
        Some(BarNote::ClosedLate { seconds: 121, .. })
    ));
}

#[test]
fn a_window_that_is_over_and_still_open_is_late_after_the_bound_or_held_or_stays() {
    let (grant, claim) = (granted("10:00", "10:00"), claim("10:00", None));
    let all = stays(&[&grant], Some(&claim), at("11:02"));
    assert_eq!(state(&usual("11:02", &all)), BarState::Open);
    let over = usual("11:02:01", &all);
    let due = at("11:00");
    assert_eq!(
        told(judge(&expected(), &over)),
        (BarState::Late, Some(BarNote::NotClosed { due }))
    );
    let hold = hold();
    let held = Circumstances {
        held_removal: Some(&hold),
        ..over
    };
    assert_eq!(state(&held), BarState::Held);
    let grant_only = Circumstances {
        revokes: false,
        ..over
    };
    assert_eq!(
        told(judge(&expected(), &grant_only)),
        (BarState::Open, Some(BarNote::Stays))
    );
}

#[test]
fn a_window_that_the_door_system_ended_by_itself_is_ended() {
    let (grant, claim) = (granted("10:00", "10:00"), claim("10:00", Some("11:00")));
    let all = stays(&[&grant], Some(&claim), at("11:01"));
    assert_eq!(state(&usual("11:01", &all)), BarState::Ended);
}

#[test]
fn a_site_that_observes_only_plans() {
    for now in ["09:00", "10:30", "12:00"] {
        let observing = Circumstances {
            observing: true,
            problem: Some("main: no"),
            ..usual(now, &[])
        };
        assert_eq!(state(&observing), BarState::Planned, "{now}");
    }
}

#[test]
fn a_window_that_was_over_before_it_was_known_has_no_state_and_one_that_was_missed_is_late() {
    let now = usual("12:00", &[]);
    let unknown = ExpectedWindow {
        known: at("11:30"),
        ..expected()
    };
    assert_eq!(judge(&unknown, &now), None);
    assert_eq!(state(&now), BarState::Late);
}

#[test]
fn a_stay_that_goes_on_into_the_next_window_was_not_closed_late() {
    let (grant, revoke) = (granted("10:00", "10:00"), revoked("13:00:05", "13:00"));
    let all = stays(&[&grant, &revoke], None, at("14:00"));
    let first = ExpectedWindow {
        next: Some(at("12:00")),
        ..expected()
    };
    let (state, _) = told(judge(&first, &usual("14:00", &all)));
    assert_eq!(state, BarState::Ended);
}

#[test]
fn a_stay_without_a_window_is_judged_by_its_records() {
    let (grant, revoke) = (granted("10:00", "10:00"), revoked("11:10", "11:00"));
    let over = stays(&[&grant, &revoke], None, at("12:00"));
    let judged = judge_unexplained(&over[0], None, &usual("12:00", &over));
    assert_eq!(judged.state, BarState::Late);
    let claim = claim("10:00", None);
    let stays = stays(&[&grant], Some(&claim), at("12:00"));
    let judged = |due: Option<&str>| {
        let at_noon = usual("12:00", &stays);
        judge_unexplained(&stays[0], due.map(at), &at_noon).state
    };
    assert_eq!(
        [judged(None), judged(Some("11:59")), judged(Some("11:50"))],
        [BarState::Open, BarState::Open, BarState::Late]
    );
}
