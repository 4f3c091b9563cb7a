//! The part of apply that assigns cards and takes them back.

use std::sync::Arc;

use super::Applier;
use crate::settle::cards::card_action;
use crate::settle::failure::Failure;
use crate::settle::person_work::PersonWork;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{CardChange, recorded};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::account::Account;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::DoorsName;

impl Applier<'_> {
    /// Applies the card actions at this door system: assigns cards if `theirs`, else takes them
    /// back. A person from whom a card could not be taken back gets no other card.
    pub(super) async fn card_steps(&self, theirs: bool) {
        for (place, step) in self.moves(|step| matches!(step, Action::Tag(_) | Action::Untag(_))) {
            let change = match step {
                Action::Tag(change) if theirs => change,
                Action::Untag(change) if !theirs => change,
                _ => continue,
            };
            let account = self
                .with(place, |work| work.account_for(self.doors, &change, theirs))
                .flatten();
            let Some(account) = account else { continue };
            let done = match theirs {
                true => self.writer.tag(&account, &change.card).await,
                false => self.writer.untag(&account, &change.card).await,
            };
            self.with(place, |work| match done {
                Ok(()) => {
                    let card = change.card.id.clone();
                    let done = UnconfirmedChange::Card {
                        doors: self.doors.to_owned(),
                        account: account.id.clone(),
                        card,
                    };
                    if !theirs {
                        work.spend(&self.context.site.id, &done);
                    }
                    work.changed_hands(self.doors, &change, theirs, self.context.now);
                }
                Err(error) => work.card_failed(self.doors, &change, error),
            });
        }
    }
}

impl PersonWork {
    /// Returns the account that gets or loses the card; `None` if an earlier card could not be
    /// taken back.
    fn account_for(
        &self,
        doors: &DoorsName,
        change: &CardChange,
        theirs: bool,
    ) -> Option<Arc<Account>> {
        let kept =
            |(at, number): &(DoorsName, String)| theirs && at == doors && *number != change.number;
        let linked = self
            .person
            .accounts
            .get(doors)
            .filter(|_| !self.kept.iter().any(kept));
        Some(linked?.account.clone())
    }

    pub(in crate::settle) fn changed_hands(
        &mut self,
        doors: &DoorsName,
        change: &CardChange,
        theirs: bool,
        now: jiff::Timestamp,
    ) {
        let Some(linked) = self.person.accounts.get_mut(doors) else {
            return;
        };
        linked.note_card(&change.number, theirs, &change.because, now);
        linked.card_done(&change.number);
        self.actions.push(card_action(
            doors,
            &linked.account.id,
            theirs,
            &change.because,
        ));
    }

    /// Notes a failed card action, as for a group: a change that may have been applied stays an
    /// intent, and a refusal is recorded in the audit chain once.
    pub(in crate::settle) fn card_failed(
        &mut self,
        doors: &DoorsName,
        change: &CardChange,
        why: Error,
    ) {
        let failure = Failure::of_card(doors, &change.number, why.clone());
        self.kept.push((doors.clone(), change.number.clone()));
        let Some(linked) = self.person.accounts.get_mut(doors) else {
            return;
        };
        if !why.is_retryable() {
            linked.card_done(&change.number);
            if !self.person.problems.contains(&failure.problem()) {
                let (account, answer) = (
                    &linked.account.id,
                    about_tag(why, &recorded(&change.number)).to_string(),
                );
                let refused = AuditEntry::new(
                    AuditAction::Refused,
                    doors,
                    account,
                    change.because.as_str(),
                );
                self.actions.push(refused.answered(&answer));
            }
        }
        self.failures.push(failure);
    }
}

/// Returns the error with the card's number in its text.
fn about_tag(error: Error, shown: &str) -> Error {
    let about = |why: String| format!("tag {shown}: {why}");
    match error {
        Error::Retry { why, after } => Error::Retry {
            why: about(why),
            after,
        },
        Error::Permanent(why) => Error::Permanent(about(why)),
        Error::Invalid(why) => Error::Invalid(about(why)),
        Error::Held(why) => Error::Held(about(why)),
    }
}
