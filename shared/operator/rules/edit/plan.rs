//! Finds the changes that make an edit: the smallest first. Pure.

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Audience, Selector};

use super::change::{Change, NewRule, NewTimes};
use super::words::{Written, alone, words};
use crate::moving::Word;
use crate::moving::words::{Names, names};
use crate::rules::lists::Lists;
use crate::rules::matrix::named_by;
use crate::rules::reading::{Named, Reading, RuleReading};
use crate::rules::shape::NamedBy;
use crate::rules::thing::{CellKey, GroupKey, ThingKey};

/// Ways to make an edit, the smallest first. Each is a list of changes.
pub(super) type Ways = Vec<Vec<Change>>;

/// The most ways that are tried.
const MOST_WAYS: usize = 256;

/// Returns the ways to open a group for a thing.
pub(super) fn open(reading: &Reading, lists: &Lists, cell: &CellKey) -> Result<Ways> {
    let CellKey {
        selector,
        thing,
        group,
    } = cell;
    let rules = || reading.rules.iter().enumerate();
    let here = lists.survey.at(reading.resolved.locations.as_ref());
    let things = match thing {
        ThingKey::Every => vec![alone("*")],
        ThingKey::Listed(id) => words(&names(&here, *selector), id),
        // A platform that only pushes changes may have it.
        ThingKey::Unlisted(name) if !reading.site.platform.kind.has_read_api() => {
            vec![alone(name)]
        }
        ThingKey::Unlisted(name) => {
            return Err(Error::invalid(format!(
                "the platform has no {} \"{name}\", so nothing can be opened for it: correct the name in the file",
                selector.word()
            )));
        }
    };
    let groups = here.groups.get(&group.doors).map_or(&[][..], Vec::as_slice);
    let groups = words(&Names::of_groups(groups), &group.group.0);
    may_be_ruled(reading, group, groups.first())?;
    let mut ways = Ways::new();
    let usual = &reading.site.bookings;
    let is_here = |rule: &RuleReading| rule.selector == *selector && rule.doors == group.doors;
    for (index, rule) in rules().filter(|(_, rule)| is_here(rule) && is_plain(rule)) {
        if rule.is_only_about(thing) {
            ways.extend(
                groups
                    .iter()
                    .map(|word| vec![Change::AddGroup(index, word.clone())]),
            );
        }
    }
    for (index, rule) in rules().filter(|(_, rule)| is_here(rule) && is_plain(rule)) {
        let is_timed = has_minutes(*selector);
        let has_usual = (rule.terms.before, rule.terms.after) == (usual.before, usual.after);
        let is_open_to_more = *thing != ThingKey::Every && !rule.is_about_all();
        if is_open_to_more && rule.opens_only(group) && (has_usual || !is_timed) {
            ways.extend(
                things
                    .iter()
                    .map(|word| vec![Change::AddThing(index, word.clone())]),
            );
        }
    }
    let behind = rules().filter(|(_, rule)| rule.selector == *selector);
    let behind = behind.map(|(index, _)| index).next_back();
    let behind = behind.or_else(|| reading.rules.len().checked_sub(1));
    for thing in &things {
        let new = |group: &Word| NewRule {
            selector: *selector,
            thing: thing.clone(),
            doors: (reading.site.doors.len() > 1).then(|| cell.group.doors.clone()),
            group: group.clone(),
        };
        let all = groups.iter();
        ways.extend(all.map(|group| vec![Change::AddRule(behind, new(group))]));
    }
    Ok(ways)
}

/// Checks that the file may rule a group of this name.
fn may_be_ruled(reading: &Reading, group: &GroupRef, word: Option<&Word>) -> Result<()> {
    let config = reading.site.doors.get(&group.doors);
    let prefix = config.and_then(|config| config.prefix.as_deref());
    let name = word.map(|word| word.name.as_ref().unwrap_or(&word.text));
    match (prefix, name) {
        (Some(prefix), Some(name)) if !name.starts_with(prefix) => Err(Error::invalid(format!(
            "the name of group \"{name}\" does not start with \"{prefix}\", as [doors.{}] demands: rename it at the door system, or choose another",
            group.doors
        ))),
        _ => Ok(()),
    }
}

/// Returns the ways to close a group for a thing.
pub(super) fn close(reading: &Reading, lists: &Lists, cell: &CellKey) -> Result<Ways> {
    let CellKey {
        selector,
        thing,
        group,
    } = cell;
    let opens = |rule: &&RuleReading| rule.selector == *selector && rule.opens(group);
    if !reading
        .rules
        .iter()
        .filter(opens)
        .any(|rule| rule.names(thing))
    {
        let mut others = (1..).zip(&reading.rules).filter(|(_, rule)| opens(rule));
        let other =
            others.find_map(|(number, rule)| Some((number, rule.line, named_by(rule, thing)?)));
        return match other {
            Some((number, line, NamedBy::Part)) => Err(Error::invalid(format!(
                "rule {number} in line {line} opens this because it names a part of the {}: change `with_parent` of that rule",
                selector.word()
            ))),
            Some((number, line, _)) => Err(of_all(number, line, *selector)),
            None => Ok(vec![Vec::new()]),
        };
    }
    let written = Written::of(lists, *selector, &group.doors);
    let mut ways = vec![Vec::new()];
    // From the last rule to the first, so that the indices of the others stay.
    for (index, rule) in reading.rules.iter().enumerate().rev() {
        if !opens(&rule) || !rule.names(thing) {
            continue;
        }
        let of_rule = ways_to_close(&written, index, rule, cell);
        let together = |way: &Vec<Change>| {
            let all = of_rule.iter().map(|of_rule| [&way[..], of_rule].concat());
            all.collect::<Vec<_>>()
        };
        ways = ways.iter().flat_map(together).take(MOST_WAYS).collect();
    }
    Ok(ways)
}

