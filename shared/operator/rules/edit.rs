//! Edits the rules of a site file's text. An edit changes one cell of the table of rules and keeps
//! every other cell, every comment and the form of the rest. Each edit is made, read again and
//! compared before it counts. Pure.

mod block;
mod change;
mod list;
mod plan;
mod text;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Rule, Site};

use super::lists::Lists;
use super::reading::{Opened, Reading, Terms};
use super::thing::{CellKey, GroupKey};

pub use change::{NewTimes, Times};

/// The most minutes that a rule may have: a day.
const MOST_MINUTES: u32 = 24 * 60;

/// An edit of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// A group opens for a thing.
    Open(CellKey),
    /// A group no longer opens for a thing by its name. What a rule about `"*"` opens stays.
    Close(CellKey),
    /// One rule opens for a thing at other minutes or for others. Everything that the rule opens for
    /// the thing follows.
    Times(NewTimes),
}

/// Returns the site file `text` after the edit.
///
/// # Errors
/// [`Error::Invalid`] for a text that is no valid site file, and for an edit that would change more
/// than its own cell, with the line that is in its way.
pub fn edited(text: &str, lists: &Lists, edit: &Edit) -> Result<String> {
    let before = Reading::of_text(text, lists)?;
    let ways = match edit {
        Edit::Open(cell) if is_open_by_name(&before, cell) => vec![Vec::new()],
        Edit::Open(cell) => plan::open(&before, lists, cell)?,
        Edit::Close(cell) => plan::close(&before, lists, cell)?,
        Edit::Times(new) if new.times.before.max(new.times.after) > MOST_MINUTES => {
            return Err(Error::invalid("minutes are 0 to 1440, which is a day"));
        }
        Edit::Times(new) => plan::set_times(&before, lists, new)?,
    };
    for changes in ways {
        let mut new = text.to_owned();
        for change in &changes {
            new = text::changed(&new, change)?;
        }
        if changes.is_empty() || is_right(&before, &new, lists, edit) {
            return Ok(new);
        }
    }
    Err(Error::invalid(
        "this edit would change more than this one cell: change the rules in the file",
    ))
}

/// Returns whether a rule names the thing and opens the group for it.
fn is_open_by_name(reading: &Reading, cell: &CellKey) -> bool {
    let mut opened = reading.opened();
    opened.any(|(_, opened)| opened.is_of(cell))
}

/// Returns whether a changed file differs from the one before in what the edit is about, and in
/// nothing else.
fn is_right(before: &Reading, text: &str, lists: &Lists, edit: &Edit) -> bool {
    let Ok(after) = Reading::of_text(text, lists) else {
        return false;
    };
    let has_new_twins = twins(&after.site) > twins(&before.site);
    let was: Vec<(usize, Opened)> = before.opened().collect();
    let is: BTreeSet<Opened> = after.opened().map(|(_, opened)| opened).collect();
    let expected: BTreeSet<Opened> = match edit {
        Edit::Open(cell) => {
            let mut all: BTreeSet<Opened> = was.into_iter().map(|(_, opened)| opened).collect();
            let new: Vec<&Opened> = is.difference(&all).collect();
            match new.as_slice() {
                [one] if one.is_of(cell) => drop(all.insert((*one).clone())),
                _ => return false,
            }
            all
        }
        Edit::Close(cell) => {
            let kept = was.into_iter().map(|(_, opened)| opened);
            kept.filter(|opened| !opened.is_of(cell)).collect()
        }
        Edit::Times(new) => {
            let changed = |(index, opened): (usize, Opened)| {
                let is_meant = index + 1 == new.rule
                    && (opened.selector, &opened.thing) == (new.selector, &new.thing);
                match is_meant {
                    true => opened.at_times(new.times),
                    false => opened,
                }
            };
            was.into_iter().map(changed).collect()
        }
    };
    is == expected && !has_new_twins && without_rules(&before.site) == without_rules(&after.site)
}

/// Returns how many rules say the same as an earlier one, which no file in force may have.
fn twins(site: &Site) -> usize {
    let rules = site.rules.iter().enumerate();
    let is_twin = |(index, rule): &(usize, &Rule)| {
        let mut earlier = site.rules.iter().take(*index);
        earlier.any(|other| other.says_the_same(rule))
    };
    rules.filter(is_twin).count()
}

fn without_rules(site: &Site) -> Site {
    Site {
        rules: Vec::new(),
        closed: Vec::new(),
        ..site.clone()
    }
}

impl Opened {
    fn is_of(&self, cell: &CellKey) -> bool {
        let is_group = matches!(&self.group, GroupKey::Listed(group) if *group == cell.group);
        is_group && (self.selector, &self.thing) == (cell.selector, &cell.thing)
    }

    fn at_times(self, times: Times) -> Opened {
        let Times {
            before,
            after,
            audience,
        } = times;
        Opened {
            terms: Terms {
                before,
                after,
                audience,
                ..self.terms
            },
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
