//! Decides what a round does for each person: who is in the groups, what became of an interrupted run, which account and
//! which cards are whose, and then the moves. It reads door systems, and writes to none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::accounts::{link, reader};
use super::apply::Task;
use super::cards::{Books, adopt_and_forget, finish_cards, to_be_looked_at};
use super::directory::Directory;
use super::doubts::wait_for_the_guard;
use super::held::{GroupRows, HeldRows};
use super::interrupted::finish;
use super::moves::{Judged, Move, View, judge_person};
use super::round::Sitting;
use super::scene::Scene;
use crate::comparison::platform::BELIEVED_AFTER;
use crate::doors::{GroupId, ReadDoors, Row, Standing};
use crate::error::{Error, Result};
use crate::site::Mode;

/// Decides for everybody of a round.
pub async fn prepare_all(scene: &Scene, sittings: &[Sitting], now: Timestamp) -> Vec<Task> {
    let (held, unread) = read_groups(scene, sittings).await;
    let books = match scene.site.mode {
        Mode::Observe => Books::default(),
        _ => Books::open(scene, sittings, now).await,
    };
    let mut seen = Seen { held, unread, directory: Directory::default(), books };
    let mut tasks = Vec::with_capacity(sittings.len());
    for sitting in sittings {
        tasks.push(prepare(scene, sitting, &mut seen, now).await);
    }
    tasks
}

/// Groups that could not be read, and why.
type Unread = BTreeMap<(String, GroupId), Error>;

/// What is known of the doors in one round.
struct Seen {
    /// Everybody in the groups that concern anybody.
    held: HeldRows,
    /// Groups of these that could not be read.
    unread: Unread,
    /// Accounts, as far as they were looked at.
    directory: Directory,
    /// Cards, as far as they were looked at.
    books: Books,
}

/// Reads every group that concerns anybody, once. Nobody is in a group that the door system no longer has.
async fn read_groups(scene: &Scene, sittings: &[Sitting]) -> (HeldRows, Unread) {
    let (mut held, mut unread) = (HeldRows::new(), Unread::new());
    if scene.site.mode == Mode::Observe {
        return (held, unread);
    }
    let groups: BTreeSet<_> = sittings.iter().flat_map(|sitting| sitting.groups.iter().cloned()).collect();
    for (doors, group) in groups {
        let gone = scene.terms.get(&doors).is_some_and(|terms| !terms.has(&group));
        let rows = match reader(scene, &doors) {
            Ok(_) if gone => Ok(Vec::new()),
            Ok(reader) => rows(reader, &group, is_claimed(sittings, &doors, &group)).await,
            Err(error) => Err(error),
        };
        match rows {
            Ok(rows) => drop(held.insert((doors, group), GroupRows::of(rows))),
            Err(error) => drop(unread.insert((doors, group), error)),
        }
    }
    (held, unread)
}

/// Everybody in a group. One that we put people into and that seems to be empty is read three times before that is
/// believed: what is claimed would be forgotten, and stay open for ever.
async fn rows(reader: &dyn ReadDoors, group: &GroupId, claimed: bool) -> Result<Vec<Row>> {
    let mut rows = reader.rows(group).await?;
    for _ in 1..BELIEVED_AFTER {
        if !claimed || !rows.is_empty() {
            break;
        }
        rows = reader.rows(group).await?;
    }
    Ok(rows)
}

fn is_claimed(sittings: &[Sitting], doors: &str, group: &GroupId) -> bool {
    sittings.iter().any(|sitting| sitting.case.person.claim(doors, group).is_some())
}

