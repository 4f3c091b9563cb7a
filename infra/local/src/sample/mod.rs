//! The sample day: a site for each platform in the sandbox, and a second one for OfficeRnD, for whoever starts Doorstep without files of their own.
//!
//! It is told from outside: every step is a call to the run's own port, a change at the platform with its signed
//! webhook, or a moved clock. What happened at the doors is then read from the audit chain. Nothing here can open a
//! door.

mod outside;
mod printer;
mod story;

use std::io::Write;

use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use outside::Outside;
use printer::Printer;
use story::Story;

use crate::Machine;

/// The zone of the sample sites.
const ZONE: &str = "Europe/London";
/// When the day begins: after every hour that a change of the clocks can skip or repeat, before anything opens.
const BEGINS: Time = time(6, 0, 0, 0);

/// The sample sites' files.
pub fn sites() -> Vec<String> {
    let files = [
        include_str!("../../../sites/harbour.toml"),
        include_str!("../../../sites/loft.toml"),
        include_str!("../../../sites/mill.toml"),
        include_str!("../../../sites/quay.toml"),
        include_str!("../../../sites/riverside.toml"),
    ];
    files.map(str::to_owned).to_vec()
}

/// The sample day as seen at `now`: yesterday, where the sample sites are.
pub fn yesterday(now: Timestamp) -> Date {
    now.to_zoned(zone()).date().checked_sub(1.day()).unwrap_or(date(2026, 1, 1))
}

/// The instant at which the clock stands at first, on the morning of `day`.
pub fn begins(day: Date) -> Timestamp {
    at(day, BEGINS)
}

/// Plays the sample day in a run whose clock stands at its beginning, then lets the clock catch up with now, and run.
pub async fn play(machine: &Machine, out: &mut (dyn Write + Send)) {
    let mut printer = Printer::default();
    if let Err(why) = tell(machine, &mut printer, out).await {
        tracing::warn!(why, "the sample day was not played to its end");
    }
    match machine.catch_up().await {
        Ok(_) => {
            printer.print(&Outside(machine), out).await.ok();
            writeln!(out, "\nthe clock has caught up with now and runs").ok();
        }
        Err(refused) => tracing::warn!(%refused, "the clock did not catch up with now"),
    }
}

/// Plays the day that the standing clock is in, up to its evening, and prints it.
///
/// # Errors
/// What did not work, in words.
pub async fn show(machine: &Machine, out: &mut (dyn Write + Send)) -> Result<(), String> {
    tell(machine, &mut Printer::default(), out).await
}

async fn tell(machine: &Machine, printer: &mut Printer, out: &mut (dyn Write + Send)) -> Result<(), String> {
    let run = Outside(machine);
    let day = machine.now().to_zoned(zone()).date();
    let story = Story::of(day)?;
    let broken = |error: std::io::Error| error.to_string();
    writeln!(out, "the sample day: {}, in the time of {ZONE}\n", day.strftime("%A %-d %B %Y")).map_err(broken)?;
    for (world, content) in &story.worlds {
        run.put_world(world, content).await?;
    }
    for site in story.sites() {
        run.tell_all(&site).await?;
        run.reconcile(&site).await?;
    }
    for step in &story.steps {
        run.move_clock(at(day, step.at)).await?;
        printer.print(&run, out).await?;
        writeln!(out, "{}  {:<9}  {}", step.at.strftime("%H:%M"), step.site, step.says).map_err(broken)?;
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

/// The instant of a time of `day`, where the sample sites are.
fn at(day: Date, time: Time) -> Timestamp {
    let zoned = day.to_datetime(time).to_zoned(zone());
    zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}
