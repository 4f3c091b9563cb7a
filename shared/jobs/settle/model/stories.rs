//! The scenarios that are explored, and the proof that every guard is needed.
//!
//! A scenario lists what may happen and how often: `c` changes at the platform, `l` lost
//! deliveries, `t` deliveries and schedules that arrive twice, `d` functions that crash, `v`
//! failing calls to the door system (applied or not), `u` writes to the table that succeed and are
//! answered with an error, `o` overlapping workers, `r` reconciles besides the last one, `h`
//! changes by hand, `g` an account that was added by hand before, `y` tries before a person is due
//! later.

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use super::state::Budget;
use super::{Luck, MembershipModel, ModelDoors, ModelEvent, ModelScenario, RemovedGuard};
use crate::settle::exploration;

/// What the platform can say, and the last minute of the clock.
#[derive(Debug, Clone, Copy)]
enum StoryWindow {
    /// A window that is open all the time.
    Open,
    /// A window that is open and ends.
    Ends,
    /// A window that begins and ends.
    Whole,
    /// That window, or another one that begins and ends earlier.
    Moved,
}

fn story(doors: ModelDoors, days: StoryWindow, list: &str) -> ModelScenario {
    let words = || list.split_whitespace();
    let n = |of: char| {
        words()
            .filter_map(|word| word.strip_prefix(of))
            .find_map(|number| number.parse().ok())
            .unwrap_or(0)
    };
    let budget = Budget {
        changes: n('c'),
        losses: n('l'),
        twice: n('t'),
        crashes: n('d'),
        troubles: n('v'),
        unanswered: n('u'),
        overlaps: n('o'),
        reconciles: n('r'),
        hands: n('h'),
    };
    let (sayings, last) = match days {
        StoryWindow::Open => (vec![None, Some((0, 2)), Some((0, 3))], 0),
        StoryWindow::Ends => (vec![None, Some((0, 1))], 1),
        StoryWindow::Whole => (vec![None, Some((1, 2))], 2),
        StoryWindow::Moved => (vec![None, Some((1, 3)), Some((0, 2))], 3),
    };
    ModelScenario {
        doors,
        sayings,
        first: 1,
        given: n('g') > 0,
        budget,
        tries: n('y').max(1),
        last,
        flaws: Vec::new(),
    }
}

/// Explores a scenario completely. Returns the number of states.
fn explore(doors: ModelDoors, days: StoryWindow, list: &str) -> usize {
    let name = format!("{doors:?} {days:?} {list}");
    exploration::explore(&name, MembershipModel::new(story(doors, days, list)), shown)
}

