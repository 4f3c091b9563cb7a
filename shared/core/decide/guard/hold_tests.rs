//! Tests of what a hold says of itself.

use super::*;
use crate::model::ids::{Checksum, SiteId};

/// Returns a hold of so many revokes, cards, suspended accounts, joined profiles and new accounts.
fn hold([revokes, cards, rests, moves, accounts]: [usize; 5]) -> Hold {
    Hold {
        checksum: Checksum::from("0123456789abcdef".to_owned()),
        site: SiteId::from("riverside"),
        scope: Scope::Group("main".into(), GroupId("g1".to_owned())),
        revokes,
        accounts,
        cards,
        rests,
        moves,
        reason: "6 of 20 people".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        reported: Timestamp::UNIX_EPOCH,
        approved: None,
        pieces: 1,
        version: 0,
    }
}

#[test]
fn a_hold_counts_and_names_each_kind_of_change() {
    let all = hold([1, 2, 4, 8, 16]);
    assert_eq!(all.count(), 31);
    assert_eq!(
        all.what(),
        "1 revoke, 2 card removals, 4 suspended or deleted accounts, 8 profiles that join another \
         person and 16 new accounts"
    );
    assert_eq!(hold([2, 0, 0, 0, 1]).what(), "2 revokes and 1 new account");
    assert_eq!(hold([0, 1, 0, 0, 0]).what(), "1 card removal");
    assert_eq!(hold([0; 5]).what(), "nothing");
}

#[test]
fn a_hold_says_where_it_is_and_what_to_do() {
    let mut held = hold([6, 0, 0, 0, 0]);
    let name = |_: &DoorsName, group: &GroupId| format!("the group called {group}");
    let rest = "6 revokes are held (6 of 20 people): look at `doorstep approve`, then `doorstep approve 0123456789abcdef`";
    assert_eq!(
        held.describe(name),
        format!("main: the group called g1: {rest}")
    );
    for (scope, place) in [
        (Scope::Site, "the site"),
        (Scope::Doors("main".into()), "main"),
    ] {
        held.scope = scope;
        assert_eq!(held.describe(name), format!("{place}: {rest}"));
    }
    let group = Scope::Group("main".into(), GroupId("g1".to_owned()));
    assert_eq!(group.to_string(), "main: group g1");
}

#[test]
fn a_checksum_names_the_set_whatever_its_order() {
    let leaves = |account: &str| UnconfirmedChange::Rests {
        doors: "main".into(),
        account: AccountId(account.to_owned()),
    };
    let (one, other) = (leaves("1"), leaves("2"));
    let both = checksum("s", &[&one, &other]);
    assert_eq!(both.to_string().len(), 16);
    assert_eq!(both, checksum("s", &[&other, &one, &other]));
    assert_ne!(both, checksum("s", &[&one]));
    assert_ne!(both, checksum("t", &[&one, &other]));
}
