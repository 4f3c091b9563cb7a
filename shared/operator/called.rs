//! The names of people and groups of one site, as the table has them. No vendor is asked.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;

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
        doors: BTreeSet<DoorsName>,
    ) -> Result<Called> {
        let people = Vec::from_iter(people);
        let people = environment.store.people(site, &people).await?;
        let mut groups = BTreeMap::new();
        for name in doors {
            let read = environment.store.doors_read(site, &name).await?;
            let read = read.map(|read| read.groups).unwrap_or_default();
            groups.extend(
                read.into_iter()
                    .map(|group| (GroupRef::new(&name, &group.id), group.name)),
            );
        }
        Ok(Called {
            groups,
            people: people
                .into_iter()
                .map(|person| (person.id.clone(), person))
                .collect(),
        })
    }

    /// Returns the name of a person's account at one door system, with the address behind it.
    pub(crate) fn person(&self, id: &PersonId, doors: &DoorsName) -> Option<String> {
        let person = self.people.get(id)?;
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
