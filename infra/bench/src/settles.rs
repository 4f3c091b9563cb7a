//! Settles per second: the functions' complete code in this process. The clock is frozen, so the
//! vendors' rate limits cost no time; the table, the line and the vendors are the one machine's.

use std::time::Instant;

use serde_json::{Value, json};

use crate::figure::Figure;
use crate::stage::Stage;
use crate::town::{Doors, Town, booking};
use crate::{Options, Outcome};

/// How many people book at the same time.
const MANY: usize = 200;

/// Measures at both door systems.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = at(options, Doors::SaltoKs).await?;
    figures.extend(at(options, Doors::Kisi).await?);
    Ok(figures)
}

async fn at(options: &Options, doors: Doors) -> Outcome<Vec<Figure>> {
    let town = Town {
        doors,
        members: MANY,
        groups: 0,
        on_plans: false,
        accounts: true,
        inside: false,
    };
    let stage = Stage::open(town, "2026-03-02T08:00:00Z".parse()?).await?;
    stage.reconcile().await?;
    let (mut heard, mut opened, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=options.runs {
        let rates = day(&stage, run).await?;
        if run > 0 {
            for (rates, rate) in [&mut heard, &mut opened, &mut closed]
                .into_iter()
                .zip(rates)
            {
                rates.push(rate);
            }
        }
    }
    let of =
        |what: &str, rates| Figure::new(format!("{what} a second, {}", doors.name()), "/s", rates);
    Ok(vec![
        of("bookings refetched", heard),
        of("people granted", opened),
        of("people revoked", closed),
    ])
}

/// Measures a day on which all people book the same hour: how fast settle refetches, grants and
/// revokes.
async fn day(stage: &Stage, run: usize) -> Outcome<[f64; 3]> {
    let date =
        jiff::civil::date(2026, 3, 3).checked_add(jiff::Span::new().days(i64::try_from(run)?))?;
    let book = |n: usize| {
        booking(
            &format!("b{run}-{n}"),
            n,
            &format!("{date}T10:00:00Z"),
            &format!("{date}T11:00:00Z"),
        )
    };
    stage.clock(&format!("{date}T08:00:00Z")).await?;
    let bookings: Vec<Value> = (0..MANY).map(book).collect();
    stage.tell(&json!({ "bookings": bookings })).await?;
    let heard = rate(async {
        stage.machine.quiet().await;
        Ok(())
    });
    let heard = heard.await?;
    stage.clock(&format!("{date}T09:44:00Z")).await?;
    let opened = rate(async { stage.clock(&format!("{date}T09:45:00Z")).await }).await?;
    check(stage, MANY).await?;
    stage.clock(&format!("{date}T11:14:00Z")).await?;
    let closed = rate(async { stage.clock(&format!("{date}T11:15:00Z")).await }).await?;
    check(stage, 0).await?;
    Ok([heard, opened, closed])
}

async fn rate(work: impl Future<Output = Outcome<()>>) -> Outcome<f64> {
    let begun = Instant::now();
    work.await?;
    Ok(MANY as f64 / begun.elapsed().as_secs_f64())
}

async fn check(stage: &Stage, wanted: usize) -> Outcome<()> {
    match stage.inside().await? {
        inside if inside == wanted => Ok(()),
        inside => Err(format!("{inside} people are inside, not {wanted}").into()),
    }
}
