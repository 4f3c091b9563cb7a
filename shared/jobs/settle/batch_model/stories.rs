//! The scenarios that are explored, and the proof that every safeguard is needed.
//!
//! A scenario lists what may happen and how often: `a` changes that a delivery announces, `s` silent
//! ones, `k` cards that pass from one person to the other, `d` crashes, `v` failing calls, `l` runs
//! whose time is used up, `r` reconciles besides the last one, `p` approvals, `h` cards that are
//! assigned by hand.

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use super::state::{Budget, PEOPLE, Said};
use super::{BatchModel, BatchScenario, ModelEvent, RemovedGuard};
use crate::settle::exploration;

/// What the platforms say at first.
#[derive(Debug, Clone, Copy)]
enum First {
    /// Neither person has access.
    Neither,
    /// Both have access.
    Both,
    /// Both have access, and the first one has the card.
    BothWithCard,
}

fn story(sites: usize, first: First, list: &str) -> BatchScenario {
    let n = |of: char| {
        list.split_whitespace()
            .filter_map(|word| word.strip_prefix(of))
            .find_map(|number| number.parse().ok())
            .unwrap_or(0)
    };
    let budget = Budget {
        announced: n('a'),
        silent: n('s'),
        cards: n('k'),
        crashes: n('d'),
        troubles: n('v'),
        deadlines: n('l'),
        reconciles: n('r'),
        approvals: n('p'),
        hands: n('h'),
    };
    let said = |open, card| Said { open, card };
    let first: [Said; PEOPLE] = match first {
        First::Neither => [said(false, false), said(false, false)],
        First::Both => [said(true, false), said(true, false)],
        First::BothWithCard => [said(true, true), said(true, false)],
    };
    BatchScenario {
        sites,
        first,
        batch: if n('b') == 1 { 1 } else { PEOPLE },
        budget,
        flaws: Vec::new(),
    }
}

/// Explores a scenario completely. Returns the number of states.
fn explore(sites: usize, first: First, list: &str) -> usize {
    let name = format!("{sites} sites {first:?} {list}");
    exploration::explore(&name, BatchModel::new(story(sites, first, list)), shown)
}

fn shown(events: &[ModelEvent]) -> String {
    format!("{events:?}")
}

#[test]
fn two_people_in_one_call_whatever_happens_at_once() {
    for (sites, first, list) in [
        (1, First::Neither, "a2 v1"),
        (1, First::Neither, "a2 d1"),
        (1, First::Both, "a2 l1 b1"),
        (1, First::Both, "s2 r1 p1"),
        (1, First::BothWithCard, "k1 v1"),
        (1, First::BothWithCard, "k1 a1 d1"),
        (1, First::BothWithCard, "s1 r1 d1"),
        (1, First::Both, "h1 k1"),
        (2, First::Neither, "a2"),
        (2, First::Both, "a2"),
        (2, First::Both, "a1 d1"),
    ] {
        explore(sites, first, list);
    }
}

/// The scenarios of `make model`: like the small ones, at a size that takes minutes.
#[test]
#[ignore = "takes minutes: make model"]
fn two_people_in_one_call_whole() {
    let began = Instant::now();
    let states: usize = [
        (1, First::Neither, "a3 v1 d1"),
        (1, First::Both, "a2 v2 d1 l1"),
        (1, First::Both, "a2 l1 d1 b1"),
        (1, First::Both, "s2 a1 r2 p1 d1"),
        (1, First::BothWithCard, "k2 v1 d1"),
    ]
    .into_iter()
    .map(|(sites, first, list)| explore(sites, first, list))
    .sum();
    println!(
        "{states} states in all, {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

/// Leaves out each safeguard once, and expects a violation each time. The tests above explore such
/// scenarios with all of them.
#[test]
fn every_safeguard_is_needed() {
    let mut unnoticed = Vec::new();
    for (flaw, sites, first, list) in [
        (RemovedGuard::NothingWithheld, 1, First::Both, "s2 r1 a1"),
        (RemovedGuard::JudgedAlone, 1, First::Both, "s2 r1 p1"),
        (RemovedGuard::OthersUnknown, 2, First::Both, "a1"),
        (RemovedGuard::OthersUnchecked, 2, First::Both, "a2"),
        (RemovedGuard::OthersUntold, 2, First::Neither, "a3"),
        (RemovedGuard::NoSecondRound, 1, First::BothWithCard, "k1"),
        (RemovedGuard::AllTakenForDone, 1, First::Neither, "a2 v1"),
        (RemovedGuard::RestForgotten, 1, First::Both, "a2 l1 b1"),
        (RemovedGuard::NoDeadline, 1, First::Both, "a2 l1"),
        (RemovedGuard::NoIntent, 1, First::BothWithCard, "k1 d1"),
    ] {
        let scenario = BatchScenario {
            flaws: vec![flaw],
            ..story(sites, first, list)
        };
        let checker = BatchModel::new(scenario)
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        let found = exploration::failures(&checker, shown);
        println!("{flaw:?}: {found:?}");
        unnoticed.extend(found.is_empty().then_some(flaw));
    }
    assert_eq!(unnoticed, []);
}
