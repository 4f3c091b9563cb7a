//! The end of one person's round: first the due item of the next boundary, then claims and audit records in one
//! transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join;
use jiff::{SignedDuration, Timestamp};

use super::apply::PersonWork;
use super::basis::note_basis;
use super::problems::{about_card, problems_of};
use super::round::Evaluation;
use super::scene::{DoorsContext, SiteContext};
use super::tidy::{drop_gone_profiles, unlist_shell};
use super::timely::{stamp, waits};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{MOST_IN_ONE, Step, Store, Write, conflict};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{Trouble, Wrong};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::model::window::{ceil_minute, floor_minute, minutes_later};
use doorstep_core::site::WithoutAccess;

/// A pause that a vendor asks for is kept at most so long.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// In how many minutes a number that is not theirs is looked at again.
const LOOKS: [i64; 2] = [1, 5];
/// Most records in one transaction.
const MOST_DEEDS: usize = 80;

/// What became of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Settled,
    /// Something was done from which more may follow.
    Again,
    /// What is left to do is for a round of another portion.
    Left,
    /// Something failed.
    Failed,
    /// It failed too often; the person is due at a later minute.
    GaveUp,
}

/// Writes down what one person's round came to. The end of the audit chain is handed from one person to the next, and
/// so is what is to be published.
pub async fn commit(
    scene: &SiteContext,
    sitting: Evaluation,
    mut task: PersonWork,
    now: Timestamp,
    chain: &mut Option<Chain>,
    notices: &mut Vec<Notice>,
) -> Result<Outcome> {
    // A refusal, too, may be over in a minute: a key renewed, a field freed, a vendor that was wrong about it.
    let failed = !task.failures.is_empty();
    if failed && !sitting.last && task.person == sitting.case.person && task.deeds.is_empty() {
        return Ok(Outcome::Failed);
    }
    let mut problems = problems_of(scene, &sitting, &task);
    if task.left {
        // Nobody looked at their cards: what was wrong with them may still be.
        let known = sitting.case.person.problems.iter();
        problems.extend(known.filter(|problem| site_doors(scene).any(|doors| about_card(doors, problem))).cloned());
        problems.sort();
        problems.dedup();
    }
    // A slice may take a while, and a record says when it was written.
    let at = scene.environment.time.now().max(now);
    stamp(&mut task.deeds, &sitting, at);
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
    let more = task.more || needs_aftercare(&task.moves, person, &scene.terms);
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
        // Somebody was faster: what was done stays an intent, and the next round finds out.
        Err(error) if error.is_retryable() && !sitting.last => Ok(Outcome::Failed),
        // The table will never take it. What was done at the doors stays an intent.
        Err(error @ Error::Permanent(_)) => cannot_be_written(scene, &before, task.person.version, &error, now).await,
        Err(error) => Err(error),
    };
    notices.extend(task.deeds.into_iter().map(Notice::Changed));
    written
}

/// Counts new accounts, but those that a human approved: more than so many in a day wait for one.
fn count_new_accounts(scene: &SiteContext, task: &mut PersonWork, at: Timestamp) -> Result<()> {
    let approved = |deed: &AuditEntry| {
        let made =
            |doubt: &UnconfirmedChange| matches!(doubt, UnconfirmedChange::Made { doors, .. } if *doors == deed.doors);
        task.released.iter().any(|release| release.approved.is_some() && made(&release.doubt))
    };
    let new = task.deeds.iter().filter(|deed| deed.what == AuditAction::Invited && !approved(deed));
    let counts: Result<Vec<Write>> =
        new.map(|deed| Store::count_made(&scene.site.id, &deed.doors, &deed.account, at)).collect();
    task.writes.extend(counts?);
    Ok(())
}

/// How one person's round went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing failed. More may follow from what was done.
    Done {
        /// Something does.
        more: bool,
    },
    /// Something failed, and another round is to try it again.
    Failed,
    /// Something failed, and no other round of this run tries it again.
    FailedForGood {
        /// When a vendor that asked for a pause may be asked again, where all that failed is of such vendors.
        asked: Option<Duration>,
    },
}

/// The shortest pause that vendors asked for, where each failure comes with one.
fn earliest_pause(failures: &[(String, Error)]) -> Option<Duration> {
    let pauses = failures.iter().map(|(_, error)| match error {
        Error::Retry { after, .. } => *after,
        Error::Permanent(_) | Error::Invalid(_) | Error::Held(_) => None,
    });
    pauses.collect::<Option<Vec<Duration>>>()?.into_iter().min()
}

