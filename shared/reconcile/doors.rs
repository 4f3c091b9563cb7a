//! Reads every ruled group of every door system.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Known;
use super::{Read, Report};
use crate::doors::{Group, GroupId, ReadDoors};
use crate::error::Result;
use crate::ledger::sites::DoorsRead;
use crate::outside::Outside;
use crate::settle::{HeldRows, Scene, protected};
use crate::site::catalogue::Catalogue;
use crate::site::resolve::resolve;
use crate::site::{DoorsConfig, Site};

/// What all door systems hold in ruled groups.
#[derive(Default)]
pub struct Seen {
    /// Everybody in the groups that could be read.
    pub held: HeldRows,
    /// Groups that were read for the first time: people who are entitled and already in them become ours.
    pub new: BTreeSet<(String, GroupId)>,
}

/// Reads groups, their people, and the protected people, and keeps what settle must know of them.
pub async fn read(outside: &Outside, site: &Site, known: &Known, report: &mut Report) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut readers = BTreeMap::new();
    let mut groups: BTreeMap<String, Vec<Group>> = BTreeMap::new();
    let mut reads: BTreeMap<String, DoorsRead> = BTreeMap::new();
    for (name, config) in &site.doors {
        let before = outside.ledger.doors_read(&site.id, name).await?.unwrap_or_default();
        match begin(outside, site, name, config).await {
            Ok((reader, mut now)) => {
                now.taken = before.taken;
                groups.insert(name.clone(), now.groups.clone());
                readers.insert(name.clone(), reader);
                reads.insert(name.clone(), now);
            }
            Err(error) => {
                report.problems.push(format!("{name}: {error}"));
                report.reads.insert(name.clone(), Read { complete: false, records: 0 });
                groups.insert(name.clone(), before.groups);
            }
        }
    }
    let resolved =
        resolve(site, &Catalogue::of(known.facts()), &groups, outside.ledger.resolved(&site.id).await?.as_ref());
    let mut ruled: BTreeSet<(String, GroupId)> = BTreeSet::new();
    for (rule, resolved) in site.rules.iter().zip(&resolved.rules) {
        ruled.extend(resolved.groups.iter().map(|group| (rule.doors.clone(), group.clone())));
    }
    for (name, mut now) in reads {
        let Some(reader) = readers.get(&name) else { continue };
        let mut read = Read { complete: true, records: 0 };
        for (_, group) in ruled.iter().filter(|(doors, _)| *doors == name) {
            match rows_and_problem(reader.as_ref(), group, &mut now).await {
                Ok(rows) => {
                    read.records += rows.len();
                    if !now.taken.contains(group) {
                        seen.new.insert((name.clone(), group.clone()));
                    }
                    seen.held.insert((name.clone(), group.clone()), rows);
                }
                Err(error) => {
                    read.complete = false;
                    report.problems.push(format!("{name}: group {group}: {error}"));
                }
            }
        }
        outside.ledger.keep_doors_read(&site.id, &name, &now).await?;
        report.reads.insert(name, read);
    }
    Ok(seen)
}

async fn begin(
    outside: &Outside,
    site: &Site,
    name: &str,
    config: &DoorsConfig,
) -> Result<(Box<dyn ReadDoors>, DoorsRead)> {
    let (reader, _) = outside.doors(site, name).await?;
    let groups = reader.groups().await?;
    let protected = protected(config, reader.as_ref()).await?;
    Ok((reader, DoorsRead { groups, protected, ..DoorsRead::default() }))
}

async fn rows_and_problem(
    reader: &dyn ReadDoors,
    group: &GroupId,
    now: &mut DoorsRead,
) -> Result<Vec<crate::doors::Row>> {
    let problem = reader.group_problem(group).await?;
    if let Some(listed) = now.groups.iter_mut().find(|listed| listed.id == *group) {
        listed.problem = problem.or(listed.problem.take());
    }
    reader.rows(group).await
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