/// Returns the ways to close the cell in one rule, the smallest first. Where another rule opens the
/// same as what is left, less is written.
fn ways_to_close(written: &Written<'_>, index: usize, rule: &RuleReading, cell: &CellKey) -> Ways {
    let CellKey { thing, group, .. } = cell;
    let is_thing = |named: &&Named<ThingKey>| named.key == *thing;
    let is_group = |named: &&Named<GroupKey>| named.key.is(group);
    let own = texts(rule.things.iter().filter(is_thing));
    let others = texts(rule.things.iter().filter(|named| !is_thing(named)));
    let without_group = Change::RemoveGroups(index, texts(rule.groups.iter().filter(is_group)));
    let gone = vec![Change::RemoveRule(index)];
    match (others.is_empty(), rule.opens_only(group)) {
        (true, true) => vec![gone],
        (true, false) => vec![vec![without_group], gone],
        (false, true) => vec![vec![Change::RemoveThings(index, own)], gone],
        (false, false) => {
            let rest = rule.groups.iter().filter(|named| !is_group(named));
            let copy = Change::Copy {
                rule: index,
                things: written.things(rule.things.iter().filter(is_thing)),
                opens: written.groups(rest),
            };
            let without_thing = Change::RemoveThings(index, own);
            vec![
                vec![without_thing.clone()],
                vec![without_thing, copy],
                vec![Change::RemoveThings(index, others), without_group],
                gone,
            ]
        }
    }
}

/// Returns the ways to give a thing other minutes in one rule.
pub(super) fn set_times(reading: &Reading, lists: &Lists, new: &NewTimes) -> Result<Ways> {
    let NewTimes {
        selector,
        ref thing,
        rule: number,
        times,
    } = *new;
    let index = number.checked_sub(1);
    let rule = index.and_then(|index| Some((index, reading.rules.get(index)?)));
    let (index, rule) = rule
        .filter(|(_, rule)| rule.selector == selector)
        .ok_or_else(|| {
            Error::invalid(format!(
                "the file has no rule {number} about a {}",
                selector.word()
            ))
        })?;
    if !has_minutes(selector) {
        return Err(Error::invalid(format!(
            "minutes count for bookings and visits only, and not for a {}",
            selector.word()
        )));
    }
    if selector != Selector::Resource && times.audience != Audience::Everyone {
        return Err(Error::invalid(
            "only a rule about bookings is for members or for others",
        ));
    }
    match named_by(rule, thing) {
        Some(NamedBy::Name) => {}
        Some(NamedBy::Every) => return Err(of_all(number, rule.line, selector)),
        Some(NamedBy::Part) | None => {
            return Err(Error::invalid(format!(
                "rule {number} in line {} does not name this {}: change the rule in the file",
                rule.line,
                selector.word()
            )));
        }
    }
    let (set, gone) = (Change::SetTimes(index, times), Change::RemoveRule(index));
    if rule.is_only_about(thing) {
        return Ok(vec![vec![set], vec![gone]]);
    }
    let own = || rule.things.iter().filter(|named| named.key == *thing);
    let others = rule.things.iter().filter(|named| named.key != *thing);
    let written = Written::of(lists, selector, &rule.doors);
    let without = Change::RemoveThings(index, texts(own()));
    let copy = Change::Copy {
        rule: index,
        things: written.things(own()),
        opens: written.groups(rule.groups.iter()),
    };
    Ok(vec![
        vec![without.clone(), copy, Change::SetTimes(index + 1, times)],
        // Where another rule opens the same as one of the two, less is written.
        vec![without],
        vec![Change::RemoveThings(index, texts(others)), set],
        vec![gone],
    ])
}

/// Returns whether rules with this selector have minutes.
pub(super) fn has_minutes(selector: Selector) -> bool {
    matches!(selector, Selector::Resource | Selector::Visitor)
}

fn of_all(number: usize, line: usize, selector: Selector) -> Error {
    Error::invalid(format!(
        "rule {number} in line {line} is about every {}: change that rule in the file, or write a rule of its own for this one",
        selector.word()
    ))
}

/// Returns whether a rule opens without any limit, so that more may be written into it.
fn is_plain(rule: &RuleReading) -> bool {
    let terms = &rule.terms;
    terms.at.is_none()
        && terms.hours.is_none()
        && terms.audience == Audience::Everyone
        && !terms.with_parent
        && !terms.open_when_closed
        && !rule.is_closed_by_number
}

fn texts<'n, K: 'n>(named: impl Iterator<Item = &'n Named<K>>) -> Vec<String> {
    named.map(|named| named.text.clone()).collect()
}
