//! The table of rules of one selector: the platform's things and the doors' groups, and which rule
//! opens which group for which thing. Pure.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_core::model::account::{Group, GroupRef};
use doorstep_core::model::fact::Id;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::{Selector, ThingSelection};

use super::lists::Lists;
use super::reading::{Reading, RuleReading};
use super::shape::{Cell, GroupColumn, Matrix, NamedBy, RuleOfCell, SelectorSummary, ThingRow};
use super::thing::{GroupKey, ThingKey};
use crate::moving::words::names;
use crate::survey::Survey;

/// Returns the table of one selector.
pub(super) fn matrix(reading: &Reading, lists: &Lists, selector: Selector) -> Matrix {
    let here = lists.survey.at(reading.resolved.locations.as_ref());
    let columns = columns(reading, &here);
    let index: BTreeMap<&GroupRef, usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| (&column.group, index))
        .collect();
    let rows = things(reading, &here, selector).into_iter();
    let rows = rows.map(|(thing, name)| ThingRow {
        place: place(&here.catalogue, selector, &thing),
        is_unmapped: is_unmapped(reading, selector, &thing),
        cells: cells(reading, selector, &thing, &index),
        thing,
        name,
    });
    Matrix {
        selector,
        rows: rows.collect(),
        columns,
    }
}

/// Returns the summaries of all selectors, in the order in which the docs name them.
pub(super) fn summaries(reading: &Reading, lists: &Lists) -> Vec<SelectorSummary> {
    let here = lists.survey.at(reading.resolved.locations.as_ref());
    let summary = |selector: Selector| {
        let things = things(reading, &here, selector);
        let unmapped = things
            .iter()
            .filter(|(thing, _)| is_unmapped(reading, selector, thing));
        let is_loaded = selector != Selector::Pass || here.catalogue.passes.is_some();
        SelectorSummary {
            selector,
            rules: of(reading, selector).count(),
            unmapped: is_loaded.then(|| unmapped.count()),
        }
    };
    Selector::ALL.map(summary).into()
}

fn columns(reading: &Reading, survey: &Survey) -> Vec<GroupColumn> {
    let opened: BTreeSet<&GroupRef> = reading
        .rules
        .iter()
        .flat_map(|rule| &rule.groups)
        .filter_map(|group| match &group.key {
            GroupKey::Listed(listed) => Some(listed),
            GroupKey::Unlisted(..) => None,
        })
        .collect();
    let column = |doors: &DoorsName, group: &Group| {
        let config = reading.site.doors.get(doors);
        let prefix = config.and_then(|config| config.prefix.as_deref());
        let at = GroupRef::new(doors, &group.id);
        GroupColumn {
            is_opened: opened.contains(&at),
            group: at,
            name: group.name.clone(),
            lacks_prefix: prefix.is_some_and(|prefix| !group.name.starts_with(prefix)),
            problem: group.problem.clone(),
        }
    };
    let all = survey.groups.iter();
    let mut columns: Vec<GroupColumn> = all
        .flat_map(|(doors, groups)| groups.iter().map(move |group| column(doors, group)))
        .collect();
    let key = |column: &GroupColumn| (column.group.doors.clone(), sorted_as(&column.name));
    columns.sort_by_cached_key(key);
    columns
}

/// Returns the rows with their names, in order.
fn things(reading: &Reading, survey: &Survey, selector: Selector) -> Vec<(ThingKey, String)> {
    let names = names(survey, selector);
    let listed = names
        .ids()
        .map(|id| (ThingKey::Listed(id.to_owned()), names.name(id).to_owned()));
    let mut listed: Vec<(ThingKey, String)> = listed.collect();
    listed.sort_by_cached_key(|(_, name)| sorted_as(name));
    let unlisted: BTreeSet<&String> = of(reading, selector)
        .flat_map(|(_, rule)| &rule.things)
        .filter_map(|named| match &named.key {
            ThingKey::Unlisted(name) => Some(name),
            _ => None,
        })
        .collect();
    let unlisted = unlisted
        .into_iter()
        .map(|name| (ThingKey::Unlisted(name.clone()), name.clone()));
    let every = (ThingKey::Every, "*".to_owned());
    std::iter::once(every)
        .chain(unlisted)
        .chain(listed)
        .collect()
}

