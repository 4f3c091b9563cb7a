//! Calls to vendors, beside the fewest with which the same could be done. Tokens are not counted: they are bought once an
//! hour.

use std::collections::BTreeMap;

use crate::figure::Figure;
use crate::reconcile::LARGE;
use crate::stage::Stage;
use crate::town::{Doors, Town};
use crate::units::{HOUSE, MONDAY, live};
use crate::{Options, Outcome};

type Calls = BTreeMap<String, u64>;

/// Measures.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        figures.extend(life(options, doors).await?);
    }
    for accounts in [true, false] {
        figures.extend(company(options, accounts).await?);
    }
    figures.extend(idle(options).await?);
    Ok(figures)
}

/// One look at the booking, one call that opens, one that closes. Before each of the two the group is read, so that
/// nothing is done twice and nobody else's line is taken.
async fn life(options: &Options, doors: Doors) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(Town { doors, ..HOUSE }, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    live(&stage, 2, false).await?;
    let title = format!("a booking, {}", doors.name());
    counted(&stage, options, "").await?;
    live(&stage, 3, false).await?;
    let (platform, calls) = counted(&stage, options, &title).await?;
    let of = |what: &str, calls: u64, fewest: f64| count(&format!("{what} for {title}"), calls, fewest);
    Ok(vec![
        of("calls to the platform", sum(&platform, ""), 1.0),
        of("reading calls to the doors", sum(&calls, "GET"), 2.0),
        of("changing calls to the doors", sum(&calls, "") - sum(&calls, "GET"), 2.0),
    ])
}

/// 2,000 people come in at once, into one group.
async fn company(options: &Options, accounts: bool) -> Outcome<Vec<Figure>> {
    let town = Town { doors: Doors::SaltoKs, members: 2_000, groups: 1, on_plans: true, accounts, inside: false };
    let stage = Stage::open(town, MONDAY.parse()?).await?;
    let who = if accounts { "2,000 with accounts" } else { "2,000 without accounts" };
    doorstep::reconcile::reconcile(stage.machine.outside(), crate::town::SITE).await?;
    counted(&stage, options, "").await?;
    stage.machine.quiet().await;
    if stage.inside().await? != town.members {
        return Err("not everybody came in".into());
    }
    let (_, calls) = counted(&stage, options, who).await?;
    let (bulk, made) = (sum(&calls, "PATCH"), sum(&calls, "POST"));
    let fewest = if accounts { 0.0 } else { 2_000.0 };
    Ok(vec![
        count(&format!("bulk calls to the one group, {who}"), bulk, 1.0),
        count(&format!("other changing calls, {who}"), made, fewest),
        // The list of accounts in pages, the group twice, a role.
        count(&format!("reading calls, {who}"), sum(&calls, "GET"), 0.0),
    ])
}

/// A reconcile of the large site that finds nothing.
async fn idle(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(Town { members: 1_000, groups: 20, ..LARGE }, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    counted(&stage, options, "").await?;
    stage.reconcile().await?;
    let (platform, calls) = counted(&stage, options, "idle").await?;
    let title = "a reconcile of 1,000 people and 20 groups with nothing to do";
    Ok(vec![
        count(&format!("calls to the platform, {title}"), sum(&platform, ""), 0.0),
        count(&format!("reading calls to the doors, {title}"), sum(&calls, "GET"), 0.0),
        count(&format!("changing calls to the doors, {title}"), sum(&calls, "") - sum(&calls, "GET"), 0.0),
    ])
}

fn count(name: &str, calls: u64, fewest: f64) -> Figure {
    Figure::count(name, "calls", calls as f64).at_most(fewest)
}

/// What platform and doors were asked since the last time, without tokens.
async fn counted(stage: &Stage, options: &Options, title: &str) -> Outcome<(Calls, Calls)> {
    let mut both = (stage.calls("officernd").await?, stage.calls(stage.town.doors.word()).await?);
    for calls in [&mut both.0, &mut both.1] {
        calls.retain(|name, _| !name.contains("token"));
        for (name, times) in calls.iter().filter(|_| options.each && !title.is_empty()) {
            eprintln!("{title}: {times} {name}");
        }
    }
    Ok(both)
}

fn sum(calls: &Calls, method: &str) -> u64 {
    calls.iter().filter(|(name, _)| name.starts_with(method)).map(|(_, times)| times).sum()
}
