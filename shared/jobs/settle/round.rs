//! The rounds that settle one batch of people.

use std::collections::BTreeMap;

use super::apply::apply;
use super::attempts::{Attempts, Served};
use super::cards::wait_for_each_other;
use super::commit::{RoundOutcome, commit};
use super::decide::decide;
use super::doors_cache::DoorsCache;
use super::evaluate::evaluate;
use super::identity::WorkItem;
use super::intend::intend;
use super::load::load;
use super::site_context::{SiteContext, Writers};
use super::withhold::withhold;
use doorstep_cloud::store::dues::Due;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::PersonId;

/// Settles everyone in a batch. Returns the due items of people with work for another phase.
///
/// Each round compares what facts and rules say with what the door systems hold, for all open
/// people together, and applies the difference. Intents are stored before the first call that
/// changes a door system, and the result after the last one, so a run can stop at any point. A
/// person whose round failed stays open, and the next round reads everything about that person
/// again. The loop ends when no one is open or the rounds are used up: a person who still fails is
/// due at a later minute.
pub async fn settle_people(
    context: &SiteContext,
    writers: &Writers,
    items: BTreeMap<PersonId, WorkItem>,
    cache: &mut DoorsCache,
) -> Result<Vec<Due>> {
    let mut attempts = Attempts::new(items);
    while !attempts.are_over() {
        let outcomes = round(context, writers, &attempts, cache).await?;
        attempts.note(outcomes);
    }
    let Served { done, left } = attempts.served();
    context
        .environment
        .store
        .cross_out(&context.site.id, &done)
        .await?;
    Ok(left)
}

/// Runs one round for everyone open. A round after the first one reuses nothing that was read
/// before.
async fn round(
    context: &SiteContext,
    writers: &Writers,
    attempts: &Attempts,
    cache: &mut DoorsCache,
) -> Result<Vec<(PersonId, RoundOutcome)>> {
    let people = load(context, attempts.open()).await?;
    let evaluations = evaluate(context, attempts, people);
    let mut empty = DoorsCache::default();
    let decided = decide(
        context,
        &evaluations,
        if attempts.is_first_round() {
            &mut *cache
        } else {
            &mut empty
        },
    )
    .await;
    let mut works = withhold(context, &evaluations, decided).await;
    wait_for_each_other(&mut works);
    intend(context, &evaluations, &mut works).await;
    apply(context, writers, &mut works).await;
    cache.note_changes(context.phase, &evaluations, &works);
    commit(context, evaluations, works).await
}
