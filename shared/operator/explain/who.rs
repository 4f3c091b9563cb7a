//! The members of one group at an instant: Doorstep's own with the reason, foreign ones, protected
//! ones. The present comes from the door system's list, the past from the audit records, the future
//! from the present facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::group::reason_at;
use super::past::{held, suspended};
use super::person_context::PersonContext;
use super::shape::Tense;
use super::{Book, instant};
use crate::nearest::in_force;
use crate::zone::zone_name;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::people::People;
use doorstep_core::decide::entitlement::{Derived, derive};
use doorstep_core::decide::group::is_valid;
use doorstep_core::model::account::{Account, AccountId, GroupId, GroupMember, GroupRef, Standing};
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, What};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_jobs::settle::load_facts;
use doorstep_vendors::access::Share;

/// How many people are evaluated at the same time.
const AT_ONCE: usize = 16;

/// The question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoQuery {
    /// The group, by name or id; `main/Members` where several door systems have one of this name.
    pub group: String,
    /// The instant; left out: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The origin of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// Doorstep's: it added the person, or adopted the membership.
    Ours,
    /// A protected person's. Doorstep never revokes it.
    Protected,
    /// Foreign: the person was added by hand.
    Foreign,
    /// Doorstep has a claim, but the door system does not list the person, who was removed by hand.
    Missing,
    /// Expected: the present facts will open it.
    Expected,
}

/// One person in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonInGroup {
    /// The origin of the membership.
    pub whose: Whose,
    /// The person's name: the platform's, else the door system's.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The id of the person in Doorstep.
    pub person: Option<PersonId>,
    /// The account.
    pub account: Option<AccountId>,
    /// The instant from which the membership exists, where it is known.
    pub since: Option<Timestamp>,
    /// The end of the membership at the door system.
    pub until: Option<Timestamp>,
    /// The reason, for Doorstep's and expected memberships.
    pub because: Option<String>,
    /// Whether the account is suspended, also for lack of a seat, so that it opens nothing.
    pub suspended: bool,
}

/// The members of a group at an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The site.
    pub site: SiteId,
    /// The site's time zone.
    pub timezone: String,
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group.
    pub name: Option<String>,
    /// The instant.
    pub at: Timestamp,
    /// The position of the instant relative to now. Foreign members are known only for the present.
    pub tense: Tense,
    /// Why Doorstep does not act although the file requires it.
    pub remarks: Vec<String>,
    /// The members.
    pub people: Vec<PersonInGroup>,
}

/// Returns the members of a group at an instant.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site or group; [`Error::Retry`] where the door system does not
/// answer.
pub async fn who(environment: &Environment, site: &SiteId, wanted: &WhoQuery) -> Result<Told> {
    let now = environment.time.now();
    let stored = in_force(environment, site).await?;
    let site = stored.site()?;
    let at = instant(wanted.at.as_deref(), now, &site.timezone)?;
    let book = Book::of(environment, &stored, site, at, now).await?;
    let at_group = book.one_group(&wanted.group)?;
    let GroupRef { doors, group } = &at_group;
    let People {
        known: all_people,
        unreadable,
    } = environment.store.all_people(&book.site.id).await?;
    let mut people = match book.tense() {
        Tense::Present => present(environment, &book, &all_people, doors, group).await?,
        Tense::Past => past(environment, &book, &all_people, doors, group).await?,
        Tense::Future => future(environment, &book, all_people, doors, group).await?,
    };
    name_them(environment, &book, &mut people).await?;
    people.sort();
    let unknown = unreadable.len();
    let unknown = (unknown > 0).then(|| {
        format!(
            "{unknown} people of this site cannot be read from the table: their memberships in this group are \
             unknown, and their accounts are shown as foreign. See `doorstep doctor`"
        )
    });
    Ok(Told {
        site: book.site.id.clone(),
        timezone: zone_name(&book.site.timezone),
        name: book.names.get(&at_group).cloned(),
        doors: at_group.doors,
        group: at_group.group,
        at,
        tense: book.tense(),
        remarks: book.remarks.iter().cloned().chain(unknown).collect(),
        people,
    })
}

