//! The step that withholds unconfirmed changes. They are applied only if they were released: by the
//! guard, which judges them as a set when everything is compared, or by a human. All other actions
//! of the person go on.

use std::collections::BTreeSet;

use super::accounts::reader;
use super::cards::adopt_and_forget;
use super::decide::DecidedWork;
use super::evaluate::Evaluation;
use super::failure::Failure;
use super::new_account_gate::NewAccountGate;
use super::other_sites::note;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::holds::Release;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::CardChange;
use doorstep_core::decide::guard::baseline::Certainty;
use doorstep_core::decide::guard::removal::{RemovalEvidence, change_of};
use doorstep_core::decide::guard::{MOST_NEW, UnconfirmedChange};
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;
use doorstep_core::model::reasons::RevokeReason;

/// Withholds from everyone's decision what must not be applied in this round, and returns the work
/// that remains. Withheld are unconfirmed changes that were not released, actions of another phase,
/// and suspensions of accounts that are still in a group.
pub async fn withhold(
    context: &SiteContext,
    evaluations: &[Evaluation],
    decided: Vec<DecidedWork>,
) -> Vec<PersonWork> {
    let mut works = Vec::with_capacity(decided.len());
    for (evaluation, decided) in evaluations.iter().zip(decided) {
        works.push(withhold_one(context, evaluation, decided).await);
    }
    works
}

async fn withhold_one(
    context: &SiteContext,
    evaluation: &Evaluation,
    decided: DecidedWork,
) -> PersonWork {
    let DecidedWork {
        mut work,
        mut decision,
    } = decided;
    wait_for_the_guard(context, evaluation, &mut work, &mut decision).await;
    work.left |= context.phase.take(&mut decision);
    rest_only_the_idle(context, &mut work, &mut decision).await;
    adopt_and_forget(&mut work.person, &decision, context.now);
    let makes = decision.actions().any(|(_, step)| *step == Action::Create);
    work.more = makes && !work.left && !evaluation.numbers.is_empty();
    note(&mut work, &decision);
    decision.settle_claims(&mut work.person);
    work.decision = decision;
    work
}

/// Removes from `decision` every unconfirmed change that was not released.
async fn wait_for_the_guard(
    context: &SiteContext,
    evaluation: &Evaluation,
    work: &mut PersonWork,
    decision: &mut PersonDecision,
) {
    let mut changes = Vec::new();
    for (doors, step) in decision.actions() {
        let counted = *step == Action::Create
            && must_be_counted(context, doors, &work.person.id)
                .await
                .unwrap_or_else(|error| {
                    work.store_failed(error);
                    true
                });
        let found = match counted {
            true => new_account(doors, &work.person),
            false => change(context, evaluation, &work.person, doors, step),
        };
        changes.push(match found {
            Some((change, Certainty::Left)) if is_news(context, &change).await => None,
            found => found.map(|(change, _)| change),
        });
    }
    let asked: Vec<UnconfirmedChange> = changes.iter().flatten().cloned().collect();
    if asked.is_empty() {
        return;
    }
    let released = match context
        .environment
        .store
        .released(&context.site.id, &asked, context.now)
        .await
    {
        Ok(released) => released,
        Err(error) => {
            work.store_failed(error);
            Vec::new()
        }
    };
    let mut held = Vec::new();
    let mut changes = changes.into_iter();
    for (doors, here) in &mut decision.by_doors {
        for (step, change) in std::mem::take(&mut here.actions)
            .into_iter()
            .zip(changes.by_ref())
        {
            match change.map(|change| {
                (
                    released.iter().find(|release| release.change == change),
                    change,
                )
            }) {
                None => here.actions.push(step),
                Some((Some(release), _)) => {
                    work.released.push(release.clone());
                    here.actions.push(approved(step, release));
                }
                Some((None, UnconfirmedChange::Made { .. })) => held.push(doors.clone()),
                Some((None, _)) => {}
            }
        }
    }
    if !held.is_empty()
        && let Err(error) = ask_to_be_counted(context).await
    {
        work.store_failed(error);
    }
    // Access needs an account.
    decision
        .retain_actions(|doors, step| !held.iter().any(|held| held == doors) || step.takes_out());
    work.uncounted.extend(held);
}

