//! People in the table, and the ways to find them: by profile, by address, by account.

use super::key::{self, Key};
use super::{Condition, Item, Ledger, Map, Write, body, item};
use crate::doors::AccountId;
use crate::error::Result;
use crate::fact::FactId;
use crate::person::{Person, email_digest};

/// A person of another site is as they were read.
pub fn person_is_unchanged(site: &str, id: &str, version: u64) -> Write {
    Write::check(key::person(site, id), Condition::Version(version))
}

/// Another site knows no person with this account.
pub fn account_is_unlinked(site: &str, doors: &str, id: &AccountId) -> Write {
    Write::check(key::account(site, doors, id), Condition::New)
}

impl Ledger {
    /// One person.
    pub async fn person(&self, site: &str, id: &str) -> Result<Option<Person>> {
        self.get(&key::person(site, id)).await?.as_ref().map(read).transpose()
    }

    /// Several people, in no order.
    pub async fn people(&self, site: &str, ids: &[String]) -> Result<Vec<Person>> {
        let keys: Vec<Key> = ids.iter().map(|id| key::person(site, id)).collect();
        self.get_many_as(&keys, whole).await
    }

    /// Everybody of a site, by id.
    pub async fn everybody(&self, site: &str) -> Result<Vec<Person>> {
        self.everybody_as(site, whole).await
    }

    /// The same for those who judge them all at once, without what nobody is judged by: what claims were made on, and
    /// where it is written that they were.
    pub async fn everybody_to_judge(&self, site: &str) -> Result<Vec<Person>> {
        self.everybody_as(site, to_judge).await
    }

    async fn everybody_as(&self, site: &str, read: fn(&Map) -> Result<Person>) -> Result<Vec<Person>> {
        let listed = self.list(&key::people(site), "").await?;
        let keys: Vec<Key> = listed.iter().map(|item| key::person(site, &item.sk)).collect();
        drop(listed);
        let mut people = self.get_many_as(&keys, read).await?;
        people.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(people)
    }

    /// Our id for a profile of the platform.
    pub async fn id_of_profile(&self, site: &str, name: &FactId) -> Result<Option<String>> {
        self.pointed(&key::profile(site, name)).await
    }

    /// Our ids for several profiles, in no order; of those that nobody has, none.
    pub async fn ids_of_profiles(&self, site: &str, names: &[FactId]) -> Result<Vec<String>> {
        let keys: Vec<Key> = names.iter().map(|name| key::profile(site, name)).collect();
        self.get_many_as(&keys, |map| Ok(item(map).body)).await
    }

    /// Our id for an address, in compared form.
    pub async fn id_of_email(&self, site: &str, email: &str) -> Result<Option<String>> {
        self.pointed(&key::email(site, &email_digest(email))).await
    }

    /// Our id for an account.
    pub async fn id_of_account(&self, site: &str, doors: &str, id: &AccountId) -> Result<Option<String>> {
        self.pointed(&key::account(site, doors, id)).await
    }

    async fn pointed(&self, at: &Key) -> Result<Option<String>> {
        Ok(self.get(at).await?.map(|item| item.body))
    }
}

fn read(item: &Item) -> Result<Person> {
    let person: Person = item.read()?;
    Ok(Person { version: item.version, ..person }.in_full())
}

fn whole(map: &Map) -> Result<Person> {
    read(&item(map))
}

fn to_judge(map: &Map) -> Result<Person> {
    let mut person = whole(map)?;
    person.records = Vec::new();
    for claim in &mut person.claims {
        (claim.basis, claim.cause) = (Vec::new(), None);
    }
    Ok(person)
}

/// Puts a person, if nobody else did since it was read.
pub fn put(site: &str, person: &Person) -> Result<Write> {
    let write = Write::put(key::person(site, &person.id), body(&person.in_short())?).version(person.version + 1);
    Ok(write.only_if(Condition::Version(person.version)))
}

/// Puts a new person into the list of all.
pub fn list(site: &str, person: &Person) -> Write {
    Write::put(key::listed(site, &person.id), person.id.clone())
}

/// A profile is this person from now on.
pub fn point_profile(site: &str, name: &FactId, person: &str) -> Write {
    Write::put(key::profile(site, name), person.to_owned())
}

/// An address is this person's, if it is nobody's yet.
pub fn point_email(site: &str, email: &str, person: &str) -> Write {
    Write::put(key::email(site, &email_digest(email)), person.to_owned()).only_if(Condition::New)
}

/// An address is no longer this person's.
pub fn free_email(site: &str, email: &str, person: &str) -> Write {
    Write::delete(key::email(site, &email_digest(email))).only_if(Condition::Body(person.to_owned()))
}

/// An account is this person's from now on.
pub fn point_account(site: &str, doors: &str, id: &AccountId, person: &str) -> Write {
    Write::put(key::account(site, doors, id), person.to_owned())
}

/// A person is no longer in the list of all.
pub fn unlist(site: &str, person: &str) -> Write {
    Write::delete(key::listed(site, person))
}

/// A profile is no longer anybody's.
pub fn free_profile(site: &str, name: &FactId) -> Write {
    Write::delete(key::profile(site, name))
}

/// An account is no longer anybody's.
pub fn free_account(site: &str, doors: &str, id: &AccountId) -> Write {
    Write::delete(key::account(site, doors, id))
}