impl Book {
    /// Finds the one group with this name or id.
    fn one_group(&self, word: &str) -> Result<GroupRef> {
        let known: BTreeSet<_> = self
            .names
            .keys()
            .cloned()
            .chain(self.rules.ruled(&self.site))
            .collect();
        let mut meant = known
            .into_iter()
            .filter(|group| self.is_called(group, word));
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(Error::invalid(
                "several groups have this name: write DOORS/NAME, or the id",
            )),
            (None, _) => Err(self.no_group(word)),
        }
    }
}

async fn present(
    environment: &Environment,
    book: &Book,
    all_people: &[Person],
    doors: &DoorsName,
    group: &GroupId,
) -> Result<Vec<PersonInGroup>> {
    let (reader, _) = environment.doors(&book.site, doors, Share::Settle).await?;
    let rows: Vec<GroupMember> = reader
        .rows(group)
        .await?
        .into_iter()
        .filter(|row| is_valid(row, book.now))
        .collect();
    let config = book.site.doors.get(doors);
    let protected = environment
        .store
        .doors_read(&book.site.id, doors)
        .await?
        .unwrap_or_default()
        .protected;
    let owners: HashMap<&AccountId, &Person> = all_people
        .iter()
        .filter_map(|person| Some((&person.accounts.get(doors)?.account.id, person)))
        .collect();
    let any_unowned = rows.iter().any(|row| !owners.contains_key(&row.account));
    let accounts = if any_unowned {
        reader.accounts().await?
    } else {
        Vec::new()
    };
    let accounts: HashMap<&AccountId, &Account> = accounts
        .iter()
        .map(|account| (&account.id, account))
        .collect();
    let mut people = Vec::new();
    for row in &rows {
        let owner = owners.get(&row.account).copied();
        let linked = owner
            .and_then(|owner| owner.accounts.get(doors))
            .map(|linked| &*linked.account);
        let account = linked.or(accounts.get(&row.account).copied());
        let email = owner
            .and_then(|owner| owner.email.clone())
            .or_else(|| account?.email.clone());
        let spared = protected.contains(&row.account)
            || email
                .as_deref()
                .is_some_and(|email| config.is_some_and(|config| config.protects(email)));
        let claim = owner
            .and_then(|owner| owner.claim(doors, group))
            .filter(|claim| claim.account == row.account);
        let whose = match (claim, spared) {
            (Some(_), _) => Whose::Ours,
            (None, true) => Whose::Protected,
            (None, false) => Whose::Foreign,
        };
        people.push(PersonInGroup {
            whose,
            name: account.and_then(|account| account.called()),
            email,
            person: owner.map(|owner| owner.id.clone()),
            account: Some(row.account.clone()),
            since: claim.map(|claim| claim.since),
            until: row.until,
            because: claim.map(|claim| claim.because.clone()),
            suspended: account.is_some_and(|account| account.standing == Standing::Suspended),
        });
    }
    let listed: BTreeSet<&AccountId> = rows.iter().map(|row| &row.account).collect();
    for person in all_people {
        let claim = person
            .claim(doors, group)
            .filter(|claim| !listed.contains(&claim.account));
        people.extend(claim.map(|claim| PersonInGroup {
            since: Some(claim.since),
            until: claim.until,
            because: Some(claim.because.clone()),
            ..PersonInGroup::of(person, doors, Whose::Missing)
        }));
    }
    Ok(people)
}

