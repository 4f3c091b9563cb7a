//! The deliveries of one local day at a site, and how its platform and its doors are read. The table
//! alone answers. It changes nothing.

mod print;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use futures_util::future::{try_join, try_join3};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::nearest::in_force;
use crate::zone::{span_of_days, zone_name};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::address;
use doorstep_cloud::store::deliveries::{HourOfDeliveries, KEPT};
use doorstep_cloud::store::observed::Observed;
use doorstep_cloud::store::runs::Runs;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_core::model::delivery_counts::DeliveryCounts;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;
use doorstep_core::site::Site;
use doorstep_vendors::doors::DoorsVendor;
pub use shape::{
    Deliveries, DeliveryHour, DoorsReadState, PlatformReadState, ReconcileState, UnreadDelivery,
    WebhookDay,
};

/// One hour.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Returns the deliveries of a local day; of today without a `day`.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site and for a day
/// that no calendar has.
pub async fn deliveries(
    environment: &Environment,
    site: &SiteId,
    day: Option<Date>,
) -> Result<Deliveries> {
    let (now, store) = (environment.time.now(), &environment.store);
    let site = in_force(environment, site).await?.file()?;
    let day = day.unwrap_or_else(|| now.to_zoned(site.timezone.clone()).date());
    let hours = hours(day, &site.timezone)?;
    let kept_from = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let all = kept_from..now.checked_add(HOUR).unwrap_or(Timestamp::MAX);
    let reads = try_join3(
        store.platform_read(&site.id),
        store.runs(&site.id),
        store.observed(&site.id),
    );
    let lists = try_join(
        store.deliveries(&site.id, all),
        store.unreadable_deliveries(&site.id),
    );
    let ((read, runs, observed), (counted, unreadable)) = try_join(reads, lists).await?;
    let (observed, runs) = (observed.observed, runs.runs);
    let mut unreadable: Vec<UnreadDelivery> = unreadable
        .into_iter()
        .map(|one| UnreadDelivery {
            at: one.at,
            why: one.why,
        })
        .collect();
    unreadable.sort_by_key(|one| std::cmp::Reverse(one.at));
    Ok(Deliveries {
        timezone: zone_name(&site.timezone),
        day,
        as_of: now,
        kept_from,
        webhooks: webhooks(&site, &hours, &counted, observed.as_ref()),
        platform: platform(&site, &read),
        doors: doors(&site, observed.as_ref(), &runs, &read),
        reconcile: reconcile(&runs, now),
        unreadable,
        site: site.id,
    })
}

/// Returns the begins of the hours of a local day. The table counts by UTC hours, so in a zone whose
/// offset is no whole hour they begin at another minute. Pure.
fn hours(day: Date, zone: &TimeZone) -> Result<Vec<Timestamp>> {
    let (from, until) = span_of_days(zone, day, day)?;
    let past = from.as_second().rem_euclid(HOUR.as_secs());
    let rest = (HOUR.as_secs() - past) % HOUR.as_secs();
    let first = from.checked_add(SignedDuration::from_secs(rest)).ok();
    let next = |at: &Timestamp| at.checked_add(HOUR).ok();
    Ok(std::iter::successors(first, next)
        .take_while(|at| *at < until)
        .collect())
}

/// Returns the deliveries of each webhook of the site, and of senders that the file had earlier.
fn webhooks(
    site: &Site,
    hours: &[Timestamp],
    counted: &[HourOfDeliveries],
    observed: Option<&Observed>,
) -> Vec<WebhookDay> {
    let mut senders: BTreeMap<WebhookSender, Option<String>> = BTreeMap::new();
    for one in counted {
        senders.insert(one.sender.clone(), None);
    }
    let platform = format!("/hooks/{}/{}", site.id, site.platform.kind.word());
    senders.insert(WebhookSender::Platform, Some(platform));
    for (name, config) in &site.doors {
        if config.kind.webhook().is_some() {
            let sender = WebhookSender::Doors(name.clone());
            senders.insert(sender, Some(address(&site.id, config.kind, name)));
        }
    }
    let each = senders.into_iter().map(|(sender, address)| {
        let theirs = || counted.iter().filter(|one| one.sender == sender);
        let (mut all, mut of_day) = (DeliveryCounts::default(), DeliveryCounts::default());
        theirs().for_each(|one| all.add(&one.counts));
        let of_hour = |from: Timestamp| {
            let found = theirs().find(|one| one.hour == from);
            let counts = found.map(|one| one.counts).unwrap_or_default();
            DeliveryHour { from, counts }
        };
        let hours: Vec<DeliveryHour> = hours.iter().copied().map(of_hour).collect();
        hours.iter().for_each(|hour| of_day.add(&hour.counts));
        WebhookDay {
            troubles: troubles(&sender, observed),
            sender,
            address,
            hours,
            of_day,
            all,
        }
    });
    each.collect()
}

/// Returns what the last reconcile saw wrong with a webhook.
fn troubles(sender: &WebhookSender, observed: Option<&Observed>) -> Vec<String> {
    let Some(observed) = observed else {
        return Vec::new();
    };
    let found = match sender {
        WebhookSender::Platform => observed.webhooks.as_slice(),
        WebhookSender::Doors(doors) => {
            let here = observed.doors.get(doors);
            here.map(|here| here.webhook.as_slice()).unwrap_or_default()
        }
    };
    found.iter().map(|trouble| trouble.what.clone()).collect()
}

fn platform(site: &Site, read: &PlatformRead) -> PlatformReadState {
    PlatformReadState {
        platform: site.platform.kind,
        whole: read.whole,
        complete: read.complete,
        failing: read.failing,
    }
}

/// Returns how each door system is read. One that does not fail was read by the last reconcile.
fn doors(
    site: &Site,
    observed: Option<&Observed>,
    runs: &Runs,
    read: &PlatformRead,
) -> Vec<DoorsReadState> {
    let last = runs.ended_at.max(read.complete);
    let each = site.doors.iter().map(|(name, config)| {
        let here = observed.and_then(|observed| observed.doors.get(name));
        let failing = here.and_then(|here| here.failing);
        DoorsReadState {
            doors: name.clone(),
            kind: config.kind,
            complete: last.filter(|_| here.is_some() && failing.is_none()),
            failing,
        }
    });
    each.collect()
}

fn reconcile(runs: &Runs, now: Timestamp) -> ReconcileState {
    let lease = runs.lease.as_ref().filter(|lease| lease.until > now);
    ReconcileState {
        running: runs.at.filter(|_| lease.is_some()),
        ended: runs.ended_at,
    }
}
