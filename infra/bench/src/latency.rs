//! From the signed change to the door, by the real clock, with vendors that take 150 ms for each
//! answer: the platform as well as the door system. AWS is the one machine's, in this process.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::figure::Figure;
use crate::stage::Stage;
use crate::town::{Doors, Town, booking};
use crate::{Options, Outcome};

/// How long each vendor takes for an answer.
const DELAY_MS: u64 = 150;
/// How many bookings begin at once.
const MANY: usize = 200;
/// How many changes come alone, one after the other.
const ALONE: usize = 11;
/// A vendor that was not called for this long is idle: longer than any window of a rate limit.
const IDLE: Duration = Duration::from_millis(1_500);
/// When to give up.
const LONGEST: Duration = Duration::from_secs(180);

/// Measures at both door systems.
pub async fn measure(_: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = at(Doors::SaltoKs).await?;
    figures.extend(at(Doors::Kisi).await?);
    Ok(figures)
}

async fn at(doors: Doors) -> Outcome<Vec<Figure>> {
    let town = Town {
        doors,
        members: MANY + ALONE,
        groups: 0,
        on_plans: false,
        accounts: true,
        inside: false,
    };
    let stage = Stage::live(town).await?;
    stage.reconcile().await?;
    stage.delay(DELAY_MS).await?;
    let mut alone = Vec::new();
    for n in 0..ALONE {
        sleep(IDLE).await;
        alone.extend(opened(&stage, n..n + 1).await?);
    }
    sleep(IDLE).await;
    stage.calls(doors.word()).await?;
    let mut many = opened(&stage, ALONE..ALONE + MANY).await?;
    let calls: u64 = stage.calls(doors.word()).await?.values().sum();
    many.sort_by(f64::total_cmp);
    let name = doors.name();
    let of = |what: &str| format!("{what}, {name}");
    let at = |what: &str, percent| Figure::count(of(what), "s", part(&many, percent));
    let median = at("200 at once, median", 50);
    let p99 = at("200 at once, p99", 99);
    let last = at("200 at once, the last", 100);
    let [median, p99, last] = match doors {
        Doors::SaltoKs => [median.at_most(4.0), p99.at_most(8.0), last],
        // Five writes a second, and a tenth more.
        Doors::Kisi => [median, p99, last.at_most(MANY as f64 / 5.0 * 1.1)],
    };
    Ok(vec![
        Figure::new(of("a lone change"), "s", alone).at_most(0.7),
        median,
        p99,
        last,
        Figure::count(of("200 at once, calls until then"), "calls", calls as f64),
    ])
}

/// Lets these members book the room from now on. Returns the seconds from the first of the signed
/// changes to each opened door.
async fn opened(stage: &Stage, members: std::ops::Range<usize>) -> Outcome<Vec<f64>> {
    let now = stage.machine.now();
    let (from, until) = (
        now.checked_sub(SignedDuration::from_mins(1))?,
        now.checked_add(SignedDuration::from_hours(1))?,
    );
    let bookings: Vec<Value> = members
        .clone()
        .map(|n| booking(&format!("b{n}"), n, &whole(from), &whole(until)))
        .collect();
    let posts = stage.change(&json!({ "bookings": bookings })).await?;
    let mut missing: HashSet<String> = members.map(|n| stage.town.account_id(n)).collect();
    stage
        .machine
        .sandboxes()
        .membership_changes(stage.town.doors.word(), None);
    let began = Instant::now();
    stage.post_all(posts).await?;
    let mut times = Vec::new();
    while !missing.is_empty() {
        if began.elapsed() > LONGEST {
            return Err(format!("{} doors did not open", missing.len()).into());
        }
        sleep(Duration::from_millis(2)).await;
        let took = began.elapsed().as_secs_f64();
        let changes = stage
            .machine
            .sandboxes()
            .membership_changes(stage.town.doors.word(), None);
        for change in changes.into_iter().filter(|change| change.entered) {
            times.extend(missing.remove(&change.user).then_some(took));
        }
    }
    Ok(times)
}

fn whole(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

/// The value that this percentage of sorted values does not exceed.
fn part(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For the profile of tests: `cargo test ... latency -- --ignored --nocapture`.
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "it measures, by the real clock"]
    async fn measured() {
        for doors in [Doors::SaltoKs, Doors::Kisi] {
            println!(
                "{}",
                crate::figure::table(&at(doors).await.expect("a measurement"))
            );
        }
    }

    #[test]
    fn a_part_of_values_is_the_one_that_so_many_do_not_exceed() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(
            (part(&sorted, 50), part(&sorted, 99), part(&sorted, 100)),
            (100.0, 198.0, 200.0)
        );
    }
}
