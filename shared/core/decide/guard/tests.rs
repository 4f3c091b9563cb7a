//! Tests of which changes the guard holds, and which it releases.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::judge::{CurrentMembers, Holders, Judgement, Measure, judge};
use super::*;
use crate::model::account::GroupRef;
use crate::model::ids::{Checksum, SiteId};
use crate::site::Guard;

const NOW: &str = "2026-03-02T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

fn leaves(doors: &str, group: &str, who: usize) -> WaitingChange {
    let account = AccountId(format!("a{who}"));
    let change = UnconfirmedChange::Leaves {
        doors: doors.into(),
        group: GroupId(group.into()),
        account: account.clone(),
    };
    WaitingChange::new(
        change,
        Subject::Account {
            doors: doors.into(),
            id: account,
        },
    )
}

fn made(who: usize) -> WaitingChange {
    let profile = FactId::new(crate::model::fact::Kind::Member, format!("m{who}"));
    let change = UnconfirmedChange::Made {
        doors: "main".into(),
        profile: profile.clone(),
    };
    WaitingChange::new(change, Subject::Profile(profile))
}

fn people(doors: &str, group: &str, who: std::ops::Range<usize>) -> CurrentMembers {
    let accounts: BTreeSet<AccountId> = who.map(|n| AccountId(format!("a{n}"))).collect();
    CurrentMembers::from([(
        GroupRef::new(&doors.into(), &GroupId(group.to_owned())),
        accounts,
    )])
}

fn judged(inside: &CurrentMembers, tally: &Tally, waiting: Vec<WaitingChange>) -> Judgement {
    with_cards(inside, &Holders::new(), tally, waiting)
}

fn with_cards(
    inside: &CurrentMembers,
    holders: &Holders,
    tally: &Tally,
    waiting: Vec<WaitingChange>,
) -> Judgement {
    judge(
        Measure {
            site: &SiteId::from("s"),
            guard: &Guard::default(),
            inside,
            holders,
            tally,
            now: now(),
        },
        waiting,
    )
}

/// Returns how many of the `leaving` people are held, in a group of `of` people.
fn held(leaving: usize, of: usize) -> usize {
    let inside = people("main", "g", 0..of);
    let judgement = judged(
        &inside,
        &Tally::default(),
        (0..leaving).map(|n| leaves("main", "g", n)).collect(),
    );
    assert_eq!(
        judgement.released.len()
            + judgement
                .holds
                .iter()
                .map(|(hold, _)| hold.revokes)
                .sum::<usize>(),
        leaving
    );
    leaving - judgement.released.len()
}

#[test]
fn a_fifth_and_at_least_five_of_at_least_ten_are_held_and_so_are_more_than_fifty() {
    assert_eq!(
        (held(4, 12), held(5, 12)),
        (0, 5),
        "fewer than five are few"
    );
    assert_eq!(
        (held(5, 26), held(6, 30)),
        (0, 6),
        "less than a fifth is little"
    );
    assert_eq!(
        (held(5, 9), held(5, 10)),
        (0, 5),
        "a share of few says little"
    );
    assert_eq!(
        (held(50, 1000), held(51, 1000)),
        (0, 51),
        "whatever their share"
    );
}

#[test]
fn a_group_of_three_or_more_is_not_emptied() {
    assert_eq!(
        (held(1, 1), held(2, 2), held(3, 3), held(4, 4)),
        (0, 0, 3, 4)
    );
    assert_eq!((held(3, 4), held(8, 9)), (0, 0), "some stay");
}

#[test]
fn what_was_let_pass_counts_for_a_day() {
    let ago = |hours: i64| {
        now()
            .checked_sub(SignedDuration::from_hours(hours))
            .expect("an instant")
    };
    for (hours, held) in [(1, 1), (23, 1), (24, 0)] {
        let left = (0..4)
            .map(|n| (leaves("main", "g", n).change, ago(hours)))
            .collect();
        let inside = people("main", "g", 4..20);
        let judgement = judged(
            &inside,
            &Tally {
                left,
                ..Tally::default()
            },
            vec![leaves("main", "g", 4)],
        );
        assert_eq!(judgement.holds.len(), held, "{hours} hours");
    }
    let left = [
        (leaves("main", "g", 1).change, ago(1)),
        (leaves("main", "g", 2).change, ago(24)),
    ]
    .into();
    let tally = Tally {
        left,
        ..Tally::default()
    };
    let text = serde_json::to_string(&tally).expect("JSON");
    let read: Tally = serde_json::from_str(&text).expect("the same again");
    assert_eq!(read, tally);
    assert_eq!(read.lately(now()).left.len(), 1);
}

