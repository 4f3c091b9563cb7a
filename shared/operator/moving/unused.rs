//! What both vendors have and no rule names.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::resolve::Resolved;
use doorstep_core::site::{Selector, Site};

use super::opening::Opening;
use super::words::{Names, Word, names};
use crate::survey::Survey;

/// The things and groups that no rule names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unused {
    /// The things, by the selector that names them. Resources stand at [`Selector::Resource`] alone.
    pub things: BTreeMap<Selector, Vec<Word>>,
    /// The groups of each door system.
    pub groups: BTreeMap<DoorsName, Vec<Word>>,
}

/// The selectors for which unused things are listed. Every location is also a place of visitors.
const LISTED: [Selector; 5] = [
    Selector::Plan,
    Selector::Resource,
    Selector::Floor,
    Selector::Location,
    Selector::Pass,
];

impl Unused {
    /// Returns what neither a rule of `site` nor an opening uses.
    pub(super) fn of(
        site: &Site,
        resolved: &Resolved,
        survey: &Survey,
        openings: &[Opening],
    ) -> Unused {
        let is_about = |selector: Selector, listed: Selector| {
            selector == listed || (selector == Selector::Assignable && listed == Selector::Resource)
        };
        let is_used = |listed: Selector, id: &str| {
            let mut rules = site.rules.iter().zip(&resolved.rules);
            let mut openings = openings.iter();
            rules.any(|(rule, resolved)| {
                is_about(rule.selector, listed) && resolved.wanted.covers(id)
            }) || openings.any(|opening| is_about(opening.selector, listed) && opening.thing == id)
        };
        let unused = |listed: Selector| {
            let names = names(survey, listed);
            let unused = names.ids().filter(|id| !is_used(listed, id));
            let mut words: Vec<Word> = unused.map(|id| names.word(id)).collect();
            words.sort();
            words
        };
        let things = LISTED.iter().map(|listed| (*listed, unused(*listed)));
        Unused {
            things: things.filter(|(_, words)| !words.is_empty()).collect(),
            groups: groups(site, resolved, survey, openings),
        }
    }
}

fn groups(
    site: &Site,
    resolved: &Resolved,
    survey: &Survey,
    openings: &[Opening],
) -> BTreeMap<DoorsName, Vec<Word>> {
    let of_rules = site.rules.iter().zip(&resolved.rules);
    let of_rules = of_rules.flat_map(|(rule, resolved)| {
        let groups = resolved.groups.iter();
        groups.map(|group| GroupRef::new(&rule.doors, group))
    });
    let of_openings = openings.iter().map(|opening| opening.group.clone());
    let used: BTreeSet<GroupRef> = of_rules.chain(of_openings).collect();
    let unused = survey.groups.iter().map(|(doors, groups)| {
        let names = Names::of_groups(groups);
        let unused = groups
            .iter()
            .filter(|group| !used.contains(&GroupRef::new(doors, &group.id)));
        let mut words: Vec<Word> = unused.map(|group| names.word(&group.id.0)).collect();
        words.sort();
        (doors.clone(), words)
    });
    unused.filter(|(_, words)| !words.is_empty()).collect()
}
