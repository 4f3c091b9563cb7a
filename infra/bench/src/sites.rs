//! One stack with many sites: what each function reads, and what a site costs a month. The sites
//! are made up: one is complete, the others are what the functions see of a site before they serve
//! it. Calls and bytes are counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;

use crate::figure::Figure;
use crate::price::{Month, SiteUse};
use crate::stage::{Stage, hook, signed};
use crate::town::{Doors, SITE, Town, booking};
use crate::units::{HOUSE, MONDAY, live};
use crate::watched::{Calls, Watched, sum};
use crate::{Options, Outcome, ms};
use doorstep_cloud::store::runs::Runs;
use doorstep_cloud::store::sites::{Extent, PlatformRead};
use doorstep_cloud::store::{Write, body, key};
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::route::{RouteDoors, SiteRoute};
use doorstep_jobs::receive::receive;
use doorstep_jobs::reconcile::{DispatchInput, dispatch, reconcile};
use doorstep_vendors::delivery::Delivery;

/// The numbers of sites.
const SIZES: [usize; 4] = [1, 100, 1_000, 10_000];
/// A call to AWS takes so long here.
const AWS: Duration = Duration::from_millis(10);
/// A call to a vendor takes so long here.
const VENDOR: Duration = Duration::from_millis(150);
/// Deliveries to names that no site has.
const FLOOD: usize = 1_000;
/// The complete site.
const SMALL: Town = Town {
    doors: Doors::Kisi,
    members: 100,
    groups: 5,
    on_plans: true,
    accounts: true,
    inside: true,
};

/// Measures.
pub async fn measure(_options: &Options) -> Outcome<Vec<Figure>> {
    let small = small_site().await?;
    let mut figures = of_small(&small);
    for sites in SIZES {
        figures.extend(at(sites, &small).await?);
    }
    Ok(figures)
}

