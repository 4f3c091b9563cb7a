//! The way from a profile at the platform, or an account at a door system, to the person. The rules
//! are in [`doorstep_core::decide::identity`]. This module loads what they need and stores what
//! follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use compact_str::CompactString;
use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::{
    free_email, list, point_account, point_email, point_profile, put,
};
use doorstep_cloud::store::{Store, WriteStep};
use doorstep_core::budgets::run::RESOLVE_TIME;
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::decide::identity::{ProfileAddress, TakesAddress, address_of, takes_address};
use doorstep_core::model::account::{Account, AccountId, GroupRef, Standing};
use doorstep_core::model::cause::Cause;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Profile, What};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::access::Share;

/// One person to settle now, and the reasons for it.
#[derive(Debug, Clone, Default)]
pub struct WorkItem {
    /// The due items that this work item answers.
    pub dues: Vec<Due>,
    /// Groups to compare in addition to those of facts and claims.
    pub groups: Vec<GroupRef>,
    /// Groups whose members are to be adopted.
    pub adopt: BTreeSet<GroupRef>,
    /// Door systems where the account must be fetched.
    pub refetch_at: BTreeSet<DoorsName>,
    /// Door systems whose cards are to be adopted.
    pub adopt_cards: BTreeSet<DoorsName>,
}

impl WorkItem {
    /// Returns the instant of the request, at most `now`.
    pub fn asked(&self, now: Timestamp) -> Timestamp {
        self.dues
            .iter()
            .map(Due::asked)
            .min()
            .map_or(now, |asked| asked.min(now))
    }

    /// Returns what requested it. A delivery precedes any other cause.
    pub fn cause(&self) -> Option<Cause> {
        Cause::first_of(self.dues.iter().filter_map(|due| due.cause.as_ref())).cloned()
    }
}

/// The people whom the due items of a batch mean.
pub struct ResolvedDues {
    /// The work, each person once.
    pub people: BTreeMap<PersonId, WorkItem>,
    /// The due items that were not resolved, because finding the people took too long.
    pub later: Vec<Due>,
}

/// Resolves due items to people. Deletes due items that concern no one. It stops after
/// [`RESOLVE_TIME`]; the first due item is always resolved.
pub async fn work_items(
    environment: &Environment,
    site: &SiteId,
    dues: Vec<Due>,
) -> Result<ResolvedDues> {
    let began = environment.time.now();
    let is_late = || {
        let took = began.duration_until(environment.time.now());
        Duration::try_from(took).is_ok_and(|took| took >= RESOLVE_TIME)
    };
    let mut people: BTreeMap<PersonId, WorkItem> = BTreeMap::new();
    let mut later = Vec::new();
    for due in dues {
        if !people.is_empty() && is_late() {
            later.push(due);
            continue;
        }
        let meant = match &due.subject {
            Subject::Person(id) => Ok(vec![id.clone()]),
            Subject::Profile(name) => of_profile(environment, site, name).await,
            Subject::Account { doors, id } => of_account(environment, site, doors, id)
                .await
                .map(|id| vec![id]),
            Subject::Refetch { .. } => Ok(Vec::new()),
        };
        let meant = match meant {
            // The table will never accept this write. The other people go on, and each reconcile
            // finds the failure again.
            Err(error @ Error::Permanent(_)) => {
                tracing::error!(site = site.as_str(), %error, "a person cannot be stored: the person is left out until the item is corrected");
                Vec::new()
            }
            meant => meant?,
        };
        if meant.is_empty() {
            environment
                .store
                .cross_out(site, std::slice::from_ref(&due))
                .await?;
        }
        for id in meant {
            let item = people.entry(id).or_default();
            item.groups.extend(due.groups.iter().cloned());
            item.adopt
                .extend(due.groups.iter().filter(|_| due.adopt).cloned());
            item.refetch_at.extend(due.refetch_at.iter().cloned());
            item.adopt_cards
                .extend(due.refetch_at.iter().filter(|_| due.adopt_cards).cloned());
            item.dues.push(due.clone());
        }
    }
    Ok(ResolvedDues { people, later })
}

/// Returns the person of a profile: two people if the profile has just moved from one to the other.
async fn of_profile(
    environment: &Environment,
    site: &SiteId,
    name: &FactId,
) -> Result<Vec<PersonId>> {
    let known = environment.store.id_of_profile(site, name).await?;
    let record = environment
        .store
        .fact(site, name)
        .await?
        .filter(|record| !record.gone);
    let before = record
        .as_ref()
        .and_then(|record| record.confirmed.as_ref())
        .and_then(|fact| profile_of(&fact.what));
    let profile = record
        .as_ref()
        .and_then(|record| profile_of(&record.fact.what))
        .cloned();
    let Some(profile) = profile else {
        return Ok(known.into_iter().collect());
    };
    let address = ProfileAddress::of(&profile, before);
    let person = match &known {
        Some(id) => environment.store.person(site, id).await?,
        None => None,
    };
    let change = person
        .as_ref()
        .and_then(|person| address.unconfirmed_for(person, name));
    let released = match change {
        Some(change) if is_released(environment, site, &change).await? => Some(change),
        _ => None,
    };
    let email = match &person {
        Some(person) if released.is_none() => address.counted_for(person),
        _ => address.read,
    };
    let meant = match person {
        Some(person) if email.is_none() || person.email == email => Ok(vec![person.id]),
        Some(person) => moved(environment, site, name, person, email).await,
        None => Ok(vec![joined(environment, site, name, email).await?]),
    };
    if let (Ok(_), Some(done)) = (&meant, released) {
        environment
            .store
            .write(Store::delete_release(site, &done))
            .await?;
    }
    meant
}

