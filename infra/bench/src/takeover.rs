//! The first takeover of large sites, and a reconcile that finds nothing to do afterwards. The
//! clock is frozen, so the vendors' rate limits cost no time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::figure::Figure;
use crate::reconcile::LARGE;
use crate::stage::Stage;
use crate::town::{SITE, Town, booking};
use crate::{Options, Outcome, ms};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::reconcile;

/// The sizes that `takeover` compares.
const SIZES: [usize; 2] = [1_000, 10_000];
/// The size that `large` adds.
const LARGEST: usize = 50_000;
/// The bookings that each person made in the two years before.
const ENDED: usize = 4;
/// The time for a person at 10,000 people is at most so many times that at 1,000.
const LINEAR: f64 = 1.3;

/// What one size cost.
struct Cost {
    people: usize,
    takeover: Duration,
    /// Calls to the table, and units of reading and of writing, for each person.
    calls: f64,
    read: f64,
    write: f64,
    /// A reconcile that found nothing to do.
    idle: Duration,
    idle_read: f64,
}

impl Cost {
    fn each(&self) -> f64 {
        ms(self.takeover) / self.people as f64
    }
}

/// Measures 1,000 and 10,000 people.
pub async fn measure(_options: &Options) -> Outcome<Vec<Figure>> {
    let mut costs = Vec::new();
    for people in SIZES {
        costs.push(take_over(people).await?);
    }
    Ok(figures(&costs))
}

/// Measures 1,000 and 50,000 people.
pub async fn measure_large(_options: &Options) -> Outcome<Vec<Figure>> {
    let costs = [take_over(SIZES[0]).await?, take_over(LARGEST).await?];
    Ok(figures(&costs))
}

fn figures(costs: &[Cost]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = costs.iter().flat_map(of_size).collect();
    if let [few, .., many] = costs {
        let ratio = |few: f64, many: f64| many / few;
        let people = many.people;
        figures.push(
            Figure::count(
                format!("takeover, time for a person at {people} beside 1000"),
                "x",
                ratio(few.each(), many.each()),
            )
            .at_most(LINEAR),
        );
        figures.push(
            Figure::count(
                format!("takeover, read units for a person at {people} beside 1000"),
                "x",
                ratio(few.read, many.read),
            )
            .at_most(LINEAR),
        );
    }
    figures
}

fn of_size(cost: &Cost) -> Vec<Figure> {
    let of = |what: &str, unit, value: f64| {
        Figure::count(format!("{what}, {} people", cost.people), unit, value)
    };
    vec![
        of("takeover, for each person", "ms", cost.each()),
        of(
            "takeover, calls to the table for each person",
            "calls",
            cost.calls,
        ),
        of("takeover, read units for each person", "RCU", cost.read),
        of("takeover, write units for each person", "WCU", cost.write),
        of("reconcile with nothing to do", "ms", ms(cost.idle)),
        of(
            "the same, read units for each person",
            "RCU",
            cost.idle_read,
        ),
    ]
}

/// Takes over a site, and reconciles it once more.
async fn take_over(people: usize) -> Outcome<Cost> {
    let town = Town {
        members: people,
        ..LARGE
    };
    let mut platform = town.platform();
    platform["bookings"] = ended(people);
    let stage = Stage::open_with(town, "2026-03-02T08:00:00Z".parse()?, platform).await?;
    stage.machine.cloud().units_used();
    let begun = Instant::now();
    stage.reconcile().await?;
    let takeover = begun.elapsed();
    let (calls, read, write) = units(&stage)?;
    let begun = Instant::now();
    let report = reconcile(stage.machine.environment(), &SiteId::from(SITE)).await?;
    let idle = begun.elapsed();
    if (report.granted, report.revoked, report.foreign) != (0, 0, 0) {
        return Err(format!("there was something to do: {report:?}").into());
    }
    let (_, idle_read, _) = units(&stage)?;
    let each = |value: f64| value / people as f64;
    Ok(Cost {
        people,
        takeover,
        calls: each(calls),
        read: each(read),
        write: each(write),
        idle,
        idle_read: each(idle_read),
    })
}

/// Bookings that ended within the two years before.
fn ended(people: usize) -> Value {
    let one = |n: usize| {
        let (member, half_year) = (n / ENDED, n % ENDED);
        let day = ["2024-04-02", "2024-10-01", "2025-04-01", "2025-10-01"][half_year];
        booking(
            &format!("5f9a1c3e7b2d4a02{n:08x}"),
            member,
            &format!("{day}T10:00:00Z"),
            &format!("{day}T11:00:00Z"),
        )
    };
    json!((0..people * ENDED).map(one).collect::<Vec<_>>())
}

/// Calls to the table, and units of reading and of writing, since the last time.
fn units(stage: &Stage) -> Outcome<(f64, f64, f64)> {
    let (mut calls, mut read, mut write) = (0.0, 0.0, 0.0);
    for one in stage.machine.cloud().units_used() {
        let units = one.units.unwrap_or_default();
        calls += 1.0;
        *(if one.is_write() {
            &mut write
        } else {
            &mut read
        }) += units;
    }
    Ok((calls, read, write))
}