/// Returns the names of the location and the floor of a thing. A location has none.
fn place(catalogue: &Catalogue, selector: Selector, thing: &ThingKey) -> Vec<String> {
    let ThingKey::Listed(id) = thing else {
        return Vec::new();
    };
    let id = id.as_str();
    let (location, floor): (Option<&str>, Option<&Id>) = match selector {
        Selector::Resource | Selector::Assignable => {
            let resource = catalogue.resources.get(id);
            let floor = resource.and_then(|resource| resource.floor.as_ref());
            (catalogue.location_of_resource(id), floor)
        }
        Selector::Floor => (catalogue.location_of_floor(id), None),
        Selector::Plan => {
            let plan = catalogue.plans.get(id);
            (plan.and_then(|plan| plan.location.as_deref()), None)
        }
        Selector::Location | Selector::Visitor | Selector::Pass => (None, None),
    };
    let location = location.and_then(|id| Some(catalogue.locations.get(id)?.name.clone()));
    let floor = floor.and_then(|id| Some(catalogue.floors.get(id)?.name.clone()));
    location.into_iter().chain(floor).collect()
}

/// Returns whether the thing is listed and no rule is about it.
fn is_unmapped(reading: &Reading, selector: Selector, thing: &ThingKey) -> bool {
    let other = match selector {
        Selector::Resource => Selector::Assignable,
        Selector::Assignable => Selector::Resource,
        selector => selector,
    };
    let mut rules = reading.rules.iter();
    matches!(thing, ThingKey::Listed(_))
        && !rules.any(|rule| {
            (rule.selector == selector || rule.selector == other) && named_by(rule, thing).is_some()
        })
}

fn cells(
    reading: &Reading,
    selector: Selector,
    thing: &ThingKey,
    columns: &BTreeMap<&GroupRef, usize>,
) -> Vec<Cell> {
    let mut cells: BTreeMap<usize, Vec<RuleOfCell>> = BTreeMap::new();
    for (number, rule) in of(reading, selector) {
        let Some(way) = named_by(rule, thing) else {
            continue;
        };
        let opened: BTreeSet<usize> = rule
            .groups
            .iter()
            .filter_map(|group| match &group.key {
                GroupKey::Listed(group) => columns.get(group).copied(),
                GroupKey::Unlisted(..) => None,
            })
            .collect();
        for column in opened {
            let rules = cells.entry(column).or_default();
            rules.push(rule_of_cell(number, rule, way));
        }
    }
    let cell = |(column, by)| Cell { column, by };
    cells.into_iter().map(cell).collect()
}

fn rule_of_cell(number: usize, rule: &RuleReading, way: NamedBy) -> RuleOfCell {
    let terms = &rule.terms;
    RuleOfCell {
        rule: number,
        line: rule.line,
        way,
        before: terms.before,
        after: terms.after,
        audience: terms.audience,
        has_hours: terms.hours.is_some(),
        at: match &terms.at {
            Some(ThingSelection::Named(names)) => names.clone(),
            Some(ThingSelection::Any) | None => Vec::new(),
        },
        open_when_closed: terms.open_when_closed,
    }
}

/// Returns how the rule is about the thing, if it is.
pub(super) fn named_by(rule: &RuleReading, thing: &ThingKey) -> Option<NamedBy> {
    match thing {
        thing if rule.names(thing) => Some(NamedBy::Name),
        ThingKey::Listed(_) if rule.is_about_all() => Some(NamedBy::Every),
        ThingKey::Listed(id) if rule.covers.covers(id) => Some(NamedBy::Part),
        _ => None,
    }
}

/// Returns the rules of a selector with their numbers.
fn of(reading: &Reading, selector: Selector) -> impl Iterator<Item = (usize, &RuleReading)> {
    let rules = (1..).zip(&reading.rules);
    rules.filter(move |(_, rule)| rule.selector == selector)
}

/// Returns a name as lists are sorted: capitals do not count.
fn sorted_as(name: &str) -> (String, String) {
    (name.to_lowercase(), name.to_owned())
}

#[cfg(test)]
mod tests;
