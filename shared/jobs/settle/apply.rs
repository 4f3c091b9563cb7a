//! The only step that holds writers of door systems.

use doorstep_core::model::ids::SiteId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;

use super::accounts::{WITHOUT_AN_ACCOUNT, invited};
use super::scene::Writers;
use doorstep_cloud::store::holds::Release;
use doorstep_cloud::store::people::{free_account, point_account};
use doorstep_cloud::store::{Store, Write};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::account::{Account, AccountId, GroupId, GroupMember, Standing};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::{Claim, Linked, Person};
use doorstep_core::model::shared_group::Neighbour;
use doorstep_vendors::doors::{Entry, NewAccount, WriteDoors};

mod cards;

/// The answer in an audit entry for a change that was made.
const DONE: &str = "done";
/// The reason for removing a member that another one replaced.
const TIDYING: &str = "another line took its place";

/// One person's actions, and their results.
pub struct PersonWork {
    /// The person. Claims and links change with each applied action.
    pub person: Person,
    /// The decision, without what is withheld.
    pub decision: PersonDecision,
    /// The name for new accounts.
    pub name: String,
    /// The audit entries of what was done.
    pub actions: Vec<AuditEntry>,
    /// Further writes of the person's transaction.
    pub writes: Vec<Write>,
    /// The failures, with the door system or store that failed.
    pub failures: Vec<(String, Error)>,
    /// Cards that could not be assigned or taken back: door system and number.
    pub kept: Vec<(String, String)>,
    /// Unconfirmed changes that are applied because they were released.
    pub released: Vec<Release>,
    /// Changes that wait to be counted or approved, as text.
    pub waits: Vec<String>,
    /// The actions require another round.
    pub more: bool,
    /// Door systems where an earlier run began to create the account, and none is found.
    pub tried: BTreeSet<String>,
    /// Some of the work is left for another phase.
    pub left: bool,
    /// What other sites of the stack hold of the person's accounts.
    pub others: OtherSites,
    /// The other sites to trigger afterwards, each with the account to check.
    pub rings: Vec<(Neighbour, AccountId)>,
}

/// Applies the actions of every person, all door systems concurrently: a slow door system delays only itself.
///
/// At each door system, account actions come first. Groups follow, each in as few calls as the door system allows.
/// Cards come last, so that a problem with a card delays nothing else, and cards are taken back before others are
/// assigned. An account is suspended or deleted only in a round in which its groups do not change.
pub async fn apply(
    site: &SiteId,
    now: jiff::Timestamp,
    writers: &Writers,
    invite: &BTreeMap<String, bool>,
    tasks: &mut [PersonWork],
) {
    let tasks = &Mutex::new(tasks);
    let at = |doors| invite.get(doors).copied().unwrap_or(true);
    let each = writers.iter().map(|(doors, writer)| {
        let writer = Applier { site, doors, writer: writer.as_ref(), invite: at(doors), now, tasks };
        async move { writer.apply().await }
    });
    join_all(each).await;
}

/// Applies the actions of every person at one door system. The door systems share the people's work behind a lock,
/// which is held only between calls.
struct Applier<'a> {
    site: &'a SiteId,
    doors: &'a str,
    writer: &'a dyn WriteDoors,
    invite: bool,
    now: jiff::Timestamp,
    tasks: &'a Mutex<&'a mut [PersonWork]>,
}

/// One action, with the index of its person.
type Placed = (usize, Action);

