//! The simulation: the production code, whole, under days that come out of seeds. Platforms change,
//! and lose, repeat and reorder what they say of it; vendors throttle, fail, do the work and then
//! fail, and are down for hours; functions die at any call, before or after its answer; vendors
//! take seconds over each answer, or never give one; their clocks go wrong by seconds; hands are at
//! the doors. What must always hold (I1 to I10 of the design) is looked at after every step.
//!
//! `make simulate SEEDS=200` plays the days of that many seeds, `SEEDS=17..40` those from one to
//! another. One that breaks a promise is made as short as it goes and printed. One seed is always
//! the same day: no chance and no real time is in it.

mod condition;
mod core_time;
mod counts;
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
use std::time::{Duration, Instant};

use core_time::CoreTime;
use counts::Counts;
use day::Day;
use doorstep_local::spent::{self, Part, Spent};
use stage::{Played, play};

/// The result of a whole run.
#[derive(Default)]
struct Total {
    days: u64,
    counts: Counts,
    /// The time on cores.
    core: Duration,
    /// The time of each part, with what other processes took meanwhile.
    spent: Spent,
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
    println!("{}", total.summary(started.elapsed().as_secs_f64()));
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
                    let (counts, core, spent, broken) = one(seed);
                    let mut total = total.lock().expect("no panic while it is held");
                    total.core += core;
                    total.add(counts, spent);
                    total.broken.extend(broken);
                }
            });
        }
    });
    total.into_inner().expect("no panic while it was held")
}

/// Returns what happened on a day, where its time went, and its story if an invariant was broken.
fn one(seed: u64) -> (Counts, Duration, Spent, Option<String>) {
    let day = Day::of(seed);
    spent::take();
    let core = CoreTime::begin();
    let played = catch_unwind(AssertUnwindSafe(|| play(&day)));
    let (core, spent) = (core.took(), spent::take());
    let Ok(played) = played else {
        let why = format!("seed {seed}: the simulation itself broke down");
        println!("{why}");
        return (Counts::default(), core, spent, Some(why));
    };
    let counts = played.counts;
    let broken = played.kept.as_ref().err().map(|wrong| {
        println!("seed {seed} at {:?}: {wrong}", day.platform);
    });
    let story = broken.map(|()| story(&day, played));
    story.iter().for_each(|story| println!("{story}\n"));
    (counts, core, spent, story)
}

impl Total {
    fn add(&mut self, counts: Counts, spent: Spent) {
        self.days += 1;
        self.counts += counts;
        for (all, more) in self.spent.iter_mut().zip(spent) {
            *all += more;
        }
    }

    /// Says how many days were played, how fast, and where the time went.
    fn summary(&self, took: f64) -> String {
        let worked: f64 = self.spent.iter().map(Duration::as_secs_f64).sum();
        let parts: Vec<String> = Part::ALL
            .iter()
            .zip(self.spent)
            .map(|(part, spent)| {
                let share = 100.0 * spent.as_secs_f64() / worked;
                format!("{} {share:.0} %", part.word())
            })
            .collect();
        format!(
            "{} site-days in {took:.0} s: {:.2} a second, {:.2} a second of one core\n{}\nwhere the time goes: {}",
            self.days,
            self.days as f64 / took,
            self.days as f64 / self.core.as_secs_f64(),
            self.counts.of_a_day(self.days),
            parts.join(", ")
        )
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
