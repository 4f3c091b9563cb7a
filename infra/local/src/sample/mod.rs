//! The sample day: one site for each platform in the sandbox, and a second one for OfficeRnD. It
//! plays when Doorstep is started without site files.
//!
//! The day is driven from outside. Every step is a call to the run's own port: a change at the
//! platform with its signed webhook, or a moved clock. The printer then reads the audit chain for
//! what happened at the doors. This module cannot change a door.

mod client;
mod printer;
mod story;

use std::io::Write;

use client::SampleClient;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use printer::Printer;
use story::Story;

use crate::Machine;

/// The time zone of the sample sites.
const ZONE: &str = "Europe/London";
/// When the day begins: after the hours that a change of daylight saving time can skip or repeat,
/// and before any opening.
const BEGINS: Time = time(6, 0, 0, 0);

/// Returns the site files of the sample sites.
pub fn sites() -> Vec<String> {
    let files = [
        include_str!("../../../sites/harbour.toml"),
        include_str!("../../../sites/loft.toml"),
        include_str!("../../../sites/mill.toml"),
        include_str!("../../../sites/quay.toml"),
        include_str!("../../../sites/riverside.toml"),
        include_str!("../../../sites/wharf.toml"),
    ];
    files.map(str::to_owned).to_vec()
}

/// Returns the sample day as of `now`: yesterday in the time zone of the sample sites.
pub fn yesterday(now: Timestamp) -> Date {
    now.to_zoned(zone())
        .date()
        .checked_sub(1.day())
        .unwrap_or(date(2026, 1, 1))
}

/// Returns the first instant of the clock, on the morning of `day`.
pub fn begins(day: Date) -> Timestamp {
    at(day, BEGINS)
}

/// Plays the sample day in a run whose clock is at its beginning. The clock then moves to the
/// present, and runs.
pub async fn play(machine: &Machine, out: &mut (dyn Write + Send)) {
    let mut printer = Printer::default();
    if let Err(why) = play_steps(machine, &mut printer, out).await {
        tracing::warn!(why, "the sample day stopped early");
    }
    match machine.catch_up().await {
        Ok(_) => {
            printer.print(&SampleClient(machine), out).await.ok();
            writeln!(out, "\nthe clock is at the present and runs").ok();
        }
        Err(refused) => tracing::warn!(%refused, "the clock could not be moved to the present"),
    }
}

/// Plays the day of the standing clock up to its evening, and prints it.
///
/// # Errors
/// A message that says what failed.
pub async fn show(machine: &Machine, out: &mut (dyn Write + Send)) -> Result<(), String> {
    play_steps(machine, &mut Printer::default(), out).await
}

async fn play_steps(
    machine: &Machine,
    printer: &mut Printer,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let run = SampleClient(machine);
    let day = machine.now().to_zoned(zone()).date();
    let story = Story::of(day)?;
    let broken = |error: std::io::Error| error.to_string();
    writeln!(
        out,
        "the sample day: {}, in the time zone {ZONE}\n",
        day.strftime("%A %-d %B %Y")
    )
    .map_err(broken)?;
    for (world, content) in &story.worlds {
        run.put_world(world, content).await?;
    }
    for site in story.sites() {
        run.send_snapshot(&site).await?;
        run.reconcile(&site).await?;
    }
    for step in &story.steps {
        run.move_clock(at(day, step.at)).await?;
        printer.print(&run, out).await?;
        writeln!(
            out,
            "{}  {:<9}  {}",
            step.at.strftime("%H:%M"),
            step.site,
            step.says
        )
        .map_err(broken)?;
        if let Some(change) = &step.change {
            run.change(&step.site, change).await?;
            printer.print(&run, out).await?;
        }
    }
    Ok(())
}

fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// Returns the instant of a time of `day` in the time zone of the sample sites.
fn at(day: Date, time: Time) -> Timestamp {
    let zoned = day.to_datetime(time).to_zoned(zone());
    zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}
