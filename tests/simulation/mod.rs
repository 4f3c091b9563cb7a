//! The simulation: the production code, whole, under days that come out of seeds. Platforms change,
//! and lose, repeat and reorder what they say of it; vendors throttle, fail, do the work and then
//! fail, and are down for hours; functions die at any call, before or after its answer; vendors
//! take seconds over each answer, or never give one; their clocks go wrong by seconds; hands are at
//! the doors. What must always hold (I1 to I10 of the design) is looked at after every step.
//!
//! `make simulate SEEDS=200` plays the days of that many seeds, `SEEDS=17..40` those from one to
//! another. One that breaks a promise is made as short as it goes and printed. One seed is always
//! the same day: no chance and no real time is in it.

mod day;
mod doors_record;
mod events;
mod invariants;
mod known;
mod seed;
mod shrink;
mod stage;
mod trouble;

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use day::{DAY, Day};
use stage::{Played, play};

/// The result of a whole run.
#[derive(Default)]
struct Total {
    days: u64,
    seconds: i64,
    broken: Vec<String>,
}

#[test]
fn every_invariant_holds_through_a_fixed_set_of_days() {
    // Another engine is called over the network, which takes time.
    let total = many(1..=if is_elsewhere() { 2 } else { 12 });
    assert!(total.broken.is_empty(), "{}", total.broken.join("\n\n"));
}

#[test]
fn one_seed_is_one_day() {
    for seed in [2, 3] {
        let day = Day::of(seed);
        let (once, again) = (play(&day), play(&day));
        assert_eq!(once.trace, again.trace, "seed {seed}");
        // Over the network, concurrent calls are answered in any order.
        assert!(
            is_elsewhere() || once.digest == again.digest,
            "seed {seed}: other calls, or in another order"
        );
    }
}

/// Returns whether the table is another than the embedded one.
fn is_elsewhere() -> bool {
    std::env::var_os("DOORSTEP_DYNAMODB").is_some()
}

/// Plays any number of days: `make simulate`.
#[test]
#[ignore = "make simulate says how many seeds"]
fn as_many_days_as_are_asked_for() {
    let started = Instant::now();
    let total = many(seeds());
    let took = started.elapsed().as_secs_f64();
    let days = total.seconds as f64 / DAY as f64;
    println!(
        "{} seeds, {days:.1} site-days in {took:.0} s: {:.2} site-days a second",
        total.days,
        days / took
    );
    assert!(
        total.broken.is_empty(),
        "{} broken\n\n{}",
        total.broken.len(),
        total.broken.join("\n\n")
    );
}

/// Parses `200` as the seeds 1 to 200, and `17..40` with both included.
fn seeds() -> RangeInclusive<u64> {
    let text = std::env::var("SEEDS").unwrap_or_default();
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match text.split_once("..") {
        Some((first, last)) => number(first).unwrap_or(1)..=number(last).unwrap_or(1),
        None => 1..=number(&text).unwrap_or(200),
    }
}

/// Plays the days concurrently, one thread for each processor.
fn many(seeds: RangeInclusive<u64>) -> Total {
    let next = AtomicU64::new(*seeds.start());
    let total = Mutex::new(Total::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > *seeds.end() {
                        return;
                    }
                    let (lasted, broken) = one(seed);
                    let mut total = total.lock().expect("no panic while it is held");
                    total.days += 1;
                    total.seconds += lasted;
                    total.broken.extend(broken);
                }
            });
        }
    });
    total.into_inner().expect("no panic while it was held")
}

/// Returns how many seconds a day lasted, and its story if an invariant was broken.
fn one(seed: u64) -> (i64, Option<String>) {
    let day = Day::of(seed);
    let played = match catch_unwind(AssertUnwindSafe(|| play(&day))) {
        Ok(played) => played,
        Err(_) => {
            return (
                0,
                Some(format!("seed {seed}: the simulation itself broke down")),
            );
        }
    };
    let lasted = played.lasted;
    match &played.kept {
        Ok(()) => (lasted, None),
        Err(wrong) => {
            println!("seed {seed} at {:?}: {wrong}", day.platform);
            let story = story(&day, played);
            println!("{story}\n");
            (lasted, Some(story))
        }
    }
}

/// Returns the shortest story found, as lines of text.
fn story(day: &Day, played: Played) -> String {
    let seed = day.seed;
    let (day, played, tries) = if std::env::var_os("RAW").is_some() {
        (day.clone(), played, 0)
    } else {
        shrink::shortest(day, played)
    };
    let wrong = played.kept.err().unwrap_or_default();
    let events: Vec<String> = day
        .events
        .iter()
        .map(|event| format!("{:>6} s {}", event.at, event.what))
        .collect();
    format!(
        "seed {seed} ({:?}, the shortest of {tries} tries): {wrong}\n{}\n{}\n\n{}\nagain: make simulate SEEDS={seed}..{seed}",
        day.platform,
        played.file,
        events.join("\n"),
        played.trace.join("\n"),
    )
}
