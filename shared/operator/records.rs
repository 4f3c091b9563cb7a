//! The audit records of one local day with the names of people and groups, and the state of the
//! chain. No vendor is asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::called::Called;
use crate::nearest::in_force;
use crate::zone::{span_of_days, zone_name};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::audit::{Record, Verdict};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The most records of one day that are returned, the latest of them.
const MOST: usize = 500;

/// The audit records of one local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayRecords {
    /// The site.
    pub site: SiteId,
    /// The IANA name of its time zone, in which the day is counted.
    pub timezone: String,
    /// The instant of the answer.
    pub as_of: Timestamp,
    /// The day.
    pub day: Date,
    /// The records, oldest first.
    pub records: Vec<NamedRecord>,
    /// The number of earlier records of the day that are left out.
    pub left_out: usize,
}

/// A record with the names that it does not contain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedRecord {
    /// The record.
    #[serde(flatten)]
    pub record: Record,
    /// The name of the person, with the address if there is one.
    pub name: Option<String>,
    /// The name of the group.
    pub group_name: Option<String>,
}

/// The state of the whole chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainState {
    /// The result of the verification.
    pub verdict: Verdict,
    /// When the first record was written.
    pub since: Option<Timestamp>,
}

/// Loads the records of a local day, by default today.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn records(
    environment: &Environment,
    site: &SiteId,
    day: Option<Date>,
) -> Result<DayRecords> {
    let site = in_force(environment, site).await?.file()?;
    let now = environment.time.now();
    let zone = &site.timezone;
    let day = day.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
    let (from, until) = span_of_days(zone, day, day)?;
    let mut found = environment
        .store
        .audit_between(&site.id, from, until)
        .await?;
    let left_out = found.len().saturating_sub(MOST);
    found.drain(..left_out);
    Ok(DayRecords {
        timezone: zone_name(zone),
        as_of: now,
        day,
        records: named(environment, &site.id, found).await?,
        left_out,
        site: site.id,
    })
}

async fn named(
    environment: &Environment,
    site: &SiteId,
    records: Vec<Record>,
) -> Result<Vec<NamedRecord>> {
    let people: BTreeSet<_> = records.iter().map(|record| record.person.clone()).collect();
    let doors = records.iter().map(|record| record.action.doors.clone());
    let called = Called::of(environment, site, people, &doors.collect()).await?;
    let named = |record: Record| {
        let doors = &record.action.doors;
        let group = record.action.group.as_ref();
        NamedRecord {
            name: called.person(&record.person, doors),
            group_name: group.and_then(|group| called.group(doors, group)),
            record,
        }
    };
    Ok(records.into_iter().map(named).collect())
}

/// Verifies the whole chain. Reads every record.
///
/// # Errors
/// As [`crate::view::verify_audit`].
pub async fn chain(environment: &Environment, site: &SiteId) -> Result<ChainState> {
    let verdict = crate::view::verify_audit(environment, site, None).await?;
    let first = environment.store.audit_items(site, 1..=1).await?;
    let first: Option<Record> = first
        .into_iter()
        .find_map(|item| serde_json::from_value(item).ok());
    Ok(ChainState {
        verdict,
        since: first.map(|record| record.at),
    })
}
