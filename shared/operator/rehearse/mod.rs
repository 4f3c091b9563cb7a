//! Rehearses a changed site file: replays a local day through it and through the file in force. It
//! reads the stored facts, calls no vendor and writes nothing. The comparison is pure, see
//! `compare`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use crate::preview::diff::ShownPerson;
use crate::zone::zone_name;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{HORIZON, Rules};
use doorstep_core::model::account::{Group, GroupRef};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::reasons::ClosedReason;
use doorstep_core::model::window::Window;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{Finding, Site};
use doorstep_jobs::compare::facts::FactIndex;

mod compare;
mod print;

use compare::{RuleChange, compare};

/// How long the facts of ended bookings and check-ins are stored: `comparison::platform` deletes
/// them after that.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The result of a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The site, if the file could be parsed.
    pub site: Option<String>,
    /// The version in force, with which the file was compared.
    pub version: Option<u64>,
    /// The local day.
    pub day: Option<Date>,
    /// The time zone of the file. The day is counted and printed in it.
    pub timezone: String,
    /// The findings of the file. With findings nothing is rehearsed.
    pub findings: Vec<Finding>,
    /// The people whose access would differ, sorted by door system, group and person.
    pub changes: Vec<AccessDifference>,
    /// Problems for the operator.
    pub problems: Vec<String>,
}

/// One interval of the day in which one person's access would differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessDifference {
    /// The door system.
    pub doors: DoorsName,
    /// The group.
    pub group: String,
    /// The group's name.
    pub name: String,
    /// The person.
    pub who: ShownPerson,
    /// Whether the person has access by the new file only, or by the file in force only.
    pub what: DifferenceKind,
    /// The begin of the interval, at the earliest the begin of the day.
    pub from: Timestamp,
    /// The end of the interval, at the latest the end of the day.
    pub until: Timestamp,
    /// The reason of the access: facts by their ids, and the rule with its line in the file that
    /// grants it.
    pub because: String,
    /// The closure behind the difference: of the new file for lost access, of the file in force for
    /// gained access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedReason>,
}

/// The direction of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// The person would have had access, and had none.
    Gains,
    /// The person had access, and would have had none.
    Loses,
}

/// One site file with its resolved names.
struct RehearsedSite {
    site: Site,
    resolved: Resolved,
}

impl RehearsedSite {
    fn rules<'a>(&'a self, catalogue: &'a Catalogue) -> Rules<'a> {
        Rules {
            site: &self.site,
            resolved: &self.resolved,
            catalogue,
        }
    }
}

/// Replays `day`, by default yesterday, through the site file `text` and through the file in force.
/// It uses the current facts of that day: bookings that were cancelled or changed since count as
/// they are now.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, for another platform than that of the file in force, and
/// for a day whose facts are deleted or not read yet.
pub async fn rehearse(
    environment: &Environment,
    text: &str,
    day: Option<Date>,
) -> Result<Rehearsal> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => {
            return Ok(Rehearsal {
                findings: error.into(),
                ..Rehearsal::default()
            });
        }
    };
    let stored = in_force(environment, &site.id).await?;
    let before = stored.file()?;
    if (site.platform.kind, &site.platform.organization)
        != (before.platform.kind, &before.platform.organization)
    {
        return Err(Error::invalid(
            "the file names another platform than the one in force, and no data of its days is stored",
        ));
    }
    let (day, window) = chosen(&site, day, environment.time.now())?;
    let known = known(environment, &site).await?;
    let catalogue = Catalogue::of(known.facts());
    let people = environment.store.all_people(&site.id).await?.known;
    let mut problems = Vec::new();
    let (after, groups) = side(environment, site, &catalogue, &mut problems).await?;
    // The findings of the file in force are known already.
    let (before, old_groups) = side(environment, before, &catalogue, &mut Vec::new()).await?;
    let names = old_groups
        .into_iter()
        .chain(groups)
        .flat_map(|(doors, groups)| {
            groups
                .into_iter()
                .map(move |group| (GroupRef::new(&doors, &group.id), group.name))
                .collect::<Vec<_>>()
        });
    let rules = RuleChange {
        before: before.rules(&catalogue),
        after: after.rules(&catalogue),
    };
    let changes = compare(rules, &known, &people, window, &names.collect());
    Ok(Rehearsal {
        version: Some(stored.n),
        day: Some(day),
        timezone: zone_name(&after.site.timezone),
        site: Some(after.site.id.into()),
        findings: Vec::new(),
        changes,
        problems,
    })
}

