//! Tests of the tables in `group.rs`, row by row.

use super::*;
use crate::model::account::{AccountId, GroupId};
use crate::model::reasons::Reasons;
use crate::model::window::Window;

fn at(text: &str) -> Timestamp {
    format!("2026-03-02T{text}:00Z")
        .parse()
        .expect("a time of day")
}

fn member(until: Option<Timestamp>) -> GroupMember {
    GroupMember {
        account: AccountId("7".into()),
        handle: Some(format!("{until:?}")),
        from: None,
        until,
    }
}

fn interval() -> OpenInterval {
    let window = Window::new(at("09:45"), Some(at("11:15"))).expect("a window");
    OpenInterval {
        window,
        because: Reasons::default(),
    }
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

fn actual(members: &[GroupMember]) -> ActualMembership<'_> {
    let ends = EndDirection::Follow;
    ActualMembership {
        members,
        ends_by_itself: true,
        protected: false,
        exclusive: false,
        taken_over: false,
        ends,
        elsewhere: &[],
    }
}

fn decided(wanted: bool, claimed: Option<Claim>, actual: ActualMembership<'_>) -> GroupDecision {
    decide_group(
        wanted.then(interval).as_ref(),
        claimed.as_ref(),
        actual,
        at("10:00"),
    )
}

#[test]
fn what_is_as_wanted_stays() {
    let members = [member(Some(at("11:15")))];
    assert_eq!(
        decided(true, Some(claim(Some(at("11:15")))), actual(&members)),
        GroupDecision::Nothing
    );
    assert_eq!(decided(false, None, actual(&[])), GroupDecision::Nothing);
}

#[test]
fn another_end_replaces_our_membership_and_no_other() {
    let members = [member(None), member(Some(at("10:30")))];
    let decision = decided(true, Some(claim(Some(at("10:30")))), actual(&members));
    assert_eq!(
        decision,
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: vec![member(Some(at("10:30")))]
        }
    );
}

#[test]
fn what_was_taken_by_hand_is_given_again() {
    let decision = decided(true, Some(claim(Some(at("11:15")))), actual(&[]));
    assert_eq!(
        decision,
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: vec![]
        }
    );
}

#[test]
fn what_was_given_by_hand_is_not_ours() {
    let members = [member(None)];
    assert_eq!(
        decided(true, None, actual(&members)),
        GroupDecision::Nothing
    );
    assert_eq!(
        decided(true, Some(claim(Some(at("11:15")))), actual(&members)),
        GroupDecision::Disown
    );
    assert_eq!(
        decided(false, None, actual(&members)),
        GroupDecision::Nothing
    );
}

#[test]
fn entitled_people_are_adopted_when_a_group_is_taken_over() {
    let members = [member(None)];
    let taking = ActualMembership {
        taken_over: true,
        ..actual(&members)
    };
    assert_eq!(
        decided(true, None, taking),
        GroupDecision::Adopt { until: None }
    );
    assert_eq!(decided(false, None, taking), GroupDecision::Nothing);
}

#[test]
fn a_membership_that_is_over_holds_nothing_and_makes_room() {
    let members = [member(Some(at("09:00")))];
    let decision = decided(true, None, actual(&members));
    assert_eq!(
        decision,
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: members.to_vec()
        }
    );
}

#[test]
fn a_shorter_membership_by_hand_does_not_cover() {
    let members = [member(Some(at("10:30")))];
    assert_eq!(
        decided(true, None, actual(&members)),
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: vec![]
        }
    );
}

#[test]
fn what_is_no_longer_wanted_goes_even_if_its_time_is_over() {
    let members = [member(Some(at("09:50")))];
    let decision = decided(false, Some(claim(Some(at("09:50")))), actual(&members));
    assert_eq!(
        decision,
        GroupDecision::Revoke {
            member: members[0].clone(),
            foreign: false
        }
    );
    assert_eq!(
        decided(false, Some(claim(None)), actual(&[])),
        GroupDecision::Disown
    );
}

#[test]
fn protected_people_are_never_revoked() {
    let members = [member(None)];
    let safe = ActualMembership {
        protected: true,
        exclusive: true,
        ..actual(&members)
    };
    assert_eq!(
        decided(false, Some(claim(None)), safe),
        GroupDecision::Disown
    );
    assert_eq!(decided(false, None, safe), GroupDecision::Nothing);
}

#[test]
fn a_group_of_our_own_loses_foreign_accounts() {
    let members = [member(None)];
    let decision = decided(
        false,
        None,
        ActualMembership {
            exclusive: true,
            ..actual(&members)
        },
    );
    assert_eq!(
        decision,
        GroupDecision::Revoke {
            member: members[0].clone(),
            foreign: true
        }
    );
}

#[test]
fn without_ends_at_the_doors_any_membership_is_ours() {
    let members = [member(None)];
    let salto = ActualMembership {
        ends_by_itself: false,
        ..actual(&members)
    };
    assert_eq!(
        decided(true, Some(claim(None)), salto),
        GroupDecision::Nothing
    );
    assert_eq!(
        decided(
            true,
            None,
            ActualMembership {
                members: &[],
                ..salto
            }
        ),
        GroupDecision::Grant {
            until: None,
            replaces: vec![]
        }
    );
}

