//! What a list of members lost of the card numbers that are known.

use std::collections::BTreeMap;

use super::card_numbers::{CardNumbers, keep_numbers, lost_all_numbers, with_numbers_of};
use super::{Loss, RefusedList, RefusedLists};
use crate::model::fact::{Fact, FactId, Plan, Profile, What};
use crate::model::record::{FactRecord, Source};

fn member(id: &str, cards: &[&str]) -> Fact {
    let mut profile = Profile::guest("Ada", None);
    profile.cards = cards.iter().map(ToString::to_string).collect();
    Fact {
        id: id.into(),
        what: What::Member(profile),
        changed: None,
    }
}

fn plan() -> Fact {
    let what = What::Plan(Plan {
        name: "P".into(),
        location: None,
    });
    Fact {
        id: "p".into(),
        what,
        changed: None,
    }
}

fn record(fact: Fact) -> FactRecord {
    FactRecord::new(
        fact,
        "2026-03-10T12:00:00Z".parse().expect("an instant"),
        Source::Read,
    )
}

fn stored(facts: Vec<Fact>) -> BTreeMap<FactId, FactRecord> {
    facts
        .into_iter()
        .map(|fact| (fact.name(), record(fact)))
        .collect()
}

#[test]
fn a_number_is_lost_if_no_member_of_the_list_has_it() {
    let known = stored(vec![
        member("a", &["1", "2"]),
        member("b", &["3"]),
        member("c", &["4"]),
        plan(),
    ]);
    let numbers = |facts: &[Fact]| {
        let found = CardNumbers::of(facts, &known);
        let losers: Vec<String> = found
            .losers
            .iter()
            .map(|name| name.id.to_string())
            .collect();
        (found.listed, found.loss.known, found.loss.lost, losers)
    };
    let of = |a: &[&str], b: &[&str]| [member("b", b), member("a", a), plan()];
    assert_eq!(numbers(&of(&["1", "2"], &["3"])), (3, 3, 0, vec![]));
    assert_eq!(numbers(&of(&["1"], &["3"])), (2, 3, 1, vec!["a".into()]));
    assert_eq!(
        numbers(&of(&["1"], &["2", "3"])),
        (3, 3, 0, vec![]),
        "it went to another member"
    );
    assert_eq!(
        numbers(&of(&[], &[])),
        (0, 3, 3, vec!["a".into(), "b".into()])
    );
    assert_eq!(
        numbers(&[member("d", &["1"])]),
        (1, 0, 0, vec![]),
        "a new member"
    );
    let mut left = known.clone();
    let gone =
        left[&member("a", &[]).name()].gone("2026-03-10T13:00:00Z".parse().unwrap(), Source::Read);
    left.insert(member("a", &[]).name(), gone);
    assert_eq!(CardNumbers::of(&[member("a", &[])], &left).loss.known, 0);
}

#[test]
fn an_unconfirmed_loss_counts_from_the_confirmed_numbers() {
    let with = |source: Source| {
        let old = record(member("a", &["1"]));
        let new = FactRecord {
            source,
            ..record(member("a", &[]))
        }
        .after(Some(&old));
        let known = BTreeMap::from([(new.fact.name(), new)]);
        let list = [member("a", &[])];
        let lost = |found: CardNumbers| found.loss.lost;
        (
            lost(CardNumbers::of(&list, &known)),
            lost(CardNumbers::with_unconfirmed(&list, &known)),
        )
    };
    assert_eq!(with(Source::Unconfirmed), (0, 1));
    assert_eq!(with(Source::Read), (0, 0));
}

#[test]
fn numbers_are_kept_only_where_some_are_known() {
    let (none, some) = (member("a", &[]), member("a", &["1"]));
    for (before, now, lost) in [
        (&some, &none, true),
        (&some, &some, false),
        (&none, &none, false),
        (&none, &some, false),
    ] {
        assert_eq!(lost_all_numbers(before, now), lost);
    }
    let kept = |known: Vec<FactRecord>| {
        let known = known
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect();
        let mut fact = none.clone();
        keep_numbers(&mut fact, &known);
        fact == some
    };
    assert!(kept(vec![record(some.clone())]));
    assert!(!kept(vec![]) && !kept(vec![record(none.clone())]));
    let at = "2026-03-10T13:00:00Z".parse().expect("an instant");
    assert!(!kept(vec![record(some.clone()).gone(at, Source::Read)]));
    let mut fact = some.clone();
    with_numbers_of(&mut fact, &none);
    assert_eq!(fact, some);
}

#[test]
fn refused_lists_are_remembered_by_name() {
    assert!(RefusedLists::default().is_empty());
    let one = RefusedList {
        said: "x".into(),
        times: 1,
    };
    let lists: RefusedLists = [("member".to_owned(), one)].into_iter().collect();
    assert!(!lists.is_empty());
    assert_eq!(Loss { known: 4, lost: 3 }.to_string(), "lost 3 of 4");
}
