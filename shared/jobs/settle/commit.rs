//! The end of one person's round: first the due item of the next boundary, then claims and audit entries in one
//! transaction.

use doorstep_core::model::ids::SiteId;
use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join;
use jiff::{SignedDuration, Timestamp};

use super::apply::PersonWork;
use super::basis::note_basis;
use super::problems::{about_card, problems_of};
use super::round::Evaluation;
use super::scene::SiteContext;
use super::tidy::{drop_gone_profiles, unlist_shell};
use super::timely::{stamp, waits};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{MOST_IN_ONE, Step, Store, Write, conflict};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{Trouble, Wrong};
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::model::window::{ceil_minute, floor_minute, minutes_later};
use doorstep_core::site::WithoutAccess;

/// Longest pause that is granted to a vendor.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Minutes after which a card number that was not the person's is checked again.
const LOOKS: [i64; 2] = [1, 5];
/// Most audit entries in one transaction.
const MOST_ACTIONS: usize = 80;

/// The outcome of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Settled,
    /// The applied actions may require another round.
    Again,
    /// The rest of the work belongs to another phase.
    Left,
    /// Something failed.
    Failed,
    /// It failed too often. The person is due at a later minute.
    GaveUp,
}

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

/// The course of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing failed. The applied actions may require another round.
    Done {
        /// They do require one.
        more: bool,
    },
    /// Something failed, and another round retries it.
    Failed,
    /// Something failed, and no other round of this run retries it.
    FailedForGood {
        /// The shortest pause that vendors requested; `None` unless every failure came with one.
        asked: Option<Duration>,
    },
}

/// Returns the shortest pause that vendors requested; `None` unless every failure came with one.
fn earliest_pause(failures: &[(String, Error)]) -> Option<Duration> {
    let pauses = failures.iter().map(|(_, error)| match error {
        Error::Retry { after, .. } => *after,
        Error::Permanent(_) | Error::Invalid(_) | Error::Held(_) => None,
    });
    pauses.collect::<Option<Vec<Duration>>>()?.into_iter().min()
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

/// Returns the outcome of a round, and sets when a person who failed too often is retried.
pub(super) fn conclude(person: &mut Person, round: Round, now: Timestamp) -> Outcome {
    match round {
        Round::Done { more } => {
            person.failures = 0;
            if more { Outcome::Again } else { Outcome::Settled }
        }
        Round::Failed => Outcome::Failed,
        Round::FailedForGood { asked } => {
            person.failures += 1;
            let retry = match asked.and_then(|asked| SignedDuration::try_from(asked.min(LONGEST_PAUSE)).ok()) {
                Some(asked) => ceil_minute(now.saturating_add(asked).unwrap_or(now)),
                None => minutes_later(now, back_off(person.failures)),
            };
            let retry = retry.max(minutes_later(now, 1));
            person.next = Some(person.next.map_or(retry, |next| next.min(retry)));
            Outcome::GaveUp
        }
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

/// Returns whether the applied actions require another round. After a person left the last group, Doorstep takes back
/// the cards, and may then suspend or delete the account. A claim with older members needs another round until the last
/// of them is gone.
pub(super) fn needs_aftercare(
    decision: &PersonDecision,
    person: &Person,
    terms: &BTreeMap<String, DoorsContext>,
) -> bool {
    decision.actions().any(|(doors, step)| match step {
        Action::Revoke { group, .. } => {
            let keeps = terms.get(doors).is_none_or(|terms| terms.without_access(person) == WithoutAccess::Keep);
            !keeps || person.has_cards_at(doors) || person.claim(doors, group).is_some()
        }
        Action::Tidy { .. } | Action::Untag(_) => true,
        _ => false,
    })
}

fn site_doors(scene: &SiteContext) -> impl Iterator<Item = &str> {
    scene.site.doors.keys().map(String::as_str)
}

/// Most minutes until a person whose rounds failed is retried.
const LONGEST_BACK_OFF: i64 = 8;

/// Returns the minutes until a person is retried after this many failures.
fn back_off(failures: u32) -> i64 {
    1 << failures.saturating_sub(4).min(3)
}

async fn write(
    scene: &SiteContext,
    before: &Person,
    task: &mut PersonWork,
    (now, at): (Timestamp, Timestamp),
    known: &mut Option<Chain>,
) -> Result<()> {
    let (site, store) = (&scene.site.id, &scene.environment.store);
    let person = &mut task.person;
    if *person == *before && task.actions.is_empty() && task.writes.is_empty() {
        return Ok(());
    }
    let me = Subject::Person(person.id.clone());
    if let Some(next) = person.next.filter(|_| person.next != before.next) {
        // The due item and the schedule precede the person: an unneeded one does no harm.
        let due = [Due::at(next, me.clone())];
        try_join(scene.schedule(floor_minute(next)), store.put_dues(site, &due)).await?;
    }
    if task.actions.is_empty() && task.writes.is_empty() {
        store.write_as(Step::Commit, put(site, person)?).await?;
    } else {
        let chain = match known.take() {
            Some(chain) => chain,
            None => store.chain(site).await?,
        };
        *known =
            Some(write_with_actions(scene, person, std::mem::take(&mut task.writes), &task.actions, at, chain).await?);
    }
    person.version += 1;
    let moved = before.next.filter(|&old| old > now && person.next != Some(old));
    if let Some(old) = moved
        && let Err(error) = store.write(Due::delete(site, old, &me)).await
    {
        tracing::debug!(site = site.as_str(), %error, "a due item stays that nobody needs");
    }
    Ok(())
}

/// Writes the person, further items and the person's audit entries at the end of the chain, in one transaction. Audit
/// entries that do not fit are written before it, in transactions of their own. Returns the new end of the chain.
async fn write_with_actions(
    scene: &SiteContext,
    person: &mut Person,
    mut writes: Vec<Write>,
    actions: &[AuditEntry],
    at: Timestamp,
    mut chain: Chain,
) -> Result<Chain> {
    let (site, store) = (&scene.site.id, &scene.environment.store);
    let (early, late) = actions.split_at(actions.len().saturating_sub(MOST_ACTIONS));
    for actions in early.chunks(MOST_ACTIONS) {
        store.write_all(Step::Keep, chain.join(site, person, at, actions)?).await?;
    }
    writes.extend(chain.join(site, person, at, late)?);
    debug_assert!(writes.len() < MOST_IN_ONE, "links and records of one person fit one transaction");
    writes.insert(0, put(site, person)?);
    store.write_all(Step::Commit, writes).await?;
    Ok(chain)
}

/// Publishes what a round did. The audit chain is the record, so a failure of the bus loses nothing from it.
pub async fn tell(scene: &SiteContext, notices: &[Notice]) {
    if let Err(error) = scene.environment.bus.publish(&scene.site.id, notices).await {
        tracing::warn!(site = scene.site.id.as_str(), %error, "what was done could not be published");
    }
}
