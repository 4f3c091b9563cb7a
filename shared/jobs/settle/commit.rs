//! The end of one person's round: first the due item of the next boundary, then claims and audit entries in one
//! transaction.

use futures_util::future::try_join;
use jiff::Timestamp;

use super::evaluate::Evaluation;
use super::lateness::{stamp, waits};
use super::person_work::PersonWork;
use super::problem_text::about_card;
use super::problems::problems_of;
use super::site_context::SiteContext;
use super::unlist::{drop_gone_profiles, unlist_shell};
use basis::note_basis;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{Step, Store, Write, conflict};
use doorstep_core::decide::cards::{Trouble, Wrong};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::model::window::{floor_minute, minutes_later};
pub use outcome::Outcome;
use outcome::{LONGEST_BACK_OFF, Round, conclude, earliest_pause, needs_aftercare};
use write::write;

mod basis;
pub mod outcome;
mod write;

/// Minutes after which a card number that was not the person's is checked again.
const LOOKS: [i64; 2] = [1, 5];
/// Stores the result of one person's round. The end of the audit chain and the notices to publish pass from one person
/// to the next.
pub async fn commit(
    scene: &SiteContext,
    sitting: Evaluation,
    mut task: PersonWork,
    now: Timestamp,
    chain: &mut Option<Chain>,
    notices: &mut Vec<Notice>,
) -> Result<Outcome> {
    // A refusal is retried too, because it may be over in a minute: a renewed key, a freed field, an error of the
    // vendor.
    let failed = !task.failures.is_empty();
    if failed && !sitting.last && task.person == sitting.case.person && task.actions.is_empty() {
        return Ok(Outcome::Failed);
    }
    let mut problems = problems_of(scene, &sitting, &task);
    if task.left {
        // The cards were not read in this phase. Known problems with them may persist.
        let known = sitting.case.person.problems.iter();
        problems.extend(known.filter(|problem| site_doors(scene).any(|doors| about_card(doors, problem))).cloned());
        problems.sort();
        problems.dedup();
    }
    // A batch may take a while, and an audit entry needs the time at which it was written.
    let at = scene.environment.time.now().max(now);
    stamp(&mut task.actions, &sitting, at);
    count_new_accounts(scene, &mut task, at)?;
    task.writes.extend(drop_gone_profiles(&scene.site.id, &mut task.person, &sitting.case.dossier));
    if !failed {
        task.writes.extend(unlist_shell(&scene.site.id, &mut task.person));
    }
    let waits = waits(&task);
    let before = sitting.case.person.clone();
    let person = &mut task.person;
    note_basis(person, &before, (&sitting.derived.entitlements, &sitting.case.dossier), &sitting.cause, now);
    person.problems = problems;
    person.next = sitting.next;
    let more = task.more || needs_aftercare(&task.decision, person, &scene.terms);
    let round = match (failed, sitting.last) {
        (false, _) => Round::Done { more },
        (true, false) => Round::Failed,
        (true, true) => Round::FailedForGood { asked: earliest_pause(&task.failures) },
    };
    let outcome = match conclude(person, round, now) {
        Outcome::Settled if task.left => Outcome::Left,
        outcome => outcome,
    };
    match outcome {
        Outcome::Settled | Outcome::Again => person.waiting = None,
        Outcome::Left => {}
        Outcome::Failed => {}
        Outcome::GaveUp => person.waiting = waits.then_some(sitting.asked),
    }
    look_again(scene, &before, &task, now).await?;
    let written = match write(scene, &before, &mut task, (now, at), chain).await {
        Ok(()) => Ok(outcome),
        // Conflict: the person changed since it was read. The applied actions stay intents, which the next round
        // resolves.
        Err(error) if error.is_retryable() && !sitting.last => Ok(Outcome::Failed),
        // The table will never accept this write. The applied actions stay intents.
        Err(error @ Error::Permanent(_)) => cannot_be_written(scene, &before, task.person.version, &error, now).await,
        Err(error) => Err(error),
    };
    notices.extend(task.actions.into_iter().map(Notice::Changed));
    written
}

/// Counts new accounts that no human approved. Beyond a limit in 24 hours, further ones wait for an approval.
fn count_new_accounts(scene: &SiteContext, task: &mut PersonWork, at: Timestamp) -> Result<()> {
    let approved = |action: &AuditEntry| {
        let made = |change: &UnconfirmedChange| matches!(change, UnconfirmedChange::Made { doors, .. } if *doors == action.doors);
        task.released.iter().any(|release| release.approved.is_some() && made(&release.change))
    };
    let new = task.actions.iter().filter(|action| action.what == AuditAction::Invited && !approved(action));
    let counts: Result<Vec<Write>> =
        new.map(|action| Store::count_made(&scene.site.id, &action.doors, &action.account, at)).collect();
    task.writes.extend(counts?);
    Ok(())
}

/// Handles a person whose result the table refuses. The refusal becomes a problem of the person, if the table accepts
/// that, and the person is due later. All other people go on.
async fn cannot_be_written(
    scene: &SiteContext,
    before: &Person,
    version: u64,
    error: &Error,
    now: Timestamp,
) -> Result<Outcome> {
    let (site, store) = (&scene.site.id, &scene.environment.store);
    tracing::error!(site = site.as_str(), person = before.id, %error, "a person cannot be written down");
    let later = minutes_later(now, LONGEST_BACK_OFF);
    let why = format!("Doorstep's table refuses what is known of this person: {}", error.why());
    let person = Person { version, problems: vec![why], next: Some(later), ..before.clone() };
    let due = [Due::at(later, Subject::Person(person.id.clone()))];
    try_join(scene.schedule(floor_minute(later)), store.put_dues(site, &due)).await?;
    match store.write_as(Step::Commit, put(site, &person)?).await {
        Ok(()) | Err(Error::Permanent(_)) => Ok(Outcome::GaveUp),
        Err(error) if error == conflict() => Ok(Outcome::GaveUp),
        Err(error) => Err(error),
    }
}

/// Schedules two more evaluations for a person with a new card problem: the number does not exist, or is another
/// person's. Such a number is often on its way: a tag is being registered, or is returned a moment later. After these
/// two, only reconcile checks again.
async fn look_again(scene: &SiteContext, before: &Person, task: &PersonWork, now: Timestamp) -> Result<()> {
    let passes = |what: Wrong| matches!(what, Wrong::Unknown | Wrong::SomebodyElses);
    let known = |doors: &String, trouble: &Trouble| before.problems.contains(&format!("{doors}: {trouble}"));
    if !task.decision.troubles().any(|(doors, trouble)| passes(trouble.what) && !known(doors, trouble)) {
        return Ok(());
    }
    for minutes in LOOKS {
        let later = minutes_later(now, minutes);
        let due = [Due::at(later, Subject::Person(before.id.clone()))];
        let put = scene.environment.store.put_dues(&scene.site.id, &due);
        try_join(scene.schedule(floor_minute(later)), put).await?;
    }
    Ok(())
}

fn site_doors(scene: &SiteContext) -> impl Iterator<Item = &str> {
    scene.site.doors.keys().map(String::as_str)
}

/// Publishes what a round did. The audit chain is the record, so a failure of the bus loses nothing from it.
pub async fn tell(scene: &SiteContext, notices: &[Notice]) {
    if let Err(error) = scene.environment.bus.publish(&scene.site.id, notices).await {
        tracing::warn!(site = scene.site.id.as_str(), %error, "what was done could not be published");
    }
}