/// Returns a path as one line of text. Consecutive steps of the same settle function are counted.
fn shown(actions: &[ModelEvent]) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for action in actions {
        let word = match action {
            ModelEvent::Works(place, Luck::Well) => format!("settle {place}"),
            other => format!("{other:?}"),
        };
        match words.last_mut() {
            Some((last, times)) if *last == word => *times += 1,
            _ => words.push((word, 1)),
        }
    }
    let each = words.into_iter().map(|(word, times)| {
        if times > 1 {
            format!("{word} x {times}")
        } else {
            word
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

#[test]
fn one_membership_whatever_happens_at_once() {
    let small = [
        (StoryWindow::Moved, "c1"),
        (StoryWindow::Whole, "c1 d1"),
        (StoryWindow::Whole, "v1 d1"),
        (StoryWindow::Ends, "c1 t1 u1"),
        (StoryWindow::Ends, "c1 v2 y2"),
        (StoryWindow::Open, "c1 l1 r1"),
        (StoryWindow::Ends, "d1 r1"),
        (StoryWindow::Open, "c1 o1"),
        (StoryWindow::Open, "c1 h1"),
        (StoryWindow::Whole, "g1 c1 v1"),
    ];
    for doors in [ModelDoors::Salto, ModelDoors::Kisi, ModelDoors::KisiOneLine] {
        for (days, list) in small {
            explore(doors, days, list);
        }
    }
}

/// The scenarios of `make model`: like the small ones, at a size that takes minutes.
#[test]
#[ignore = "takes minutes: make model"]
fn one_membership_whole() {
    let began = Instant::now();
    let large = [
        (StoryWindow::Moved, "c2 d1"),
        (StoryWindow::Moved, "c1 v2 d1"),
        (StoryWindow::Whole, "c1 d2 v1"),
        (StoryWindow::Whole, "c1 r1"),
        (StoryWindow::Whole, "c1 t1 u1"),
        (StoryWindow::Ends, "c1 r1 d1"),
        (StoryWindow::Ends, "c1 l1 r2"),
        (StoryWindow::Ends, "c1 u1 v1 d1 y2"),
        (StoryWindow::Ends, "c1 o1"),
        (StoryWindow::Ends, "c1 v4 y3"),
        (StoryWindow::Open, "c2 o1"),
        (StoryWindow::Open, "c1 h1 r1"),
        (StoryWindow::Whole, "g1 c2 d1 v1"),
    ];
    let mut states = 0;
    for doors in [ModelDoors::Salto, ModelDoors::Kisi, ModelDoors::KisiOneLine] {
        states += large
            .iter()
            .map(|(days, list)| explore(doors, *days, list))
            .sum::<usize>();
    }
    println!(
        "{states} states in all, {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

/// Returns the properties that a scenario violates: all of them, or those found until the first
/// failure.
fn broken(story: ModelScenario, all: bool) -> Vec<&'static str> {
    let until = if all {
        HasDiscoveries::All
    } else {
        HasDiscoveries::AnyFailures
    };
    let checker = MembershipModel::new(story)
        .checker()
        .finish_when(until)
        .spawn_bfs()
        .join();
    let failures = exploration::failures(&checker, shown);
    failures
        .iter()
        .for_each(|(property, steps)| println!("    {property}: {steps}"));
    failures.into_iter().map(|(property, _)| property).collect()
}

/// Leaves out each guard of production code once, and expects a violation each time. The tests
/// above explore such scenarios with all guards.
#[test]
fn every_guard_is_needed() {
    for (flaw, days, list) in [
        (RemovedGuard::NoIntent, StoryWindow::Ends, "d1"),
        (RemovedGuard::NotReadAgain, StoryWindow::Open, "c1 l1 r1"),
        (RemovedGuard::NothingFinished, StoryWindow::Ends, "d1"),
        (RemovedGuard::RecordsFirst, StoryWindow::Ends, "d1"),
        (RemovedGuard::ClaimForgotten, StoryWindow::Open, "c1"),
        (RemovedGuard::NoSchedule, StoryWindow::Whole, ""),
        (
            RemovedGuard::CrossedOutBlindly,
            StoryWindow::Ends,
            "c1 l1 r2",
        ),
        (
            RemovedGuard::MarkedInTheTableAlone,
            StoryWindow::Moved,
            "c1",
        ),
        (RemovedGuard::MarkedAfterwards, StoryWindow::Open, "c1 d1"),
        (RemovedGuard::AtMostOnce, StoryWindow::Ends, "d1"),
        (RemovedGuard::LivesOn, StoryWindow::Ends, "o1"),
    ] {
        for doors in [ModelDoors::Salto, ModelDoors::Kisi] {
            let found = broken(
                ModelScenario {
                    flaws: vec![flaw],
                    ..story(doors, days, list)
                },
                false,
            );
            println!("{flaw:?} at {doors:?}: {found:?}");
            assert_ne!(found, [""; 0], "{flaw:?} at {doors:?}");
        }
    }
}

/// Two live workers: the version of the person prevents audit entries of changes that no one made.
#[test]
fn of_two_at_once_only_one_writes_the_person() {
    let record = "I7 every record has its change";
    for doors in [ModelDoors::Salto, ModelDoors::Kisi] {
        let two = |flaws| {
            broken(
                ModelScenario {
                    flaws,
                    ..story(doors, StoryWindow::Open, "o1")
                },
                true,
            )
        };
        assert!(!two(vec![RemovedGuard::LivesOn]).contains(&record));
        assert!(
            two(vec![
                RemovedGuard::LivesOn,
                RemovedGuard::CommitUnconditional
            ])
            .contains(&record)
        );
    }
}
