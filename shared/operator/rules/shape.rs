//! The shape of the table of rules.

use serde::{Deserialize, Serialize};

use doorstep_core::model::account::GroupRef;
use doorstep_core::site::{Audience, Selector};

use super::thing::ThingKey;

/// The table of one selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// The selector.
    pub selector: Selector,
    /// Every group of every door system that was read, also those that no rule opens.
    pub columns: Vec<GroupColumn>,
    /// `"*"`, then the names that match nothing, then the platform's things by name.
    pub rows: Vec<ThingRow>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupColumn {
    /// The group.
    pub group: GroupRef,
    /// Its name at the door system.
    pub name: String,
    /// Whether a rule of any selector opens it.
    pub is_opened: bool,
    /// Whether its name lacks the prefix that every ruled group must have.
    pub lacks_prefix: bool,
    /// Why it opens nothing for the people in it.
    pub problem: Option<String>,
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThingRow {
    /// What the row is about.
    pub thing: ThingKey,
    /// Its name; `"*"` for every thing.
    pub name: String,
    /// The names of its location and floor, the larger first.
    pub place: Vec<String>,
    /// Whether no rule is about it. A room that only a rule with `assignable` names counts as
    /// mapped, and the other way around.
    pub is_unmapped: bool,
    /// The groups that open for it.
    pub cells: Vec<Cell>,
}

/// A group that opens for a thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The index of its column.
    pub column: usize,
    /// The rules that open it, in the order of the file. Never empty.
    pub by: Vec<RuleOfCell>,
}

/// A rule that opens one group for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleOfCell {
    /// The number of the rule, counted from 1.
    pub rule: usize,
    /// The line of its `[[rule]]`.
    pub line: usize,
    /// How the rule is about the thing.
    pub way: NamedBy,
    /// Minutes before a booking or visit.
    pub before: u32,
    /// Minutes after a booking or visit.
    pub after: u32,
    /// For whom a booking opens.
    pub audience: Audience,
    /// Whether the rule is limited to some hours.
    pub has_hours: bool,
    /// The names of the locations to which the rule is limited.
    pub at: Vec<String>,
    /// Whether the rule goes on when the site is closed.
    pub open_when_closed: bool,
}

/// How a rule is about a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedBy {
    /// By its name or id.
    Name,
    /// By `"*"`.
    Every,
    /// By `with_parent`: the rule names a part of it.
    Part,
}

/// What a tab says of one selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectorSummary {
    /// The selector.
    pub selector: Selector,
    /// The number of its rules.
    pub rules: usize,
    /// The number of the platform's things without a rule; `None` if they were not loaded.
    pub unmapped: Option<usize>,
}