#[test]
fn the_widest_scope_that_is_too_large_is_one_hold() {
    let mut inside = people("main", "g", 0..6);
    inside.extend(people("main", "h", 6..12));
    inside.extend(people("other", "g", 20..200));
    // Six are few of the site's 192 people. They are too many of the 12 at this door system, though
    // not of any one group.
    let three =
        |group: &'static str, from: usize| (from..from + 3).map(move |n| leaves("main", group, n));
    let judgement = judged(
        &inside,
        &Tally::default(),
        three("g", 0).chain(three("h", 6)).collect(),
    );
    assert_eq!(judgement.holds.len(), 1);
    assert_eq!(judgement.holds[0].0.scope, Scope::Doors("main".into()));
    // One group alone is one hold. Changes elsewhere are released.
    let mut leaving: Vec<WaitingChange> = (20..22).map(|n| leaves("other", "g", n)).collect();
    leaving.extend(people_of("main", "k", 0..4));
    inside.extend(people("main", "k", 0..4));
    inside.extend(people("main", "l", 40..90));
    let judgement = judged(&inside, &Tally::default(), leaving);
    assert_eq!(judgement.released.len(), 2);
    assert_eq!(
        judgement.holds[0].0.scope,
        Scope::Group("main".into(), GroupId("k".into()))
    );
}

fn people_of(
    doors: &'static str,
    group: &'static str,
    who: std::ops::Range<usize>,
) -> impl Iterator<Item = WaitingChange> {
    who.map(move |n| leaves(doors, group, n))
}

#[test]
fn a_person_who_leaves_two_groups_is_one_person() {
    let mut inside = people("main", "g", 0..20);
    inside.extend(people("main", "h", 0..20));
    let four = people_of("main", "g", 0..4).chain(people_of("main", "h", 0..4));
    assert!(
        judged(&inside, &Tally::default(), four.collect())
            .holds
            .is_empty()
    );
    let five = people_of("main", "g", 0..5).chain(people_of("main", "h", 0..5));
    let judgement = judged(&inside, &Tally::default(), five.collect());
    assert_eq!(
        (judgement.holds.len(), judgement.holds[0].0.revokes),
        (1, 10)
    );
}

#[test]
fn what_was_only_repeated_is_held_however_little_it_is() {
    let inside = people("main", "g", 0..100);
    let unconfirmed = WaitingChange {
        unconfirmed: true,
        ..leaves("main", "g", 0)
    };
    let judgement = judged(
        &inside,
        &Tally::default(),
        vec![unconfirmed, leaves("main", "g", 1)],
    );
    assert_eq!(
        (judgement.holds[0].0.revokes, judgement.released.len()),
        (1, 1)
    );
}

#[test]
fn more_than_a_hundred_new_accounts_at_one_door_system_are_held() {
    let inside = CurrentMembers::new();
    assert_eq!(
        judged(&inside, &Tally::default(), (0..100).map(made).collect())
            .released
            .len(),
        100
    );
    let judgement = judged(&inside, &Tally::default(), (0..101).map(made).collect());
    assert_eq!(
        (judgement.released.len(), judgement.holds[0].0.accounts),
        (0, 101)
    );
}

#[test]
fn new_accounts_are_counted_over_a_day() {
    for (lately, held) in [(99, 0), (100, 1)] {
        let tally = Tally {
            made: [("main".into(), lately), ("other".into(), 500)].into(),
            ..Tally::default()
        };
        assert_eq!(
            judged(&CurrentMembers::new(), &tally, vec![made(0)])
                .holds
                .len(),
            held,
            "{lately}"
        );
    }
}

fn card(who: usize) -> WaitingChange {
    let account = AccountId(format!("a{who}"));
    let change = UnconfirmedChange::Card {
        doors: "main".into(),
        account: account.clone(),
        card: format!("c{who}"),
    };
    WaitingChange::new(
        change,
        Subject::Account {
            doors: "main".into(),
            id: account,
        },
    )
}

#[test]
fn cards_are_judged_beside_those_who_have_one_and_beside_everyone() {
    let held = |cards: usize, holders: usize, people_inside: usize| {
        let inside = people("main", "g", 0..people_inside);
        let holders = Holders::from([(
            "main".into(),
            (0..holders).map(|n| AccountId(format!("a{n}"))).collect(),
        )]);
        let judgement = with_cards(
            &inside,
            &holders,
            &Tally::default(),
            (0..cards).map(card).collect(),
        );
        assert_eq!(
            judgement.released.len()
                + judgement
                    .holds
                    .iter()
                    .map(|(hold, _)| hold.cards)
                    .sum::<usize>(),
            cards
        );
        cards - judgement.released.len()
    };
    assert_eq!((held(4, 12, 12), held(5, 12, 12)), (0, 5), "like revokes");
    assert_eq!(
        (held(5, 12, 500), held(5, 30, 500)),
        (5, 0),
        "a fifth of the cards, however many have none"
    );
    assert_eq!((held(2, 2, 2), held(3, 3, 100)), (0, 3), "the cards of all");
    assert_eq!(held(51, 1000, 1000), 51, "whatever their share");
}

