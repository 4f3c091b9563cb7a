//! Door changes, written down before they are made: whoever comes after a crash knows what may have been done.

use jiff::Timestamp;

use super::accounts::guests_before;
use super::apply::Task;
use super::moves::Move;
use super::round::Sitting;
use super::scene::Scene;
use crate::error::{Error, Result};
use crate::ledger::people::put;
use crate::ledger::{Condition, Step, Write, key};
use crate::person::{Deed as Begun, Intent};

/// Writes down what is about to be done, unless facts or person changed since they were read.
pub async fn intend(scene: &Scene, sittings: &[Sitting], tasks: &mut [Task], now: Timestamp) -> Result<()> {
    let site = scene.site.id.as_str();
    for (sitting, task) in sittings.iter().zip(tasks.iter_mut()) {
        let begun = match intents(scene, task).await {
            Ok(begun) => begun,
            Err((doors, error)) => {
                task.failures.push((doors, error));
                task.moves.clear();
                continue;
            }
        };
        if begun.is_empty() {
            continue;
        }
        task.person.intents.extend(begun);
        let mut writes = vec![put(site, &task.person)?];
        for (holder, version) in &sitting.case.versions {
            writes.push(Write::check(key::holder_version(site, holder), Condition::Version(*version)));
        }
        writes.append(&mut task.writes);
        if !task.deeds.is_empty() {
            let mut chain = scene.outside.ledger.chain(site).await?;
            writes.extend(chain.join(site, &task.person.id, now, &std::mem::take(&mut task.deeds))?);
        }
        match scene.outside.ledger.write_all(Step::Intend, writes).await {
            Ok(()) => task.person.version += 1,
            Err(error) => {
                // Somebody was faster: the person as stored is right, so nothing of this try is kept.
                task.person = sitting.case.person.clone();
                task.moves.clear();
                task.failures.push(("ledger".to_owned(), error));
            }
        }
    }
    Ok(())
}

/// The intents of a task's moves.
async fn intents(scene: &Scene, task: &Task) -> Result<Vec<Intent>, (String, Error)> {
    let mut begun = Vec::new();
    for (doors, step) in &task.moves {
        let account = task.person.accounts.get(doors).map(|linked| linked.account.id.clone());
        let (group, deed, because) = match step {
            Move::Grant { group, until, because, replaces } => {
                let replaces = replaces.iter().map(|row| row.handle.clone()).collect();
                (Some(group.clone()), Begun::Grant { account, until: *until, replaces }, because.clone())
            }
            Move::Revoke { group, row, because, .. } => {
                let (account, handle) = (row.account.clone(), row.handle.clone());
                (Some(group.clone()), Begun::Revoke { account, handle }, because.clone())
            }
            Move::Create => {
                let before = match &task.person.email {
                    Some(_) => Ok(Vec::new()),
                    None => guests_before(scene, doors, &task.name).await,
                };
                let before = before.map_err(|error| (doors.clone(), error))?;
                (None, Begun::Create { before }, String::new())
            }
            Move::Resume => (None, Begun::Resume, String::new()),
            Move::Suspend => (None, Begun::Suspend, String::new()),
            Move::Delete => (None, Begun::Delete, String::new()),
            Move::Tidy { .. } | Move::Rename(_) => continue,
        };
        begun.push(Intent { doors: doors.clone(), group, deed, because });
    }
    Ok(begun)
}
