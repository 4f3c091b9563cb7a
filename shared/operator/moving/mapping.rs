//! Reads the mapping of the platform's own bridge: which thing opens which group of these doors.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::fact::{FactId, Id};
use doorstep_core::site::{Selector, Site};
use doorstep_vendors::platform::bridge::{BridgedGroup, BridgedUse};

use super::opening::{Guess, LeftOut, Opening};
use super::words::can_be_written;
use crate::survey::Survey;

/// One membership for which the bridge opens a group.
struct BridgedMembership<'a> {
    thing: &'a FactId,
    plan: Option<&'a Id>,
    group: GroupRef,
}

/// Returns what the bridge opens, and what of it no rule can say.
pub(super) fn of_bridge(site: &Site, survey: &Survey) -> (Vec<Opening>, Vec<LeftOut>) {
    let mut openings = BTreeSet::new();
    let mut left_out = Vec::new();
    let mut memberships = Vec::new();
    for bridged in &survey.bridged {
        let (group, several) = match at_doors(site, survey, bridged) {
            Some(found) => found,
            None => {
                left_out.push(LeftOut::NoGroup {
                    thing: bridged.thing.clone(),
                    name: bridged.name.clone(),
                    group: bridged.group.clone(),
                });
                continue;
            }
        };
        let (selector, guess) = match &bridged.opens_for {
            BridgedUse::Plan => (Selector::Plan, None),
            BridgedUse::Booking => (Selector::Resource, None),
            BridgedUse::Assignment => (Selector::Assignable, Some(Guess::Assigned)),
            BridgedUse::Pass => (Selector::Pass, None),
            BridgedUse::Membership(plan) => {
                memberships.push(BridgedMembership {
                    thing: &bridged.thing,
                    plan: plan.as_ref(),
                    group,
                });
                continue;
            }
        };
        match listed(survey, selector, bridged) {
            Some(thing) => drop(openings.insert(Opening {
                selector,
                thing,
                group,
                guess: several.or(guess),
            })),
            None => left_out.push(LeftOut::NoThing {
                thing: bridged.thing.clone(),
                group: bridged.group.clone(),
            }),
        }
    }
    of_memberships(survey, &memberships, &mut openings, &mut left_out);
    (openings.into_iter().collect(), left_out)
}

/// Returns the group at the doors of the file, and whether another door system has one with the
/// same id.
fn at_doors(
    site: &Site,
    survey: &Survey,
    bridged: &BridgedGroup,
) -> Option<(GroupRef, Option<Guess>)> {
    let doors = site
        .doors
        .iter()
        .filter(|(_, config)| bridged.may_be_at(config.kind));
    let mut found = doors.filter_map(|(name, _)| {
        let groups = survey.groups.get(name)?.iter();
        let mut same = groups.filter(|group| group.id.0.eq_ignore_ascii_case(&bridged.group));
        Some(GroupRef::new(name, &same.next()?.id))
    });
    let first = found.next()?;
    Some((first, found.next().map(|_| Guess::SeveralDoors)))
}

/// Returns the id of a thing that the platform lists; for a pass its name.
fn listed(survey: &Survey, selector: Selector, bridged: &BridgedGroup) -> Option<String> {
    let catalogue = &survey.catalogue;
    let id = bridged.thing.id.as_str();
    let is_listed = match selector {
        Selector::Plan => catalogue.plans.contains_key(id),
        Selector::Pass => return bridged.name.clone().filter(|name| can_be_written(name)),
        _ => catalogue.resources.contains_key(id),
    };
    is_listed.then(|| id.to_owned())
}

/// Adds what the bridge says at single memberships. Where every membership on a plan opens the same
/// groups, and the plan itself opens none, that is a rule about the plan.
fn of_memberships(
    survey: &Survey,
    memberships: &[BridgedMembership<'_>],
    openings: &mut BTreeSet<Opening>,
    left_out: &mut Vec<LeftOut>,
) {
    let mut by_plan: BTreeMap<Option<&Id>, BTreeMap<&FactId, BTreeSet<&GroupRef>>> =
        BTreeMap::new();
    for one in memberships {
        let of_plan = by_plan.entry(one.plan).or_default();
        of_plan.entry(one.thing).or_default().insert(&one.group);
    }
    for (plan, of_plan) in by_plan {
        let plan = plan.filter(|plan| survey.catalogue.plans.contains_key(plan.as_str()));
        let mapped = plan.map_or_else(BTreeSet::new, |plan| groups_of_plan(openings, plan));
        let same: BTreeSet<_> = of_plan.values().collect();
        match (plan, same.first()) {
            (Some(plan), Some(groups)) if mapped.is_empty() && same.len() == 1 => {
                openings.extend(groups.iter().map(|group| Opening {
                    selector: Selector::Plan,
                    thing: plan.to_string(),
                    group: (*group).clone(),
                    guess: Some(Guess::Memberships),
                }));
            }
            _ => {
                let all = of_plan
                    .iter()
                    .flat_map(|(thing, groups)| groups.iter().map(move |group| (thing, group)));
                let own = all.filter(|(_, group)| !mapped.contains(**group));
                left_out.extend(own.map(|(thing, group)| LeftOut::OneMembership {
                    thing: (*thing).clone(),
                    group: group.group.to_string(),
                }));
            }
        }
    }
}

fn groups_of_plan(openings: &BTreeSet<Opening>, plan: &Id) -> BTreeSet<GroupRef> {
    let of_plan = openings
        .iter()
        .filter(|opening| opening.selector == Selector::Plan && opening.thing == plan.as_str());
    of_plan.map(|opening| opening.group.clone()).collect()
}
