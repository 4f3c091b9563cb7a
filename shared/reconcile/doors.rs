//! Reads every ruled group of every door system.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Known;
use super::{BASE, Read, Report};
use crate::access::Share;
use crate::doors::{Account, AccountId, Group, GroupId, ReadDoors, Row};
use crate::error::{Error, Result};
use crate::ledger::sites::DoorsRead;
use crate::outside::Outside;
use crate::person::Person;
use crate::settle::{HeldRows, Scene};
use crate::site::catalogue::Catalogue;
use crate::site::resolve::resolve;
use crate::site::{DoorsConfig, Site};

/// What all door systems hold in groups that are ruled, or claimed by anybody.
#[derive(Default)]
pub struct Seen {
    /// Everybody in the groups that could be read; nobody in a group that is gone.
    pub held: HeldRows,
    /// Groups that were read for the first time: people who are entitled and already in them become ours.
    pub new: BTreeSet<(String, GroupId)>,
    /// Every account of the door systems whose accounts could be read.
    pub accounts: BTreeMap<String, Accounts>,
}

/// Every account of one door system.
type Accounts = BTreeMap<AccountId, Account>;

/// One door system that answers.
struct Open {
    reader: Box<dyn ReadDoors>,
    accounts: Accounts,
    now: DoorsRead,
}

/// Reads groups, their people, and all accounts, the protected people's among them, and keeps what settle must know
/// of them.
pub async fn read(
    outside: &Outside,
    site: &Site,
    known: &Known,
    people: &[Person],
    report: &mut Report,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let (open, groups) = open_all(outside, site, report).await?;
    let before = outside.ledger.resolved(&site.id).await?;
    let resolved = resolve(site, &Catalogue::of(known.facts()), &groups, before.as_ref());
    let mut ruled: BTreeSet<(String, GroupId)> = BTreeSet::new();
    for (rule, resolved) in site.rules.iter().zip(&resolved.rules) {
        ruled.extend(resolved.groups.iter().map(|group| (rule.doors.clone(), group.clone())));
    }
    // A group that no rule names any more may still hold people whom we put there.
    let claims = people.iter().flat_map(|person| &person.claims);
    let claimed: BTreeSet<_> = claims.map(|claim| (claim.doors.clone(), claim.group.clone())).collect();
    for (name, mut open) in open {
        let mut read = Read { complete: true, records: 0 };
        for at in ruled.union(&claimed).filter(|(doors, _)| *doors == name) {
            match rows_and_problem(&mut open, &at.1).await {
                Ok(rows) => {
                    read.records += rows.len();
                    if ruled.contains(at) && !open.now.taken.contains(&at.1) {
                        seen.new.insert(at.clone());
                    }
                    seen.held.insert(at.clone(), rows);
                }
                Err(error) => {
                    read.complete = false;
                    report.problems.push(format!("{name}: group {}: {error}", at.1));
                }
            }
        }
        outside.ledger.keep_doors_read(&site.id, &name, &open.now).await?;
        seen.accounts.insert(name.clone(), open.accounts);
        report.reads.insert(name, read);
    }
    Ok(seen)
}

/// Every door system that answers, and the groups of all, as last known where one does not.
async fn open_all(
    outside: &Outside,
    site: &Site,
    report: &mut Report,
) -> Result<(BTreeMap<String, Open>, BTreeMap<String, Vec<Group>>)> {
    let (mut all, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for (name, config) in &site.doors {
        let before = outside.ledger.doors_read(&site.id, name).await?.unwrap_or_default();
        let now = open(outside, site, name, config).await.and_then(|open| believable(open, &before));
        match now {
            Ok(mut open) => {
                open.now.taken = before.taken;
                groups.insert(name.clone(), open.now.groups.clone());
                all.insert(name.clone(), open);
            }
            Err(error) => {
                report.problems.push(format!("{name}: {error}"));
                report.reads.insert(name.clone(), Read { complete: false, records: 0 });
                groups.insert(name.clone(), before.groups);
            }
        }
    }
    Ok((all, groups))
}

async fn open(outside: &Outside, site: &Site, name: &str, config: &DoorsConfig) -> Result<Open> {
    let (reader, _) = outside.doors(site, name, Share::Reconcile).await?;
    let groups = reader.groups().await?;
    let accounts: Accounts = reader.accounts().await?.into_iter().map(|one| (one.id.clone(), one)).collect();
    let is_protected = |account: &&Account| account.email.as_deref().is_some_and(|email| config.protects(email));
    let protected = accounts.values().filter(is_protected).map(|account| account.id.clone()).collect();
    Ok(Open { reader, accounts, now: DoorsRead { groups, protected, ..DoorsRead::default() } })
}

/// A list that lost half of its groups, or all, is not believed: what is claimed in a group that seems to be gone
/// would be forgotten, and stay open for ever.
fn believable(open: Open, before: &DoorsRead) -> Result<Open> {
    let lost = before.groups.iter().filter(|old| !open.now.groups.iter().any(|new| new.id == old.id)).count();
    let all = open.now.groups.is_empty() && lost > 0;
    if all || before.groups.len() >= BASE && lost * 2 >= before.groups.len() {
        return Err(Error::report(format!(
            "the list of groups lost {lost} of {} and is not believed",
            before.groups.len()
        )));
    }
    Ok(open)
}

async fn rows_and_problem(open: &mut Open, group: &GroupId) -> Result<Vec<Row>> {
    let Some(listed) = open.now.groups.iter_mut().find(|listed| listed.id == *group) else { return Ok(Vec::new()) };
    let problem = open.reader.group_problem(group).await?;
    listed.problem = problem.or(listed.problem.take());
    open.reader.rows(group).await
}

/// Notes that the groups which were read are ours from now on: whoever is put into them later by hand stays theirs.
pub async fn take_over(outside: &Outside, scene: &Scene, seen: &Seen) -> Result<()> {
    for (name, terms) in &scene.terms {
        let new: Vec<GroupId> =
            seen.new.iter().filter(|(doors, _)| doors == name).map(|(_, group)| group.clone()).collect();
        if !new.is_empty() {
            let mut now = terms.seen.clone();
            now.taken.extend(new);
            outside.ledger.keep_doors_read(&scene.site.id, name, &now).await?;
        }
    }
    Ok(())
}
