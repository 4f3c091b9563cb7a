//! The decisions of one round: the members of the groups, the result of an interrupted run, each person's account and
//! cards, and then the actions. This module reads door systems and writes to none.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::accounts::{link, reader};
use super::cards::{adopt_and_forget, finish_cards, to_be_looked_at};
use super::directory::{Directory, Sought};
use super::doors_cache::DoorsCache;
use super::evaluate::Evaluation;
use super::interrupted::finish;
use super::other_sites::{note, read_again};
use super::person_work::PersonWork;
use super::phase::Phase;
use super::site_context::SiteContext;
use super::withhold::wait_for_the_guard;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision, PersonView, decide_person,
};
use doorstep_core::model::account::Standing;
use doorstep_core::site::Mode;

/// Decides the actions of everyone in a round. `again` marks a later try, which reuses nothing that was read before.
pub async fn prepare_all(
    scene: &SiteContext,
    sittings: &[Evaluation],
    (portion, again): (Phase, bool),
    cache: &mut DoorsCache,
    now: Timestamp,
) -> Vec<PersonWork> {
    let mut anew = DoorsCache::default();
    let cache = if again { &mut anew } else { cache };
    cache.begin_round(scene, sittings, portion, now).await;
    let mut begun: Vec<StartedWork> =
        sittings.iter().map(|sitting| begin(scene, sitting, portion, cache, now)).collect();
    for (doors, terms) in &scene.terms {
        let refetches = begun.iter().filter(|begun| begun.in_need.contains(doors)).count();
        let of_all = cache.newcomers.max(begun.len()) / begun.len().max(1);
        cache.directory.expect(doors, refetches * of_all, terms.seen.accounts);
    }
    look_ahead(scene, &begun, &mut cache.directory).await;
    for (sitting, begun) in sittings.iter().zip(&mut begun) {
        prepare(scene, sitting, portion, begun, cache, now).await;
    }
    begun.into_iter().map(|begun| begun.task).collect()
}

/// Fetches the accounts that are needed at several door systems, all door systems concurrently. People are prepared one
/// after another, and each would otherwise wait for the slowest door system.
async fn look_ahead(scene: &SiteContext, begun: &[StartedWork], directory: &mut Directory) {
    if scene.readers.len() < 2 {
        return;
    }
    let at = |doors: &String| -> Vec<Sought> {
        let people = begun.iter().filter(|begun| begun.in_need.contains(doors)).map(|begun| &begun.task.person);
        people.filter_map(|person| Sought::of(person, doors)).collect()
    };
    directory.look_ahead(scene.readers.iter().map(|(doors, reader)| (doors, reader.as_ref(), at(doors)))).await;
}

/// The decision for one person before accounts and cards are fetched.
struct StartedWork {
    task: PersonWork,
    judged: PersonDecision,
    /// Door systems where the account must be fetched.
    in_need: BTreeSet<String>,
}

/// Resolves what an interrupted run left, decides as much as is known, and lists what must be fetched.
fn begin(scene: &SiteContext, sitting: &Evaluation, portion: Phase, cache: &DoorsCache, now: Timestamp) -> StartedWork {
    let mut task = PersonWork::of(sitting.case.person.clone(), sitting.case.dossier.name().unwrap_or("Guest"));
    if scene.site.mode == Mode::Observe {
        return StartedWork { task, judged: PersonDecision::default(), in_need: BTreeSet::new() };
    }
    match cache.others.get(&task.person.id) {
        Some(Ok(others)) => task.others = others.clone(),
        // Another site may need what would be removed here. Nothing is done until its items can be read.
        Some(Err(error)) => {
            task.failures.push(("ledger".to_owned(), error.clone()));
            return StartedWork { task, judged: PersonDecision::default(), in_need: BTreeSet::new() };
        }
        None => {}
    }
    for group in &sitting.groups {
        let failure = cache.unread.get(group).map(|error| (group.doors.clone(), error.clone()));
        task.failures.extend(failure.filter(|failure| !task.failures.contains(failure)));
    }
    task.actions = finish(&mut task.person, &cache.groups, &scene.terms, now);
    let judged = judge(scene, sitting, &task, cache, &BTreeSet::new(), now);
    let mut in_need = in_need_of_an_account(scene, sitting, &task, &judged);
    let cards = to_be_looked_at(scene, sitting, &task.person, now);
    if portion.has_cards() {
        in_need.extend(cards);
    } else {
        task.left |= !cards.is_empty();
    }
    StartedWork { task, judged, in_need }
}

