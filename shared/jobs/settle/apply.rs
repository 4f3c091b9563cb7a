//! The only step that holds writers of door systems.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;

use super::person_work::PersonWork;
use super::site_context::{SiteContext, Writers};
use confirm::AskedChange;
use doorstep_core::decide::action::Action;
use doorstep_core::model::account::{GroupId, GroupMember};
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::reasons::{Reasons, RevokeReason, WrittenReason};
use doorstep_vendors::doors::{GroupAddition, WriteDoors};
use results::GroupChange;

mod cards;
mod confirm;
pub mod results;

/// The reason for removing a member that another one replaced.
const TIDYING: &str = "another membership replaced it";

/// Applies the actions of every person, all door systems concurrently: a slow door system delays
/// only itself.
///
/// At each door system, account actions come first. Groups follow, each in as few calls as the door
/// system allows. Cards come last, so that a problem with a card delays nothing else, and cards are
/// taken back before others are assigned. An account is suspended or deleted only in a round in
/// which its groups do not change.
pub async fn apply(context: &SiteContext, writers: &Writers, works: &mut [PersonWork]) {
    let works = &Mutex::new(works);
    let invite = |doors: &DoorsName| {
        context
            .site
            .doors
            .get(doors)
            .is_none_or(|config| config.invite)
    };
    let each = writers.iter().map(|(doors, writer)| {
        let writer = Applier {
            context,
            doors,
            writer: writer.as_ref(),
            invite: invite(doors),
            works,
        };
        async move { writer.apply().await }
    });
    join_all(each).await;
}

/// Applies the actions of every person at one door system. The door systems share the people's work
/// behind a lock, which is held only between calls.
struct Applier<'a> {
    context: &'a SiteContext,
    doors: &'a DoorsName,
    writer: &'a dyn WriteDoors,
    invite: bool,
    works: &'a Mutex<&'a mut [PersonWork]>,
}

/// One action, with the index of its person.
type Placed = (usize, Action);