impl Applier<'_> {
    async fn apply(&self) {
        for (place, step) in self.moves(Action::is_of_the_account) {
            if let Err(error) = self.account_step(place, &step).await {
                self.with(place, |task| task.account_failed(self.doors.to_owned(), &step, error));
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
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place).map(work)
    }

    /// Returns the actions at this door system that `wanted` selects, in the order of the people.
    fn moves(&self, wanted: impl Fn(&Action) -> bool) -> Vec<Placed> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let here = |place: usize, task: &PersonWork| -> Vec<Placed> {
            let here = task.decision.by_doors.get(self.doors).into_iter().flat_map(|here| &here.actions);
            here.filter(|step| wanted(step)).map(|step| (place, step.clone())).collect()
        };
        tasks.iter().enumerate().flat_map(|(place, task)| here(place, task)).collect()
    }

    async fn account_step(&self, place: usize, step: &Action) -> Result<()> {
        if matches!(step, Action::Create) {
            let Some(new) = self.with(place, |task| task.new_account(self.doors, self.invite)) else { return Ok(()) };
            let account = self.writer.create(&new).await?;
            self.with(place, |task| task.made(self.site, self.doors, account));
            return Ok(());
        }
        let linked = self.with(place, |task| Some(task.person.accounts.get(self.doors)?.account.clone()));
        let Some(account) = linked.flatten() else { return Ok(()) };
        let what = match step {
            Action::Rename(name) => {
                let answer = self.writer.rename(&account, name).await;
                self.with(place, |task| task.renamed(self.doors, name, answer)).unwrap_or(Ok(AuditAction::Refused))?
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
            Action::Create | Action::Grant { .. } | Action::Revoke { .. } | Action::Tidy { .. } => return Ok(()),
            Action::Tag(_) | Action::Untag(_) => return Ok(()),
        };
        self.with(place, |task| task.account_changed(self.site, self.doors, step, what));
        Ok(())
    }

    fn by_group(&self) -> BTreeMap<GroupId, Part> {
        let mut groups: BTreeMap<GroupId, Part> = BTreeMap::new();
        for (place, step) in self.moves(|step| !step.is_of_the_account()) {
            match step {
                Action::Grant { group, until, replaces, because } => {
                    let linked = self.with(place, |task| Some(task.person.accounts.get(self.doors)?.account.clone()));
                    let Some(account) = linked.flatten() else { continue };
                    let entry = Entry { account, until, replaces };
                    groups.entry(group).or_default().add.push((place, entry, because));
                }
                Action::Revoke { group, row, because, .. } => {
                    groups.entry(group).or_default().remove.push((place, row, Some(because)));
                }
                Action::Tidy { group, row } => groups.entry(group).or_default().remove.push((place, row, None)),
                Action::Create | Action::Resume | Action::Rename(_) | Action::Suspend | Action::Delete => {}
                Action::Tag(_) | Action::Untag(_) => {}
            }
        }
        groups
    }

    async fn group_step(&self, group: &GroupId, part: Part) {
        let (site, doors, now) = (self.site, self.doors, self.now);
        let entries: Vec<Entry> = part.add.iter().map(|(_, entry, _)| entry.clone()).collect();
        let rows: Vec<GroupMember> = part.remove.iter().map(|(_, row, _)| row.clone()).collect();
        let mut results = self.writer.change(group, &entries, &rows).await.into_iter();
        let mut next = || results.next().unwrap_or_else(|| Err(Error::retry("a change was not answered")));
        for (place, entry, because) in part.add {
            let done = next();
            self.with(place, |task| match done {
                Ok(()) => task.granted(doors, group, &entry, because, now),
                Err(error) => {
                    task.failed(doors, group, &entry.account.id, &because, error, !entry.replaces.is_empty());
                }
            });
        }
        for (place, row, because) in part.remove {
            let done = next();
            self.with(place, |task| match (done, because) {
                (Ok(()), Some(because)) => task.revoked(site, doors, group, &row, because),
                (Ok(()), None) => task.tidied(doors, group, &row),
                (Err(error), because) => {
                    task.failed(doors, group, &row.account, because.as_deref().unwrap_or(TIDYING), error, false);
                }
            });
        }
    }
}

/// Records that Doorstep suspended or resumed the account.
fn stands(linked: &mut Linked, standing: Standing) {
    linked.suspended = standing == Standing::Suspended;
    Arc::make_mut(&mut linked.account).standing = standing;
}

/// The changes of one group, each with the index of its person.
#[derive(Default)]
struct Part {
    add: Vec<(usize, Entry, String)>,
    /// Members to remove. A member that is only tidied away has no reason.
    remove: Vec<(usize, GroupMember, Option<String>)>,
}

impl PersonWork {
    /// Returns a person's work without any action yet.
    pub fn of(person: Person, name: &str) -> Self {
        let (actions, writes, failures) = (Vec::new(), Vec::new(), Vec::new());
        let (name, kept) = (name.to_owned(), Vec::new());
        let (released, waits) = (Vec::new(), Vec::new());
        let (more, left) = (false, false);
        let (others, rings) = (OtherSites::default(), Vec::new());
        PersonWork {
            person,
            decision: PersonDecision::default(),
            name,
            actions,
            writes,
            failures,
            kept,
            released,
            waits,
            more,
            tried: BTreeSet::new(),
            left,
            others,
            rings,
        }
    }

    /// Uses up the release of an applied change. The guard judges the same change anew the next time.
    pub(super) fn spend(&mut self, site: &SiteId, done: &UnconfirmedChange) {
        let released = self.released.iter().any(|release| release.change == *done);
        self.writes.extend(released.then(|| Store::spent(site, done)));
    }

    fn new_account(&self, doors: &str, invite: bool) -> NewAccount {
        let Person { id, email, .. } = &self.person;
        let tried = self.tried.contains(doors);
        NewAccount { mark: id.clone(), name: self.name.clone(), email: email.clone(), invite, tried }
    }

    fn made(&mut self, site: &SiteId, doors: &str, account: Account) {
        self.person.account_done(doors);
        self.actions.push(invited(doors, &account.id, "made"));
        self.writes.push(point_account(site, doors, &account.id, &self.person.id));
        self.person.accounts.insert(doors.to_owned(), Linked::new(account, &self.name, true));
    }

    /// Records the answer to a rename. A permanently refused name is stored, so that it is reported and not tried
    /// again.
    fn renamed(&mut self, doors: &str, name: &str, answer: Result<()>) -> Result<AuditAction> {
        let Some(linked) = self.person.accounts.get_mut(doors) else { return answer.map(|()| AuditAction::Renamed) };
        match answer {
            Ok(()) => {
                linked.name = name.into();
                linked.refused_name = None;
                Ok(AuditAction::Renamed)
            }
            Err(error) if error.is_retryable() => Err(error),
            Err(_) => {
                linked.refused_name = Some(name.to_owned());
                Ok(AuditAction::Refused)
            }
        }
    }