/// Returns the past members, by the records of this group and the present claims.
async fn past(
    environment: &Environment,
    book: &Book,
    all_people: &[Person],
    doors: &DoorsName,
    group: &GroupId,
) -> Result<Vec<PersonInGroup>> {
    let mut records: HashMap<PersonId, Vec<Record>> = HashMap::new();
    for record in environment.store.audit(&book.site.id).await? {
        let action = &record.action;
        if action.doors == *doors && action.group.as_ref().is_none_or(|of| of == group) {
            records
                .entry(record.person.clone())
                .or_default()
                .push(record);
        }
    }
    let known: BTreeMap<&PersonId, &Person> = all_people
        .iter()
        .map(|person| (&person.id, person))
        .collect();
    let ids: BTreeSet<&PersonId> = known.keys().copied().chain(records.keys()).collect();
    let mut people = Vec::new();
    for id in ids {
        let (person, theirs) = (
            known.get(id).copied(),
            records.get(id).map_or([].as_slice(), Vec::as_slice),
        );
        let claim = person.and_then(|person| person.claim(doors, group));
        let held = held(theirs, claim, doors, group, book.at);
        if !held.has {
            continue;
        }
        let mut inside = match person {
            Some(person) => PersonInGroup::of(person, doors, Whose::Ours),
            None => PersonInGroup {
                person: Some(id.clone()),
                ..PersonInGroup::unnamed(Whose::Ours)
            },
        };
        let said = held.last.or(held.next);
        inside.account = said
            .map(|record| record.action.account.clone())
            .or(inside.account);
        inside.since = held
            .last
            .map(|record| record.at)
            .or(claim.map(|claim| claim.since));
        inside.because = held
            .last
            .map(|record| record.action.because.clone())
            .or(claim.map(|claim| claim.because.clone()));
        inside.suspended = suspended(theirs, doors, book.at).is_some();
        people.push(inside);
    }
    Ok(people)
}

/// Returns the future members, by the present facts.
async fn future(
    environment: &Environment,
    book: &Book,
    all_people: Vec<Person>,
    doors: &DoorsName,
    group: &GroupId,
) -> Result<Vec<PersonInGroup>> {
    let each = all_people.into_iter().map(|person| async move {
        let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
        let (person_facts, _) = load_facts(environment, &book.site.id, &profiles).await?;
        let Derived {
            entitlements,
            closed,
            ..
        } = derive(book.rules.by(&book.site), &person_facts, book.at);
        let (problems, facts, done, held) = Default::default();
        let file = PersonContext {
            person,
            person_facts,
            entitlements,
            closed,
            problems,
            facts,
            done,
            held,
        };
        let because = reason_at(&file, doors, group, book.at);
        let whose = if file.person.claim(doors, group).is_some() {
            Whose::Ours
        } else {
            Whose::Expected
        };
        Ok::<_, Error>(because.map(|because| PersonInGroup {
            because: Some(because),
            since: file.person.claim(doors, group).map(|claim| claim.since),
            ..PersonInGroup::of(&file.person, doors, whose)
        }))
    });
    let found: Vec<Option<PersonInGroup>> =
        stream::iter(each).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

impl PersonInGroup {
    fn unnamed(whose: Whose) -> Self {
        PersonInGroup {
            whose,
            name: None,
            email: None,
            person: None,
            account: None,
            since: None,
            until: None,
            because: None,
            suspended: false,
        }
    }

    fn of(person: &Person, doors: &DoorsName, whose: Whose) -> Self {
        let account = person.accounts.get(doors).map(|linked| &linked.account);
        PersonInGroup {
            name: account.and_then(|account| account.called()),
            email: person.email.clone(),
            person: Some(person.id.clone()),
            account: account.map(|account| account.id.clone()),
            suspended: account.is_some_and(|account| account.standing == Standing::Suspended),
            ..PersonInGroup::unnamed(whose)
        }
    }
}

/// Replaces the names with the platform's, where it knows the person.
async fn name_them(
    environment: &Environment,
    book: &Book,
    people: &mut [PersonInGroup],
) -> Result<()> {
    let ids: Vec<PersonId> = people
        .iter()
        .filter_map(|inside| inside.person.clone())
        .collect();
    let known = environment.store.people(&book.site.id, &ids).await?;
    let profiles: Vec<FactId> = known
        .iter()
        .filter_map(|person| person.profiles.first().cloned())
        .collect();
    let facts = environment.store.facts(&book.site.id, &profiles).await?;
    let names: HashMap<FactId, String> = facts
        .iter()
        .filter_map(|record| match &record.fact.what {
            What::Member(profile) | What::Visitor(profile) => {
                Some((record.fact.name(), profile.name.to_string()))
            }
            _ => None,
        })
        .collect();
    let names: HashMap<&PersonId, &String> = known
        .iter()
        .filter_map(|person| Some((&person.id, names.get(person.profiles.first()?)?)))
        .collect();
    for inside in people {
        let name = inside.person.as_ref().and_then(|id| names.get(id));
        inside.name = name.map(|name| (*name).clone()).or(inside.name.take());
    }
    Ok(())
}
