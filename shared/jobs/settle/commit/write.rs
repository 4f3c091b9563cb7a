//! The transactions that end one person's round.

use futures_util::future::try_join;
use jiff::Timestamp;

use crate::settle::person_work::PersonWork;
use crate::settle::site_context::SiteContext;
use doorstep_cloud::store::audits::Chain;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::put;
use doorstep_cloud::store::{MOST_IN_ONE, WriteStep};
use doorstep_core::model::error::Result;
use doorstep_core::model::minute::Minute;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;

/// Most audit entries in one transaction.
const MOST_ACTIONS: usize = 80;

/// Writes the person, if anything changed. The due item and the schedule of the next evaluation
/// precede the person.
pub async fn write(
    context: &SiteContext,
    before: &Person,
    work: &mut PersonWork,
    at: Timestamp,
    known: &mut Option<Chain>,
) -> Result<()> {
    let (site, store) = (&context.site.id, &context.environment.store);
    let person = &mut work.person;
    if *person == *before && work.actions.is_empty() && work.writes.is_empty() {
        return Ok(());
    }
    let me = Subject::Person(person.id.clone());
    if let Some(next) = person.next.filter(|_| person.next != before.next) {
        // The due item and the schedule precede the person: an unneeded one does no harm.
        let due = [Due::at(next, me.clone())];
        try_join(
            context.schedule(Minute::of(next)),
            store.put_dues(site, &due),
        )
        .await?;
    }
    if work.actions.is_empty() && work.writes.is_empty() {
        store
            .write_as(WriteStep::Commit, put(site, person)?)
            .await?;
    } else {
        let chain = match known.take() {
            Some(chain) => chain,
            None => store.chain(site).await?,
        };
        *known = Some(write_with_actions(context, work, at, chain).await?);
    }
    work.person.version += 1;
    let moved = before
        .next
        .filter(|&old| old > context.now && work.person.next != Some(old));
    if let Some(old) = moved
        && let Err(error) = store.write(Due::delete(site, Minute::of(old), &me)).await
    {
        tracing::debug!(site = site.as_str(), %error, "an unneeded due item could not be deleted: the next run deletes it");
    }
    Ok(())
}

/// Writes the person, further items and the person's audit entries at the end of the chain, in one
/// transaction. Audit entries that do not fit are written before it, in transactions of their own.
/// Returns the new end of the chain.
async fn write_with_actions(
    context: &SiteContext,
    work: &mut PersonWork,
    at: Timestamp,
    mut chain: Chain,
) -> Result<Chain> {
    let (site, store) = (&context.site.id, &context.environment.store);
    let mut writes = std::mem::take(&mut work.writes);
    let (person, actions) = (&mut work.person, work.actions.as_slice());
    let (early, late) = actions.split_at(actions.len().saturating_sub(MOST_ACTIONS));
    for actions in early.chunks(MOST_ACTIONS) {
        store
            .write_all(WriteStep::Keep, chain.join(site, person, at, actions)?)
            .await?;
    }
    writes.extend(chain.join(site, person, at, late)?);
    debug_assert!(
        writes.len() < MOST_IN_ONE,
        "links and records of one person fit into one transaction"
    );
    writes.insert(0, put(site, person)?);
    store.write_all(WriteStep::Commit, writes).await?;
    Ok(chain)
}
