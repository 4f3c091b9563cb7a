//! Explains why a person has, had, will have or lacks each group, at any instant.
//!
//! It finds the person by an address, an id or a profile. It then loads the person's facts, audit
//! records and the rules. It reads no other person's facts and writes to no door system. It reads a
//! door system only where the person may have been added by hand, and only if it is asked to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::called::group_names;
use crate::last_read::LastRead;
use crate::nearest::{self, in_force};
use crate::view::KnownRules;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::decide::entitlement::{ClosedEntitlement, Entitlement, PersonFacts, derive};
use doorstep_core::decide::group::is_valid;
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::account::{AccountId, GroupMember, GroupRef};
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Site;
use doorstep_jobs::settle::load_facts;
use doorstep_vendors::access::Share;

mod at;
mod group;
pub mod past;
mod person;
mod print;
mod sentence;
pub mod shape;
pub mod who;
mod zone;

pub use at::instant;
use group::explain_group;
use person::find;
pub use shape::Explained;
use shape::{AccountShown, SeenByHand, Tense, Who};
use zone::ExplainZone;

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
    zone: ExplainZone,
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
        let zone = ExplainZone::of(&site.timezone);
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
            timezone: self.site.timezone.iana_name().unwrap_or("UTC").to_owned(),
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

/// The data of one person.
pub(crate) struct PersonContext {
    person: Person,
    person_facts: PersonFacts,
    /// The person's entitlements around the instant.
    entitlements: Vec<Entitlement>,
    /// What would be open if the site were not closed.
    closed: Vec<ClosedEntitlement>,
    /// The problems of the person's facts, if the person was never settled.
    problems: Vec<Problem>,
    /// The facts that the explanation names, as they are stored. Facts that are gone are included.
    facts: BTreeMap<FactId, FactRecord>,
    /// The person's audit records, oldest first.
    done: Vec<Record>,
    /// The person's changes that wait for an approval, each with its hold.
    held: Vec<(UnconfirmedChange, Hold)>,
}

impl PersonContext {
    async fn of(environment: &Environment, book: &Book, person: Person) -> Result<Self> {
        let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
        let (person_facts, _) = load_facts(environment, &book.site.id, &profiles).await?;
        let derived = derive(book.rules.by(&book.site), &person_facts, book.at);
        let done = match person.id.is_empty() {
            true => Vec::new(),
            false => environment.store.audit_of(&book.site.id, &person).await?,
        };
        let mut spoken: BTreeSet<FactId> = profiles.into_iter().collect();
        spoken.extend(
            derived
                .entitlements
                .iter()
                .flat_map(|one| one.because.iter().cloned()),
        );
        spoken.extend(
            person
                .claims
                .iter()
                .flat_map(|claim| claim.basis.iter().map(|basis| basis.fact.clone())),
        );
        spoken.extend(
            done.iter()
                .rev()
                .take(MOST_RECORDS)
                .flat_map(|record| record.action.facts.iter().cloned()),
        );
        let spoken: Vec<FactId> = spoken.into_iter().collect();
        let facts = environment.store.facts(&book.site.id, &spoken).await?;
        let facts = facts
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect();
        let problems = if person.id.is_empty() {
            derived.problems
        } else {
            Vec::new()
        };
        let held = held(environment, book, &person).await?;
        Ok(PersonContext {
            person,
            person_facts,
            entitlements: derived.entitlements,
            closed: derived.closed,
            problems,
            facts,
            done,
            held,
        })
    }

    fn id(&self) -> Option<PersonId> {
        Some(self.person.id.clone()).filter(|id| !id.is_empty())
    }
}

/// Loads the person's changes that wait for an approval. Holds are few, so all are read.
async fn held(
    environment: &Environment,
    book: &Book,
    person: &Person,
) -> Result<Vec<(UnconfirmedChange, Hold)>> {
    if book.tense() != Tense::Present {
        return Ok(Vec::new());
    }
    let theirs = |change: &UnconfirmedChange| match change {
        UnconfirmedChange::Leaves { doors, account, .. }
        | UnconfirmedChange::Card { doors, account, .. }
        | UnconfirmedChange::Rests { doors, account } => {
            let linked = person
                .accounts
                .get(doors)
                .is_some_and(|linked| linked.account.id == *account);
            linked
                || person
                    .claims
                    .iter()
                    .any(|claim| claim.doors == *doors && claim.account == *account)
        }
        UnconfirmedChange::Made { profile, .. } | UnconfirmedChange::Moves { profile, .. } => {
            person.profiles.contains(profile)
        }
    };
    let mut held = Vec::new();
    for hold in environment.store.open_holds(&book.site.id).await? {
        let waiting = environment.store.waiting(&hold).await?;
        let changes = waiting
            .into_iter()
            .map(|waiting| waiting.change)
            .filter(theirs);
        held.extend(changes.map(|change| (change, hold.clone())));
    }
    Ok(held)
}

/// The most records of one person that are searched for facts that are gone.
const MOST_RECORDS: usize = 50;

/// Returns whether the account was added to the group by hand, because no claim shows it. Returns
/// `None` where that is not known: a door system that does not answer, or one that no reconcile read.
async fn by_hand(
    environment: &Environment,
    book: &Book,
    person: &Person,
    at: &GroupRef,
) -> Result<Option<SeenByHand>> {
    let Some(linked) = person.accounts.get(&at.doors) else {
        return Ok(None);
    };
    let account = &linked.account.id;
    match book.reach {
        Reach::Table if book.protects(&at.doors, linked) => Ok(None),
        Reach::Table => observed(environment, &book.site, at, account).await,
        Reach::Doors => Ok(read(environment, book, at, account).await),
    }
}

/// Asks the door system.
async fn read(
    environment: &Environment,
    book: &Book,
    at: &GroupRef,
    account: &AccountId,
) -> Option<SeenByHand> {
    let (reader, _) = environment
        .doors(&book.site, &at.doors, Share::Settle)
        .await
        .ok()?;
    let rows = reader.rows(&at.group).await.ok()?;
    let theirs = |row: &GroupMember| row.account == *account && is_valid(row, book.now);
    Some(SeenByHand {
        at: book.now,
        inside: rows.iter().any(theirs),
    })
}

/// Returns what the last reconcile saw.
async fn observed(
    environment: &Environment,
    site: &Site,
    group: &GroupRef,
    account: &AccountId,
) -> Result<Option<SeenByHand>> {
    let Some(last) = LastRead::of(environment, &site.id).await? else {
        return Ok(None);
    };
    let seen = |at| SeenByHand {
        at,
        inside: last.by_hand(&group.doors, &group.group, account).is_some(),
    };
    Ok(last.at(&group.doors).map(seen))
}
