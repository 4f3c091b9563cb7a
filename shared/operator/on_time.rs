//! The on-time record: how many grants and revokes were in time, for each local day. It is computed
//! from the audit chain, of which only the requested days are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::called::Called;
use crate::nearest::in_force;
use crate::zone::{span_of_days, zone_name};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::audit::{AuditAction, Record};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};

/// Maximum delay of a grant (I2).
pub const TO_OPEN: SignedDuration = SignedDuration::from_secs(90);
/// Maximum delay of a revoke (I1).
pub const TO_CLOSE: SignedDuration = SignedDuration::from_mins(2);
/// Maximum number of days in one request.
const MOST_DAYS: usize = 400;
/// Maximum number of late changes of one day that are listed, the latest first.
const MOST_LATE: usize = 20;

/// The requested days. Days are local, and both ends are included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTimeQuery {
    /// One day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The first day; by default six days before the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day; by default today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The on-time record of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTimeRecord {
    /// The site.
    pub site: SiteId,
    /// The site's time zone, in which days are counted.
    pub timezone: String,
    /// The maximum delay of a grant in seconds.
    pub to_open: i64,
    /// The maximum delay of a revoke in seconds.
    pub to_close: i64,
    /// The days, including those without changes.
    pub days: Vec<OnTimeDay>,
}

/// The record of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnTimeDay {
    /// The local day.
    pub day: Date,
    /// The grants.
    pub opened: Count,
    /// The revokes.
    pub closed: Count,
    /// The number of changes whose audit record has no due time, because an older version wrote it.
    pub undated: usize,
    /// The late changes, the latest first.
    pub late: Vec<LateChange>,
}

/// A number of changes, and their delays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All changes.
    pub all: usize,
    /// The changes in time.
    pub on_time: usize,
    /// The longest delay in seconds.
    pub latest: i64,
}

/// A late change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateChange {
    /// The place in the audit chain.
    pub seq: u64,
    /// True for a grant, false for a revoke.
    pub opened: bool,
    /// When it was due.
    pub due: Timestamp,
    /// When it was applied.
    pub at: Timestamp,
    /// The delay in seconds.
    pub seconds: i64,
    /// The person id.
    pub person: PersonId,
    /// The name of the person, with the address if there is one.
    #[serde(default)]
    pub name: Option<String>,
    /// The door system.
    pub doors: DoorsName,
    /// The account.
    pub account: AccountId,
    /// The group.
    pub group: Option<GroupId>,
    /// The name of the group.
    #[serde(default)]
    pub group_name: Option<String>,
    /// The reason of the change.
    pub because: String,
    /// The reason of the delay, if one was stored.
    pub delay: Option<String>,
}

/// Returns the on-time record of some days.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site and for invalid days.
pub async fn on_time(
    environment: &Environment,
    site: &SiteId,
    wanted: &OnTimeQuery,
) -> Result<OnTimeRecord> {
    let site = in_force(environment, site).await?.file()?;
    let now = environment.time.now();
    let (first, last) = wanted.days(&site.timezone, now)?;
    let (from, until) = span_of_days(&site.timezone, first, last)?;
    let records = environment
        .store
        .audit_between(&site.id, from, until)
        .await?;
    let mut days = days(&records, &site.timezone, first, last);
    name_late(environment, &site.id, &mut days).await?;
    Ok(OnTimeRecord {
        site: site.id,
        timezone: zone_name(&site.timezone),
        to_open: TO_OPEN.as_secs(),
        to_close: TO_CLOSE.as_secs(),
        days,
    })
}

/// Adds the names of people and groups to the late changes.
async fn name_late(environment: &Environment, site: &SiteId, days: &mut [OnTimeDay]) -> Result<()> {
    let late = || days.iter().flat_map(|day| &day.late);
    let people: BTreeSet<PersonId> = late().map(|one| one.person.clone()).collect();
    let doors = late().map(|one| one.doors.clone()).collect();
    if people.is_empty() {
        return Ok(());
    }
    let called = Called::of(environment, site, people, &doors).await?;
    for one in days.iter_mut().flat_map(|day| &mut day.late) {
        one.name = called.person(&one.person, &one.doors);
        let group = one.group.as_ref();
        one.group_name = group.and_then(|group| called.group(&one.doors, group));
    }
    Ok(())
}

