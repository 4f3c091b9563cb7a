//! The things of the platform that one run fetches again: those that hints name, and those that are
//! due for a refetch. What its share of the time does not reach becomes due at once, for the next
//! run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::identity;
use super::origin::Origin;
use super::refetcher::Refetcher;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::budgets::refetch::UNREACHABLE;
use doorstep_core::model::error::Result;
use doorstep_core::model::minute::Minute;
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::push::outdated::drop_arrivals;

/// Returns whether any of these triggers asks for a fetch.
pub fn has_hints(messages: &[TriggerMessage]) -> bool {
    messages
        .iter()
        .any(|message| matches!(message.trigger, Trigger::Hints(_) | Trigger::Account { .. }))
}

/// Refetches everything that the triggers name, each thing once, until `ends`. Returns the people
/// marked in passing.
pub async fn refetch(
    environment: &Environment,
    site: &Site,
    messages: &[TriggerMessage],
    ends: Timestamp,
) -> Result<Vec<Due>> {
    let mut marked = of_accounts(environment, site, messages).await?;
    let hints = hints(messages);
    if hints.is_empty() {
        return Ok(marked);
    }
    let refetcher = match Refetcher::in_passing(environment, site, ends).await {
        Ok(refetcher) => refetcher,
        Err(error) => {
            tracing::warn!(site = site.id.as_str(), %error, "the platform cannot be reached; its hints are retried in a minute");
            let now = environment.time.now();
            put_off(
                environment,
                site,
                &hints,
                now.saturating_add(UNREACHABLE).unwrap_or(now),
            )
            .await?;
            return Ok(marked);
        }
    };
    refetcher.fetch_ahead(&hints).await?;
    let mut rest = hints.as_slice();
    while let Some(((hint, origin), more)) = rest.split_first() {
        if environment.time.now() >= ends {
            put_off(environment, site, rest, environment.time.now()).await?;
            break;
        }
        refetcher.refetch(hint, 0, origin).await?;
        rest = more;
    }
    if let Some(contract) = site.platform.kind.vendor().contract() {
        let read_at = hints
            .iter()
            .take(hints.len() - rest.len())
            .map(|(hint, _)| hint)
            .collect::<Vec<_>>();
        drop_arrivals(contract, &environment.store, &site.id, &read_at).await?;
    }
    marked.extend(refetcher.marked());
    Ok(marked)
}

/// Refetches the things that are due, until `ends`. The rest stays due.
pub async fn refetch_again(
    environment: &Environment,
    site: &Site,
    refetches: &[Due],
    ends: Timestamp,
) -> Result<()> {
    let refetcher = match Refetcher::new(environment, site, ends).await {
        Ok(refetcher) => refetcher,
        Err(error) => {
            tracing::warn!(site = site.id.as_str(), %error, "the platform cannot be reached; its refetches are retried in a minute");
            let now = environment.time.now();
            put_off_refetches(
                environment,
                site,
                refetches,
                now.saturating_add(UNREACHABLE).unwrap_or(now),
            )
            .await?;
            return environment.store.cross_out(&site.id, refetches).await;
        }
    };
    for due in refetches {
        if environment.time.now() >= ends {
            break;
        }
        if let Subject::Refetch {
            hint,
            refetches,
            delivery,
        } = &due.subject
        {
            let origin = Origin {
                delivery: delivery.clone(),
                sent_at: None,
            };
            refetcher.refetch(hint, *refetches, &origin).await?;
        }
        environment
            .store
            .cross_out(&site.id, std::slice::from_ref(due))
            .await?;
    }
    Ok(())
}

fn hints(messages: &[TriggerMessage]) -> Vec<(ChangeHint, Origin)> {
    let mut hints: Vec<(ChangeHint, Origin)> = Vec::new();
    for message in messages {
        if let Trigger::Hints(more) = &message.trigger {
            for hint in more {
                if !hints.iter().any(|(known, _)| known == hint) {
                    hints.push((hint.clone(), Origin::of(message)));
                }
            }
        }
    }
    hints
}

async fn put_off(
    environment: &Environment,
    site: &Site,
    hints: &[(ChangeHint, Origin)],
    to: Timestamp,
) -> Result<()> {
    let refetch = |(hint, origin): &(ChangeHint, Origin)| {
        let subject = Subject::Refetch {
            hint: hint.clone(),
            refetches: 0,
            delivery: origin.delivery.clone(),
        };
        Due::at(to, subject).asked_at(origin.sent_at)
    };
    put_and_trigger(environment, site, hints.iter().map(refetch).collect(), to).await
}

async fn put_off_refetches(
    environment: &Environment,
    site: &Site,
    refetches: &[Due],
    to: Timestamp,
) -> Result<()> {
    put_and_trigger(
        environment,
        site,
        refetches
            .iter()
            .map(|due| Due::at(to, due.subject.clone()))
            .collect(),
        to,
    )
    .await
}

async fn put_and_trigger(
    environment: &Environment,
    site: &Site,
    dues: Vec<Due>,
    at: Timestamp,
) -> Result<()> {
    if at > environment.time.now() {
        environment.schedules.set(&site.id, Minute::of(at)).await?;
    }
    environment.store.put_dues(&site.id, &dues).await
}

/// Returns a due item for each person with an account that a trigger names. The person's groups and
/// the account are read again.
async fn of_accounts(
    environment: &Environment,
    site: &Site,
    messages: &[TriggerMessage],
) -> Result<Vec<Due>> {
    let accounts = messages
        .iter()
        .filter_map(|message| match &message.trigger {
            Trigger::Account { doors, id } => Some(((doors, id), Origin::of(message))),
            Trigger::Hints(_)
            | Trigger::Schedule(_)
            | Trigger::Due
            | Trigger::Unreadable
            | Trigger::Snapshot => None,
        });
    let mut dues = Vec::new();
    for ((doors, id), origin) in accounts.collect::<BTreeMap<_, _>>() {
        let person = identity::person_of_account(environment, site, doors, id).await?;
        dues.extend(person.map(|person| {
            let due = origin.due(environment.time.now(), Subject::Person(person.clone()));
            due.with_refetch_at(BTreeSet::from([doors.clone()]))
                .in_passing()
        }));
    }
    Ok(dues)
}