/// Makes it a problem of this person that the table refuses what became of them, as far as it takes that, and marks them
/// due later. Everybody else goes on.
async fn cannot_be_written(
    scene: &SiteContext,
    before: &Person,
    version: u64,
    error: &Error,
    now: Timestamp,
) -> Result<Outcome> {
    let (site, store) = (scene.site.id.as_str(), &scene.environment.store);
    tracing::error!(site, person = before.id, %error, "a person cannot be written down");
    let later = minutes_later(now, LONGEST_BACK_OFF);
    let why = format!("Doorstep's table refuses what is known of this person: {}", error.why());
    let person = Person { version, problems: vec![why], next: Some(later), ..before.clone() };
    let due = [Due::at(later, Subject::Person(person.id.clone()))];
    try_join(scene.alarm(floor_minute(later)), store.put_dues(site, &due)).await?;
    match store.write_as(Step::Commit, put(site, &person)?).await {
        Ok(()) | Err(Error::Permanent(_)) => Ok(Outcome::GaveUp),
        Err(error) if error == conflict() => Ok(Outcome::GaveUp),
        Err(error) => Err(error),
    }
}

/// What the round came to, and when a person who failed too often is tried again.
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

/// A number that has just turned out not to be there, or to be somebody else's, is often on its way: a tag that is being
/// registered, or is given back a moment later. From then on reconcile looks.
async fn look_again(scene: &SiteContext, before: &Person, task: &PersonWork, now: Timestamp) -> Result<()> {
    let passes = |what: Wrong| matches!(what, Wrong::Unknown | Wrong::SomebodyElses);
    let known = |doors: &str, trouble: &Trouble| before.problems.contains(&format!("{doors}: {trouble}"));
    if !task.troubles.iter().any(|(doors, trouble)| passes(trouble.what) && !known(doors, trouble)) {
        return Ok(());
    }
    for minutes in LOOKS {
        let later = minutes_later(now, minutes);
        let due = [Due::at(later, Subject::Person(before.id.clone()))];
        let put = scene.environment.store.put_dues(&scene.site.id, &due);
        try_join(scene.alarm(floor_minute(later)), put).await?;
    }
    Ok(())
}

/// After somebody left their last group, their cards are taken back; after that their account may be suspended or
/// deleted. Of a claim with older lines nobody knows yet that the last of them is gone.
pub(super) fn needs_aftercare(
    moves: &[(String, Action)],
    person: &Person,
    terms: &BTreeMap<String, DoorsContext>,
) -> bool {
    moves.iter().any(|(doors, step)| match step {
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

/// Most minutes until a person who failed is tried again.
const LONGEST_BACK_OFF: i64 = 8;

/// Minutes until somebody who failed this often is tried again.
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
    let (site, store) = (scene.site.id.as_str(), &scene.environment.store);
    let person = &mut task.person;
    if *person == *before && task.deeds.is_empty() && task.writes.is_empty() {
        return Ok(());
    }
    let me = Subject::Person(person.id.clone());
    if let Some(next) = person.next.filter(|_| person.next != before.next) {
        // Before the person: a due item or an alarm that turns out to be needless does no harm.
        let due = [Due::at(next, me.clone())];
        try_join(scene.alarm(floor_minute(next)), store.put_dues(site, &due)).await?;
    }
    if task.deeds.is_empty() && task.writes.is_empty() {
        store.write_as(Step::Commit, put(site, person)?).await?;
    } else {
        let chain = match known.take() {
            Some(chain) => chain,
            None => store.chain(site).await?,
        };
        *known = Some(write_with_deeds(scene, person, std::mem::take(&mut task.writes), &task.deeds, at, chain).await?);
    }
    person.version += 1;
    let moved = before.next.filter(|&old| old > now && person.next != Some(old));
    if let Some(old) = moved
        && let Err(error) = store.write(Due::delete(site, old, &me)).await
    {
        tracing::debug!(site, %error, "a due item stays that nobody needs");
    }
    Ok(())
}

/// The person, what else must be written with them, and their records at the end of the chain: one transaction. Gives
/// the new end.
async fn write_with_deeds(
    scene: &SiteContext,
    person: &mut Person,
    mut writes: Vec<Write>,
    deeds: &[AuditEntry],
    at: Timestamp,
    mut chain: Chain,
) -> Result<Chain> {
    let (site, store) = (scene.site.id.as_str(), &scene.environment.store);
    let (early, late) = deeds.split_at(deeds.len().saturating_sub(MOST_DEEDS));
    for deeds in early.chunks(MOST_DEEDS) {
        store.write_all(Step::Keep, chain.join(site, person, at, deeds)?).await?;
    }
    writes.extend(chain.join(site, person, at, late)?);
    debug_assert!(writes.len() < MOST_IN_ONE, "links and records of one person fit one transaction");
    writes.insert(0, put(site, person)?);
    store.write_all(Step::Commit, writes).await?;
    Ok(chain)
}

/// Publishes what was done in a round. The chain is the record; a bus that is away takes nothing from it.
pub async fn tell(scene: &SiteContext, notices: &[Notice]) {
    if let Err(error) = scene.environment.bus.publish(&scene.site.id, notices).await {
        tracing::warn!(site = scene.site.id, %error, "what was done could not be published");
    }
}