impl OnTimeQuery {
    fn days(&self, zone: &TimeZone, now: Timestamp) -> Result<(Date, Date)> {
        let read = |text: &String| {
            text.trim()
                .parse::<Date>()
                .map_err(|_| Error::invalid("write days such as 2026-03-02"))
        };
        if let Some(day) = &self.day {
            if self.from.is_some() || self.until.is_some() {
                return Err(Error::invalid(
                    "write either one day, or the first and the last",
                ));
            }
            return read(day).map(|day| (day, day));
        }
        let last = self
            .until
            .as_ref()
            .map(read)
            .transpose()?
            .unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let week_before = || last.checked_sub(jiff::Span::new().days(6)).unwrap_or(last);
        let first = self
            .from
            .as_ref()
            .map(read)
            .transpose()?
            .unwrap_or_else(week_before);
        if first > last {
            return Err(Error::invalid(
                "the last day is before the first: write the earlier day as the first",
            ));
        }
        let count = first.until(last).map_or(0, |span| span.get_days());
        if usize::try_from(count).unwrap_or(0) >= MOST_DAYS {
            return Err(Error::invalid(format!(
                "too many days: ask for at most {MOST_DAYS}"
            )));
        }
        Ok((first, last))
    }
}

/// Returns each day from the first to the last. Pure.
fn days(records: &[Record], zone: &TimeZone, first: Date, last: Date) -> Vec<OnTimeDay> {
    let of = first
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= last);
    let mut days: BTreeMap<Date, OnTimeDay> = of.map(|day| (day, OnTimeDay::of(day))).collect();
    for record in records {
        if let Some(day) = days.get_mut(&record.at.to_zoned(zone.clone()).date()) {
            day.add(record);
        }
    }
    let mut days: Vec<OnTimeDay> = days.into_values().collect();
    for day in &mut days {
        day.late.sort_by_key(|late| (-late.seconds, late.seq));
        day.late.truncate(MOST_LATE);
    }
    days
}

impl OnTimeDay {
    fn of(day: Date) -> Self {
        OnTimeDay {
            day,
            opened: Count::default(),
            closed: Count::default(),
            undated: 0,
            late: Vec::new(),
        }
    }

    fn add(&mut self, record: &Record) {
        let (count, bound, opened) = match record.action.what {
            AuditAction::Granted => (&mut self.opened, TO_OPEN, true),
            AuditAction::Revoked => (&mut self.closed, TO_CLOSE, false),
            _ => return,
        };
        let Some(due) = record.action.due else {
            self.undated += 1;
            return;
        };
        let took = record.at.duration_since(due);
        count.all += 1;
        count.latest = count.latest.max(took.as_secs());
        if took <= bound {
            count.on_time += 1;
            return;
        }
        self.late.push(LateChange {
            seq: record.seq,
            opened,
            due,
            at: record.at,
            seconds: took.as_secs(),
            person: record.person.clone(),
            name: None,
            group_name: None,
            doors: record.action.doors.clone(),
            account: record.action.account.clone(),
            group: record.action.group.clone(),
            because: record.action.because.clone(),
            delay: record.action.delay.clone(),
        });
    }
}

impl fmt::Display for OnTimeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = (self.to_open, self.to_close);
        write!(
            f,
            "{}: grants within {open} s and revokes within {close} s of their due time",
            self.site
        )?;
        for OnTimeDay {
            day,
            opened,
            closed,
            undated,
            late,
        } in &self.days
        {
            write!(f, "\n{day}  opened {} of {}", opened.on_time, opened.all)?;
            write!(f, ", closed {} of {} in time", closed.on_time, closed.all)?;
            if opened.all + closed.all > 0 {
                write!(f, "; at most {} s late", opened.latest.max(closed.latest))?;
            }
            if *undated > 0 {
                write!(f, "; {undated} without a time")?;
            }
            for one in late {
                let word = if one.opened { "opened" } else { "closed" };
                let delay = one
                    .delay
                    .as_deref()
                    .map(|delay| format!("; {delay}"))
                    .unwrap_or_default();
                let (doors, seconds) = (&one.doors, one.seconds);
                let group = one.group.as_ref().map(ToString::to_string);
                let group = one.group_name.clone().or(group).unwrap_or_default();
                let name = one.name.as_deref().unwrap_or(one.person.as_str());
                write!(
                    f,
                    "\n  ! {word} {doors}/{group} for {name} {seconds} s late (record {}): {}{delay}",
                    one.seq, one.because
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "on_time_tests.rs"]
mod tests;
