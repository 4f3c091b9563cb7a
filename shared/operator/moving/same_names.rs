//! Pairs plans, rooms and passes with groups of the same name.

use doorstep_core::model::account::GroupRef;
use doorstep_core::site::{Selector, plain};

use super::opening::{Guess, Opening};
use super::words::{Names, can_be_written};
use crate::survey::Survey;

/// Returns an opening for each plan, room and pass whose name a group has too. Capitals and spaces
/// do not count.
pub(super) fn same_names(survey: &Survey) -> Vec<Opening> {
    let catalogue = &survey.catalogue;
    let named = [
        (Selector::Plan, Names::of_plans(catalogue)),
        (Selector::Resource, Names::of_resources(catalogue)),
        (Selector::Pass, Names::of_passes(catalogue)),
    ];
    let mut all = Vec::new();
    for (selector, names) in &named {
        for id in names.ids().filter(|id| can_be_written(names.name(id))) {
            let name = plain(names.name(id));
            let groups = survey
                .groups
                .iter()
                .flat_map(|(doors, groups)| groups.iter().map(move |group| (doors, group)));
            let same = groups.filter(|(_, group)| plain(&group.name) == name);
            all.extend(same.map(|(doors, group)| Opening {
                selector: *selector,
                thing: id.to_owned(),
                group: GroupRef::new(doors, &group.id),
                guess: Some(Guess::SameName),
            }));
        }
    }
    all
}
