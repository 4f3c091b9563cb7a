//! The decisions of one round: the members of the groups, the result of an interrupted run, each person's account and
//! cards, and then the actions. This module reads door systems and writes to none.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::accounts::{link, reader};
use super::apply::PersonWork;
use super::cards::{Books, adopt_and_forget, finish_cards, to_be_looked_at};
use super::directory::{Directory, Sought};
use super::interrupted::finish;
use super::order::SLICE_TIME;
use super::portion::Phase;
use super::round::Evaluation;
use super::scene::SiteContext;
use super::shared::{OthersByPerson, note, read_again, read_others};
use super::unconfirmed::wait_for_the_guard;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::credibility::AGREEING;
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision, PersonView, decide_person,
};
use doorstep_core::model::account::{GroupId, GroupMember, Standing};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::Mode;

/// Decides the actions of everyone in a round. `again` marks a later try, which reuses nothing that was read before.
pub async fn prepare_all(
    scene: &SiteContext,
    sittings: &[Evaluation],
    (portion, again): (Phase, bool),
    seen: &mut FirstLook,
    now: Timestamp,
) -> Vec<PersonWork> {
    let mut anew = FirstLook::default();
    let seen = if again { &mut anew } else { seen };
    seen.begin_round(scene, sittings, portion, now).await;
    let mut begun: Vec<StartedWork> =
        sittings.iter().map(|sitting| begin(scene, sitting, portion, seen, now)).collect();
    for (doors, terms) in &scene.terms {
        let refetches = begun.iter().filter(|begun| begun.in_need.contains(doors)).count();
        let of_all = seen.newcomers.max(begun.len()) / begun.len().max(1);
        seen.directory.expect(doors, refetches * of_all, terms.seen.accounts);
    }
    look_ahead(scene, &begun, &mut seen.directory).await;
    for (sitting, begun) in sittings.iter().zip(&mut begun) {
        prepare(scene, sitting, portion, begun, seen, now).await;
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

/// Groups that could not be read, with the error.
type Unread = BTreeMap<(String, GroupId), Error>;

/// What one run has read from the door systems. Batches of the same run share it.
#[derive(Default)]
pub struct FirstLook {
    /// The members of every group that concerns anyone in the run.
    held: ActualGroups,
    /// The instant at which the first of these groups was read.
    read: Option<Instant>,
    /// The number of people in the whole run whose accounts must be fetched. A batch holds some of them.
    pub newcomers: usize,
    /// The groups that could not be read.
    unread: Unread,
    /// What other sites of the stack hold of these people's accounts.
    others: OthersByPerson,
    /// The accounts that were fetched.
    pub directory: Directory,
    /// The cards that were read.
    books: Books,
}

impl FirstLook {
    /// Reads what a round needs. Groups that were read recently are reused if only accounts were created since.
    async fn begin_round(&mut self, scene: &SiteContext, sittings: &[Evaluation], portion: Phase, now: Timestamp) {
        let old = self.read.is_some_and(|read| read.elapsed() > SLICE_TIME);
        if old && portion != Phase::Accounts {
            self.forget_groups();
        }
        self.unread.clear();
        self.directory.begin_round();
        self.books = Books::default();
        if scene.site.mode == Mode::Observe {
            return;
        }
        self.read_groups(scene, sittings).await;
        self.others = read_others(scene, sittings).await;
        if portion.has_cards() {
            self.books = Books::open(scene, sittings, now).await;
        }
    }

    /// Discards all groups after they were changed, so that they are read again.
    pub fn forget_groups(&mut self) {
        (self.held, self.read) = (ActualGroups::new(), None);
    }

    /// Reads each group that concerns anyone once, all door systems concurrently. A group that the door system no
    /// longer has counts as empty.
    async fn read_groups(&mut self, scene: &SiteContext, sittings: &[Evaluation]) {
        let mut wanted: BTreeMap<&String, Vec<(&GroupId, bool)>> = BTreeMap::new();
        let groups: BTreeSet<_> = sittings.iter().flat_map(|sitting| &sitting.groups).collect();
        for at in groups {
            let claimed = is_claimed(sittings, &at.0, &at.1);
            let known = self.held.get(at);
            if known.is_none_or(|rows| claimed && rows.is_empty()) {
                wanted.entry(&at.0).or_default().push((&at.1, claimed));
            }
        }
        if !wanted.is_empty() {
            self.read.get_or_insert_with(Instant::now);
        }
        let reads = wanted.into_iter().map(|(doors, groups)| async move {
            let mut read = Vec::new();
            for (group, claimed) in groups {
                read.push(((doors.clone(), group.clone()), rows(scene, doors, group, claimed).await));
            }
            read
        });
        for (at, rows) in join_all(reads).await.into_iter().flatten() {
            match rows {
                Ok(rows) => drop(self.held.insert(at, GroupRows::of(rows))),
                Err(error) => drop(self.unread.insert(at, error)),
            }
        }
    }
}

/// Returns the members of a group. A claimed group that seems empty is read three times before that is believed.
/// Otherwise a wrong answer would delete the claims, and the access would stay open for ever.
async fn rows(scene: &SiteContext, doors: &str, group: &GroupId, claimed: bool) -> Result<Vec<GroupMember>> {
    let reader = reader(scene, doors)?;
    if scene.terms.get(doors).is_some_and(|terms| !terms.has(group)) {
        return Ok(Vec::new());
    }
    let mut rows = reader.rows(group).await?;
    for _ in 1..AGREEING {
        if !claimed || !rows.is_empty() {
            break;
        }
        rows = reader.rows(group).await?;
    }
    Ok(rows)
}

fn is_claimed(sittings: &[Evaluation], doors: &str, group: &GroupId) -> bool {
    sittings.iter().any(|sitting| sitting.case.person.claim(doors, group).is_some())
}

/// The decision for one person before accounts and cards are fetched.
struct StartedWork {
    task: PersonWork,
    judged: PersonDecision,
    /// Door systems where the account must be fetched.
    in_need: BTreeSet<String>,
}

/// Resolves what an interrupted run left, decides as much as is known, and lists what must be fetched.
fn begin(scene: &SiteContext, sitting: &Evaluation, portion: Phase, seen: &FirstLook, now: Timestamp) -> StartedWork {
    let mut task = PersonWork::of(sitting.case.person.clone(), sitting.case.dossier.name().unwrap_or("Guest"));
    if scene.site.mode == Mode::Observe {
        return StartedWork { task, judged: PersonDecision::default(), in_need: BTreeSet::new() };
    }
    match seen.others.get(&task.person.id) {
        Some(Ok(others)) => task.others = others.clone(),
        // Another site may need what would be removed here. Nothing is done until its items can be read.
        Some(Err(error)) => {
            task.failures.push(("ledger".to_owned(), error.clone()));
            return StartedWork { task, judged: PersonDecision::default(), in_need: BTreeSet::new() };
        }
        None => {}
    }
    for group in &sitting.groups {
        let failure = seen.unread.get(group).map(|error| (group.0.clone(), error.clone()));
        task.failures.extend(failure.filter(|failure| !task.failures.contains(failure)));
    }
    task.actions = finish(&mut task.person, &seen.held, &scene.terms, now);
    let judged = judge(scene, sitting, &task, seen, &BTreeSet::new(), now);
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
    seen: &mut FirstLook,
    now: Timestamp,
) {
    if scene.site.mode == Mode::Observe {
        return;
    }
    let mut barred = BTreeSet::new();
    if !in_need.is_empty() {
        barred = link_all(scene, task, in_need, &mut seen.directory).await;
        if let Err(error) = read_again(scene, task).await {
            task.failures.push(("ledger".to_owned(), error));
            *judged = PersonDecision::default();
            return;
        }
        let found = finish(&mut task.person, &seen.held, &scene.terms, now);
        task.actions.extend(found);
        let mut looked = BTreeSet::new();
        if portion.has_cards() {
            let doors = to_be_looked_at(scene, sitting, &task.person, now);
            looked = seen.books.look_at(scene, task, &sitting.numbers, doors).await;
            let found = finish_cards(&mut task.person, &looked, &seen.books, now);
            task.actions.extend(found);
        }
        *judged = judge(scene, sitting, task, seen, &looked, now);
        seen.books.note(&task.person, judged);
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
    seen: &FirstLook,
    looked: &BTreeSet<String>,
    now: Timestamp,
) -> PersonDecision {
    let cards = ActualCards { books: &seen.books.by_doors, read: looked };
    decide_person(PersonView {
        person: &task.person,
        desired: DesiredState { access: &sitting.desired, name: sitting.case.dossier.name(), cards: &sitting.numbers },
        actual: ActualState { groups: &seen.held, cards, others: &task.others },
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
