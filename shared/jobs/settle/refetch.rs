//! The things of the platform that one run fetches again: those that hints name, and those that are due for a refetch.
//! What its share of the time does not reach becomes due at once, for the next run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::identity;
use super::origin::Origin;
use super::refetcher::Refetcher;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::error::Result;
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::push::outdated::drop_arrivals;

/// How long a hint waits if the platform cannot be reached at all.
const UNREACHABLE: SignedDuration = SignedDuration::from_mins(1);

/// Returns whether any of these triggers asks for a fetch.
pub fn has_hints(rings: &[TriggerMessage]) -> bool {
    rings.iter().any(|ring| matches!(ring.trigger, Trigger::Hints(_) | Trigger::Account { .. }))
}

/// Refetches everything that the triggers name, each thing once, until `ends`. Returns the people marked in passing.
pub async fn refetch(
    environment: &Environment,
    site: &Site,
    rings: &[TriggerMessage],
    ends: Timestamp,
) -> Result<Vec<Due>> {
    let mut marked = of_accounts(environment, site, rings).await?;
    let hints = hints(rings);
    if hints.is_empty() {
        return Ok(marked);
    }
    let looker = match Refetcher::in_passing(environment, site, ends).await {
        Ok(looker) => looker,
        Err(error) => {
            tracing::warn!(site = site.id.as_str(), %error, "the platform cannot be reached; hints wait a minute");
            let now = environment.time.now();
            put_off(environment, site, &hints, now.saturating_add(UNREACHABLE).unwrap_or(now)).await?;
            return Ok(marked);
        }
    };
    let mut rest = hints.as_slice();
    while let Some(((hint, heard), more)) = rest.split_first() {
        if environment.time.now() >= ends {
            put_off(environment, site, rest, environment.time.now()).await?;
            break;
        }
        looker.look(hint, 0, heard).await?;
        rest = more;
    }
    if let Some(contract) = site.platform.kind.vendor().contract() {
        let looked = hints.iter().take(hints.len() - rest.len()).map(|(hint, _)| hint).collect::<Vec<_>>();
        drop_arrivals(contract, &environment.store, &site.id, &looked).await?;
    }
    marked.extend(looker.marked());
    Ok(marked)
}

/// Refetches the things that are due, until `ends`. The rest stays due.
pub async fn look_again(environment: &Environment, site: &Site, refetches: &[Due], ends: Timestamp) -> Result<()> {
    let looker = match Refetcher::new(environment, site, ends).await {
        Ok(looker) => looker,
        Err(error) => {
            tracing::warn!(site = site.id.as_str(), %error, "the platform cannot be reached; looks wait a minute");
            let now = environment.time.now();
            put_off_refetches(environment, site, refetches, now.saturating_add(UNREACHABLE).unwrap_or(now)).await?;
            return environment.store.cross_out(&site.id, refetches).await;
        }
    };
    for due in refetches {
        if environment.time.now() >= ends {
            break;
        }
        if let Subject::Refetch { hint, refetches, delivery } = &due.subject {
            let heard = Origin { delivery: delivery.clone(), rung: None };
            looker.look(hint, *refetches, &heard).await?;
        }
        environment.store.cross_out(&site.id, std::slice::from_ref(due)).await?;
    }
    Ok(())
}

fn hints(rings: &[TriggerMessage]) -> Vec<(ChangeHint, Origin)> {
    let mut hints: Vec<(ChangeHint, Origin)> = Vec::new();
    for ring in rings {
        if let Trigger::Hints(more) = &ring.trigger {
            for hint in more {
                if !hints.iter().any(|(known, _)| known == hint) {
                    hints.push((hint.clone(), Origin::of(ring)));
                }
            }
        }
    }
    hints
}

async fn put_off(environment: &Environment, site: &Site, hints: &[(ChangeHint, Origin)], to: Timestamp) -> Result<()> {
    let look = |(hint, heard): &(ChangeHint, Origin)| {
        let subject = Subject::Refetch { hint: hint.clone(), refetches: 0, delivery: heard.delivery.clone() };
        Due::at(to, subject).asked_at(heard.rung)
    };
    put_and_wake(environment, site, hints.iter().map(look).collect(), to).await
}

async fn put_off_refetches(environment: &Environment, site: &Site, refetches: &[Due], to: Timestamp) -> Result<()> {
    put_and_wake(environment, site, refetches.iter().map(|due| Due::at(to, due.subject.clone())).collect(), to).await
}

async fn put_and_wake(environment: &Environment, site: &Site, dues: Vec<Due>, at: Timestamp) -> Result<()> {
    if at > environment.time.now() {
        environment.schedules.set(&site.id, doorstep_core::model::window::floor_minute(at)).await?;
    }
    environment.store.put_dues(&site.id, &dues).await
}

/// Returns a due item for each person with an account that a trigger names. The person's groups and the account are
/// read again.
async fn of_accounts(environment: &Environment, site: &Site, rings: &[TriggerMessage]) -> Result<Vec<Due>> {
    let accounts = rings.iter().filter_map(|ring| match &ring.trigger {
        Trigger::Account { doors, id } => Some(((doors, id), Origin::of(ring))),
        Trigger::Hints(_) | Trigger::Schedule(_) | Trigger::Due | Trigger::Unreadable | Trigger::Snapshot => None,
    });
    let mut dues = Vec::new();
    for ((doors, id), heard) in accounts.collect::<BTreeMap<_, _>>() {
        let person = identity::whose(environment, site, doors, id).await?;
        dues.extend(person.map(|person| {
            let due = heard.due(environment.time.now(), Subject::Person(person));
            due.with_a_look_at(BTreeSet::from([doors.clone()])).in_passing()
        }));
    }
    Ok(dues)
}
