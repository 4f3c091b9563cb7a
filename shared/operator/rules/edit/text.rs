//! Makes one change in the text of a site file. Everything else stays byte for byte.

use std::ops::Range;

use toml_edit::{Document, Item, Table, Value};

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Audience, Site};

use super::block::{self, Block};
use super::change::{Change, NewRule, Times};
use super::list;
use crate::moving::quoted::quoted;
use crate::moving::{Word, write};

/// Returns the file `text` after a change.
///
/// # Errors
/// [`Error::Invalid`] for a text that is not TOML, or whose rules are not tables of their own.
pub(super) fn changed(text: &str, change: &Change) -> Result<String> {
    match change {
        Change::AddGroup(rule, word) => add(text, *rule, "opens", word),
        Change::AddThing(rule, word) => add(text, *rule, selector_of(text, *rule)?, word),
        Change::RemoveGroups(rule, names) => remove(text, *rule, "opens", names),
        Change::RemoveThings(rule, names) => remove(text, *rule, selector_of(text, *rule)?, names),
        Change::RemoveRule(rule) => {
            let file = parsed(text)?;
            let without = block::removed(text, &Block::of(text, table(&file, *rule)?)?);
            closures(&without, |number| match number {
                number if number == rule + 1 => Vec::new(),
                number if number > rule + 1 => vec![number - 1],
                number => vec![number],
            })
        }
        Change::AddRule(behind, new) => added(text, *behind, new),
        Change::Copy {
            rule,
            things,
            opens,
        } => copied(text, *rule, things, opens),
        Change::SetTimes(rule, times) => set_times(text, *rule, times),
    }
}

fn parsed(text: &str) -> Result<Document<&str>> {
    Document::parse(text).map_err(|error| Error::invalid(format!("the file is not TOML: {error}")))
}

/// Returns the table of one rule.
fn table<'f>(file: &'f Document<&str>, rule: usize) -> Result<&'f Table> {
    let rules = file.get("rule").and_then(Item::as_array_of_tables);
    let rules = rules.ok_or_else(|| {
        Error::invalid("the rules are one value: write each rule as a [[rule]] of its own")
    })?;
    rules
        .get(rule)
        .ok_or_else(|| Error::permanent("the file has no such rule"))
}

/// Returns the selector key of a rule.
fn selector_of(text: &str, rule: usize) -> Result<&'static str> {
    let site = Site::parse(text)?;
    let rule = site.rules.get(rule);
    let selector = rule.map(|rule| rule.selector.word());
    selector.ok_or_else(|| Error::permanent("the file has no such rule"))
}

fn add(text: &str, rule: usize, key: &str, word: &Word) -> Result<String> {
    let file = parsed(text)?;
    let value = value(table(&file, rule)?, key)?;
    list::added(text, value, word)
}

/// Removes names one after the other: each moves what follows it.
fn remove(text: &str, rule: usize, key: &str, names: &[String]) -> Result<String> {
    let mut left = text.to_owned();
    for name in names {
        let file = parsed(&left)?;
        let value = value(table(&file, rule)?, key)?;
        left = list::removed(&left, value, name)?;
    }
    Ok(left)
}

fn value<'t>(table: &'t Table, key: &str) -> Result<&'t Value> {
    let value = table.get(key).and_then(Item::as_value);
    value.ok_or_else(|| Error::permanent("the rule has no such key"))
}

/// Writes a rule behind another one, or at the end of the file.
fn added(text: &str, behind: Option<usize>, new: &NewRule) -> Result<String> {
    let file = parsed(text)?;
    let last = behind.map(|rule| Block::of(text, table(&file, rule)?));
    let last = last.transpose()?;
    let (selector, doors) = (new.selector.word(), new.doors.as_ref());
    let mut keys = vec![(
        selector,
        write::one_or_list(std::slice::from_ref(&new.thing))?,
    )];
    keys.extend(doors.map(|doors| ("doors", quoted(doors))));
    keys.push(("opens", write::list_of(std::slice::from_ref(&new.group))?));
    let is_aligned = last.as_ref().is_some_and(|last| last.is_aligned(text));
    let longest = keys
        .iter()
        .map(|(key, _)| key.len())
        .max()
        .unwrap_or_default();
    let width = if is_aligned { longest } else { 0 };
    let lines = keys
        .iter()
        .map(|(key, value)| format!("{key:width$} = {value}"));
    let lines: Vec<String> = std::iter::once("[[rule]]".to_owned())
        .chain(lines)
        .collect();
    let at = last.map_or(text.len(), |last| last.end_with_comments(text));
    let written = block::inserted(text, at, &lines);
    match behind {
        Some(rule) => closures(&written, |number| {
            vec![if number > rule + 1 {
                number + 1
            } else {
                number
            }]
        }),
        None => Ok(written),
    }
}