impl Applier<'_> {
    async fn apply(&self) {
        for (place, step) in self.moves(Action::is_of_the_account) {
            if let Err(error) = self.account_step(place, &step).await {
                self.with(place, |work| {
                    work.account_failed(self.doors.to_owned(), &step, error)
                });
            }
        }
        for (group, part) in self.by_group() {
            self.group_step(&group, part).await;
        }
        for theirs in [false, true] {
            self.card_steps(theirs).await;
        }
    }

    /// Changes the work of one person under the lock.
    fn with<T>(&self, place: usize, work: impl FnOnce(&mut PersonWork) -> T) -> Option<T> {
        self.works
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(place)
            .map(work)
    }

    /// Returns the actions at this door system that `wanted` selects, in the order of the people.
    fn moves(&self, wanted: impl Fn(&Action) -> bool) -> Vec<Placed> {
        let works = self.works.lock().unwrap_or_else(PoisonError::into_inner);
        let here = |place: usize, work: &PersonWork| -> Vec<Placed> {
            let here = work
                .decision
                .by_doors
                .get(self.doors)
                .into_iter()
                .flat_map(|here| &here.actions);
            here.filter(|step| wanted(step))
                .map(|step| (place, step.clone()))
                .collect()
        };
        works
            .iter()
            .enumerate()
            .flat_map(|(place, work)| here(place, work))
            .collect()
    }

    async fn account_step(&self, place: usize, step: &Action) -> Result<()> {
        if matches!(step, Action::Create) {
            let Some(new) = self.with(place, |work| work.new_account(self.doors, self.invite))
            else {
                return Ok(());
            };
            let account = self.writer.create(&new).await?;
            self.with(place, |work| {
                work.made(&self.context.site.id, self.doors, account)
            });
            return Ok(());
        }
        let linked = self.with(place, |work| {
            Some(work.person.accounts.get(self.doors)?.account.clone())
        });
        let Some(account) = linked.flatten() else {
            return Ok(());
        };
        let what = match step {
            Action::Rename(name) => {
                let answer = self.writer.rename(&account, name).await;
                self.with(place, |work| work.renamed(self.doors, name, answer))
                    .unwrap_or(Ok(AuditAction::Refused))?
            }
            Action::Resume => {
                self.writer.resume(&account).await?;
                AuditAction::Resumed
            }
            Action::Suspend => {
                self.writer.suspend(&account).await?;
                AuditAction::Suspended
            }
            Action::Delete => {
                self.writer.delete(&account).await?;
                AuditAction::Deleted
            }
            Action::Create | Action::Grant { .. } | Action::Revoke { .. } | Action::Tidy { .. } => {
                return Ok(());
            }
            Action::Tag(_) | Action::Untag(_) => return Ok(()),
        };
        self.with(place, |work| {
            work.account_changed(&self.context.site.id, self.doors, step, what)
        });
        Ok(())
    }

    fn by_group(&self) -> BTreeMap<GroupId, GroupBatch> {
        let mut groups: BTreeMap<GroupId, GroupBatch> = BTreeMap::new();
        for (place, step) in self.moves(|step| !step.is_of_the_account()) {
            match step {
                Action::Grant {
                    group,
                    until,
                    replaces,
                    because,
                } => {
                    let linked = self.with(place, |work| {
                        Some(work.person.accounts.get(self.doors)?.account.clone())
                    });
                    let Some(account) = linked.flatten() else {
                        continue;
                    };
                    let entry = GroupAddition {
                        account,
                        until,
                        replaces,
                    };
                    groups
                        .entry(group)
                        .or_default()
                        .add
                        .push((place, entry, because));
                }
                Action::Revoke {
                    group,
                    row,
                    because,
                } => {
                    groups
                        .entry(group)
                        .or_default()
                        .remove
                        .push((place, row, Some(because)));
                }
                Action::Tidy { group, row } => groups
                    .entry(group)
                    .or_default()
                    .remove
                    .push((place, row, None)),
                Action::Create
                | Action::Resume
                | Action::Rename(_)
                | Action::Suspend
                | Action::Delete => {}
                Action::Tag(_) | Action::Untag(_) => {}
            }
        }
        groups
    }

    async fn group_step(&self, group: &GroupId, part: GroupBatch) {
        let (site, doors, now) = (&self.context.site.id, self.doors, self.context.now);
        let entries: Vec<GroupAddition> =
            part.add.iter().map(|(_, entry, _)| entry.clone()).collect();
        let rows: Vec<GroupMember> = part.remove.iter().map(|(_, row, _)| row.clone()).collect();
        let asked = AskedChange {
            doors,
            group,
            add: &entries,
            remove: &rows,
        };
        let answers = self.writer.change(group, &entries, &rows).await;
        let mut results = asked.confirm(self.context, answers).await.into_iter();
        let mut next = || {
            results
                .next()
                .unwrap_or_else(|| Err(Error::retry("a change got no answer")))
        };
        for (place, entry, because) in part.add {
            let done = next();
            let because = WrittenReason::from(&because);
            let change = GroupChange {
                doors,
                group,
                account: &entry.account.id,
                because: &because,
            };
            self.with(place, |work| match done {
                Ok(()) => work.granted(change, entry.until, now),
                Err(error) => work.failed(change, error, !entry.replaces.is_empty()),
            });
        }
        for (place, row, because) in part.remove {
            let done = next();
            let revokes = because.is_some();
            self.with(place, |work| {
                let claim = work.person.claim(doors, group);
                let because = because.map_or_else(|| TIDYING.into(), |because| because.of(claim));
                let change = GroupChange {
                    doors,
                    group,
                    account: &row.account,
                    because: &because,
                };
                match done {
                    Ok(()) if revokes => work.revoked(site, change),
                    Ok(()) => work.tidied(doors, group, &row),
                    Err(error) => work.failed(change, error, false),
                }
            });
        }
    }
}

/// The changes of one group, each with the index of its person.
#[derive(Default)]
struct GroupBatch {
    add: Vec<(usize, GroupAddition, Reasons)>,
    /// Members to remove. A member that is only tidied away has no reason.
    remove: Vec<(usize, GroupMember, Option<RevokeReason>)>,
}