/// Decides what is to be done for one person: first what became of an interrupted run, then which account is theirs,
/// then which cards are, then the moves.
async fn prepare(scene: &Scene, sitting: &Sitting, seen: &mut Seen, now: Timestamp) -> Task {
    let mut task = Task::of(sitting.case.person.clone(), sitting.case.dossier.name().unwrap_or("Guest"));
    if scene.site.mode == Mode::Observe {
        return task;
    }
    for group in &sitting.groups {
        let failure = seen.unread.get(group).map(|error| (group.0.clone(), error.clone()));
        task.failures.extend(failure.filter(|failure| !task.failures.contains(failure)));
    }
    task.deeds = finish(&mut task.person, &seen.held, &scene.terms, now);
    let none = BTreeSet::new();
    let mut judged = judge(scene, sitting, &task, seen, &none, now);
    let mut in_need = in_need_of_an_account(scene, sitting, &task, &judged);
    in_need.extend(to_be_looked_at(scene, sitting, &task.person, now));
    let mut barred = BTreeSet::new();
    if !in_need.is_empty() {
        barred = link_all(scene, &mut task, &in_need, &mut seen.directory).await;
        let found = finish(&mut task.person, &seen.held, &scene.terms, now);
        task.deeds.extend(found);
        let doors = to_be_looked_at(scene, sitting, &task.person, now);
        let looked = seen.books.look_at(scene, &mut task, &sitting.numbers, doors).await;
        let found = finish_cards(&mut task.person, &looked, &seen.books, now);
        task.deeds.extend(found);
        judged = judge(scene, sitting, &task, seen, &looked, now);
        seen.books.note(&task.person, &judged);
    }
    judged.moves.retain(|(at, step)| !barred.contains(at) || step.takes_out());
    wait_for_the_guard(scene, sitting, &mut task, &mut judged, now).await;
    rest_only_the_idle(scene, &mut task, &mut judged).await;
    adopt_and_forget(&mut task.person, &judged, now);
    task.more = judged.moves.iter().any(|(_, step)| *step == Move::Create) && !sitting.numbers.is_empty();
    task.troubles = judged.troubles;
    task.person.claims.extend(judged.adopt);
    task.person.claims.retain(|claim| !judged.release.contains(&(claim.doors.clone(), claim.group.clone())));
    task.moves = judged.moves;
    task
}

/// Finds the person's account at each of these doors. Gives those where it could not be told which it is.
async fn link_all(
    scene: &Scene,
    task: &mut Task,
    doors: &BTreeSet<String>,
    directory: &mut Directory,
) -> BTreeSet<String> {
    let mut barred = BTreeSet::new();
    for doors in doors {
        match link(scene, &mut task.person, doors, &task.name, directory).await {
            Ok(found) => {
                task.writes.extend(found.writes);
                task.deeds.extend(found.deeds);
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
    scene: &Scene,
    sitting: &Sitting,
    task: &Task,
    seen: &Seen,
    looked: &BTreeSet<String>,
    now: Timestamp,
) -> Judged {
    judge_person(View {
        person: &task.person,
        name: sitting.case.dossier.name(),
        desired: &sitting.desired,
        groups: &sitting.groups,
        held: &seen.held,
        numbers: &sitting.numbers,
        books: &seen.books.by_doors,
        looked,
        adopt_cards: &sitting.adopt_cards,
        terms: &scene.terms,
        mode: scene.site.mode,
        adopt: &sitting.adopt,
        stale: scene.stale,
        now,
    })
}

/// Door systems where the account must be looked at: somebody is about to come in, the account itself is to be changed
/// or was being changed, something is wrong with it that may have been put right, or whoever summoned them asks for it.
fn in_need_of_an_account(scene: &Scene, sitting: &Sitting, task: &Task, judged: &Judged) -> BTreeSet<String> {
    let person = &task.person;
    let touched = judged.moves.iter().filter(|(_, step)| !step.takes_out() && !matches!(step, Move::Rename(_)));
    let begun = person.intents.iter().filter(|intent| intent.group.is_none());
    let wrong = person.accounts.iter().filter(|(doors, linked)| {
        let rests = linked.account.standing == Standing::Suspended && person.claims_at(doors);
        let wrong = person.has_moved_on_from(linked) || rests || linked.refused_name.is_some();
        wrong && scene.terms.contains_key(*doors)
    });
    let doors = touched.map(|(doors, _)| doors).chain(begun.map(|intent| &intent.doors));
    doors.chain(wrong.map(|(doors, _)| doors)).chain(&sitting.look_at).cloned().collect()
}

/// Suspends or deletes nobody who is in a group that is none of our business.
async fn rest_only_the_idle(scene: &Scene, task: &mut Task, judged: &mut Judged) {
    let mut spared = BTreeSet::new();
    for (doors, step) in &judged.moves {
        if !matches!(step, Move::Suspend | Move::Delete) {
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
    judged.moves.retain(|(doors, step)| !matches!(step, Move::Suspend | Move::Delete) || !spared.contains(doors));
}
