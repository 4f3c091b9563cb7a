//! The results of actions, as they are recorded in a person's work: claims, links, audit entries
//! and failures.

use std::sync::Arc;

use jiff::Timestamp;

use crate::settle::accounts::{WITHOUT_AN_ACCOUNT, invited};
use crate::settle::failure::Failure;
use crate::settle::person_work::PersonWork;
use doorstep_cloud::store::Store;
use doorstep_cloud::store::people::{free_account, point_account};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::account::{Account, AccountId, GroupId, GroupMember, Standing};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::reasons::WrittenReason;
use doorstep_vendors::doors::NewAccount;

/// One change of a group that a door system was asked for.
pub struct GroupChange<'a> {
    /// The door system.
    pub doors: &'a DoorsName,
    /// The group.
    pub group: &'a GroupId,
    /// The account.
    pub account: &'a AccountId,
    /// The reason, as the audit entry has it.
    pub because: &'a WrittenReason,
}

impl GroupChange<'_> {
    fn entry(&self, what: AuditAction) -> AuditEntry {
        AuditEntry::new(what, self.doors, self.account, self.because.clone()).in_group(self.group)
    }
}

/// Records that Doorstep suspended or resumed the account.
fn stands(linked: &mut Linked, standing: Standing) {
    linked.suspended = standing == Standing::Suspended;
    Arc::make_mut(&mut linked.account).standing = standing;
}

impl PersonWork {
    /// Uses up the release of an applied change. The guard judges the same change anew the next
    /// time.
    pub(super) fn spend(&mut self, site: &SiteId, done: &UnconfirmedChange) {
        let released = self.released.iter().any(|release| release.change == *done);
        self.writes
            .extend(released.then(|| Store::delete_release(site, done)));
    }

    pub(super) fn new_account(&self, doors: &DoorsName, invite: bool) -> NewAccount {
        let Person { id, email, .. } = &self.person;
        let tried = self.tried.contains(doors);
        NewAccount {
            mark: id.to_string(),
            name: self.name.clone(),
            email: email.clone(),
            invite,
            tried,
        }
    }

    pub(super) fn made(&mut self, site: &SiteId, doors: &DoorsName, account: Account) {
        self.person.account_done(doors);
        self.actions
            .push(invited(doors, &account.id).answered("made"));
        self.writes
            .push(point_account(site, doors, &account.id, &self.person.id));
        self.person
            .accounts
            .insert(doors.to_owned(), Linked::new(account, &self.name, true));
    }

    /// Records the answer to a rename. A permanently refused name is stored, so that it is reported
    /// and not tried again.
    pub(super) fn renamed(
        &mut self,
        doors: &DoorsName,
        name: &str,
        answer: Result<()>,
    ) -> Result<AuditAction> {
        let Some(linked) = self.person.accounts.get_mut(doors) else {
            return answer.map(|()| AuditAction::Renamed);
        };
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
    pub(super) fn account_changed(
        &mut self,
        site: &SiteId,
        doors: &DoorsName,
        step: &Action,
        what: AuditAction,
    ) {
        let Some(linked) = self.person.accounts.get_mut(doors) else {
            return;
        };
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
            self.spend(
                site,
                &UnconfirmedChange::Rests {
                    doors: doors.to_owned(),
                    account: account.clone(),
                },
            );
        }
        if what == AuditAction::Deleted {
            self.writes.push(free_account(site, doors, &account));
            self.person.accounts.remove(doors);
        }
        let entry = AuditEntry::new(what, doors, &account, step.to_string().as_str());
        let refused = what == AuditAction::Refused;
        self.actions.push(if refused {
            entry.answered("not allowed")
        } else {
            entry
        });
    }

    pub(in crate::settle) fn granted(
        &mut self,
        change: GroupChange<'_>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.actions.push(change.entry(AuditAction::Granted));
        let GroupChange {
            doors,
            group,
            account,
            because,
        } = change;
        let (account, because) = (account.clone(), because.text.clone());
        let claim = self
            .person
            .claims
            .iter_mut()
            .find(|claim| claim.doors == *doors && claim.group == *group);
        match claim {
            Some(claim) => (claim.until, claim.because, claim.account) = (until, because, account),
            None => {
                let (doors, group) = (doors.to_owned(), group.clone());
                let new = Claim {
                    doors,
                    group,
                    account,
                    since: now,
                    until,
                    because,
                    ..Claim::default()
                };
                self.person.claims.push(new);
            }
        }
        if let Some(linked) = self.person.accounts.get_mut(doors) {
            linked.left_alone = false;
        }
        self.person.done(doors, group);
    }

    pub(in crate::settle) fn revoked(&mut self, site: &SiteId, change: GroupChange<'_>) {
        self.actions.push(change.entry(AuditAction::Revoked));
        let GroupChange {
            doors,
            group,
            account,
            ..
        } = change;
        let done = UnconfirmedChange::Leaves {
            doors: doors.to_owned(),
            group: group.clone(),
            account: account.clone(),
        };
        self.spend(site, &done);
        let here = |claim: &Claim| claim.doors == *doors && claim.group == *group;
        self.person
            .claims
            .retain(|claim| !here(claim) || !claim.surplus.is_empty());
        self.person.done(doors, group);
    }

    /// Records that an older member was removed. The audit entry of the member that replaced it
    /// covers both.
    pub(in crate::settle) fn tidied(
        &mut self,
        doors: &DoorsName,
        group: &GroupId,
        row: &GroupMember,
    ) {
        for claim in self
            .person
            .claims
            .iter_mut()
            .filter(|claim| claim.doors == *doors && claim.group == *group)
        {
            claim.surplus.retain(|handle| handle != row.handle());
        }
    }

    /// Records a failed change. A change that may have been applied, wholly or `in_part`, stays an
    /// intent. A refusal gets one audit entry.
    pub(in crate::settle) fn failed(
        &mut self,
        change: GroupChange<'_>,
        error: Error,
        in_part: bool,
    ) {
        let GroupChange { doors, group, .. } = change;
        if !error.is_retryable() {
            if !in_part {
                self.person.done(doors, group);
            }
            self.refused(change.entry(AuditAction::Refused), &error);
        }
        self.failures.push(Failure::at(doors, error));
    }

    /// Records a failed change of the account itself. An account that was not created has no id
    /// yet.
    pub(super) fn account_failed(&mut self, doors: DoorsName, step: &Action, error: Error) {
        if !error.is_retryable() {
            let account = self
                .person
                .accounts
                .get(&doors)
                .map(|linked| linked.account.id.clone());
            let account = account.unwrap_or_else(|| AccountId(String::new()));
            match step {
                Action::Create => {
                    self.person.never_made(&doors);
                    self.refused(
                        AuditEntry::new(AuditAction::Refused, &doors, &account, WITHOUT_AN_ACCOUNT),
                        &error,
                    );
                }
                _ => {
                    self.person.account_done(&doors);
                    let because = step.to_string();
                    self.refused(
                        AuditEntry::new(AuditAction::Refused, &doors, &account, because.as_str()),
                        &error,
                    );
                }
            }
        }
        self.failures.push(Failure::at(&doors.clone(), error));
    }

    /// Adds the audit entry of a refusal once, however often the change is tried.
    fn refused(&mut self, entry: AuditEntry, error: &Error) {
        if !self
            .person
            .problems
            .contains(&Problem::failed(&entry.doors, error))
        {
            self.actions.push(entry.answered(&error.to_string()));
        }
    }
}
