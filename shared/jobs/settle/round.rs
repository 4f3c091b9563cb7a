//! The rounds that settle one batch of people. A round loads, evaluates, intends, applies and commits. A person whose
//! round failed for any reason goes into the next round, which reads everything again. After at most four failures the
//! person is due at a later minute.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::apply::apply;
use super::cards::wait_for_each_other;
use super::commit::{Outcome, commit, tell};
use super::decide::prepare_all;
use super::directory::Directory;
use super::doors_cache::DoorsCache;
use super::evaluate::{Evaluation, evaluate};
use super::identity::WorkItem;
use super::intend::intend;
use super::load::{AT_ONCE, PersonState, open};
use super::other_sites::ring_others;
use super::person_work::PersonWork;
use super::phase::Phase;
use super::site_context::{SiteContext, Writers};
use doorstep_cloud::store::dues::Due;
use doorstep_core::model::error::Result;

/// How many times a failed round is retried at once.
const TRIES_AGAIN: u32 = 3;
/// Rounds for actions that follow from earlier ones, such as suspending an account after its last group.
const AFTERCARE: u32 = 2;

/// Settles every work item, or one phase of it, and deletes the due items that are done. Returns the due items that
/// remain because work is left for another phase.
///
/// Each round handles all open people together. People whose round failed or needs a follow-up stay open for the next
/// one. The loop ends when no one is open or the rounds are used up.
pub async fn settle_people(
    scene: &SiteContext,
    writers: &Writers,
    summons: BTreeMap<String, WorkItem>,
    portion: Phase,
    cache: &mut DoorsCache,
    now: Timestamp,
) -> Result<Vec<Due>> {
    let mut open: Vec<String> = summons.keys().cloned().collect();
    let mut failed: BTreeMap<String, u32> = BTreeMap::new();
    let mut left = BTreeSet::new();
    for n in 0..=TRIES_AGAIN + AFTERCARE {
        if open.is_empty() {
            break;
        }
        let mut again = Vec::new();
        for (id, outcome) in round(scene, writers, &open, (&summons, &failed), (portion, n > 0), cache, now).await? {
            match outcome {
                Outcome::Settled => {}
                Outcome::Left => drop(left.insert(id)),
                Outcome::Again => again.push(id),
                Outcome::Failed => {
                    *failed.entry(id.clone()).or_default() += 1;
                    again.push(id);
                }
                Outcome::GaveUp => {}
            }
        }
        open = again;
    }
    let (left, served): (Vec<_>, Vec<_>) = summons.into_iter().partition(|(id, _)| left.contains(id));
    let dues = |people: Vec<(String, WorkItem)>| people.into_iter().flat_map(|(_, summons)| summons.dues);
    let left: Vec<Due> = dues(left).collect();
    // One due item may concern two people.
    let marks: HashSet<&str> = left.iter().map(Due::mark).collect();
    let served: Vec<Due> = dues(served).filter(|due| !marks.contains(due.mark())).collect();
    scene.environment.store.cross_out(&scene.site.id, &served).await?;
    Ok(left)
}

async fn round(
    scene: &SiteContext,
    writers: &Writers,
    ids: &[String],
    (summons, failed): (&BTreeMap<String, WorkItem>, &BTreeMap<String, u32>),
    (portion, again): (Phase, bool),
    cache: &mut DoorsCache,
    now: Timestamp,
) -> Result<Vec<(String, Outcome)>> {
    let site = &scene.site.id;
    let cases = stream::iter(ids.to_vec()).map(|id| async move { open(&scene.environment, site, &id).await });
    let cases: Vec<Option<PersonState>> = cases.buffered(AT_ONCE).try_collect().await?;
    let mut sittings: Vec<Evaluation> = cases
        .into_iter()
        .flatten()
        .map(|case| {
            let called = summons.get(&case.person.id);
            let last = failed.get(&case.person.id).is_some_and(|times| *times >= TRIES_AGAIN);
            evaluate(scene, case, called, last, now)
        })
        .collect();
    let mut tasks = prepare_all(scene, &sittings, (portion, again), cache, now).await;
    wait_for_each_other(&mut tasks);
    intend(scene, &sittings, &mut tasks, now).await;
    let invite = scene.site.doors.iter().map(|(name, config)| (name.clone(), config.invite)).collect();
    apply(site, now, writers, &invite, &mut tasks).await;
    if portion != Phase::Accounts {
        cache.forget_groups();
    }
    for (sitting, task) in sittings.iter_mut().zip(&tasks) {
        sitting.last |= is_hopeless(scene, task);
    }
    sittings.iter().zip(&tasks).for_each(|(sitting, task)| note_accounts(&mut cache.directory, sitting, task));
    let rings = tasks.iter_mut().flat_map(|task| std::mem::take(&mut task.rings)).collect();
    let committed = commit_all(scene, sittings, tasks, now).await;
    ring_others(scene, rings).await;
    committed
}

/// Returns whether another round of this run could retry nothing of what failed: the vendors are closed, or no time is
/// left.
fn is_hopeless(scene: &SiteContext, task: &PersonWork) -> bool {
    let all_closed = task.failures.iter().all(|(doors, _)| scene.is_closed(doors));
    !task.failures.is_empty() && all_closed
}

/// Updates the directory with the changed accounts, so that this run need not fetch them again.
fn note_accounts(directory: &mut Directory, sitting: &Evaluation, task: &PersonWork) {
    for (doors, step) in task.decision.actions() {
        if !step.is_of_the_account() {
            continue;
        }
        if let Some(before) = sitting.case.person.accounts.get(doors) {
            directory.forget(doors, &before.account.id);
        }
        if let Some(now) = task.person.accounts.get(doors)
            && !task.failures.iter().any(|(at, _)| at == doors)
        {
            directory.note(doors, &now.account);
        }
    }
}

/// Commits one person after another, because each commit appends to the end of the audit chain. Publishes what was done
/// even if an error ends the loop early.
async fn commit_all(
    scene: &SiteContext,
    sittings: Vec<Evaluation>,
    tasks: Vec<PersonWork>,
    now: Timestamp,
) -> Result<Vec<(String, Outcome)>> {
    let (mut chain, mut notices) = (None, Vec::new());
    let mut outcomes = Vec::new();
    let mut ended = Ok(());
    for (sitting, task) in sittings.into_iter().zip(tasks) {
        let id = task.person.id.clone();
        match commit(scene, sitting, task, now, &mut chain, &mut notices).await {
            Ok(outcome) => outcomes.push((id, outcome)),
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    tell(scene, &notices).await;
    ended.map(|()| outcomes)
}
