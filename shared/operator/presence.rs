//! Presence at a site: who came in lately, the first and last opening of each day, and the openings
//! by hour and door. It is computed from access attempts alone.
//!
//! No door system reports whether a person comes or goes. A person therefore counts as inside for
//! some hours after the last opening. The answer says so.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use crate::report::{self, ReportQuery, ReportRow, local_text};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};

/// How long a person counts as inside after an opening, unless the operator says otherwise.
const USUAL: SignedDuration = SignedDuration::from_hours(4);
/// The longest such time.
const LONGEST: SignedDuration = SignedDuration::from_hours(48);

/// The requested summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceQuery {
    /// The summarised report.
    #[serde(flatten)]
    pub report: ReportQuery,
    /// How long a person counts as inside after an opening, such as `4h` or `90m`.
    #[serde(default)]
    pub within: Option<String>,
}

/// The summary of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The instant of the summary.
    pub as_of: Timestamp,
    /// What "inside" means here.
    pub basis: PresenceBasis,
    /// How long a person counts as inside after an opening, in minutes.
    pub within_minutes: i64,
    /// The people who count as inside, the latest first.
    pub inside: Vec<Present>,
    /// The first and the last opening of each person on each local day.
    pub days: Vec<PersonDay>,
    /// The openings of each door in each hour of the local day, over all days.
    pub hours: Vec<DoorHour>,
}

/// What the list of people inside is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceBasis {
    /// An opening within the last hours. No door system reports a direction.
    LastOpening,
}

/// A person who counts as inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// The person.
    #[serde(flatten)]
    pub who: PresentPerson,
    /// The last opening, in local time with its offset.
    pub last: String,
    /// The lock that opened last, by its name or its id.
    pub lock: String,
}

/// A person in a summary. A forgotten person is an account id only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PresentPerson {
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The account, for a person without an address.
    #[serde(default)]
    pub account: Option<AccountId>,
}

/// The first and the last opening of a person on one local day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDay {
    /// The local day.
    pub day: Date,
    /// The person.
    #[serde(flatten)]
    pub who: PresentPerson,
    /// The first opening, in local time with its offset.
    pub first: String,
    /// The last opening.
    pub last: String,
    /// The number of openings.
    pub opened: usize,
}

/// The openings of one door in one hour of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorHour {
    /// The hour of the local day, 0 to 23.
    pub hour: i8,
    /// The door system.
    pub doors: DoorsName,
    /// The lock, by its name or its id.
    pub lock: String,
    /// The number of openings.
    pub opened: usize,
}

/// Returns the summary.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, for invalid days and for an invalid time.
pub async fn presence(
    environment: &Environment,
    site: &SiteId,
    wanted: &PresenceQuery,
) -> Result<Presence> {
    let shown = came_and_went(environment, site, wanted).await?;
    Ok(shown.summary)
}

/// A summary with the report that it is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameAndWent {
    /// The summary.
    pub summary: Presence,
    /// The rows of the report.
    pub rows: Vec<ReportRow>,
}

/// Returns the summary and its report. The access attempts are loaded once.
///
/// # Errors
/// As [`presence`].
pub async fn came_and_went(
    environment: &Environment,
    site: &SiteId,
    wanted: &PresenceQuery,
) -> Result<CameAndWent> {
    let within = within(wanted.within.as_deref())?;
    let site = in_force(environment, site).await?.site()?;
    let rows = report::entries_of(environment, &site, &wanted.report).await?;
    let now = environment.time.now();
    Ok(CameAndWent {
        summary: summary(&rows, &site.timezone, now, within),
        rows,
    })
}

fn within(text: Option<&str>) -> Result<SignedDuration> {
    let Some(text) = text else {
        return Ok(USUAL);
    };
    let parsed = text.parse::<SignedDuration>().ok();
    let fits = |span: &SignedDuration| *span > SignedDuration::ZERO && *span <= LONGEST;
    parsed
        .filter(fits)
        .ok_or_else(|| Error::invalid("write a time of at most 48 hours, such as 4h or 90m"))
}

/// One opening of a door.
struct Opening<'r> {
    at: Timestamp,
    row: &'r ReportRow,
}

