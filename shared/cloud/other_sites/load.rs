//! Loads what other sites claim at shared door systems. For a site that shares nothing, it reads
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::Store;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::Person;
use doorstep_core::model::shared_group::Neighbour;

/// The other sites at each of a site's door systems.
pub type Neighbours = BTreeMap<DoorsName, BTreeSet<Neighbour>>;

/// Returns those of these sites that are in service and have the door system. Items of a retired
/// site do not count.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
pub async fn in_service(
    store: &Store,
    shared: &BTreeSet<Neighbour>,
) -> Result<BTreeSet<Neighbour>> {
    let mut active = BTreeSet::new();
    for neighbour in shared {
        if store
            .active(&neighbour.site)
            .await?
            .is_some_and(|stored| is_at(&stored, neighbour))
        {
            active.insert(neighbour.clone());
        }
    }
    Ok(active)
}

fn is_at(stored: &crate::store::site_version::SiteVersion, neighbour: &Neighbour) -> bool {
    stored
        .file()
        .is_ok_and(|file| file.doors.contains_key(&neighbour.doors))
}

/// Loads what other sites claim, for all people. `seen` lists the accounts of each door system.
/// Accounts of people with unreadable items are found among them.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
pub async fn of_everyone(
    store: &Store,
    neighbours: &Neighbours,
    seen: &BTreeMap<DoorsName, Vec<AccountId>>,
) -> Result<OtherSites> {
    let mut others = OtherSites::default();
    for (doors, neighbours) in neighbours {
        for neighbour in neighbours {
            let people = store.people_to_decide(&neighbour.site).await?;
            people
                .known
                .iter()
                .for_each(|person| others.add(doors, neighbour, person));
            let accounts = seen.get(doors).cloned().unwrap_or_default();
            for account in store
                .accounts_of(neighbour, &people.unreadable, accounts)
                .await?
            {
                others.add_unreadable(doors, neighbour, &account);
            }
        }
    }
    Ok(others)
}

/// Loads what other sites claim of one person's accounts.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
pub async fn of_person(
    store: &Store,
    neighbours: &Neighbours,
    person: &Person,
) -> Result<OtherSites> {
    let mut others = OtherSites::default();
    for (doors, neighbours) in neighbours {
        let claimed = person
            .claims
            .iter()
            .filter(|claim| claim.doors == *doors)
            .map(|claim| &claim.account);
        let linked = person.accounts.get(doors).map(|linked| &linked.account.id);
        let accounts: BTreeSet<&AccountId> = claimed.chain(linked).collect();
        for neighbour in neighbours {
            for account in &accounts {
                let owner = match store
                    .id_of_account(&neighbour.site, &neighbour.doors, account)
                    .await?
                {
                    Some(id) => store.person(&neighbour.site, &id).await,
                    None => Ok(None),
                };
                match owner {
                    Ok(Some(owner)) => others.add(doors, neighbour, &owner),
                    Ok(None) => others.add_unknown(doors, neighbour, account),
                    Err(Error::Permanent(_)) => others.add_unreadable(doors, neighbour, account),
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(others)
}