/// Returns whether this person's new account must wait. It must if very many people may need one or
/// already wait for an approval, or if the limit for 24 hours is reached. Looked up once a batch,
/// and only for a person without an account.
async fn must_be_counted(
    context: &SiteContext,
    doors: &DoorsName,
    person: &PersonId,
) -> Result<bool> {
    let (store, site) = (&context.environment.store, &context.site.id);
    let read_at = context.gate.get_or_try_init(|| async {
        let waits = store
            .open_holds(site)
            .await?
            .iter()
            .any(|hold| hold.accounts > 0);
        Ok::<_, Error>(match waits || store.is_crowded(site).await? {
            true => NewAccountGate::Known,
            false if context.many_new => NewAccountGate::New,
            false => NewAccountGate::Few(store.made(site, context.now).await?),
        })
    });
    Ok(match read_at.await? {
        NewAccountGate::Known | NewAccountGate::New => true,
        NewAccountGate::Few(made) => {
            let lately = made.get(doors).copied().unwrap_or_default();
            !context.makes(doors, person, MOST_NEW.saturating_sub(lately))
        }
    })
}

/// Requests that a reconcile counts the new accounts, once a batch, after at least one of them was
/// held. If all were released there is nothing to count.
async fn ask_to_be_counted(context: &SiteContext) -> Result<()> {
    let asked = context.asked.get_or_try_init(|| async {
        if matches!(
            context.gate.get(),
            Some(NewAccountGate::New | NewAccountGate::Few(_))
        ) {
            context
                .environment
                .store
                .note_many_accounts(&context.site.id, true)
                .await?;
            context
                .environment
                .bus
                .want_reconcile(&context.site.id, AskedBy::Function)
                .await;
        }
        Ok(())
    });
    asked.await.copied()
}

/// Returns whether a change of certainty `Left` arose after everything was compared by the file in
/// force. An older file that revoked nothing may have left such a change, and that comparison then
/// held it. A change that is not held is newer.
async fn is_news(context: &SiteContext, change: &UnconfirmedChange) -> bool {
    let (store, site) = (&context.environment.store, &context.site.id);
    let read_at = context.held.get_or_try_init(|| async {
        let mut held = BTreeSet::new();
        for hold in store.open_holds(site).await? {
            held.extend(
                store
                    .waiting(&hold)
                    .await?
                    .into_iter()
                    .map(|one| one.change),
            );
        }
        Ok::<_, Error>(held)
    });
    context.compared && read_at.await.is_ok_and(|held| !held.contains(change))
}

/// Returns the change of creating an account that must be counted first.
fn new_account(doors: &DoorsName, person: &Person) -> Option<(UnconfirmedChange, Certainty)> {
    let profile = person.profiles.first()?.clone();
    Some((
        UnconfirmedChange::Made {
            doors: doors.to_owned(),
            profile,
        },
        Certainty::Inferred,
    ))
}

/// Returns the unconfirmed change that an action makes, and its certainty; `None` for a planned
/// action.
fn change(
    context: &SiteContext,
    evaluation: &Evaluation,
    person: &Person,
    doors: &DoorsName,
    step: &Action,
) -> Option<(UnconfirmedChange, Certainty)> {
    let now = context.now;
    let (facts, desired) = (&evaluation.state.facts, &evaluation.desired);
    let evidence = RemovalEvidence {
        baseline: &context.baseline,
        rules: context.rules(),
        person_facts: facts,
        desired,
        person,
        now,
    };
    let sure = evidence.certainty(doors, step);
    (sure != Certainty::Planned).then_some((change_of(person, doors, step)?, sure))
}

/// Returns the action with the approval added to its reason in the audit entry.
fn approved(step: Action, release: &Release) -> Action {
    match (step, &release.approved) {
        (
            Action::Revoke {
                group,
                row,
                because,
            },
            Some(checksum),
        ) => {
            let because = RevokeReason {
                approved: Some(checksum.clone()),
                ..because
            };
            Action::Revoke {
                group,
                row,
                because,
            }
        }
        (Action::Untag(change), Some(checksum)) => {
            let because = format!("{} (approved: {checksum})", change.because);
            Action::Untag(CardChange { because, ..change })
        }
        (step, _) => step,
    }
}

/// Drops suspensions and deletions of accounts that are still in a group. Doorstep does not manage
/// that membership.
async fn rest_only_the_idle(
    context: &SiteContext,
    work: &mut PersonWork,
    decision: &mut PersonDecision,
) {
    let mut spared = BTreeSet::new();
    for (doors, step) in decision.actions() {
        if !matches!(step, Action::Suspend | Action::Delete) {
            continue;
        }
        let Some(linked) = work.person.accounts.get_mut(doors) else {
            continue;
        };
        let count = match reader(context, doors) {
            Ok(reader) => reader.group_count(&linked.account).await,
            Err(error) => Err(error),
        };
        match count {
            Ok(0) => continue,
            Ok(_) => linked.left_alone = true,
            Err(error) => work.failures.push(Failure::at(doors, error)),
        }
        spared.insert(doors.clone());
    }
    decision.retain_actions(|doors, step| {
        !matches!(step, Action::Suspend | Action::Delete) || !spared.contains(doors)
    });
}