/// Decides the actions for one person: first the account, then the cards, then the actions.
async fn prepare(
    scene: &SiteContext,
    sitting: &Evaluation,
    portion: Phase,
    StartedWork { task, judged, in_need }: &mut StartedWork,
    cache: &mut DoorsCache,
    now: Timestamp,
) {
    if scene.site.mode == Mode::Observe {
        return;
    }
    let mut barred = BTreeSet::new();
    if !in_need.is_empty() {
        barred = link_all(scene, task, in_need, &mut cache.directory).await;
        if let Err(error) = read_again(scene, task).await {
            task.failures.push(("ledger".to_owned(), error));
            *judged = PersonDecision::default();
            return;
        }
        let found = finish(&mut task.person, &cache.groups, &scene.terms, now);
        task.actions.extend(found);
        let mut looked = BTreeSet::new();
        if portion.has_cards() {
            let doors = to_be_looked_at(scene, sitting, &task.person, now);
            looked = cache.books.look_at(scene, task, &sitting.numbers, doors).await;
            let found = finish_cards(&mut task.person, &looked, &cache.books, now);
            task.actions.extend(found);
        }
        *judged = judge(scene, sitting, task, cache, &looked, now);
        cache.books.note(&task.person, judged);
    }
    judged.retain_actions(|at, step| !barred.contains(at) || step.takes_out());
    wait_for_the_guard(scene, sitting, task, judged, now).await;
    task.left |= portion.take(judged);
    rest_only_the_idle(scene, task, judged).await;
    adopt_and_forget(&mut task.person, judged, now);
    let makes = judged.actions().any(|(_, step)| *step == Action::Create);
    task.more = makes && !task.left && !sitting.numbers.is_empty();
    let judged = std::mem::take(judged);
    note(task, &judged);
    judged.settle_claims(&mut task.person);
    task.decision = judged;
}

/// Links the person's account at each of these door systems. Returns the door systems where the account is ambiguous or
/// could not be fetched.
async fn link_all(
    scene: &SiteContext,
    task: &mut PersonWork,
    doors: &BTreeSet<String>,
    directory: &mut Directory,
) -> BTreeSet<String> {
    let mut barred = BTreeSet::new();
    for doors in doors {
        match link(scene, &mut task.person, doors, &task.name, directory).await {
            Ok(found) => {
                task.writes.extend(found.writes);
                task.actions.extend(found.actions);
                task.tried.extend(found.tried.then(|| doors.clone()));
            }
            Err(error) => {
                barred.insert(doors.clone());
                task.failures.push((doors.clone(), error));
            }
        }
    }
    barred
}

fn judge(
    scene: &SiteContext,
    sitting: &Evaluation,
    task: &PersonWork,
    cache: &DoorsCache,
    looked: &BTreeSet<String>,
    now: Timestamp,
) -> PersonDecision {
    let cards = ActualCards { books: &cache.books.by_doors, read: looked };
    decide_person(PersonView {
        person: &task.person,
        desired: DesiredState { access: &sitting.desired, name: sitting.case.dossier.name(), cards: &sitting.numbers },
        actual: ActualState { groups: &cache.groups, cards, others: &task.others },
        scope: CompareScope { groups: &sitting.groups, adopt: &sitting.adopt, adopt_cards: &sitting.adopt_cards },
        context: DecisionContext { doors: &scene.terms, mode: scene.site.mode, stale: scene.stale, now },
    })
}

/// Returns the door systems where the account must be fetched. Reasons are an action that grants access or changes the
/// account, an intent on the account, a problem with the account that may be solved by now, and a due item that asks
/// for it.
fn in_need_of_an_account(
    scene: &SiteContext,
    sitting: &Evaluation,
    task: &PersonWork,
    judged: &PersonDecision,
) -> BTreeSet<String> {
    let person = &task.person;
    let touched = judged.actions().filter(|(_, step)| !step.takes_out() && !matches!(step, Action::Rename(_)));
    let begun = person.intents.iter().filter(|intent| intent.group.is_none());
    let wrong = person.accounts.iter().filter(|(doors, linked)| {
        let rests = linked.account.standing == Standing::Suspended && person.claims_at(doors);
        let wrong = person.has_moved_on_from(linked) || rests || linked.refused_name.is_some();
        wrong && scene.terms.contains_key(*doors)
    });
    let doors = touched.map(|(doors, _)| doors).chain(begun.map(|intent| &intent.doors));
    doors.chain(wrong.map(|(doors, _)| doors)).chain(&sitting.look_at).cloned().collect()
}

/// Drops suspensions and deletions of accounts that are still in a group. Doorstep does not manage that membership.
async fn rest_only_the_idle(scene: &SiteContext, task: &mut PersonWork, judged: &mut PersonDecision) {
    let mut spared = BTreeSet::new();
    for (doors, step) in judged.actions() {
        if !matches!(step, Action::Suspend | Action::Delete) {
            continue;
        }
        let Some(linked) = task.person.accounts.get_mut(doors) else { continue };
        let count = match reader(scene, doors) {
            Ok(reader) => reader.group_count(&linked.account).await,
            Err(error) => Err(error),
        };
        match count {
            Ok(0) => continue,
            Ok(_) => linked.left_alone = true,
            Err(error) => task.failures.push((doors.clone(), error)),
        }
        spared.insert(doors.clone());
    }
    judged.retain_actions(|doors, step| !matches!(step, Action::Suspend | Action::Delete) || !spared.contains(doors));
}
