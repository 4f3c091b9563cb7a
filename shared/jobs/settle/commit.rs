//! The end of one person's round: first the due item of the next boundary, then claims and audit
//! entries in one transaction.

use futures_util::future::try_join;
use jiff::Timestamp;

use super::evaluate::Evaluation;
use super::lateness::{stamp, waits};
use super::other_sites::trigger_others;
use super::person_work::PersonWork;
use super::problems::problems_of;
use super::site_context::SiteContext;
use super::unlist::{drop_gone_profiles, unlist_shell};
use basis::note_basis;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{Store, Write, WriteStep, conflict};
use doorstep_core::budgets::rounds::{CARD_CHECKS, LONGEST_BACK_OFF};
use doorstep_core::decide::cards::Trouble;
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::{Problem, Wrong};
use doorstep_core::model::subject::Subject;
pub use outcome::RoundOutcome;
use outcome::{RoundResult, conclude, earliest_pause, needs_aftercare};
use write::write;

mod basis;
pub mod outcome;
mod write;

/// What passes from the commit of one person to that of the next.
#[derive(Default)]
struct Committed {
    /// The end of the audit chain, once it was loaded.
    chain: Option<Chain>,
    /// What was done, to be published after the last commit.
    notices: Vec<Notice>,
}

/// Stores the results of a round, one person after another, because each commit appends to the end
/// of the audit chain. Publishes what was done even if an error ends the loop early, and triggers
/// the other sites that it concerns.
pub async fn commit(
    context: &SiteContext,
    evaluations: Vec<Evaluation>,
    mut works: Vec<PersonWork>,
) -> Result<Vec<(PersonId, RoundOutcome)>> {
    let mut committed = Committed::default();
    let mut outcomes = Vec::with_capacity(works.len());
    let mut ended = Ok(());
    let triggers = works
        .iter_mut()
        .flat_map(|work| std::mem::take(&mut work.messages))
        .collect();
    let hopeless: Vec<bool> = works
        .iter()
        .map(|work| is_hopeless(context, work))
        .collect();
    for ((mut evaluation, work), hopeless) in evaluations.into_iter().zip(works).zip(hopeless) {
        evaluation.last |= hopeless;
        let id = work.person.id.clone();
        match commit_one(context, evaluation, work, &mut committed).await {
            Ok(outcome) => outcomes.push((id, outcome)),
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    publish(context, &committed.notices).await;
    trigger_others(context, triggers).await;
    ended.map(|()| outcomes)
}

/// Returns whether another round of this run could retry nothing of what failed: the vendors are
/// closed, or no time is left.
fn is_hopeless(context: &SiteContext, work: &PersonWork) -> bool {
    let all_closed = work.failures.iter().all(|failure| {
        failure
            .doors()
            .is_some_and(|doors| context.is_closed(doors))
    });
    !work.failures.is_empty() && all_closed
}

/// Stores the result of one person's round.
async fn commit_one(
    context: &SiteContext,
    evaluation: Evaluation,
    mut work: PersonWork,
    committed: &mut Committed,
) -> Result<RoundOutcome> {
    let now = context.now;
    // A refusal is retried too, because it may be over in a minute: a renewed key, a freed field,
    // an error of the vendor.
    let failed = !work.failures.is_empty();
    if failed
        && !evaluation.last
        && work.person == evaluation.state.person
        && work.actions.is_empty()
    {
        return Ok(RoundOutcome::Failed);
    }
    let mut problems = problems_of(context, &evaluation, &work);
    if work.left {
        // The cards were not read in this phase. Known problems with them may persist.
        let known = evaluation.state.person.problems.iter();
        let persists = |problem: &&Problem| {
            problem.is_about_card() && context.site.doors.keys().any(|doors| problem.is_at(doors))
        };
        problems.extend(known.filter(persists).cloned());
        problems = Problem::in_order(problems);
    }
    // A batch may take a while, and an audit entry needs the time at which it was written.
    let at = context.environment.time.now().max(now);
    stamp(&mut work.actions, &evaluation, at);
    count_new_accounts(context, &mut work, at)?;
    work.writes.extend(drop_gone_profiles(
        &context.site.id,
        &mut work.person,
        &evaluation.state.facts,
    ));
    if !failed {
        work.writes
            .extend(unlist_shell(&context.site.id, &mut work.person));
    }
    let waits = waits(&work);
    let before = evaluation.state.person.clone();
    let person = &mut work.person;
    note_basis(person, &evaluation, now);
    person.problems = problems;
    person.next = evaluation.next;
    let more = work.more || needs_aftercare(&work.decision, person, &context.systems);
    let round = match (failed, evaluation.last) {
        (false, _) => RoundResult::Done { more },
        (true, false) => RoundResult::Failed,
        (true, true) => RoundResult::FailedForGood {
            asked: earliest_pause(&work.failures),
        },
    };
    let outcome = match conclude(person, round, now) {
        RoundOutcome::Settled if work.left => RoundOutcome::Left,
        outcome => outcome,
    };
    match outcome {
        RoundOutcome::Settled | RoundOutcome::Again => person.waiting = None,
        RoundOutcome::Left => {}
        RoundOutcome::Failed => {}
        RoundOutcome::GaveUp => person.waiting = waits.then_some(evaluation.asked),
    }
    refetch_again(context, &before, &work).await?;
    let written = match write(context, &before, &mut work, at, &mut committed.chain).await {
        Ok(()) => Ok(outcome),
        // Conflict: the person changed since it was read. The applied actions stay intents, which
        // the next round resolves.
        Err(error) if error.is_retryable() && !evaluation.last => Ok(RoundOutcome::Failed),
        // The table will never accept this write. The applied actions stay intents.
        Err(error @ Error::Permanent(_)) => {
            cannot_be_written(context, &before, work.person.version, &error).await
        }
        Err(error) => Err(error),
    };
    committed
        .notices
        .extend(work.actions.into_iter().map(Notice::Changed));
    written
}

/// Counts new accounts that no human approved. Beyond a limit in 24 hours, further ones wait for an
/// approval.
fn count_new_accounts(context: &SiteContext, work: &mut PersonWork, at: Timestamp) -> Result<()> {
    let approved = |action: &AuditEntry| {
        let made = |change: &UnconfirmedChange| matches!(change, UnconfirmedChange::Made { doors, .. } if *doors == action.doors);
        work.released
            .iter()
            .any(|release| release.approved.is_some() && made(&release.change))
    };
    let new = work
        .actions
        .iter()
        .filter(|action| action.what == AuditAction::Invited && !approved(action));
    let counts: Result<Vec<Write>> = new
        .map(|action| Store::count_made(&context.site.id, &action.doors, &action.account, at))
        .collect();
    work.writes.extend(counts?);
    Ok(())
}

/// Handles a person whose result the table refuses. The refusal becomes a problem of the person, if
/// the table accepts that, and the person is due later. All other people go on.
async fn cannot_be_written(
    context: &SiteContext,
    before: &Person,
    version: u64,
    error: &Error,
) -> Result<RoundOutcome> {
    let (site, store) = (&context.site.id, &context.environment.store);
    tracing::error!(site = site.as_str(), person = before.id.as_str(), %error, "a person cannot be stored");
    let later = Minute::of(context.now).later(LONGEST_BACK_OFF);
    let problem = Problem::Unstorable(error.why().to_owned());
    let person = Person {
        version,
        problems: vec![problem],
        next: Some(later.start()),
        ..before.clone()
    };
    let due = [Due::at(later.start(), Subject::Person(person.id.clone()))];
    try_join(context.schedule(later), store.put_dues(site, &due)).await?;
    match store.write_as(WriteStep::Commit, put(site, &person)?).await {
        Ok(()) | Err(Error::Permanent(_)) => Ok(RoundOutcome::GaveUp),
        Err(error) if error == conflict() => Ok(RoundOutcome::GaveUp),
        Err(error) => Err(error),
    }
}

/// Schedules two more evaluations for a person with a new card problem: the number does not exist,
/// or is another person's. Such a number is often on its way: a tag is being registered, or is
/// returned a moment later. After these two, only reconcile checks again.
async fn refetch_again(context: &SiteContext, before: &Person, work: &PersonWork) -> Result<()> {
    let passes = |what: Wrong| matches!(what, Wrong::Unknown | Wrong::OfAnother);
    let known =
        |doors: &DoorsName, trouble: &Trouble| before.problems.contains(&trouble.problem(doors));
    if !work
        .decision
        .troubles()
        .any(|(doors, trouble)| passes(trouble.what) && !known(doors, trouble))
    {
        return Ok(());
    }
    for minutes in CARD_CHECKS {
        let later = Minute::of(context.now).later(minutes);
        let due = [Due::at(later.start(), Subject::Person(before.id.clone()))];
        let put = context.environment.store.put_dues(&context.site.id, &due);
        try_join(context.schedule(later), put).await?;
    }
    Ok(())
}

/// Publishes what a round did. The audit chain is the record, so a failure of the bus loses nothing
/// from it.
async fn publish(context: &SiteContext, notices: &[Notice]) {
    if let Err(error) = context
        .environment
        .bus
        .publish(&context.site.id, notices)
        .await
    {
        tracing::warn!(site = context.site.id.as_str(), %error, "the changes could not be published");
    }
}
