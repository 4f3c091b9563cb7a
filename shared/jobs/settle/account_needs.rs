//! The accounts that a round needs, and how they are fetched: side by side, or in one list if that
//! takes fewer calls.

use std::collections::BTreeSet;

use super::directory::{Sought, SoughtByDoors};
use super::doors_cache::DoorsCache;
use super::evaluate::Evaluation;
use super::site_context::SiteContext;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::site::Mode;

/// One person, and the door systems at which the round needs the person's account.
pub type AccountNeed<'a> = (&'a Person, BTreeSet<DoorsName>);

/// Returns the needs that are known before the groups are read: a group that is open now and that
/// the person does not hold by a claim, a change of the account that was begun, and a due item that
/// asks for the account. The other needs follow from the groups.
pub fn expected<'a>(context: &SiteContext, evaluations: &'a [Evaluation]) -> Vec<AccountNeed<'a>> {
    if context.site.mode == Mode::Observe {
        return Vec::new();
    }
    evaluations
        .iter()
        .map(|evaluation| (&evaluation.state.person, at(context, evaluation)))
        .collect()
}

fn at(context: &SiteContext, evaluation: &Evaluation) -> BTreeSet<DoorsName> {
    let person = &evaluation.state.person;
    let opens = evaluation.desired.iter().filter(|(at, intervals)| {
        let is_open = intervals
            .iter()
            .any(|interval| interval.window.holds(context.now));
        let has = |side: &DoorsContext| side.has(&at.group);
        let is_there = context.systems.get(&at.doors).is_some_and(has);
        is_open && is_there && !context.stale && person.claim(&at.doors, &at.group).is_none()
    });
    let begun = person
        .intents
        .iter()
        .filter(|intent| intent.group.is_none())
        .map(|intent| &intent.doors);
    opens
        .map(|(at, _)| &at.doors)
        .chain(begun)
        .chain(&evaluation.refetch_at)
        .cloned()
        .collect()
}

/// Returns what must be fetched for these needs. Requests the list of all accounts of a door system
/// if that takes fewer calls.
pub fn seek(
    context: &SiteContext,
    cache: &mut DoorsCache,
    needs: &[AccountNeed<'_>],
) -> SoughtByDoors {
    let of_all = cache.newcomers.max(needs.len()) / needs.len().max(1);
    let mut sought = SoughtByDoors::new();
    for (doors, system) in &context.systems {
        let in_need = needs.iter().filter(|(_, at)| at.contains(doors));
        let all: Vec<Option<Sought>> = in_need
            .map(|(person, _)| Sought::of(person, doors))
            .filter(|one| {
                one.as_ref()
                    .is_none_or(|one| !cache.directory.has(doors, one))
            })
            .collect();
        cache
            .directory
            .expect(doors, all.len() * of_all, system.doors_read.accounts);
        sought.insert(doors.clone(), all.into_iter().flatten().collect());
    }
    sought
}
