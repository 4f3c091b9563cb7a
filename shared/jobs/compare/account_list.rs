//! All accounts of one door system. Almost all of them equal the linked account of a person. They
//! share memory with it, because a large site has room for one copy of each.

use std::collections::HashMap;
use std::sync::Arc;

use doorstep_core::model::account::{Account, AccountId};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;

/// The linked accounts of one door system, in their stored state.
pub type LinkedAccounts<'a> = HashMap<&'a AccountId, &'a Arc<Account>>;

/// Returns the accounts at `doors` that are linked to these people.
pub fn links<'a>(people: &'a [Person], doors: &DoorsName) -> LinkedAccounts<'a> {
    let linked = people
        .iter()
        .filter_map(|person| person.accounts.get(doors));
    linked
        .map(|linked| (&linked.account.id, &linked.account))
        .collect()
}

/// Every account of one door system, by id.
pub struct AccountList(Vec<Arc<Account>>);

impl AccountList {
    /// Builds the index of a complete list. If an id occurs twice, the later account counts. An
    /// account that equals its link shares the link's memory.
    pub fn of(accounts: Vec<Account>, links: &LinkedAccounts<'_>) -> Self {
        let shared = |account: Account| match links.get(&account.id) {
            Some(link) if ***link == account => Arc::clone(link),
            _ => Arc::new(account),
        };
        let mut accounts: Vec<_> = accounts.into_iter().map(shared).collect();
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts.dedup_by(|later, first| {
            let same = later.id == first.id;
            if same {
                std::mem::swap(later, first);
            }
            same
        });
        accounts.shrink_to_fit();
        AccountList(accounts)
    }

    /// Returns one account.
    pub fn get(&self, id: &AccountId) -> Option<&Arc<Account>> {
        let place = self.0.binary_search_by(|account| account.id.cmp(id)).ok()?;
        self.0.get(place)
    }

    /// Iterates over all accounts, by id.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Account>> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::account::Standing;
    use doorstep_core::model::ids::PersonId;
    use doorstep_core::model::linked::Linked;

    fn account(id: &str, name: &str) -> Account {
        Account {
            id: AccountId(id.to_owned()),
            inner_id: None,
            email: None,
            name: name.into(),
            standing: Standing::Active,
            mark: None,
            privileged: false,
            guest: false,
        }
    }

    #[test]
    fn an_account_that_is_as_its_link_has_it_is_held_once() {
        let mut ada = Person::new(PersonId::from("p"), None);
        ada.accounts.insert(
            DoorsName::from("main"),
            Linked::new(account("1", "Ada"), "Ada", false),
        );
        let people = [ada];
        let link = links(&people, &DoorsName::from("main"));
        assert!(links(&people, &DoorsName::from("annex")).is_empty());
        let id = AccountId("1".to_owned());
        let held = |listed: Vec<Account>| {
            AccountList::of(listed, &link)
                .get(&id)
                .is_some_and(|one| Arc::ptr_eq(one, link[&id]))
        };
        assert!(held(vec![account("2", "Bob"), account("1", "Ada")]));
        assert!(
            !held(vec![account("1", "Ada Example")]),
            "it has changed since"
        );
        let twice = AccountList::of(
            vec![account("1", "Ada"), account("1", "Ada Example")],
            &link,
        );
        assert_eq!(
            (
                twice.iter().len(),
                twice.get(&id).map(|one| one.name.as_str())
            ),
            (1, Some("Ada Example"))
        );
    }
}
