//! People in the table, and the pointers to them from profiles, e-mail addresses and accounts.

use std::collections::{BTreeSet, HashMap};

use super::key::{self, Key};
use super::unreadable::problem;
use super::{Item, Store, Write, WriteCondition, body, keyed};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::email::email_digest;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::shared_group::Neighbour;

/// Builds the check that a person of another site is unchanged since it was read.
pub fn person_is_unchanged(site: &SiteId, id: &PersonId, version: u64) -> Write {
    Write::check(key::person(site, id), WriteCondition::Version(version))
}

/// Builds the check that another site links this account to no person.
pub fn account_is_unlinked(site: &SiteId, doors: &DoorsName, id: &AccountId) -> Write {
    Write::check(key::account(site, doors, id), WriteCondition::New)
}

/// The people of a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// People with readable items, by id.
    pub known: Vec<Person>,
    /// Ids of people with unreadable items. Doorstep grants them nothing and revokes nothing from
    /// them.
    pub unreadable: BTreeSet<PersonId>,
}

impl People {
    /// Iterates over the people with readable items, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.known.iter()
    }

    /// Returns one problem for each person with an unreadable item.
    pub fn problems(&self, site: &SiteId) -> Vec<String> {
        self.unreadable
            .iter()
            .map(|id| problem(&key::person(site, id)))
            .collect()
    }
}

impl Store {
    /// Loads one person.
    ///
    /// # Errors
    /// [`Error::Permanent`] if the item is unreadable.
    pub async fn person(&self, site: &SiteId, id: &PersonId) -> Result<Option<Person>> {
        let at = key::person(site, id);
        let Some(item) = self.get(&at).await? else {
            return Ok(None);
        };
        read(&item).map(Some).map_err(|_| {
            self.unreadable.note(&at);
            Error::permanent(problem(&at))
        })
    }

    /// Loads several people, in no order. A person with an unreadable item is noted and left out.
    pub async fn people(&self, site: &SiteId, ids: &[PersonId]) -> Result<Vec<Person>> {
        let keys: Vec<Key> = ids.iter().map(|id| key::person(site, id)).collect();
        let found = self
            .get_many_as(&keys, |row| {
                let (key, item) = keyed(row);
                read(&item).map_err(|_| key)
            })
            .await?;
        Ok(self.without_unreadable(found))
    }

    /// Loads all people of a site, by id.
    pub async fn all_people(&self, site: &SiteId) -> Result<People> {
        self.everybody_as(site, read).await
    }

    /// Loads all people of a site for a comparison. Leaves out what no decision needs: the basis
    /// and the cause of claims, and the places of their audit records.
    pub async fn people_to_decide(&self, site: &SiteId) -> Result<People> {
        self.everybody_as(site, to_judge).await
    }

    async fn everybody_as(&self, site: &SiteId, read: ReadPerson) -> Result<People> {
        let listed = self.list(&key::people(site), "").await?;
        let keys: Vec<Key> = listed
            .iter()
            .map(|item| key::person(site, &PersonId::from(item.sk.as_str())))
            .collect();
        drop(listed);
        let found = self
            .get_many_as(&keys, |row| {
                let (key, item) = keyed(row);
                (key, read(&item).ok())
            })
            .await?;
        let mut people = People {
            known: Vec::with_capacity(found.len()),
            unreadable: BTreeSet::new(),
        };
        for (key, person) in found {
            match person {
                Some(person) => people.known.push(person),
                None => {
                    self.unreadable.note(&key);
                    people
                        .unreadable
                        .extend(key::person_id(site, &key).map(PersonId::from));
                }
            }
        }
        people.known.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(people)
    }

    /// Returns which of these profiles belong to the people with these ids.
    pub async fn profiles_of(
        &self,
        site: &SiteId,
        ids: &BTreeSet<PersonId>,
        names: Vec<FactId>,
    ) -> Result<Vec<FactId>> {
        let at = names
            .into_iter()
            .map(|name| (key::profile(site, &name), name));
        self.owned_by(ids, at.collect()).await
    }

    /// Returns which of these accounts of one door system belong to the people with these ids.
    pub async fn accounts_of(
        &self,
        at: &Neighbour,
        ids: &BTreeSet<PersonId>,
        accounts: Vec<AccountId>,
    ) -> Result<Vec<AccountId>> {
        let at = accounts
            .into_iter()
            .map(|id| (key::account(&at.site, &at.doors, &id), id));
        self.owned_by(ids, at.collect()).await
    }

