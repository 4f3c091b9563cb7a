//! Door systems that a new site file renames or removes. Claims name their door system. If the name
//! disappears, nothing can end the access that Doorstep gave there. The file therefore says where
//! the name went, or the operator says that the access stays.
//!
//! | the new file | what becomes of claims, accounts and intents under the old name |
//! |---|---|
//! | still has the table, without rules | settle revokes: the door system can be reached |
//! | has `was = "main"` in another table | they move to the new name ([`carry_over`]) |
//! | has neither, pushed with `--leave-access main` | they are no longer ours: people keep access ([`carry_over`]) |
//! | has neither | the push is refused, and the finding names these three ways ([`unaccounted`]) |

use std::collections::{BTreeMap, BTreeSet};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::people::{free_account, point_account, put};
use doorstep_cloud::store::{WriteStep, conflict};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::site::{Finding, Place, Site};

/// The number of tries for a person whom another function writes at the same time.
const TRIES: usize = 5;

/// Returns a finding for each door system at which people have claims or accounts and which the new
/// file does not account for.
pub fn unaccounted(
    site: &Site,
    leave: &BTreeSet<DoorsName>,
    all_people: &[Person],
) -> Vec<Finding> {
    let renamed: BTreeSet<&DoorsName> = site
        .doors
        .values()
        .filter_map(|config| config.was.as_ref())
        .collect();
    let mut counts: BTreeMap<&DoorsName, usize> = BTreeMap::new();
    for person in all_people {
        for doors in person.doors_of_ours() {
            let is_known =
                site.doors.contains_key(doors) || renamed.contains(doors) || leave.contains(doors);
            *counts.entry(doors).or_default() += usize::from(!is_known);
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
        .into_iter()
        .map(|(doors, count)| finding(doors, count))
        .collect()
}

fn finding(doors: &DoorsName, count: usize) -> Finding {
    Finding::of_file(format!(
        "{count} people have access at [doors.{doors}], which the file no longer has. If the table has a new name, \
         write was = \"{doors}\" in it. To end their access, keep the table, remove its rules, and remove it \
         when no one is left. To leave their access as it is, push with --leave-access {doors}"
    ))
}

/// Returns a finding for each door system of `leave` that the file still has.
pub fn still_there(site: &Site, leave: &BTreeSet<DoorsName>) -> Vec<Finding> {
    let there = leave.iter().filter(|doors| site.doors.contains_key(*doors));
    let message = |doors| {
        format!("--leave-access {doors}: the file still has [doors.{doors}]; leave that out")
    };
    there
        .map(|doors| Finding::of_file(message(doors)))
        .collect()
}

/// Returns a finding where `was` names a different door system than the new table. Claims move only
/// within one door system.
pub fn elsewhere(site: &Site, text: &str, before: &Site) -> Vec<Finding> {
    let renamed = site
        .doors
        .iter()
        .filter_map(|(name, config)| Some((name, config, config.was.as_ref()?)));
    let other = renamed.filter(|(_, config, was)| {
        before
            .doors
            .get(*was)
            .is_some_and(|before| before.identity() != config.identity())
    });
    let message = |name: &DoorsName, was: &DoorsName| {
        format!(
            "[doors.{name}] was = \"{was}\": that was another door system; claims move only within one. Push a new name \
             and a new place one after the other"
        )
    };
    let finding = |name: &DoorsName, was: &DoorsName| {
        Finding::at(&Place::doors(name).key("was"), message(name, was), text)
    };
    other.map(|(name, _, was)| finding(name, was)).collect()
}

/// Moves claims, accounts and intents from the old names of `site`'s door systems to the new ones,
/// and gives up those at the door systems in `leave`. It is safe to repeat. Reconcile repeats it in
/// case a function crashed on the way.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable, or if another
/// function kept writing the same person.
pub async fn carry_over(
    environment: &Environment,
    site: &Site,
    leave: &BTreeSet<DoorsName>,
) -> Result<()> {
    let mut moves: BTreeMap<&DoorsName, Option<&DoorsName>> =
        leave.iter().map(|doors| (doors, None)).collect();
    for (name, config) in &site.doors {
        let Some(was) = config.was.as_ref() else {
            continue;
        };
        if announce(environment, site, name, was).await? {
            moves.insert(was, Some(name));
        }
    }
    if moves.is_empty() {
        return Ok(());
    }
    let people = environment.store.all_people(&site.id).await?;
    for person in people.known {
        one(environment, &site.id, person, &moves).await?;
    }
    // Claims of an unreadable person move once the person can be read.
    if !people.unreadable.is_empty() {
        return Ok(());
    }
    for was in moves.keys() {
        environment.store.forget_doors_read(&site.id, was).await?;
    }
    Ok(())
}

/// Copies the stored state of the door system to its new name. Returns whether anything may still
/// be stored under the old name.
pub async fn announce(
    environment: &Environment,
    site: &Site,
    name: &DoorsName,
    was: &DoorsName,
) -> Result<bool> {
    let Some(read) = environment.store.doors_read(&site.id, was).await? else {
        return Ok(false);
    };
    if environment
        .store
        .doors_read(&site.id, name)
        .await?
        .is_none()
    {
        environment
            .store
            .keep_doors_read(&site.id, name, &read)
            .await?;
    }
    Ok(true)
}

async fn one(
    environment: &Environment,
    site: &SiteId,
    person: Person,
    moves: &BTreeMap<&DoorsName, Option<&DoorsName>>,
) -> Result<()> {
    let (store, id) = (&environment.store, person.id.clone());
    let mut before = Some(person);
    for _ in 0..TRIES {
        let Some(person) = before else { return Ok(()) };
        let mut after = person.clone();
        moves
            .iter()
            .for_each(|(from, to)| after.move_doors(from, *to));
        if after == person {
            return Ok(());
        }
        let mut writes = vec![put(site, &after)?];
        for (doors, linked) in person
            .accounts
            .iter()
            .filter(|(doors, _)| moves.contains_key(doors))
        {
            writes.push(free_account(site, doors, &linked.account.id));
        }
        for (doors, linked) in after
            .accounts
            .iter()
            .filter(|(doors, _)| !person.accounts.contains_key(*doors))
        {
            writes.push(point_account(site, doors, &linked.account.id, &id));
        }
        match store.write_all(WriteStep::Keep, writes).await {
            Err(error) if error == conflict() => before = store.person(site, &id).await?,
            done => return done,
        }
    }
    Err(conflict())
}