/// Writes a copy of a rule about other things and groups behind it.
fn copied(text: &str, rule: usize, things: &[Word], opens: &[Word]) -> Result<String> {
    let selector = selector_of(text, rule)?;
    let file = parsed(text)?;
    let table = table(&file, rule)?;
    let block = Block::of(text, table)?;
    let mut lines = vec!["[[rule]]".to_owned()];
    for key in &block.keys {
        let new = match key.name {
            name if name == selector => Some(write::one_or_list(things)?),
            "opens" => Some(write::list_of(opens)?),
            _ => None,
        };
        let old = text.get(key.lines.clone()).unwrap_or_default().trim_end();
        let before = text
            .get(key.lines.start..key.value.start)
            .unwrap_or_default();
        lines.push(new.map_or_else(|| old.to_owned(), |new| format!("{before}{new}")));
    }
    let written = block::inserted(text, block.end_with_comments(text), &lines);
    closures(&written, |number| match number {
        number if number == rule + 1 => vec![number, number + 1],
        number if number > rule + 1 => vec![number + 1],
        number => vec![number],
    })
}

fn set_times(text: &str, rule: usize, times: &Times) -> Result<String> {
    let Times {
        before,
        after,
        audience,
    } = *times;
    let mut new = text.to_owned();
    let site = Site::parse(text)?;
    let now = site.rules.get(rule);
    let now = now.ok_or_else(|| Error::permanent("the file has no such rule"))?;
    for (key, is, wanted) in [("before", now.before, before), ("after", now.after, after)] {
        if is != wanted {
            new = set(&new, rule, key, &minutes(wanted))?;
        }
    }
    if now.audience != audience {
        let word = Audience::word(audience);
        new = set(&new, rule, "for", word)?;
    }
    Ok(new)
}

/// Sets one key of a rule to a text. Writes the key behind the others if the rule lacks it.
fn set(text: &str, rule: usize, key: &str, word: &str) -> Result<String> {
    let file = parsed(text)?;
    let table = table(&file, rule)?;
    let block = Block::of(text, table)?;
    let own = block.keys.iter().find(|one| one.name == key);
    let (at, new): (Range<usize>, String) = match own {
        Some(own) => (own.value.clone(), quoted(word)),
        None => block.new_line(text, key, &quoted(word)),
    };
    Ok(block::spliced(text, at, &new))
}

/// Returns minutes as a site file has them.
fn minutes(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (hours, 0) if hours > 0 => format!("{hours}h"),
        _ => format!("{minutes}m"),
    }
}

/// Renumbers the rules that closures name. A closure that named only rules that are gone goes, too.
fn closures(text: &str, new: impl Fn(usize) -> Vec<usize>) -> Result<String> {
    let mut left = text.to_owned();
    let count = closed_tables(&parsed(text)?).count();
    for index in (0..count).rev() {
        left = closure(&left, index, &new)?;
    }
    Ok(left)
}

fn closed_tables<'f>(file: &'f Document<&str>) -> impl Iterator<Item = &'f Table> {
    let closed = file.get("closed").and_then(Item::as_array_of_tables);
    closed.into_iter().flat_map(|closed| closed.iter())
}

fn closure(text: &str, index: usize, new: impl Fn(usize) -> Vec<usize>) -> Result<String> {
    let file = parsed(text)?;
    let table = closed_tables(&file).nth(index);
    let Some((table, rules)) =
        table.and_then(|table| Some((table, table.get("rules")?.as_value()?)))
    else {
        return Ok(text.to_owned());
    };
    let number = |value: &Value| usize::try_from(value.as_integer()?).ok();
    let old: Vec<usize> = match rules {
        Value::Array(numbers) => numbers.iter().filter_map(number).collect(),
        one => number(one).into_iter().collect(),
    };
    let now: Vec<usize> = old.iter().flat_map(|number| new(*number)).collect();
    let span = rules.span().ok_or_else(no_place)?;
    let texts: Vec<String> = now.iter().map(ToString::to_string).collect();
    match (now == old, texts.as_slice()) {
        (true, _) => Ok(text.to_owned()),
        (_, []) => Ok(block::removed(text, &Block::of(text, table)?)),
        (_, [one]) if !rules.is_array() => Ok(block::spliced(text, span, one)),
        _ => Ok(block::spliced(
            text,
            span,
            &format!("[{}]", texts.join(", ")),
        )),
    }
}

/// The error for a value of a parsed file that has no place in it.
fn no_place() -> Error {
    Error::permanent("a value of the file has no place in it")
}