#[test]
fn where_ends_only_move_later_no_membership_is_cut_short() {
    fn later_only(members: &[GroupMember]) -> ActualMembership<'_> {
        ActualMembership {
            ends: EndDirection::LaterOnly,
            ..actual(members)
        }
    }
    for longer in [None, Some(at("12:00"))] {
        let members = [member(longer)];
        assert_eq!(
            decided(true, Some(claim(longer)), later_only(&members)),
            GroupDecision::Nothing,
            "{longer:?}"
        );
        assert!(
            matches!(
                decided(true, Some(claim(longer)), actual(&members)),
                GroupDecision::Grant { .. }
            ),
            "{longer:?}"
        );
    }
    let members = [member(Some(at("10:30")))];
    let decision = decided(true, Some(claim(Some(at("10:30")))), later_only(&members));
    assert_eq!(
        decision,
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: members.to_vec()
        },
        "a later end is given"
    );
    let over = [member(Some(at("09:50")))];
    let decision = decided(true, Some(claim(Some(at("09:50")))), later_only(&over));
    assert_eq!(
        decision,
        GroupDecision::Grant {
            until: Some(at("11:15")),
            replaces: over.to_vec()
        },
        "what is over is renewed"
    );
}

/// The second table: another site claims the membership, too.
#[test]
fn a_membership_that_another_site_claims_serves_both_and_is_taken_out_by_the_last() {
    let (open, short) = (vec![member(None)], vec![member(Some(at("10:30")))]);
    let shared = |members| ActualMembership {
        elsewhere: &[None],
        ..actual(members)
    };
    assert_eq!(
        decided(false, Some(claim(None)), shared(&open)),
        GroupDecision::Disown,
        "the other site claims it still"
    );
    assert!(matches!(
        decided(false, Some(claim(None)), actual(&open)),
        GroupDecision::Revoke { foreign: false, .. }
    ));
    let two = [member(None), member(None)];
    assert!(
        matches!(
            decided(false, Some(claim(None)), shared(&two)),
            GroupDecision::Revoke { .. }
        ),
        "one line for each claim"
    );
    assert_eq!(
        decided(
            false,
            None,
            ActualMembership {
                exclusive: true,
                ..shared(&open)
            }
        ),
        GroupDecision::Nothing,
        "it is not foreign"
    );
    assert_eq!(
        decided(true, None, shared(&open)),
        GroupDecision::Adopt { until: None }
    );
    assert_eq!(
        decided(true, Some(claim(None)), shared(&open)),
        GroupDecision::Nothing,
        "its end serves the other site"
    );
    let ends = [short[0].until];
    let sooner = ActualMembership {
        elsewhere: &ends,
        ..actual(&short)
    };
    assert!(
        matches!(decided(true, None, sooner), GroupDecision::Grant { replaces, .. } if replaces == short),
        "one line serves both, with the later end"
    );
}

#[test]
fn a_member_is_valid_from_its_start_to_its_end() {
    let valid = |from: Option<&str>, until: Option<&str>| {
        let member = GroupMember {
            from: from.map(at),
            ..member(until.map(at))
        };
        is_valid(&member, at("10:00"))
    };
    assert!(valid(None, None) && valid(Some("10:00"), Some("10:01")));
    assert!(!valid(Some("10:01"), None) && !valid(None, Some("10:00")));
    assert!(!valid(Some("10:01"), Some("10:00")));
}

#[test]
fn a_member_of_the_same_end_covers_the_window() {
    let same = [member(Some(at("11:15")))];
    assert_eq!(decided(true, None, actual(&same)), GroupDecision::Nothing);
    assert!(EndDirection::LaterOnly.allow(Some(at("11:15")), Some(at("11:15"))));
    assert!(!EndDirection::LaterOnly.allow(Some(at("11:16")), Some(at("11:15"))));
}

#[test]
fn another_sites_member_is_known_by_its_end_where_ends_are_kept() {
    let members = [member(Some(at("11:15")))];
    let shared = |ends_by_itself, elsewhere: &[Option<Timestamp>], claimed: Option<Claim>| {
        let actual = ActualMembership {
            ends_by_itself,
            elsewhere,
            exclusive: true,
            ..actual(&members)
        };
        decided(claimed.is_some(), claimed, actual)
    };
    let foreign = |decision| matches!(decision, GroupDecision::Revoke { foreign: true, .. });
    let (same, other) = ([Some(at("11:15"))], [Some(at("12:00"))]);
    assert!(!foreign(shared(true, &same, None)));
    assert!(foreign(shared(true, &other, None)));
    // Where the door system keeps no ends, any claim is on this member.
    assert!(!foreign(shared(false, &other, None)));
    // Ours is gone, and another one covers the window: it becomes ours if another site claims it.
    let gone = || Some(claim(Some(at("10:30"))));
    let until = Some(at("11:15"));
    assert_eq!(shared(true, &same, gone()), GroupDecision::Adopt { until });
    assert_eq!(shared(true, &other, gone()), GroupDecision::Disown);
}
