//! Explains why a person has, had, will have or lacks each group, at any instant.
//!
//! It finds the person by an address, an id or a profile. It then loads the person's facts, audit
//! records and the rules. It reads no other person's facts and writes to no door system. It reads a
//! door system only where the person may have been added by hand, and only if it is asked to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::called::group_names;
use crate::nearest::{self, in_force};
use crate::view::KnownRules;
use crate::zone::{Zone, zone_name};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::problem::Problem;
use doorstep_core::site::Site;

mod at;
mod by_hand;
mod group;
pub mod past;
mod person;
mod person_context;
mod print;
mod sentence;
pub mod shape;
mod verdict;
pub mod who;

pub use at::instant;
use group::explain_group;
use person::find;
use person_context::PersonContext;
pub use shape::Explained;
use shape::{AccountShown, Tense, Who};

/// The question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainQuery {
    /// The e-mail address of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The id of the person in Doorstep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The profile of the person at the platform: `member:603d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Only this group, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The instant; left out: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Where an answer about a membership that was added by hand comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The table alone: what the last reconcile saw.
    Table,
    /// The door systems, which are read.
    Doors,
}

/// Explains each group of a person. Reads a door system where the person may have been added by
/// hand. Returns `None` where no person matches.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, and for a person, a group or an instant that cannot be
/// parsed.
pub async fn explain(
    environment: &Environment,
    site: &SiteId,
    wanted: &ExplainQuery,
) -> Result<Option<Explained>> {
    explain_within(environment, site, wanted, Reach::Doors).await
}

/// Explains each group of a person within a reach. Returns `None` where no person matches.
///
/// # Errors
/// As [`explain()`].
pub async fn explain_within(
    environment: &Environment,
    site: &SiteId,
    wanted: &ExplainQuery,
    reach: Reach,
) -> Result<Option<Explained>> {
    let now = environment.time.now();
    let stored = in_force(environment, site).await?;
    let site = stored.site()?;
    let at = instant(wanted.at.as_deref(), now, &site.timezone)?;
    let Some(person) = find(environment, &site.id, wanted).await? else {
        return Ok(None);
    };
    let book = Book {
        reach,
        ..Book::of(environment, &stored, site, at, now).await?
    };
    let file = PersonContext::of(environment, &book, person).await?;
    let groups = book.groups(&file, wanted.group.as_deref())?;
    let mut explained = Vec::new();
    for at in groups {
        explained.push(explain_group(environment, &book, &file, &at).await?);
    }
    Ok(Some(book.told(&file, explained)))
}

/// The part of an explanation that is the same for every person of the site.
pub(crate) struct Book {
    /// The site file in force.
    site: Site,
    /// The rules, with the ids of their names.
    rules: KnownRules,
    /// The names of the groups.
    names: BTreeMap<GroupRef, String>,
    /// Why Doorstep does not act although the file requires it.
    remarks: Vec<String>,
    paused: bool,
    stale: bool,
    at: Timestamp,
    now: Timestamp,
    reach: Reach,
    /// The time zone in which texts name instants.
    zone: Zone,
}

impl Book {
    async fn of(
        environment: &Environment,
        stored: &SiteVersion,
        site: Site,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Self> {
        let rules = KnownRules::of(environment, &site).await?;
        let names = group_names(environment, &site.id, site.doors.keys()).await?;
        let stale = environment
            .store
            .platform_read(&site.id)
            .await?
            .is_stale(now);
        let mut remarks = stored.remarks(&site.id);
        if stale {
            remarks.push(Problem::PlatformUnread.to_string());
        }
        remarks.extend(rules.resolved().problems.iter().map(ToString::to_string));
        let paused = stored.paused.is_some() || stored.observing;
        let zone = Zone::of(&site.timezone);
        Ok(Book {
            site,
            rules,
            names,
            remarks,
            paused,
            stale,
            at,
            now,
            reach: Reach::Doors,
            zone,
        })
    }

    /// Returns whether the file protects an account. A reconcile does not list such memberships.
    fn protects(&self, doors: &DoorsName, linked: &Linked) -> bool {
        let config = self.site.doors.get(doors);
        let email = linked.account.email.as_deref();
        config
            .zip(email)
            .is_some_and(|(config, email)| config.protects(email))
    }

    fn tense(&self) -> Tense {
        match self.at.cmp(&self.now) {
            std::cmp::Ordering::Less => Tense::Past,
            std::cmp::Ordering::Equal => Tense::Present,
            std::cmp::Ordering::Greater => Tense::Future,
        }
    }

    /// Returns the groups to explain: the groups that a rule opens, and the groups that the person
    /// ever had.
    fn groups(&self, file: &PersonContext, only: Option<&str>) -> Result<BTreeSet<GroupRef>> {
        let mut groups: BTreeSet<GroupRef> = self.rules.ruled(&self.site).collect();
        groups.extend(
            file.person
                .claims
                .iter()
                .map(|claim| GroupRef::new(&claim.doors, &claim.group)),
        );
        let done = file.done.iter().map(|record| &record.action);
        let done =
            done.filter_map(|action| Some(GroupRef::new(&action.doors, action.group.as_ref()?)));
        groups.extend(done);
        let Some(only) = only.filter(|only| !only.is_empty()) else {
            return Ok(groups);
        };
        let known: Vec<_> = self.names.keys().cloned().chain(groups).collect();
        let chosen: BTreeSet<_> = known
            .into_iter()
            .filter(|group| self.is_called(group, only))
            .collect();
        if chosen.is_empty() {
            return Err(self.no_group(only));
        }
        Ok(chosen)
    }

    /// Returns the error of a word that is no group's name or id.
    fn no_group(&self, word: &str) -> Error {
        let known: Vec<&str> = self.names.values().map(String::as_str).collect();
        let advice = nearest::advice(word, &known);
        Error::invalid(format!(
            "no group here has the name or id \"{word}\": {advice}"
        ))
    }

    /// Returns whether a group has this id or name, alone or after its door system's name:
    /// `main/Members`.
    fn is_called(&self, group: &GroupRef, only: &str) -> bool {
        let GroupRef { doors, group: id } = group;
        let name = self.names.get(group).map_or("", String::as_str);
        let behind = only
            .strip_prefix(doors.as_str())
            .and_then(|rest| rest.strip_prefix('/'));
        [Some(only), behind]
            .into_iter()
            .flatten()
            .any(|word| word == id.0 || word.eq_ignore_ascii_case(name))
    }

    fn told(&self, file: &PersonContext, groups: Vec<shape::GroupExplained>) -> Explained {
        let person = &file.person;
        let mut remarks = self.remarks.clone();
        remarks.extend(file.id().is_none().then(|| {
            "this person never had access: the answer contains only the platform's data, and there are no records"
                .to_owned()
        }));
        Explained {
            site: self.site.id.clone(),
            timezone: zone_name(&self.site.timezone),
            at: self.at,
            tense: self.tense(),
            as_of: self.now,
            mode: self.site.mode.word().to_owned(),
            remarks,
            person: Who {
                id: file.id(),
                email: person.email.clone(),
                name: file.person_facts.name().map(str::to_owned),
                profiles: person.profiles.iter().map(ToString::to_string).collect(),
                accounts: person
                    .accounts
                    .iter()
                    .map(|(doors, linked)| AccountShown::of(doors, linked))
                    .collect(),
            },
            groups,
            problems: person
                .problems
                .iter()
                .chain(&file.problems)
                .map(ToString::to_string)
                .collect(),
            next: person.next,
        }
    }
}
