//! The step that withholds unconfirmed changes. They are applied only if they were released: by the guard, which judges
//! them as a set when everything is compared, or by a human. All other actions of the person go on.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::evaluate::Evaluation;
use super::new_account_gate::NewAccountGate;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::holds::Release;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::Change;
use doorstep_core::decide::guard::baseline::Certainty;
use doorstep_core::decide::guard::removal::{Evidence, change_of};
use doorstep_core::decide::guard::{MOST_NEW, UnconfirmedChange};
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;

/// The text shown for a person whose new account waits to be counted.
pub const COUNTED: &str = "the new account waits: very many are new at once, and they are counted before anybody is \
                           invited; more than 100 wait for `doorstep approve`";

/// Removes from `judged` every unconfirmed change that was not released.
pub async fn wait_for_the_guard(
    scene: &SiteContext,
    sitting: &Evaluation,
    task: &mut PersonWork,
    judged: &mut PersonDecision,
    now: Timestamp,
) {
    let mut changes = Vec::new();
    for (doors, step) in judged.actions() {
        let counted = *step == Action::Create
            && must_be_counted(scene, doors, &task.person.id, now).await.unwrap_or_else(|error| {
                task.failures.push(("ledger".to_owned(), error));
                true
            });
        let found = change(scene, sitting, &task.person, (doors, step), counted, now);
        changes.push(match found {
            Some((change, Certainty::Left)) if is_news(scene, &change).await => None,
            found => found.map(|(change, _)| change),
        });
    }
    let asked: Vec<UnconfirmedChange> = changes.iter().flatten().cloned().collect();
    if asked.is_empty() {
        return;
    }
    let released = match scene.environment.store.released(&scene.site.id, &asked, now).await {
        Ok(released) => released,
        Err(error) => {
            task.failures.push(("ledger".to_owned(), error));
            Vec::new()
        }
    };
    let mut held = Vec::new();
    let mut changes = changes.into_iter();
    for (doors, here) in &mut judged.by_doors {
        for (step, change) in std::mem::take(&mut here.actions).into_iter().zip(changes.by_ref()) {
            match change.map(|change| (released.iter().find(|release| release.change == change), change)) {
                None => here.actions.push(step),
                Some((Some(release), _)) => {
                    task.released.push(release.clone());
                    here.actions.push(approved(step, release));
                }
                Some((None, UnconfirmedChange::Made { .. })) => held.push(doors.clone()),
                Some((None, _)) => {}
            }
        }
    }
    if !held.is_empty()
        && let Err(error) = ask_to_be_counted(scene).await
    {
        task.failures.push(("ledger".to_owned(), error));
    }
    // Access needs an account.
    judged.retain_actions(|doors, step| !held.iter().any(|held| held == doors) || step.takes_out());
    task.waits.extend(held.into_iter().map(|doors| format!("{doors}: {COUNTED}")));
}

/// Returns whether this person's new account must wait. It must if very many people may need one or already wait for an
/// approval, or if the limit for 24 hours is reached. Looked up once a batch, and only for a person without an account.
async fn must_be_counted(scene: &SiteContext, doors: &str, person: &str, now: Timestamp) -> Result<bool> {
    let (store, site) = (&scene.environment.store, &scene.site.id);
    let looked = scene.crowd.get_or_try_init(|| async {
        let waits = store.open_holds(site).await?.iter().any(|hold| hold.accounts > 0);
        Ok::<_, Error>(match waits || store.is_crowded(site).await? {
            true => NewAccountGate::Known,
            false if scene.crowded => NewAccountGate::New,
            false => NewAccountGate::Few(store.made(site, now).await?),
        })
    });
    Ok(match looked.await? {
        NewAccountGate::Known | NewAccountGate::New => true,
        NewAccountGate::Few(made) => {
            let lately = made.get(doors).copied().unwrap_or_default();
            !scene.makes(doors, person, MOST_NEW.saturating_sub(lately))
        }
    })
}

/// Requests that a reconcile counts the new accounts, once a batch, after at least one of them was held. If all were
/// released there is nothing to count.
async fn ask_to_be_counted(scene: &SiteContext) -> Result<()> {
    let asked = scene.asked.get_or_try_init(|| async {
        if matches!(scene.crowd.get(), Some(NewAccountGate::New | NewAccountGate::Few(_))) {
            scene.environment.store.note_many_accounts(&scene.site.id, true).await?;
            scene.environment.bus.want_reconcile(&scene.site.id, AskedBy::Function).await;
        }
        Ok(())
    });
    asked.await.copied()
}

/// Returns whether a change of certainty `Left` arose after everything was compared by the file in force. An older file
/// that revoked nothing may have left such a change, and that comparison then held it. A change that is not held is
/// newer.
async fn is_news(scene: &SiteContext, change: &UnconfirmedChange) -> bool {
    let (store, site) = (&scene.environment.store, &scene.site.id);
    let looked = scene.held.get_or_try_init(|| async {
        let mut held = BTreeSet::new();
        for hold in store.open_holds(site).await? {
            held.extend(store.waiting(&hold).await?.into_iter().map(|one| one.change));
        }
        Ok::<_, Error>(held)
    });
    scene.compared && looked.await.is_ok_and(|held| !held.contains(change))
}

/// Returns the unconfirmed change that an action makes, and its certainty; `None` for a planned action.
fn change(
    scene: &SiteContext,
    sitting: &Evaluation,
    person: &Person,
    (doors, step): (&str, &Action),
    counted: bool,
    now: Timestamp,
) -> Option<(UnconfirmedChange, Certainty)> {
    if *step == Action::Create && counted {
        let profile = person.profiles.first()?.clone();
        return Some((UnconfirmedChange::Made { doors: doors.to_owned(), profile }, Certainty::Inferred));
    }
    let (dossier, desired) = (&sitting.case.dossier, &sitting.desired);
    let evidence = Evidence { baseline: &scene.baseline, rules: scene.rules(), dossier, desired, person, now };
    let sure = evidence.certainty(doors, step);
    (sure != Certainty::Planned).then_some((change_of(person, doors, step)?, sure))
}

/// Returns the action with the approval added to its reason in the audit entry.
fn approved(step: Action, release: &Release) -> Action {
    match (step, &release.approved) {
        (Action::Revoke { group, row, foreign, because }, Some(checksum)) => {
            let because = format!("{because} (approved: {checksum})");
            Action::Revoke { group, row, foreign, because }
        }
        (Action::Untag(change), Some(checksum)) => {
            let because = format!("{} (approved: {checksum})", change.because);
            Action::Untag(Change { because, ..change })
        }
        (step, _) => step,
    }
}
