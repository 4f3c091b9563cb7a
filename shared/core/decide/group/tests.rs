//! Tests of the tables in `group.rs`, row by row.

use super::*;
use crate::decide::entitlement::Reasons;
use crate::model::account::{AccountId, GroupId};
use crate::model::window::Window;

fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}:00Z").parse().expect("a time of day")
}

fn row(until: Option<Timestamp>) -> GroupMember {
    GroupMember { account: AccountId("7".into()), handle: Some(format!("{until:?}")), from: None, until }
}

fn stretch() -> OpenInterval {
    let window = Window::new(at("09:45"), Some(at("11:15"))).expect("a window");
    OpenInterval { window, because: Reasons::default() }
}

fn claim(until: Option<Timestamp>) -> Claim {
    Claim {
        doors: "main".into(),
        group: GroupId("1".into()),
        account: AccountId("7".into()),
        since: at("09:45"),
        until,
        because: "booking b1".into(),
        ..Claim::default()
    }
}

fn held(rows: &[GroupMember]) -> Held<'_> {
    let ends = Ends::Follow;
    Held { rows, ends_by_itself: true, protected: false, exclusive: false, taken_over: false, ends, elsewhere: &[] }
}

fn told(wanted: bool, claimed: Option<Claim>, held: Held<'_>) -> GroupDecision {
    judge(wanted.then(stretch).as_ref(), claimed.as_ref(), held, at("10:00"))
}

#[test]
fn what_is_as_wanted_stays() {
    let rows = [row(Some(at("11:15")))];
    assert_eq!(told(true, Some(claim(Some(at("11:15")))), held(&rows)), GroupDecision::Nothing);
    assert_eq!(told(false, None, held(&[])), GroupDecision::Nothing);
}

#[test]
fn another_end_replaces_our_line_and_no_other() {
    let rows = [row(None), row(Some(at("10:30")))];
    let verdict = told(true, Some(claim(Some(at("10:30")))), held(&rows));
    assert_eq!(verdict, GroupDecision::Grant { until: Some(at("11:15")), replaces: vec![row(Some(at("10:30")))] });
}

#[test]
fn what_was_taken_by_hand_is_given_again() {
    let verdict = told(true, Some(claim(Some(at("11:15")))), held(&[]));
    assert_eq!(verdict, GroupDecision::Grant { until: Some(at("11:15")), replaces: vec![] });
}

#[test]
fn what_was_given_by_hand_is_not_ours() {
    let rows = [row(None)];
    assert_eq!(told(true, None, held(&rows)), GroupDecision::Nothing);
    assert_eq!(told(true, Some(claim(Some(at("11:15")))), held(&rows)), GroupDecision::Release);
    assert_eq!(told(false, None, held(&rows)), GroupDecision::Nothing);
}

#[test]
fn entitled_people_are_adopted_when_a_group_is_taken_over() {
    let rows = [row(None)];
    let taking = Held { taken_over: true, ..held(&rows) };
    assert_eq!(told(true, None, taking), GroupDecision::Adopt { until: None });
    assert_eq!(told(false, None, taking), GroupDecision::Nothing);
}

#[test]
fn a_line_that_is_over_holds_nothing_and_makes_room() {
    let rows = [row(Some(at("09:00")))];
    let verdict = told(true, None, held(&rows));
    assert_eq!(verdict, GroupDecision::Grant { until: Some(at("11:15")), replaces: rows.to_vec() });
}

#[test]
fn a_shorter_line_by_hand_does_not_cover() {
    let rows = [row(Some(at("10:30")))];
    assert_eq!(told(true, None, held(&rows)), GroupDecision::Grant { until: Some(at("11:15")), replaces: vec![] });
}