/// Summarises the rows of a report. Pure.
fn summary(
    rows: &[ReportRow],
    zone: &TimeZone,
    now: Timestamp,
    within: SignedDuration,
) -> Presence {
    let openings = rows.iter().flat_map(|row| {
        let opened = row.times.iter().filter(|attempt| attempt.refused.is_none());
        opened.map(move |attempt| Opening {
            at: attempt.at,
            row,
        })
    });
    let mut openings: Vec<Opening<'_>> = openings.collect();
    openings.sort_by_key(|opening| opening.at);
    let written = |at: Timestamp| local_text(&at.to_zoned(zone.clone()));
    let mut last: BTreeMap<PresentPerson, &Opening<'_>> = BTreeMap::new();
    let mut days: BTreeMap<(Date, PresentPerson), PersonDay> = BTreeMap::new();
    let mut hours: BTreeMap<(i8, DoorsName, String), usize> = BTreeMap::new();
    for opening in &openings {
        let (row, local) = (opening.row, opening.at.to_zoned(zone.clone()));
        let hour = (local.hour(), row.doors.clone(), lock(row));
        *hours.entry(hour).or_default() += 1;
        let Some(who) = person(row) else {
            continue;
        };
        if now.duration_since(opening.at) <= within && opening.at <= now {
            last.insert(who.clone(), opening);
        }
        let at = local_text(&local);
        let day = days
            .entry((local.date(), who.clone()))
            .or_insert_with(|| PersonDay {
                day: local.date(),
                who,
                first: at.clone(),
                last: at.clone(),
                opened: 0,
            });
        day.last = at;
        day.opened += 1;
    }
    let mut inside: Vec<(PresentPerson, &Opening<'_>)> = last.into_iter().collect();
    inside.sort_by_key(|(_, opening)| Reverse(opening.at));
    let present = |(who, opening): (PresentPerson, &Opening<'_>)| Present {
        who,
        last: written(opening.at),
        lock: lock(opening.row),
    };
    let hour = |((hour, doors, lock), opened)| DoorHour {
        hour,
        doors,
        lock,
        opened,
    };
    Presence {
        as_of: now,
        basis: PresenceBasis::LastOpening,
        within_minutes: within.as_mins(),
        inside: inside.into_iter().map(present).collect(),
        days: days.into_values().collect(),
        hours: hours.into_iter().map(hour).collect(),
    }
}

/// Returns the person of a row; `None` if the door system recognised none. One address is one
/// person, at whatever door system.
fn person(row: &ReportRow) -> Option<PresentPerson> {
    let account = match &row.email {
        Some(_) => None,
        None => Some(row.account.clone()?),
    };
    Some(PresentPerson {
        name: row.name.clone(),
        email: row.email.clone(),
        account,
    })
}

fn lock(row: &ReportRow) -> String {
    row.lock_name.clone().unwrap_or_else(|| row.lock.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(email: Option<&str>, doors: &str, lock: &str, times: &[&str]) -> ReportRow {
        let attempt = |at: &&str| {
            let (at, refused) = at
                .strip_suffix('!')
                .map_or((*at, None), |at| (at, Some("denied")));
            serde_json::json!({ "at": at, "refused": refused })
        };
        serde_json::from_value(serde_json::json!({
            "day": "2026-03-02", "name": email.map(|_| "Ada"), "email": email, "doors": doors,
            "account": "7", "lock": lock, "lock_name": null, "opened": 0, "refused": 0, "reasons": [],
            "times": times.iter().map(attempt).collect::<Vec<_>>(),
        }))
        .unwrap()
    }

    fn told(rows: &[ReportRow], now: &str) -> Presence {
        let zone = TimeZone::get("Europe/London").unwrap();
        summary(rows, &zone, now.parse().unwrap(), USUAL)
    }

    #[test]
    fn v6_a_person_counts_as_inside_for_some_hours_after_an_opening() {
        let rows = [
            row(
                Some("ada@example.test"),
                "main",
                "front",
                &["2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"],
            ),
            row(
                Some("ada@example.test"),
                "studios",
                "side",
                &["2026-03-02T11:00:00Z"],
            ),
            row(
                None,
                "main",
                "front",
                &["2026-03-02T06:00:00Z", "2026-03-02T12:00:00Z!"],
            ),
        ];
        let told = told(&rows, "2026-03-02T12:30:00Z");
        let inside: Vec<(Option<&str>, &str)> = told
            .inside
            .iter()
            .map(|one| (one.who.email.as_deref(), one.lock.as_str()))
            .collect();
        assert_eq!(
            inside,
            [(Some("ada@example.test"), "side")],
            "one person, and no refusal counts"
        );
        let days: Vec<(&str, &str, usize)> = told
            .days
            .iter()
            .map(|day| (day.first.as_str(), day.last.as_str(), day.opened))
            .collect();
        assert_eq!(
            days,
            [
                ("2026-03-02T06:00:00+00:00", "2026-03-02T06:00:00+00:00", 1),
                ("2026-03-02T08:00:00+00:00", "2026-03-02T11:00:00+00:00", 3),
            ]
        );
    }

    #[test]
    fn v6_openings_are_counted_by_local_hour_and_door() {
        // The clocks go forward at 01:00 UTC.
        let times = [
            "2026-03-29T00:30:00Z",
            "2026-03-29T01:30:00Z",
            "2026-03-30T01:10:00Z",
        ];
        let told = told(
            &[row(Some("ada@example.test"), "main", "front", &times)],
            "2026-03-31T00:00:00Z",
        );
        let hours: Vec<(i8, usize)> = told
            .hours
            .iter()
            .map(|hour| (hour.hour, hour.opened))
            .collect();
        assert_eq!(hours, [(0, 1), (2, 2)]);
        assert!(told.inside.is_empty());
    }

    #[test]
    fn v6_a_time_that_is_no_time_is_refused() {
        for text in ["", "soon", "0m", "-1h", "49h"] {
            assert!(within(Some(text)).is_err(), "{text}");
        }
        assert_eq!(within(Some("90m")), Ok(SignedDuration::from_mins(90)));
        assert_eq!(within(None), Ok(USUAL));
    }
}
