//! The rules that follow from the mapping of the platform's own bridge.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{Selector, Site};

use super::mapping::of_bridge;
use super::opening::{Guess, LeftOut, Opening};
use super::same_names::same_names;
use super::unused::Unused;
use super::words::{Names, Word, names};
use crate::survey::Survey;

/// What to write into a site file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// The rules, in the order in which the docs name their selectors.
    pub rules: Vec<ProposedRule>,
    /// What the platform's own bridge opens and no rule can say.
    pub left_out: Vec<LeftOut>,
    /// What no rule names, neither one of the file nor a proposed one.
    pub unused: Unused,
}

/// A rule to write.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedRule {
    /// The kind of fact that it is about.
    pub selector: Selector,
    /// The things that it is about. Never empty.
    pub things: Vec<Word>,
    /// The door system.
    pub doors: DoorsName,
    /// The groups that it opens. Never empty.
    pub opens: Vec<Word>,
    /// What was guessed, if anything was.
    pub guess: Option<Guess>,
}

/// Returns what to write into the file of `site`, whose rules stay as they are.
pub fn proposal(site: &Site, survey: &Survey) -> Proposal {
    let resolved = resolve(site, &survey.catalogue, &survey.groups, None);
    let survey = &survey.at(resolved.locations.as_ref());
    let (mut openings, left_out) = match survey.bridged.is_empty() {
        true => (same_names(survey), Vec::new()),
        false => of_bridge(site, survey),
    };
    openings.retain(|opening| !is_opened(site, &resolved, opening));
    let unused = Unused::of(site, &resolved, survey, &openings);
    Proposal {
        rules: rules(survey, openings),
        left_out,
        unused,
    }
}

/// Returns whether a rule of the file opens the group for the thing.
fn is_opened(site: &Site, resolved: &Resolved, opening: &Opening) -> bool {
    let mut rules = site.rules.iter().zip(&resolved.rules);
    rules.any(|(rule, resolved)| {
        rule.selector == opening.selector
            && rule.doors == opening.group.doors
            && resolved.wanted.covers(&opening.thing)
            && resolved.groups.contains(&opening.group.group)
    })
}

/// Returns the rules for these openings. Things that open the same groups share one rule.
fn rules(survey: &Survey, openings: Vec<Opening>) -> Vec<ProposedRule> {
    /// What one thing opens at one door system.
    type OfThing<'a> = ((Selector, Option<Guess>), &'a DoorsName);
    let mut of_things: BTreeMap<(OfThing<'_>, &str), BTreeSet<&str>> = BTreeMap::new();
    for opening in &openings {
        let kind = (opening.selector, opening.guess);
        let key = ((kind, &opening.group.doors), opening.thing.as_str());
        let groups = of_things.entry(key).or_default();
        groups.insert(&opening.group.group.0);
    }
    let mut merged: BTreeMap<(OfThing<'_>, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((of, thing), groups) in of_things {
        merged.entry((of, groups)).or_default().push(thing);
    }
    let rule = |((((selector, guess), doors), groups), things): (
        (OfThing<'_>, BTreeSet<&str>),
        Vec<&str>,
    )| {
        let names = names(survey, selector);
        let groups_there = survey.groups.get(doors).map_or(&[][..], Vec::as_slice);
        let groups_there = Names::of_groups(groups_there);
        let mut things: Vec<Word> = things.into_iter().map(|id| names.word(id)).collect();
        let mut opens: Vec<Word> = groups.iter().map(|id| groups_there.word(id)).collect();
        things.sort();
        opens.sort();
        ProposedRule {
            selector,
            things,
            doors: doors.clone(),
            opens,
            guess,
        }
    };
    let mut rules: Vec<ProposedRule> = merged.into_iter().map(rule).collect();
    let place = |selector| Selector::ALL.iter().position(|one| *one == selector);
    rules.sort_by_cached_key(|rule| (place(rule.selector), rule.guess, rule.things.clone()));
    rules
}