#[test]
fn what_is_no_longer_wanted_goes_even_if_its_time_is_over() {
    let rows = [row(Some(at("09:50")))];
    let verdict = told(false, Some(claim(Some(at("09:50")))), held(&rows));
    assert_eq!(verdict, GroupDecision::Revoke { row: rows[0].clone(), foreign: false });
    assert_eq!(told(false, Some(claim(None)), held(&[])), GroupDecision::Release);
}

#[test]
fn protected_people_are_never_revoked() {
    let rows = [row(None)];
    let safe = Held { protected: true, exclusive: true, ..held(&rows) };
    assert_eq!(told(false, Some(claim(None)), safe), GroupDecision::Release);
    assert_eq!(told(false, None, safe), GroupDecision::Nothing);
}

#[test]
fn a_group_of_our_own_loses_strangers() {
    let rows = [row(None)];
    let verdict = told(false, None, Held { exclusive: true, ..held(&rows) });
    assert_eq!(verdict, GroupDecision::Revoke { row: rows[0].clone(), foreign: true });
}

#[test]
fn without_ends_at_the_doors_any_line_is_ours() {
    let rows = [row(None)];
    let salto = Held { ends_by_itself: false, ..held(&rows) };
    assert_eq!(told(true, Some(claim(None)), salto), GroupDecision::Nothing);
    assert_eq!(told(true, None, Held { rows: &[], ..salto }), GroupDecision::Grant { until: None, replaces: vec![] });
}

#[test]
fn where_ends_only_move_later_no_line_is_cut_short() {
    fn later_only(rows: &[GroupMember]) -> Held<'_> {
        Held { ends: Ends::LaterOnly, ..held(rows) }
    }
    for longer in [None, Some(at("12:00"))] {
        let rows = [row(longer)];
        assert_eq!(told(true, Some(claim(longer)), later_only(&rows)), GroupDecision::Nothing, "{longer:?}");
        assert!(matches!(told(true, Some(claim(longer)), held(&rows)), GroupDecision::Grant { .. }), "{longer:?}");
    }
    let rows = [row(Some(at("10:30")))];
    let verdict = told(true, Some(claim(Some(at("10:30")))), later_only(&rows));
    assert_eq!(
        verdict,
        GroupDecision::Grant { until: Some(at("11:15")), replaces: rows.to_vec() },
        "a later end is given"
    );
    let over = [row(Some(at("09:50")))];
    let verdict = told(true, Some(claim(Some(at("09:50")))), later_only(&over));
    assert_eq!(
        verdict,
        GroupDecision::Grant { until: Some(at("11:15")), replaces: over.to_vec() },
        "what is over is renewed"
    );
}

/// The second table: another site claims the membership, too.
#[test]
fn a_line_that_another_site_claims_serves_both_and_is_taken_out_by_the_last() {
    let (open, short) = (vec![row(None)], vec![row(Some(at("10:30")))]);
    let shared = |rows| Held { elsewhere: &[None], ..held(rows) };
    assert_eq!(told(false, Some(claim(None)), shared(&open)), GroupDecision::Release, "the other site claims it still");
    assert!(matches!(told(false, Some(claim(None)), held(&open)), GroupDecision::Revoke { foreign: false, .. }));
    let two = [row(None), row(None)];
    assert!(
        matches!(told(false, Some(claim(None)), shared(&two)), GroupDecision::Revoke { .. }),
        "one line for each claim"
    );
    assert_eq!(
        told(false, None, Held { exclusive: true, ..shared(&open) }),
        GroupDecision::Nothing,
        "it is not foreign"
    );
    assert_eq!(told(true, None, shared(&open)), GroupDecision::Adopt { until: None });
    assert_eq!(told(true, Some(claim(None)), shared(&open)), GroupDecision::Nothing, "its end serves the other site");
    let ends = [short[0].until];
    let sooner = Held { elsewhere: &ends, ..held(&short) };
    assert!(
        matches!(told(true, None, sooner), GroupDecision::Grant { replaces, .. } if replaces == short),
        "one line serves both, with the later end"
    );
}