/// Returns the day and its window; by default yesterday.
fn chosen(site: &Site, day: Option<Date>, now: Timestamp) -> Result<(Date, Window)> {
    let nowhere = |_| Error::invalid("this day does not exist");
    let zone = &site.timezone;
    let today = now.to_zoned(zone.clone()).date();
    let day = match day {
        Some(day) => day,
        None => today.checked_sub(1.day()).map_err(nowhere)?,
    };
    let first = |day: Date| {
        day.to_zoned(zone.clone())
            .map(|first| first.timestamp())
            .map_err(nowhere)
    };
    let (from, until) = (
        first(day)?,
        first(day.checked_add(1.day()).map_err(nowhere)?)?,
    );
    let oldest = now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    let furthest = now.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    if from < oldest || until > furthest {
        let local = |at: Timestamp| at.to_zoned(zone.clone()).date();
        // The facts of the first and the last day are incomplete.
        let (earliest, latest) = (
            local(oldest).checked_add(1.day()),
            local(furthest).checked_sub(1.day()),
        );
        return Err(Error::invalid(format!(
            "{day} cannot be rehearsed: ended bookings are known for three days and coming ones for sixty, so write a day \
             from {} to {}",
            earliest.map_err(nowhere)?,
            latest.map_err(nowhere)?
        )));
    }
    Ok((
        day,
        Window {
            from,
            until: Some(until),
        },
    ))
}

/// Loads all facts of the platform.
async fn known(environment: &Environment, site: &Site) -> Result<FactIndex> {
    if environment
        .store
        .platform_read(&site.id)
        .await?
        .whole
        .is_none()
    {
        return Err(Error::invalid(
            "the platform was not read completely yet, so no day is known: wait for a reconcile",
        ));
    }
    let mut known = FactIndex::default();
    for kind in Kind::ALL {
        environment
            .store
            .facts_of(&site.id, kind)
            .await?
            .iter()
            .for_each(|record| known.put(record));
    }
    Ok(known)
}

type Groups = BTreeMap<DoorsName, Vec<Group>>;

/// Resolves a file's names with the read states of its door systems. Unresolved names are problems.
async fn side(
    environment: &Environment,
    site: Site,
    catalogue: &Catalogue,
    problems: &mut Vec<String>,
) -> Result<(RehearsedSite, Groups)> {
    let mut groups = Groups::new();
    for (name, config) in &site.doors {
        match environment
            .store
            .doors_read(&site.id, name)
            .await?
            .filter(|read| read.is_of(config))
        {
            Some(read) => drop(groups.insert(name.clone(), read.groups)),
            None => problems.push(format!(
                "{name}: this door system was never read, so its rules open nothing here"
            )),
        }
    }
    let before = environment.store.resolved(&site.id).await?;
    let resolved = resolve(&site, catalogue, &groups, before.as_ref());
    problems.extend(resolved.problems.iter().map(ToString::to_string));
    Ok((RehearsedSite { site, resolved }, groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_day(day: Option<&str>) -> Result<(Date, Window)> {
        let text = include_str!("../../../infra/sites/riverside.toml");
        let site = Site::parse(text).expect("a site file");
        let now = "2026-03-30T00:30:00+01:00".parse().expect("an instant");
        chosen(&site, day.map(|day| day.parse().expect("a day")), now)
    }

    #[test]
    fn a_day_is_a_local_day_and_one_that_no_one_remembers_is_refused() {
        let (day, window) = chosen_day(None).expect("yesterday");
        assert_eq!(day.to_string(), "2026-03-29", "by the site's own clock");
        let length = window.until.expect("an end").duration_since(window.from);
        assert_eq!(
            length,
            SignedDuration::from_hours(23),
            "the clocks went forward"
        );
        for far in ["2026-03-20", "1900-01-01", "9999-12-31", "2026-05-30"] {
            let refused = chosen_day(Some(far)).expect_err(far);
            assert!(matches!(refused, Error::Invalid(_)), "{refused}");
        }
        let refused = chosen_day(Some("2026-03-20"))
            .expect_err("long ago")
            .to_string();
        assert!(
            refused.ends_with("so write a day from 2026-03-27 to 2026-05-28"),
            "{refused}"
        );
        for day in ["2026-03-27", "2026-05-28"] {
            assert!(chosen_day(Some(day)).is_ok(), "{day}");
        }
    }
}
