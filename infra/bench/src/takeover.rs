//! The first takeover of large sites, and a reconcile that finds nothing to do afterwards. The
//! clock is frozen, so the vendors' rate limits cost no time. Times are CPU times of this process,
//! with the table and the vendors in them: other work of the machine changes them little.

use std::time::Duration;

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
/// The bookings that each person made two years before. The sandbox looks at all of them for each
/// page of its list.
const ENDED: usize = 1;
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
                format!("takeover, CPU time for a person at {people} beside 1000"),
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
        of("takeover, CPU time for each person", "ms", cost.each()),
        of(
            "takeover, calls to the table for each person",
            "calls",
            cost.calls,
        ),
        of("takeover, read units for each person", "RCU", cost.read),
        of("takeover, write units for each person", "WCU", cost.write),
        of(
            "reconcile with nothing to do, CPU time",
            "ms",
            ms(cost.idle),
        ),
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
    let begun = cpu_time()?;
    stage.reconcile().await?;
    let takeover = cpu_time()?.saturating_sub(begun);
    let (calls, read, write) = units(&stage)?;
    let begun = cpu_time()?;
    let report = reconcile(stage.machine.environment(), &SiteId::from(SITE)).await?;
    let idle = cpu_time()?.saturating_sub(begun);
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

/// The CPU time of this process so far, from the kernel's count of its ticks of 10 ms.
fn cpu_time() -> Outcome<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold spaces. After it, the 12th and 13th fields are the ticks.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks: Result<Vec<u64>, _> = ticks.collect();
    Ok(Duration::from_millis(ticks?.iter().sum::<u64>() * 10))
}

/// Bookings that ended within the two years before.
fn ended(people: usize) -> Value {
    let one = |n: usize| {
        booking(
            &format!("5f9a1c3e7b2d4a02{n:08x}"),
            n / ENDED,
            "2024-04-02T10:00:00Z",
            "2024-04-02T11:00:00Z",
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
