//! Measures a reconcile of 10,000 people and 200 groups that finds nothing to do: all of it, and
//! the decisions alone. It runs in this process with a frozen clock, so the vendors' rate limits
//! cost no time.

use std::time::Instant;

use crate::figure::Figure;
use crate::stage::Stage;
use crate::town::{Doors, SITE, Town};
use crate::{Options, Outcome, ms, stopwatch};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::reconcile;

/// The large site.
pub const LARGE: Town = Town {
    doors: Doors::SaltoKs,
    members: 10_000,
    groups: 200,
    on_plans: true,
    accounts: true,
    inside: true,
};
/// The limit in milliseconds for deciding the access of all people.
const AIM: f64 = 100.0;
/// A whole one takes seconds.
const RUNS: usize = 5;

/// Measures.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(LARGE, "2026-03-02T08:00:00Z".parse()?).await?;
    let begun = Instant::now();
    stage.reconcile().await?;
    let adopted = begun.elapsed();
    stopwatch::times();
    let mut whole = Vec::new();
    for _ in 0..options.runs.min(RUNS) {
        let begun = Instant::now();
        let report = reconcile(stage.machine.environment(), &SiteId::from(SITE)).await?;
        whole.push(ms(begun.elapsed()));
        if (report.granted, report.revoked, report.foreign) != (0, 0, 0)
            || !report.problems.is_empty()
        {
            return Err(format!("there was something to do: {report:?}").into());
        }
    }
    Ok(vec![
        Figure::new(
            "reconcile of 10,000 people, decide alone",
            "ms",
            stopwatch::times(),
        )
        .at_most(AIM),
        Figure::new("reconcile of 10,000 people, whole", "ms", whole),
        Figure::count("taking over 10,000 people, once", "ms", ms(adopted)),
    ])
}