fn profile_of(what: &What) -> Option<&Profile> {
    match what {
        What::Member(profile) | What::Visitor(profile) => Some(profile),
        _ => None,
    }
}

/// Returns whether a change was released.
async fn is_released(
    environment: &Environment,
    site: &SiteId,
    change: &UnconfirmedChange,
) -> Result<bool> {
    let now = environment.time.now();
    Ok(!environment
        .store
        .released(site, std::slice::from_ref(change), now)
        .await?
        .is_empty())
}

/// Adds a new profile to the person with its address, or creates a person for it.
async fn joined(
    environment: &Environment,
    site: &SiteId,
    name: &FactId,
    email: Option<String>,
) -> Result<PersonId> {
    let owner = match &email {
        Some(email) => environment.store.id_of_email(site, email).await?,
        None => None,
    };
    let known = match &owner {
        Some(id) => environment.store.person(site, id).await?,
        None => None,
    };
    let mut writes = Vec::new();
    let mut person = known.unwrap_or_else(|| {
        let person = Person::new(environment.ids.next(), email.clone());
        writes.push(list(site, &person));
        writes.extend(
            email
                .as_deref()
                .map(|email| point_email(site, email, &person.id)),
        );
        person
    });
    // A person without profiles may have left the list of all people.
    writes.extend((person.version > 0 && person.profiles.is_empty()).then(|| list(site, &person)));
    person.profiles.insert(name.clone());
    writes.push(put(site, &person)?);
    writes.push(point_profile(site, name, &person.id));
    environment.store.write_all(WriteStep::Keep, writes).await?;
    Ok(person.id)
}

/// Returns whether none of the person's profiles has the person's present address.
async fn has_left_address(
    environment: &Environment,
    site: &SiteId,
    person: &Person,
) -> Result<bool> {
    let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
    let records = environment.store.facts(site, &profiles).await?;
    let mut live = records
        .iter()
        .filter(|record| !record.gone)
        .filter_map(|record| profile_of(&record.fact.what));
    Ok(!live.any(|profile| address_of(profile).as_deref() == person.email.as_deref()))
}

/// Handles a known profile whose address changed. Returns the people whom this concerns.
async fn moved(
    environment: &Environment,
    site: &SiteId,
    name: &FactId,
    mut person: Person,
    email: Option<String>,
) -> Result<Vec<PersonId>> {
    let Some(email) = email else {
        return Ok(vec![person.id]);
    };
    let is_free = environment.store.id_of_email(site, &email).await?.is_none();
    let takes = match takes_address(&person, &email) {
        TakesAddress::IfFree => is_free,
        TakesAddress::IfFreeAndLeft => {
            is_free && has_left_address(environment, site, &person).await?
        }
        TakesAddress::Never => false,
    };
    if takes {
        let mut writes = vec![point_email(site, &email, &person.id)];
        writes.extend(
            person
                .email
                .as_deref()
                .map(|old| free_email(site, old, &person.id)),
        );
        person.email = Some(email);
        writes.push(put(site, &person)?);
        environment.store.write_all(WriteStep::Keep, writes).await?;
        return Ok(vec![person.id]);
    }
    person.profiles.remove(name);
    environment
        .store
        .write_all(WriteStep::Keep, vec![put(site, &person)?])
        .await?;
    let joined = joined(environment, site, name, Some(email)).await?;
    Ok(vec![person.id, joined])
}

/// Returns the person with this account: by Doorstep's link, or else by the account's address at
/// the door system. Returns `None` for an unknown account. An access attempt creates no person.
pub(super) async fn person_of_account(
    environment: &Environment,
    site: &Site,
    doors: &DoorsName,
    id: &AccountId,
) -> Result<Option<PersonId>> {
    if let Some(known) = environment.store.id_of_account(&site.id, doors, id).await? {
        return Ok(Some(known));
    }
    let account = match environment.doors(site, doors, Share::Settle).await {
        Ok((reader, _)) => reader.account(&unseen(id)).await,
        Err(error) => Err(error),
    };
    let account = account.unwrap_or_else(|error| {
        // The person is settled later, with all others.
        tracing::warn!(site = site.id.as_str(), doors = doors.as_str(), %error, "the person of an account could not be found: the next reconcile finds the person");
        None
    });
    match account
        .and_then(|account| account.email)
        .as_deref()
        .and_then(email_key)
    {
        Some(email) => environment.store.id_of_email(&site.id, &email).await,
        None => Ok(None),
    }
}

/// Returns the person with an account. An unknown account gets a person with an id, so that changes
/// to it have audit entries too.
async fn of_account(
    environment: &Environment,
    site: &SiteId,
    doors: &DoorsName,
    id: &AccountId,
) -> Result<PersonId> {
    if let Some(known) = environment.store.id_of_account(site, doors, id).await? {
        return Ok(known);
    }
    let mut created = Person::new(environment.ids.next(), None);
    let account = unseen(id);
    created
        .accounts
        .insert(doors.to_owned(), Linked::new(account, "", false));
    let writes = vec![
        put(site, &created)?,
        list(site, &created),
        point_account(site, doors, id, &created.id),
    ];
    environment.store.write_all(WriteStep::Keep, writes).await?;
    Ok(created.id)
}

/// Returns an account of which only the id is known.
pub(super) fn unseen(id: &AccountId) -> Account {
    Account {
        id: id.clone(),
        inner_id: None,
        email: None,
        name: CompactString::default(),
        standing: Standing::Active,
        mark: None,
        privileged: true,
        guest: false,
    }
}
