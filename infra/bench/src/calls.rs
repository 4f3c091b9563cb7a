//! Calls to vendors, beside the fewest with which the same could be done. Tokens are not counted:
//! they are bought once an hour.

use std::collections::BTreeMap;

use crate::figure::Figure;
use crate::reconcile::LARGE;
use crate::stage::Stage;
use crate::town::{Doors, Town};
use crate::units::{HOUSE, MONDAY, live};
use crate::{Options, Outcome};
use doorstep_core::model::ids::SiteId;

type Calls = BTreeMap<String, u64>;

/// Measures.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        figures.extend(life(options, doors).await?);
    }
    for (members, accounts) in [(100, true), (1_000, true), (1_000, false)] {
        figures.extend(company(options, members, accounts).await?);
    }
    figures.extend(idle(options).await?);
    Ok(figures)
}

/// Counts the calls of one booking: one fetch of the booking, one grant, one revoke. Before each
/// change the group is read, so that no change is made twice and no other member is removed. An
/// empty list is accepted only after the group itself was read. The account of the person who gets
/// access is read too, because a suspended account opens nothing.
async fn life(options: &Options, doors: Doors) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(Town { doors, ..HOUSE }, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    live(&stage, 2, false).await?;
    let title = format!("a booking, {}", doors.name());
    counted(&stage, options, "").await?;
    live(&stage, 3, false).await?;
    let (platform, calls) = counted(&stage, options, &title).await?;
    let of =
        |what: &str, calls: u64, fewest: f64| count(&format!("{what} for {title}"), calls, fewest);
    Ok(vec![
        of("calls to the platform", sum(&platform, ""), 1.0),
        of("reading calls to the doors", sum(&calls, "GET"), 5.0),
        of(
            "changing calls to the doors",
            sum(&calls, "") - sum(&calls, "GET"),
            2.0,
        ),
    ])
}

/// Counts the calls when many people get access to one group at once. The minimum: the list of
/// accounts in pages of 100, the members of the group and, because it is empty, the group itself.
/// Where accounts are created, also their role, and one search for each address right before the
/// create call, so that an account made by hand in the meantime is found.
async fn company(options: &Options, members: usize, accounts: bool) -> Outcome<Vec<Figure>> {
    let town = Town {
        doors: Doors::SaltoKs,
        members,
        groups: 1,
        on_plans: true,
        accounts,
        inside: false,
    };
    let stage = Stage::open(town, MONDAY.parse()?).await?;
    let who = format!(
        "{members} people {} accounts",
        if accounts { "with" } else { "without" }
    );
    doorstep_jobs::reconcile::reconcile(
        stage.machine.environment(),
        &SiteId::from(crate::town::SITE),
    )
    .await?;
    counted(&stage, options, "").await?;
    stage.machine.quiet().await;
    if !accounts {
        // So many new accounts wait for a human, and reconcile has counted them.
        counted(&stage, options, "").await?;
    }
    for held in stage.machine.holds(None).await? {
        stage.machine.approve(None, &held.hold.checksum).await?;
    }
    if stage.inside().await? != town.members {
        return Err("not all people have access".into());
    }
    let (_, calls) = counted(&stage, options, &who).await?;
    let bulk = Figure::count(
        format!("bulk calls to the one group, {who}"),
        "calls",
        sum(&calls, "PATCH") as f64,
    );
    let refetches = if accounts {
        (members + 2).div_ceil(100)
    } else {
        1 + 1 + members
    };
    let mut figures = vec![
        bulk.at_most(1.0),
        count(
            &format!("reading calls, {who}"),
            sum(&calls, "GET"),
            (refetches + 2) as f64,
        ),
    ];
    if !accounts {
        figures.push(count(
            &format!("accounts made, {who}"),
            sum(&calls, "POST"),
            members as f64,
        ));
    }
    Ok(figures)
}

/// A reconcile that finds nothing. The fewest: every list in as few pages as the vendors allow.
async fn idle(options: &Options) -> Outcome<Vec<Figure>> {
    let town = Town {
        members: 1_000,
        groups: 20,
        ..LARGE
    };
    let stage = Stage::open(town, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    counted(&stage, options, "").await?;
    stage.reconcile().await?;
    let (platform, calls) = counted(&stage, options, "idle").await?;
    let title = "reconcile of 1,000 with nothing to do";
    // Members and memberships in pages of 50, and nine short lists; groups, accounts in pages of
    // 100, seats and a page of access attempts; for each group its members and its time schedules,
    // which no list contains; and the one empty group itself.
    let (of_platform, of_doors) = (
        town.members.div_ceil(50) * 2 + 9,
        3 + (town.members + 2).div_ceil(100) + 2 * 21 + 1,
    );
    Ok(vec![
        count(
            &format!("calls to the platform, {title}"),
            sum(&platform, ""),
            of_platform as f64,
        ),
        count(
            &format!("reading calls to the doors, {title}"),
            sum(&calls, "GET"),
            of_doors as f64,
        ),
        count(
            &format!("changing calls to the doors, {title}"),
            sum(&calls, "") - sum(&calls, "GET"),
            0.0,
        ),
    ])
}

fn count(name: &str, calls: u64, fewest: f64) -> Figure {
    Figure::count(name, "calls", calls as f64).fewest(fewest)
}

/// What platform and doors were asked since the last time, without tokens.
async fn counted(stage: &Stage, options: &Options, title: &str) -> Outcome<(Calls, Calls)> {
    let mut both = (
        stage.calls("officernd").await?,
        stage.calls(stage.town.doors.word()).await?,
    );
    for calls in [&mut both.0, &mut both.1] {
        calls.retain(|name, _| !name.contains("token"));
        for (name, times) in calls.iter().filter(|_| options.each && !title.is_empty()) {
            eprintln!("{title}: {times} {name}");
        }
    }
    Ok(both)
}

fn sum(calls: &Calls, method: &str) -> u64 {
    calls
        .iter()
        .filter(|(name, _)| name.starts_with(method))
        .map(|(_, times)| times)
        .sum()
}