    /// Records that an account was changed, or that its new name was refused.
    fn account_changed(&mut self, site: &SiteId, doors: &str, step: &Action, what: AuditAction) {
        let Some(linked) = self.person.accounts.get_mut(doors) else { return };
        match what {
            AuditAction::Resumed => stands(linked, Standing::Active),
            AuditAction::Suspended => stands(linked, Standing::Suspended),
            _ => {}
        }
        let account = linked.account.id.clone();
        if !matches!(step, Action::Rename(_)) {
            self.person.account_done(doors);
        }
        if matches!(what, AuditAction::Suspended | AuditAction::Deleted) {
            self.spend(site, &UnconfirmedChange::Rests { doors: doors.to_owned(), account: account.clone() });
        }
        if what == AuditAction::Deleted {
            self.writes.push(free_account(site, doors, &account));
            self.person.accounts.remove(doors);
        }
        let answer = if what == AuditAction::Refused { "not allowed" } else { DONE };
        self.actions.push(AuditEntry::new(doors, &account, None, what, &step.to_string(), answer));
    }

    pub(super) fn granted(
        &mut self,
        doors: &str,
        group: &GroupId,
        entry: &Entry,
        because: String,
        now: jiff::Timestamp,
    ) {
        let account = entry.account.id.clone();
        self.actions.push(AuditEntry::new(doors, &account, Some(group), AuditAction::Granted, &because, DONE));
        let claim = self.person.claims.iter_mut().find(|claim| claim.doors == doors && claim.group == *group);
        match claim {
            Some(claim) => (claim.until, claim.because, claim.account) = (entry.until, because, account),
            None => {
                let (doors, group) = (doors.to_owned(), group.clone());
                let new = Claim { doors, group, account, since: now, until: entry.until, because, ..Claim::default() };
                self.person.claims.push(new);
            }
        }
        if let Some(linked) = self.person.accounts.get_mut(doors) {
            linked.left_alone = false;
        }
        self.person.done(doors, group);
    }

    pub(super) fn revoked(&mut self, site: &SiteId, doors: &str, group: &GroupId, row: &GroupMember, because: String) {
        let done =
            UnconfirmedChange::Leaves { doors: doors.to_owned(), group: group.clone(), account: row.account.clone() };
        self.spend(site, &done);
        self.actions.push(AuditEntry::new(doors, &row.account, Some(group), AuditAction::Revoked, &because, DONE));
        let here = |claim: &Claim| claim.doors == doors && claim.group == *group;
        self.person.claims.retain(|claim| !here(claim) || !claim.surplus.is_empty());
        self.person.done(doors, group);
    }

    /// Records that an older member was removed. The audit entry of the member that replaced it covers both.
    pub(super) fn tidied(&mut self, doors: &str, group: &GroupId, row: &GroupMember) {
        for claim in self.person.claims.iter_mut().filter(|claim| claim.doors == doors && claim.group == *group) {
            claim.surplus.retain(|handle| handle != row.handle());
        }
    }

    /// Records a failed change. A change that may have been applied, wholly or `in_part`, stays an intent. A refusal
    /// gets one audit entry.
    pub(super) fn failed(
        &mut self,
        doors: &str,
        group: &GroupId,
        account: &AccountId,
        because: &str,
        error: Error,
        in_part: bool,
    ) {
        if !error.is_retryable() {
            if !in_part {
                self.person.done(doors, group);
            }
            self.refused(doors, account, Some(group), because, &error);
        }
        self.failures.push((doors.to_owned(), error));
    }

    /// Records a failed change of the account itself. An account that was not created has no id yet.
    fn account_failed(&mut self, doors: String, step: &Action, error: Error) {
        if !error.is_retryable() {
            let account = self.person.accounts.get(&doors).map(|linked| linked.account.id.clone());
            let account = account.unwrap_or_else(|| AccountId(String::new()));
            match step {
                Action::Create => {
                    self.person.never_made(&doors);
                    self.refused(&doors, &account, None, WITHOUT_AN_ACCOUNT, &error);
                }
                _ => {
                    self.person.account_done(&doors);
                    self.refused(&doors, &account, None, &step.to_string(), &error);
                }
            }
        }
        self.failures.push((doors, error));
    }

    /// Adds one audit entry for a refusal, however often it is retried.
    fn refused(&mut self, doors: &str, account: &AccountId, group: Option<&GroupId>, because: &str, error: &Error) {
        if !self.person.problems.contains(&problem(doors, error)) {
            self.actions.push(AuditEntry::new(
                doors,
                account,
                group,
                AuditAction::Refused,
                because,
                &error.to_string(),
            ));
        }
    }
}

/// Returns the text of a failure among a person's problems.
pub fn problem(doors: &str, error: &Error) -> String {
    format!("{doors}: {}", error.why())
}
