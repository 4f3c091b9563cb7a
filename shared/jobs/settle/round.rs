//! The rounds that settle one batch of people. A round loads, evaluates, intends, applies and commits. A person whose
//! round failed for any reason goes into the next round, which reads everything again. After at most four failures the
//! person is due at a later minute.

use doorstep_core::model::ids::SiteId;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::apply::{PersonWork, apply};
use super::cards::wait_for_each_other;
use super::case::{PersonState, open};
use super::commit::{Outcome, commit, tell};
use super::directory::Directory;
use super::identity::WorkItem;
use super::intend::intend;
use super::portion::Phase;
use super::prepare::{FirstLook, prepare_all};
use super::scene::{SiteContext, Writers};
use super::shared::ring_others;
use doorstep_cloud::store::dues::Due;
use doorstep_core::decide::cards::Number;
use doorstep_core::decide::entitlement::{Derived, Desired, derive, desired};
use doorstep_core::decide::guest_seats::resume_at;
use doorstep_core::decide::person::concerned;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::error::Result;

/// How many times a failed round is retried at once.
const TRIES_AGAIN: u32 = 3;
/// Rounds for actions that follow from earlier ones, such as suspending an account after its last group.
const AFTERCARE: u32 = 2;
/// How many people are loaded concurrently.
pub const AT_ONCE: usize = 16;

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
    seen: &mut FirstLook,
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
        for (id, outcome) in round(scene, writers, &open, (&summons, &failed), (portion, n > 0), seen, now).await? {
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

/// One person's evaluation in one round.
pub struct Evaluation {
    /// The person and the facts, as loaded.
    pub case: PersonState,
    /// The entitlements that follow from facts and rules.
    pub derived: Derived,
    /// The desired access: the entitlements, merged.
    pub desired: Desired,
    /// Groups to compare.
    pub groups: BTreeSet<(String, GroupId)>,
    /// This is the last try of this run.
    pub last: bool,
    /// The instant of the request. It lies before `now` if earlier tries failed.
    pub asked: Timestamp,
    /// What requested this evaluation, as text; `None` if a minute had come.
    pub cause: Option<String>,
    /// Groups whose members are to be adopted.
    pub adopt: BTreeSet<(String, GroupId)>,
    /// Door systems where the account must be fetched.
    pub look_at: BTreeSet<String>,
    /// The person's card numbers.
    pub numbers: Vec<Number>,
    /// Door systems whose cards are to be adopted.
    pub adopt_cards: BTreeSet<String>,
    /// The next instant at which a window of the person opens or closes, or an account is to be resumed.
    pub next: Option<Timestamp>,
}

async fn round(
    scene: &SiteContext,
    writers: &Writers,
    ids: &[String],
    (summons, failed): (&BTreeMap<String, WorkItem>, &BTreeMap<String, u32>),
    (portion, again): (Phase, bool),
    seen: &mut FirstLook,
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
            sit(scene, case, called, last, now)
        })
        .collect();
    let mut tasks = prepare_all(scene, &sittings, (portion, again), seen, now).await;
    wait_for_each_other(&mut tasks);
    intend(scene, &sittings, &mut tasks, now).await;
    let invite = scene.site.doors.iter().map(|(name, config)| (name.clone(), config.invite)).collect();
    apply(site, now, writers, &invite, &mut tasks).await;
    if portion != Phase::Accounts {
        seen.forget_groups();
    }
    for (sitting, task) in sittings.iter_mut().zip(&tasks) {
        sitting.last |= is_hopeless(scene, task);
    }
    sittings.iter().zip(&tasks).for_each(|(sitting, task)| note_accounts(&mut seen.directory, sitting, task));
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

fn sit(scene: &SiteContext, case: PersonState, called: Option<&WorkItem>, last: bool, now: Timestamp) -> Evaluation {
    let derived = derive(scene.rules(), &case.dossier, now);
    let desired = desired(&derived.entitlements);
    let more = called.map(|summons| summons.groups.as_slice()).unwrap_or_default();
    let groups = concerned(&case.person, &desired, now, more);
    let adopt = called.map(|summons| summons.adopt.clone()).unwrap_or_default();
    let look_at = called.map(|summons| summons.look_at.clone()).unwrap_or_default();
    let adopt_cards = called.map(|summons| summons.adopt_cards.clone()).unwrap_or_default();
    let numbers = case.dossier.cards();
    let next = scene.baseline.next_boundary(scene.rules(), &case.dossier, &desired, now);
    let next = next.into_iter().chain(resume_at(&case.person, &desired, &scene.terms, now)).min();
    let asked = called.map_or(now, |summons| summons.asked(now));
    let asked = case.person.waiting.map_or(asked, |waiting| waiting.min(asked));
    let cause = called.and_then(WorkItem::cause);
    Evaluation { next, case, derived, desired, groups, last, asked, cause, adopt, look_at, numbers, adopt_cards }
}
