//! The next opening of all sites. The stored boundary of each person says who may come first, so
//! only the facts of a few people are read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::shape::NextAnywhere;
use super::state::SiteState;
use super::whom::shown;
use crate::view::KnownRules;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{Desired, derive, desired};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::person::Person;
use doorstep_core::site::Mode;
use doorstep_jobs::settle::load_facts;

/// The most people whose windows are computed. Those whose access only ends next are among them.
const MOST_PEOPLE: usize = 40;

/// Returns the next opening; `None` if none is known. A site whose facts cannot be read now has
/// none.
pub(super) async fn next(
    environment: &Environment,
    states: &[SiteState],
    now: Timestamp,
) -> Option<NextAnywhere> {
    let mut rules: BTreeMap<&SiteId, Option<KnownRules>> = BTreeMap::new();
    let mut first: Option<NextAnywhere> = None;
    for (boundary, state, person) in candidates(states, now).into_iter().take(MOST_PEOPLE) {
        if first.as_ref().is_some_and(|first| first.at <= boundary) {
            break;
        }
        let site = &state.site;
        if !rules.contains_key(&site.id) {
            let known = KnownRules::of(environment, site).await.ok();
            rules.insert(&site.id, known);
        }
        let Some(Some(rules)) = rules.get(&site.id) else {
            continue;
        };
        let Ok(windows) = windows(environment, state, rules, person).await else {
            continue;
        };
        let opening = opening(&windows, now).map(|(at, group)| named(state, person, at, group));
        first = match (first, opening) {
            (Some(one), Some(other)) if other.at < one.at => Some(other),
            (one, other) => one.or(other),
        };
    }
    first
}

/// Returns the people of the sites that act, the earliest boundary first.
fn candidates(states: &[SiteState], now: Timestamp) -> Vec<(Timestamp, &SiteState, &Person)> {
    let acting = states.iter().filter(|state| {
        let stored = &state.stored;
        let waits = stored.observing || stored.paused.is_some() || stored.retiring.is_some();
        !waits && state.site.mode != Mode::Observe
    });
    let mut candidates: Vec<(Timestamp, &SiteState, &Person)> = acting
        .flat_map(|state| state.people.iter().map(move |person| (state, person)))
        .filter_map(|(state, person)| Some((person.next?, state, person)))
        .filter(|(boundary, ..)| *boundary > now)
        .collect();
    candidates.sort_by_key(|(boundary, state, person)| {
        (*boundary, state.site.id.clone(), person.id.clone())
    });
    candidates
}

async fn windows(
    environment: &Environment,
    state: &SiteState,
    rules: &KnownRules,
    person: &Person,
) -> Result<Desired> {
    let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
    let (facts, _) = load_facts(environment, &state.site.id, &profiles).await?;
    let derived = derive(rules.by(&state.site), &facts, environment.time.now());
    Ok(desired(&derived.entitlements))
}

/// Returns the first begin of a window after `now`, with its group.
pub(super) fn opening(windows: &Desired, now: Timestamp) -> Option<(Timestamp, &GroupRef)> {
    let begins = windows.iter().flat_map(|(group, intervals)| {
        let begins = intervals.iter().map(|interval| interval.window.from);
        begins
            .filter(|from| *from > now)
            .map(move |from| (from, group))
    });
    begins.min()
}

fn named(state: &SiteState, person: &Person, at: Timestamp, group: &GroupRef) -> NextAnywhere {
    NextAnywhere {
        at,
        site: state.site.id.clone(),
        timezone: state.timezone(),
        doors: group.doors.clone(),
        group: group.group.clone(),
        group_name: state.groups.get(group).cloned(),
        who: shown(person),
    }
}