    async fn owned_by<T>(
        &self,
        ids: &BTreeSet<PersonId>,
        mut at: HashMap<Key, T>,
    ) -> Result<Vec<T>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = at.keys().cloned().collect();
        let found = self.get_many(&keys).await?.into_iter();
        let theirs = found.filter(|(_, item)| ids.contains(item.body.as_str()));
        Ok(theirs.filter_map(|(key, _)| at.remove(&key)).collect())
    }

    /// Returns the person id of a platform's profile.
    pub async fn id_of_profile(&self, site: &SiteId, name: &FactId) -> Result<Option<PersonId>> {
        self.pointed(&key::profile(site, name)).await
    }

    /// Returns the person ids of several profiles, in no order. Unlinked profiles are left out.
    pub async fn ids_of_profiles(&self, site: &SiteId, names: &[FactId]) -> Result<Vec<PersonId>> {
        let keys: Vec<Key> = names.iter().map(|name| key::profile(site, name)).collect();
        self.get_many_as(&keys, |row| row.body.into_text().into())
            .await
    }

    /// Returns the person id of an e-mail address, in its normalized form.
    pub async fn id_of_email(&self, site: &SiteId, email: &str) -> Result<Option<PersonId>> {
        self.pointed(&key::email(site, &email_digest(email))).await
    }

    /// Returns the person id of an account.
    pub async fn id_of_account(
        &self,
        site: &SiteId,
        doors: &DoorsName,
        id: &AccountId,
    ) -> Result<Option<PersonId>> {
        self.pointed(&key::account(site, doors, id)).await
    }

    async fn pointed(&self, at: &Key) -> Result<Option<PersonId>> {
        Ok(self.get(at).await?.map(|item| item.body.into()))
    }
}

/// Parses one item.
type ReadPerson = fn(&Item) -> Result<Person>;

fn read(item: &Item) -> Result<Person> {
    let person: Person = item.read()?;
    Ok(Person {
        version: item.version,
        ..person
    }
    .in_full())
}

fn to_judge(item: &Item) -> Result<Person> {
    let mut person = read(item)?;
    person.records = Vec::new();
    for claim in &mut person.claims {
        (claim.basis, claim.cause) = (Vec::new(), None);
    }
    Ok(person)
}

/// Builds the write of a person, on the condition that it is unchanged since it was read.
pub fn put(site: &SiteId, person: &Person) -> Result<Write> {
    let write = Write::put(key::person(site, &person.id), body(&person.in_short())?)
        .version(person.version + 1);
    Ok(write.only_if(WriteCondition::Version(person.version)))
}

/// Builds the write that adds a new person to the list of all people.
pub fn list(site: &SiteId, person: &Person) -> Write {
    Write::put(key::listed(site, &person.id), person.id.to_string())
}

/// Builds the write that links a profile to a person.
pub fn point_profile(site: &SiteId, name: &FactId, person: &PersonId) -> Write {
    Write::put(key::profile(site, name), person.to_string())
}

/// Builds the write that links an address to a person, on the condition that it is not linked yet.
pub fn point_email(site: &SiteId, email: &str, person: &PersonId) -> Write {
    Write::put(key::email(site, &email_digest(email)), person.to_string())
        .only_if(WriteCondition::New)
}

/// Builds the write that unlinks an address from a person.
pub fn free_email(site: &SiteId, email: &str, person: &PersonId) -> Write {
    Write::delete(key::email(site, &email_digest(email)))
        .only_if(WriteCondition::Body(person.to_string()))
}

/// Builds the write that links an account to a person.
pub fn point_account(site: &SiteId, doors: &DoorsName, id: &AccountId, person: &PersonId) -> Write {
    Write::put(key::account(site, doors, id), person.to_string())
}

/// Builds the write that removes a person from the list of all people.
pub fn unlist(site: &SiteId, person: &PersonId) -> Write {
    Write::delete(key::listed(site, person))
}

/// Builds the write that unlinks a profile.
pub fn free_profile(site: &SiteId, name: &FactId) -> Write {
    Write::delete(key::profile(site, name))
}

/// Builds the write that unlinks an account.
pub fn free_account(site: &SiteId, doors: &DoorsName, id: &AccountId) -> Write {
    Write::delete(key::account(site, doors, id))
}
