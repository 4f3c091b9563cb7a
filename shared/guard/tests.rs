//! What is held, and what is not.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::judge::{Inside, Judgement, Measure, judge};
use super::*;
use crate::site::Guard;

const NOW: &str = "2026-03-02T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("an instant")
}

fn leaves(doors: &str, group: &str, who: usize) -> Waiting {
    let account = AccountId(format!("a{who}"));
    let doubt = Doubt::Leaves { doors: doors.into(), group: GroupId(group.into()), account: account.clone() };
    Waiting { doubt, who: Subject::Account { doors: doors.into(), id: account }, foreign: false, doubted: false }
}

fn made(who: usize) -> Waiting {
    let profile = FactId::new(crate::fact::Kind::Member, format!("m{who}"));
    let doubt = Doubt::Made { doors: "main".into(), profile: profile.clone() };
    Waiting { doubt, who: Subject::Profile(profile), foreign: false, doubted: false }
}

fn people(doors: &str, group: &str, who: std::ops::Range<usize>) -> Inside {
    let accounts: BTreeSet<AccountId> = who.map(|n| AccountId(format!("a{n}"))).collect();
    Inside::from([((doors.to_owned(), GroupId(group.to_owned())), accounts)])
}

fn judged(inside: &Inside, tally: &Tally, waiting: Vec<Waiting>) -> Judgement {
    judge(Measure { site: "s", guard: &Guard::default(), inside, tally, now: now() }, waiting)
}

/// How many are held, of so many who leave a group of so many.
fn held(leaving: usize, of: usize) -> usize {
    let inside = people("main", "g", 0..of);
    let judgement = judged(&inside, &Tally::default(), (0..leaving).map(|n| leaves("main", "g", n)).collect());
    assert_eq!(judgement.released.len() + judgement.holds.iter().map(|(hold, _)| hold.revokes).sum::<usize>(), leaving);
    leaving - judgement.released.len()
}

#[test]
fn a_fifth_and_at_least_five_of_at_least_ten_are_held_and_so_are_more_than_fifty() {
    assert_eq!((held(4, 12), held(5, 12)), (0, 5), "fewer than five are few");
    assert_eq!((held(5, 26), held(6, 30)), (0, 6), "less than a fifth is little");
    assert_eq!((held(5, 9), held(5, 10)), (0, 5), "a share of few says little");
    assert_eq!((held(50, 1000), held(51, 1000)), (0, 51), "whatever their share");
}

#[test]
fn a_group_of_three_or_more_is_not_emptied() {
    assert_eq!((held(1, 1), held(2, 2), held(3, 3), held(4, 4)), (0, 0, 3, 4));
    assert_eq!((held(3, 4), held(8, 9)), (0, 0), "somebody stays");
}

#[test]
fn what_was_let_pass_counts_for_a_day() {
    let ago = |hours: i64| now().checked_sub(SignedDuration::from_hours(hours)).expect("an instant");
    for (hours, held) in [(1, 1), (23, 1), (24, 0)] {
        let left = (0..4).map(|n| (leaves("main", "g", n).doubt, ago(hours))).collect();
        let inside = people("main", "g", 4..20);
        let judgement = judged(&inside, &Tally { left }, vec![leaves("main", "g", 4)]);
        assert_eq!(judgement.holds.len(), held, "{hours} hours");
    }
    let tally =
        Tally { left: [(leaves("main", "g", 1).doubt, ago(1)), (leaves("main", "g", 2).doubt, ago(24))].into() };
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
    // Of the site's 192 people six are few; of the 12 at these doors they are not, though of no group too many.
    let three = |group: &'static str, from: usize| (from..from + 3).map(move |n| leaves("main", group, n));
    let judgement = judged(&inside, &Tally::default(), three("g", 0).chain(three("h", 6)).collect());
    assert_eq!(judgement.holds.len(), 1);
    assert_eq!(judgement.holds[0].0.scope, Scope::Doors("main".into()));
    // One group alone is one hold, and what is elsewhere goes on.
    let mut leaving: Vec<Waiting> = (20..22).map(|n| leaves("other", "g", n)).collect();
    leaving.extend(people_of("main", "k", 0..4));
    inside.extend(people("main", "k", 0..4));
    inside.extend(people("main", "l", 40..90));
    let judgement = judged(&inside, &Tally::default(), leaving);
    assert_eq!(judgement.released.len(), 2);
    assert_eq!(judgement.holds[0].0.scope, Scope::Group("main".into(), GroupId("k".into())));
}

fn people_of(doors: &'static str, group: &'static str, who: std::ops::Range<usize>) -> impl Iterator<Item = Waiting> {
    who.map(move |n| leaves(doors, group, n))
}

#[test]
fn somebody_who_leaves_two_groups_is_one_person() {
    let mut inside = people("main", "g", 0..20);
    inside.extend(people("main", "h", 0..20));
    let four = people_of("main", "g", 0..4).chain(people_of("main", "h", 0..4));
    assert!(judged(&inside, &Tally::default(), four.collect()).holds.is_empty());
    let five = people_of("main", "g", 0..5).chain(people_of("main", "h", 0..5));
    let judgement = judged(&inside, &Tally::default(), five.collect());
    assert_eq!((judgement.holds.len(), judgement.holds[0].0.revokes), (1, 10));
}

#[test]
fn what_was_only_repeated_is_held_however_little_it_is() {
    let inside = people("main", "g", 0..100);
    let doubted = Waiting { doubted: true, ..leaves("main", "g", 0) };
    let judgement = judged(&inside, &Tally::default(), vec![doubted, leaves("main", "g", 1)]);
    assert_eq!((judgement.holds[0].0.revokes, judgement.released.len()), (1, 1));
}

#[test]
fn more_than_a_hundred_new_accounts_at_one_door_system_are_held() {
    let inside = Inside::new();
    assert_eq!(judged(&inside, &Tally::default(), (0..100).map(made).collect()).released.len(), 100);
    let judgement = judged(&inside, &Tally::default(), (0..101).map(made).collect());
    assert_eq!((judgement.released.len(), judgement.holds[0].0.accounts), (0, 101));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing gets lost or is both held and released, and a checksum names the set, in whatever order it comes.
    #[test]
    fn everything_is_either_held_or_released(who in proptest::collection::vec((0..3_usize, 0..40_usize), 0..60)) {
        let groups = ["g", "h", "k"];
        let mut inside = Inside::new();
        groups.iter().for_each(|group| inside.extend(people("main", group, 0..30)));
        let mut waiting: Vec<Waiting> = who.iter().map(|(group, n)| leaves("main", groups[*group], *n)).collect();
        waiting.sort_by(|a, b| a.doubt.cmp(&b.doubt));
        waiting.dedup();
        let forth = judged(&inside, &Tally::default(), waiting.clone());
        waiting.reverse();
        let back = judged(&inside, &Tally::default(), waiting.clone());
        let names = |judgement: &Judgement| -> BTreeSet<String> {
            judgement.holds.iter().map(|(hold, _)| hold.checksum.clone()).collect()
        };
        prop_assert_eq!(names(&forth), names(&back));
        let held: usize = forth.holds.iter().map(|(_, waiting)| waiting.len()).sum();
        prop_assert_eq!(held + forth.released.len(), waiting.len());
    }
}
