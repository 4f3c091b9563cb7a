//! The names of people and groups of one site, as the table has them. No vendor is asked.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;

/// Loads the names of the groups at these door systems, as the last reads had them.
pub(crate) async fn group_names<'d>(
    environment: &Environment,
    site: &SiteId,
    doors: impl IntoIterator<Item = &'d DoorsName>,
) -> Result<BTreeMap<GroupRef, String>> {
    let mut names = BTreeMap::new();
    for name in doors {
        let read = environment.store.doors_read(site, name).await?;
        let groups = read.unwrap_or_default().groups.into_iter();
        names.extend(groups.map(|group| (GroupRef::new(name, &group.id), group.name)));
    }
    Ok(names)
}

/// The names of some people and of the groups at some door systems.
#[derive(Default)]
pub(crate) struct Called {
    groups: BTreeMap<GroupRef, String>,
    people: BTreeMap<PersonId, Person>,
}

impl Called {
    /// Loads the names of these people and of all groups at these door systems.
    pub(crate) async fn of(
        environment: &Environment,
        site: &SiteId,
        people: BTreeSet<PersonId>,
        doors: &BTreeSet<DoorsName>,
    ) -> Result<Called> {
        let people = Vec::from_iter(people);
        let people = environment.store.people(site, &people).await?.into_iter();
        Ok(Called {
            people: people.map(|person| (person.id.clone(), person)).collect(),
            groups: group_names(environment, site, doors).await?,
        })
    }

    /// Returns one of the people.
    pub(crate) fn known(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// Returns the name of a person's account at one door system, with the address behind it.
    pub(crate) fn person(&self, id: &PersonId, doors: &DoorsName) -> Option<String> {
        let person = self.known(id)?;
        let account = person.accounts.get(doors);
        let name = account.and_then(|linked| linked.account.called());
        match (name, &person.email) {
            (Some(name), Some(email)) if name != *email => Some(format!("{name} <{email}>")),
            (name, email) => name.or_else(|| email.clone()),
        }
    }

    /// Returns the name of a group.
    pub(crate) fn group(&self, doors: &DoorsName, id: &GroupId) -> Option<String> {
        self.groups.get(&GroupRef::new(doors, id)).cloned()
    }
}
