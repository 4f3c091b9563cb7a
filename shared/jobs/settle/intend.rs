//! Stores intents before the calls that they announce. After a crash the next run knows which
//! changes may have been made.

use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::accounts::GuestsBefore;
use super::evaluate::Evaluation;
use super::failure::Failure;
use super::lateness::stamp;
use super::load::AT_ONCE;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{WriteStep, conflict};
use doorstep_core::decide::action::Action;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::intent::{Intent, IntentKind};
use doorstep_core::model::linked::CardIntent;
use doorstep_core::model::person::Person;

/// Stores the intents of every person of a round, unless the facts or the person changed since they
/// were read. A person with audit entries is written after the others, because each such write
/// appends to the end of the audit chain.
pub async fn intend(context: &SiteContext, evaluations: &[Evaluation], works: &mut [PersonWork]) {
    let all = evaluations.iter().zip(works.iter_mut());
    let (taking_turns, together): (Vec<_>, Vec<_>) =
        all.partition(|(_, work)| !work.actions.is_empty());
    let guests = &GuestsBefore::of(context);
    let each = together
        .into_iter()
        .map(|(evaluation, work)| one(context, evaluation, work, guests, None));
    let each: Vec<_> = each.collect();
    stream::iter(each)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let mut chain = None;
    for (evaluation, work) in taking_turns {
        chain = one(context, evaluation, work, guests, chain).await;
    }
}

/// Stores the intents of one person. Returns the end of the audit chain, if it is known.
async fn one(
    context: &SiteContext,
    evaluation: &Evaluation,
    work: &mut PersonWork,
    guests: &GuestsBefore,
    known: Option<Chain>,
) -> Option<Chain> {
    let begun = match intents(context, work, guests).await {
        Ok(begun) if begun.is_empty() && !begins_with_cards(work) => return known,
        Ok(begun) => begun,
        Err(failure) => {
            work.failures.push(failure);
            work.decision.retain_actions(|_, _| false);
            return known;
        }
    };
    work.person.intents.extend(begun);
    begin_cards(work);
    let at = context.environment.time.now().max(context.now);
    stamp(&mut work.actions, evaluation, at);
    let written = write(context, work, at, known).await;
    let stored = written.is_ok();
    let in_time = match written {
        Ok(chain) => unchanged(context, evaluation).await.map(|()| chain),
        Err(error) => Err(error),
    };
    in_time.unwrap_or_else(|error| {
        // Conflict: the person or a fact changed since it was read. This try is discarded, but its
        // intents may be stored already. The next round finds that nothing came of them.
        work.person = evaluation.state.person.clone();
        work.person.version += u64::from(stored && evaluation.last);
        work.decision.retain_actions(|_, _| false);
        work.actions.clear();
        work.store_failed(error);
        None
    })
}

/// Writes the intents with the person, on condition that the person is unchanged since it was read.
async fn write(
    context: &SiteContext,
    work: &mut PersonWork,
    at: Timestamp,
    known: Option<Chain>,
) -> Result<Option<Chain>> {
    let (site, store) = (&context.site.id, &context.environment.store);
    if work.actions.is_empty() && work.writes.is_empty() {
        store
            .write_as(WriteStep::Intend, put(site, &work.person)?)
            .await?;
        work.person.version += 1;
        return Ok(known);
    }
    let mut chain = match known {
        Some(chain) => chain,
        None => store.chain(site).await?,
    };
    let actions = std::mem::take(&mut work.actions);
    let mut writes = chain.join(site, &mut work.person, at, &actions)?;
    writes.append(&mut work.writes);
    writes.insert(0, put(site, &work.person)?);
    store.write_all(WriteStep::Intend, writes).await?;
    work.person.version += 1;
    Ok(Some(chain))
}

/// Checks, after the intents were written, that every holder is still at the version that was read.
/// A fact that arrives later causes an evaluation of its own, which finds the intents.
///
/// # Errors
/// A retryable conflict if a version moved on.
async fn unchanged(context: &SiteContext, evaluation: &Evaluation) -> Result<()> {
    let (site, store) = (&context.site.id, &context.environment.store);
    let each = evaluation
        .state
        .versions
        .iter()
        .map(|(holder, version)| async move {
            let now = store.version_of(site, holder).await?;
            if now == *version {
                Ok(())
            } else {
                Err(conflict())
            }
        });
    try_join_all(each).await.map(drop)
}

fn begins_with_cards(work: &PersonWork) -> bool {
    work.decision
        .actions()
        .any(|(_, step)| matches!(step, Action::Tag(_) | Action::Untag(_)))
}

/// Adds a card intent to each account whose cards are about to change.
fn begin_cards(work: &mut PersonWork) {
    for (doors, step) in work.decision.actions() {
        let (Action::Tag(change) | Action::Untag(change)) = step else {
            continue;
        };
        let Some(linked) = work.person.accounts.get_mut(doors) else {
            continue;
        };
        let theirs = matches!(step, Action::Tag(_));
        let (number, because) = (change.number.clone(), change.because.clone());
        linked.card_intents.push(CardIntent {
            number,
            theirs,
            because,
        });
    }
}

/// Returns the intents of a person's actions.
async fn intents(
    context: &SiteContext,
    work: &PersonWork,
    guests: &GuestsBefore,
) -> Result<Vec<Intent>, Failure> {
    let mut begun = Vec::new();
    for (doors, step) in work.decision.actions() {
        if *step != Action::Create {
            begun.extend(intent_of(&work.person, doors, step));
            continue;
        }
        let before = match &work.person.email {
            Some(_) => Ok(Vec::new()),
            None => guests.named(context, doors, &work.name).await,
        };
        let before = before.map_err(|error| Failure::at(doors, error))?;
        let (doors, action) = (doors.clone(), IntentKind::Create { before });
        begun.push(Intent {
            doors,
            group: None,
            action,
        });
    }
    Ok(begun)
}

/// Returns the intent of one action, if this function is the one that builds it. `intents` builds
/// the intent for creating an account, and `begin_cards` those for cards. The other actions have
/// none: after a crash nothing about them must be found out.
pub(super) fn intent_of(person: &Person, doors: &DoorsName, step: &Action) -> Option<Intent> {
    let (group, action) = match step {
        Action::Grant {
            group,
            until,
            because,
            replaces,
        } => {
            let account = person
                .accounts
                .get(doors)
                .map(|linked| linked.account.id.clone());
            let replaces = replaces.iter().map(|row| row.handle().to_owned()).collect();
            let because = because.clone();
            (
                Some(group.clone()),
                IntentKind::Grant {
                    account,
                    until: *until,
                    replaces,
                    because,
                },
            )
        }
        Action::Revoke {
            group,
            row,
            because,
        } => {
            let (account, handle) = (row.account.clone(), row.handle.clone().unwrap_or_default());
            (
                Some(group.clone()),
                IntentKind::Revoke {
                    account,
                    handle,
                    because: because.clone(),
                },
            )
        }
        Action::Resume => (None, IntentKind::Resume),
        Action::Suspend => (None, IntentKind::Suspend),
        Action::Delete => (None, IntentKind::Delete),
        Action::Create
        | Action::Tidy { .. }
        | Action::Rename(_)
        | Action::Tag(_)
        | Action::Untag(_) => return None,
    };
    Some(Intent {
        doors: doors.to_owned(),
        group,
        action,
    })
}
