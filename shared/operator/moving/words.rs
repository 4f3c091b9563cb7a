//! The words by which a site file names things.

use std::collections::BTreeMap;

use doorstep_core::model::account::Group;
use doorstep_core::model::fact::Id;
use doorstep_core::site::Selector;
use doorstep_core::site::catalogue::Catalogue;

use crate::survey::Survey;

/// A word of a site file that names one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// What the file says: the name, or the id where the name is not clear.
    pub text: String,
    /// The name, where the file says the id.
    pub name: Option<String>,
}

/// Returns whether a site file takes this text as the name of one thing.
pub(crate) fn can_be_written(name: &str) -> bool {
    !name.trim().is_empty() && name != "*" && !name.contains(char::is_control)
}

/// The names of things of one kind, by their ids.
pub(crate) struct Names<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    pub(crate) fn of_plans(catalogue: &'a Catalogue) -> Self {
        Names::of(&catalogue.plans, |plan| &plan.name)
    }

    pub(crate) fn of_resources(catalogue: &'a Catalogue) -> Self {
        Names::of(&catalogue.resources, |resource| &resource.name)
    }

    pub(crate) fn of_floors(catalogue: &'a Catalogue) -> Self {
        Names::of(&catalogue.floors, |floor| &floor.name)
    }

    pub(crate) fn of_locations(catalogue: &'a Catalogue) -> Self {
        Names::of(&catalogue.locations, |location| &location.name)
    }

    /// Rules name a pass by its name, so that is its id here too.
    pub(crate) fn of_passes(catalogue: &'a Catalogue) -> Self {
        let passes = catalogue.passes.iter().flatten();
        Names(passes.map(|name| (name.as_str(), name.as_str())).collect())
    }

    pub(crate) fn of_groups(groups: &'a [Group]) -> Self {
        let all = groups
            .iter()
            .map(|group| (group.id.0.as_str(), group.name.as_str()));
        Names(all.collect())
    }

    fn of<T>(things: &'a BTreeMap<Id, T>, name: impl Fn(&'a T) -> &'a String) -> Self {
        let all = things
            .iter()
            .map(|(id, thing)| (id.as_str(), name(thing).as_str()));
        Names(all.collect())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }

    /// Returns whether a thing has this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    pub(crate) fn name(&self, id: &str) -> &'a str {
        self.0.get(id).copied().unwrap_or_default()
    }

    /// Returns the word for the thing with this id.
    pub(crate) fn word(&self, id: &str) -> Word {
        let name = self.name(id);
        let same = self.0.values().filter(|other| **other == name).count();
        let is_other_id = name != id && self.0.contains_key(name);
        let is_clear = can_be_written(name) && same == 1 && !is_other_id;
        let shown = Some(name.to_owned()).filter(|name| !is_clear && !name.trim().is_empty());
        Word {
            text: if is_clear { name } else { id }.to_owned(),
            name: shown,
        }
    }
}

/// Returns the names of the things that rules with this selector are about.
pub(crate) fn names(survey: &Survey, selector: Selector) -> Names<'_> {
    let catalogue = &survey.catalogue;
    match selector {
        Selector::Plan => Names::of_plans(catalogue),
        Selector::Resource | Selector::Assignable => Names::of_resources(catalogue),
        Selector::Floor => Names::of_floors(catalogue),
        Selector::Location | Selector::Visitor => Names::of_locations(catalogue),
        Selector::Pass => Names::of_passes(catalogue),
    }
}