#[test]
fn a_card_and_a_membership_of_one_person_are_one_person() {
    let inside = people("main", "g", 0..12);
    let holders = Holders::from([(
        "main".into(),
        (0..12).map(|n| AccountId(format!("a{n}"))).collect(),
    )]);
    let held = |waiting: Vec<WaitingChange>| {
        with_cards(&inside, &holders, &Tally::default(), waiting)
            .holds
            .len()
    };
    assert_eq!(
        held(
            (0..4)
                .flat_map(|n| [leaves("main", "g", n), card(n)])
                .collect()
        ),
        0,
        "four people, not eight"
    );
    let mixed = (0..3)
        .map(|n| leaves("main", "g", n))
        .chain((3..5).map(card));
    assert_eq!(held(mixed.collect()), 1, "five of twelve people");
}

#[test]
fn who_is_joined_is_held_with_everything_that_follows_or_not_at_all() {
    let moves = |n: usize, joined: bool| {
        let profile = FactId::new(crate::model::fact::Kind::Member, format!("m{n}"));
        let change = UnconfirmedChange::Moves {
            profile: profile.clone(),
            to: "x".into(),
        };
        WaitingChange {
            joined,
            ..WaitingChange::new(change, Subject::Profile(profile))
        }
    };
    let joined = |n: usize| {
        [
            moves(n, true),
            WaitingChange {
                joined: true,
                ..leaves("main", "g", n)
            },
        ]
    };
    let inside = people("main", "g", 0..12)
        .into_iter()
        .chain(people("main", "h", 12..100))
        .collect();
    let mut waiting: Vec<WaitingChange> = (0..5).flat_map(joined).collect();
    waiting.extend([moves(7, false), leaves("main", "h", 20)]);
    let judgement = judged(&inside, &Tally::default(), waiting);
    let [(hold, _)] = judgement.holds.as_slice() else {
        panic!("one hold: {judgement:?}")
    };
    assert_eq!(
        (hold.moves, hold.revokes, &hold.scope),
        (5, 5, &Scope::Site)
    );
    assert_eq!(
        judgement.released.len(),
        2,
        "an address that costs no access, and another person"
    );
    let few = judged(
        &inside,
        &Tally::default(),
        (0..4).flat_map(joined).collect(),
    );
    assert_eq!((few.holds.len(), few.released.len()), (0, 8));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each change is either held or released, and the checksum names the set, in whatever order
    /// the changes are passed.
    #[test]
    fn everything_is_either_held_or_released(who in proptest::collection::vec((0..3_usize, 0..40_usize), 0..60)) {
        let groups = ["g", "h", "k"];
        let mut inside = CurrentMembers::new();
        groups.iter().for_each(|group| inside.extend(people("main", group, 0..30)));
        let mut waiting: Vec<WaitingChange> = who.iter().map(|(group, n)| leaves("main", groups[*group], *n)).collect();
        waiting.sort_by(|a, b| a.change.cmp(&b.change));
        waiting.dedup();
        let forth = judged(&inside, &Tally::default(), waiting.clone());
        waiting.reverse();
        let back = judged(&inside, &Tally::default(), waiting.clone());
        let names = |judgement: &Judgement| -> BTreeSet<Checksum> {
            judgement.holds.iter().map(|(hold, _)| hold.checksum.clone()).collect()
        };
        prop_assert_eq!(names(&forth), names(&back));
        let held: usize = forth.holds.iter().map(|(_, waiting)| waiting.len()).sum();
        prop_assert_eq!(held + forth.released.len(), waiting.len());
    }
}

#[test]
fn a_removal_counts_for_a_day_and_not_at_its_end() {
    let at = |hours: i64, seconds: i64| {
        now() - SignedDuration::from_hours(hours) - SignedDuration::from_secs(seconds)
    };
    let left = [at(0, 0), at(23, 3_599), at(24, 0), at(25, 0)];
    let changes = left.into_iter().enumerate();
    let changes = changes.map(|(who, at)| (leaves("main", "g", who).change, at));
    let tally = Tally {
        left: changes.collect(),
        made: BTreeMap::new(),
    };
    let counted: Vec<Timestamp> = tally.lately(now()).left.into_values().collect();
    assert_eq!(counted, [at(0, 0), at(23, 3_599)]);
}
