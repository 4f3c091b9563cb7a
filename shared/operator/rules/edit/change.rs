//! Single changes of the rules of a file.

use serde::{Deserialize, Serialize};

use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::{Audience, Selector};

use crate::moving::Word;
use crate::rules::thing::ThingKey;

/// When and for whom a rule about bookings or visits opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Minutes before.
    pub before: u32,
    /// Minutes after.
    pub after: u32,
    /// For whom a booking opens. A rule about visits opens for everyone.
    pub audience: Audience,
}

/// Other minutes of one rule for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTimes {
    /// The kind of fact.
    pub selector: Selector,
    /// The thing.
    pub thing: ThingKey,
    /// The number of the rule, counted from 1.
    pub rule: usize,
    /// When and for whom the rule is to open.
    pub times: Times,
}

/// A rule to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewRule {
    pub selector: Selector,
    pub thing: Word,
    /// The door system, where the file has several.
    pub doors: Option<DoorsName>,
    pub group: Word,
}

/// One change. Rules are named by their index in the file as it is when the change is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A rule opens one more group.
    AddGroup(usize, Word),
    /// A rule is about one more thing.
    AddThing(usize, Word),
    /// A rule no longer has these names among its groups.
    RemoveGroups(usize, Vec<String>),
    /// A rule no longer has these names among its things.
    RemoveThings(usize, Vec<String>),
    /// The rule goes.
    RemoveRule(usize),
    /// A rule is written behind the rule with this index, or at the end of the file.
    AddRule(Option<usize>, NewRule),
    /// A rule that says the same as this one about other things and groups is written behind it.
    Copy {
        rule: usize,
        things: Vec<Word>,
        opens: Vec<Word>,
    },
    /// A rule gets other minutes or another audience.
    SetTimes(usize, Times),
}
