//! Door changes, written down before they are made: whoever comes after a crash knows what may have been done.

use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::accounts::GuestsBefore;
use super::apply::PersonWork;
use super::round::{AT_ONCE, Evaluation};
use super::scene::SiteContext;
use super::timely::stamp;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{Step, conflict};
use doorstep_core::decide::action::Action;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::{CardIntent, Intent, IntentKind as StartedIntent, Person};

/// Writes down what is about to be done, unless facts or person changed since they were read. Whoever has records to
/// join to the chain comes after the others, for they take turns.
pub async fn intend(scene: &SiteContext, sittings: &[Evaluation], tasks: &mut [PersonWork], now: Timestamp) {
    let all = sittings.iter().zip(tasks.iter_mut());
    let (taking_turns, together): (Vec<_>, Vec<_>) = all.partition(|(_, task)| !task.deeds.is_empty());
    let guests = &GuestsBefore::of(scene);
    let each = together.into_iter().map(|(sitting, task)| one(scene, sitting, task, guests, now, None));
    let each: Vec<_> = each.collect();
    stream::iter(each).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let mut chain = None;
    for (sitting, task) in taking_turns {
        chain = one(scene, sitting, task, guests, now, chain).await;
    }
}

/// Gives the end of the chain, where it is known.
async fn one(
    scene: &SiteContext,
    sitting: &Evaluation,
    task: &mut PersonWork,
    guests: &GuestsBefore,
    now: Timestamp,
    known: Option<Chain>,
) -> Option<Chain> {
    let begun = match intents(scene, task, guests).await {
        Ok(begun) if begun.is_empty() && !begins_with_cards(task) => return known,
        Ok(begun) => begun,
        Err((doors, error)) => {
            task.failures.push((doors, error));
            task.moves.clear();
            return known;
        }
    };
    task.person.intents.extend(begun);
    begin_cards(task);
    let at = scene.environment.time.now().max(now);
    stamp(&mut task.deeds, sitting, at);
    let written = write(scene, task, at, known).await;
    let stored = written.is_ok();
    let in_time = match written {
        Ok(chain) => unchanged(scene, sitting).await.map(|()| chain),
        Err(error) => Err(error),
    };
    in_time.unwrap_or_else(|error| {
        // Somebody was faster: nothing of this try is kept, but for intents that may be stored already. The next round
        // sees that nothing came of them.
        task.person = sitting.case.person.clone();
        task.person.version += u64::from(stored && sitting.last);
        task.moves.clear();
        task.deeds.clear();
        task.failures.push(("ledger".to_owned(), error));
        None
    })
}

/// Writes the intents with the person, on condition that the person is as it was read.
async fn write(
    scene: &SiteContext,
    task: &mut PersonWork,
    at: Timestamp,
    known: Option<Chain>,
) -> Result<Option<Chain>> {
    let (site, store) = (scene.site.id.as_str(), &scene.environment.store);
    if task.deeds.is_empty() && task.writes.is_empty() {
        store.write_as(Step::Intend, put(site, &task.person)?).await?;
        task.person.version += 1;
        return Ok(known);
    }
    let mut chain = match known {
        Some(chain) => chain,
        None => store.chain(site).await?,
    };
    let deeds = std::mem::take(&mut task.deeds);
    let mut writes = chain.join(site, &mut task.person, at, &deeds)?;
    writes.append(&mut task.writes);
    writes.insert(0, put(site, &task.person)?);
    store.write_all(Step::Intend, writes).await?;
    task.person.version += 1;
    Ok(Some(chain))
}

/// Everybody from whom it was derived is still at the version that was read, after the intents were written. A fact that
/// comes from now on is followed by a settle of its own, which finds them.
async fn unchanged(scene: &SiteContext, sitting: &Evaluation) -> Result<()> {
    let (site, store) = (scene.site.id.as_str(), &scene.environment.store);
    let each = sitting.case.versions.iter().map(|(holder, version)| async move {
        let now = store.version_of(site, holder).await?;
        if now == *version { Ok(()) } else { Err(conflict()) }
    });
    try_join_all(each).await.map(drop)
}

fn begins_with_cards(task: &PersonWork) -> bool {
    task.moves.iter().any(|(_, step)| matches!(step, Action::Tag(_) | Action::Untag(_)))
}

/// Writes down beside each account which of its cards are about to change hands.
fn begin_cards(task: &mut PersonWork) {
    for (doors, step) in &task.moves {
        let (Action::Tag(change) | Action::Untag(change)) = step else { continue };
        let Some(linked) = task.person.accounts.get_mut(doors) else { continue };
        let theirs = matches!(step, Action::Tag(_));
        let (number, because) = (change.number.clone(), change.because.clone());
        linked.card_intents.push(CardIntent { number, theirs, because });
    }
}

/// The intents of a task's moves.
async fn intents(
    scene: &SiteContext,
    task: &PersonWork,
    guests: &GuestsBefore,
) -> Result<Vec<Intent>, (String, Error)> {
    let mut begun = Vec::new();
    for (doors, step) in &task.moves {
        if *step != Action::Create {
            begun.extend(intent_of(&task.person, doors, step));
            continue;
        }
        let before = match &task.person.email {
            Some(_) => Ok(Vec::new()),
            None => guests.named(scene, doors, &task.name).await,
        };
        let before = before.map_err(|error| (doors.clone(), error))?;
        let (doors, deed) = (doors.clone(), StartedIntent::Create { before });
        begun.push(Intent { doors, group: None, deed, because: String::new() });
    }
    Ok(begun)
}

/// The intent of one move. An account that is to be made has one of its own; what need not be found out again has none.
pub(super) fn intent_of(person: &Person, doors: &str, step: &Action) -> Option<Intent> {
    let (group, deed, because) = match step {
        Action::Grant { group, until, because, replaces } => {
            let account = person.accounts.get(doors).map(|linked| linked.account.id.clone());
            let replaces = replaces.iter().map(|row| row.handle().to_owned()).collect();
            (Some(group.clone()), StartedIntent::Grant { account, until: *until, replaces }, because.clone())
        }
        Action::Revoke { group, row, because, .. } => {
            let (account, handle) = (row.account.clone(), row.handle.clone().unwrap_or_default());
            (Some(group.clone()), StartedIntent::Revoke { account, handle }, because.clone())
        }
        Action::Resume => (None, StartedIntent::Resume, String::new()),
        Action::Suspend => (None, StartedIntent::Suspend, String::new()),
        Action::Delete => (None, StartedIntent::Delete, String::new()),
        Action::Create | Action::Tidy { .. } | Action::Rename(_) | Action::Tag(_) | Action::Untag(_) => return None,
    };
    Some(Intent { doors: doors.to_owned(), group, deed, because })
}