/// Measures one reconcile of the complete site, and the life of one booking there.
async fn small_site() -> Outcome<SiteUse> {
    let stage = open().await?;
    stage.machine.cloud().units_used();
    let watched = Watched::of(&stage, AWS, VENDOR);
    let begun = Instant::now();
    reconcile(&watched.environment, &SiteId::from(SITE)).await?;
    let reconcile_time = begun.elapsed();
    let calls = watched.calls();
    let secrets = calls.get("GetParameter").map_or(0, |calls| calls.count);
    let (reconcile_read, reconcile_write) = units(&stage);
    let stage = Stage::open(HOUSE, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    live(&stage, 3, false).await?;
    units(&stage);
    live(&stage, 4, false).await?;
    let (booking_read, booking_write) = units(&stage);
    Ok(SiteUse {
        reconcile_time,
        reconcile_read,
        reconcile_write,
        secrets: secrets as f64,
        booking_read,
        booking_write,
    })
}

fn of_small(small: &SiteUse) -> Vec<Figure> {
    let title = "reconcile of a site of 100 people";
    vec![
        Figure::count(
            format!("{title}, AWS at 10 ms and vendors at 150 ms a call"),
            "ms",
            ms(small.reconcile_time),
        ),
        Figure::count(format!("{title}, reads of secrets"), "calls", small.secrets),
        Figure::count(format!("{title}, read units"), "RCU", small.reconcile_read),
        Figure::count(
            format!("{title}, write units"),
            "WCU",
            small.reconcile_write,
        ),
    ]
}

/// Measures a stack with so many sites.
async fn at(sites: usize, small: &SiteUse) -> Outcome<Vec<Figure>> {
    let stage = open().await?;
    register(&stage, sites - 1).await?;
    let mut figures = Vec::new();
    let of =
        |what: &str, unit, value: f64| Figure::count(format!("{what}, {sites} sites"), unit, value);
    for (what, calls) in of_receive(&stage).await? {
        figures.push(of(&format!("receive, {what}"), "calls", calls.count as f64));
        figures.push(of(&format!("receive, {what}"), "bytes", calls.bytes as f64));
    }
    stage.machine.cloud().units_used();
    let watched = Watched::of(&stage, AWS, VENDOR);
    let begun = Instant::now();
    dispatch(&watched.environment, DispatchInput::everything()).await?;
    let took = begun.elapsed();
    let calls = watched.calls();
    for (operation, calls) in &calls {
        figures.push(of(
            &format!("dispatch, {operation}"),
            "calls",
            calls.count as f64,
        ));
    }
    let (read, _) = units(&stage);
    figures.push(of("dispatch, AWS at 10 ms a call", "ms", ms(took)));
    figures.push(of("dispatch, bytes", "bytes", sum(&calls).bytes as f64));
    figures.push(of("dispatch, read units", "RCU", read));
    let month = Month::of(small, sites, read);
    figures.push(of("a site a month", "USD", month.of_site()));
    figures.push(of("the stack a month", "USD", month.of_stack()));
    figures.push(of(
        "reconciles at the same time, to end within 15 minutes",
        "functions",
        month.concurrency(),
    ));
    Ok(figures)
}

async fn open() -> Outcome<Stage> {
    let stage = Stage::open(SMALL, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    Ok(stage)
}

/// Writes what the functions see of a site before they serve it.
async fn register(stage: &Stage, sites: usize) -> Outcome<()> {
    let (store, now) = (&stage.machine.environment().store, stage.machine.now());
    let mut read = PlatformRead::default();
    read.completed(now, Extent::Full);
    let runs = Runs {
        begun: 1,
        at: Some(now),
        ended: 1,
        ended_at: Some(now),
        lease: None,
    };
    let mut writes = Vec::new();
    for n in 0..sites {
        let site = SiteId::from(format!("site-{n:05}"));
        let doors = RouteDoors {
            kind: DoorsKind::Kisi,
            place: None,
            secret: format!("{site}/doors"),
        };
        let route = SiteRoute {
            site: site.clone(),
            platform: PlatformKind::OfficeRnd,
            secret: format!("{site}/officernd"),
            doors: BTreeMap::from([("main".into(), doors)]),
            keep_days: 30,
        };
        writes.push(Write::put(key::site(&site), body(&route)?));
        writes.push(Write::put(key::runs(&site), body(&runs)?).version(1));
        writes.push(Write::put(key::read(&site, "platform"), body(&read)?));
    }
    store.write_many(writes).await?;
    Ok(())
}

/// Counts the calls of one process of receive.
async fn of_receive(stage: &Stage) -> Outcome<Vec<(&'static str, Calls)>> {
    let watched = Watched::of(stage, Duration::ZERO, Duration::ZERO);
    watched.environment.warm().await;
    let mut counted = vec![("start", sum(&watched.calls()))];
    let bookings: Vec<_> = (0..3)
        .map(|n| {
            booking(
                &format!("b{n}"),
                n,
                "2026-06-01T10:00:00Z",
                "2026-06-01T11:00:00Z",
            )
        })
        .collect();
    let mut deliveries = stage
        .change(&json!({ "bookings": bookings }))
        .await?
        .into_iter();
    for what in ["first delivery", "next delivery", "delivery after a minute"] {
        if what == "delivery after a minute" {
            stage.clock("2026-03-02T08:01:05Z").await?;
        }
        let delivery = deliveries.next().ok_or("there are too few webhooks")?;
        let status = post(stage, &watched, &hook(), delivery).await?;
        if status != 202 {
            return Err(format!("a webhook was answered {status}").into());
        }
        counted.push((what, sum(&watched.calls())));
    }
    for n in 0..FLOOD {
        let path = format!("/hooks/nowhere-{n}/officernd");
        post(stage, &watched, &path, Bytes::from_static(b"{}")).await?;
    }
    counted.push(("1000 deliveries to unknown sites", sum(&watched.calls())));
    Ok(counted)
}

async fn post(stage: &Stage, watched: &Watched, path: &str, body: Bytes) -> Outcome<u16> {
    let delivery = Delivery {
        path: path.to_owned(),
        headers: signed(&body, stage.machine.now())?,
        body,
    };
    Ok(receive(&watched.environment, delivery).await.status)
}

/// Units of reading and of writing since the last time.
fn units(stage: &Stage) -> (f64, f64) {
    let (mut read, mut write) = (0.0, 0.0);
    for one in stage.machine.cloud().units_used() {
        let units = one.units.unwrap_or_default();
        *(if one.is_write() {
            &mut write
        } else {
            &mut read
        }) += units;
    }
    (read, write)
}
