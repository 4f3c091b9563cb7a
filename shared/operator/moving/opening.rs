//! Which thing opens which group, and what of the mapping was guessed or left out.

use std::fmt;

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::fact::FactId;
use doorstep_core::site::Selector;

use super::quoted::quoted;

/// What was guessed about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guess {
    /// The things and the group have the same name.
    SameName,
    /// The bridge opens the group for the memberships on the plan, and not for the plan.
    Memberships,
    /// The bridge opens the group for a desk or office. Whether to those who book it too is unknown.
    Assigned,
    /// Several door systems have a group with this id.
    SeveralDoors,
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guess::SameName => "a group has the same name.",
            Guess::Memberships => {
                "the platform's own bridge says it at each membership on this plan, and not at the plan."
            }
            Guess::Assigned => {
                "it opens for those to whom the desk or office is assigned. For those who book it, add a rule with resource."
            }
            Guess::SeveralDoors => "several door systems have a group with this id.",
        })
    }
}

/// A group that the platform's own bridge opens and that no rule can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// The doors of the file do not have the group.
    NoGroup {
        /// The plan, resource, pass or membership.
        thing: FactId,
        /// The name of that thing.
        name: Option<String>,
        /// The group's id.
        group: String,
    },
    /// The platform does not list the thing, or gives it a name that no file can have.
    NoThing {
        /// The plan, resource or pass.
        thing: FactId,
        /// The group's id.
        group: String,
    },
    /// One membership opens the group, unlike the others on its plan.
    OneMembership {
        /// The membership.
        thing: FactId,
        /// The group's id.
        group: String,
    },
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOut::NoGroup { thing, name, group } => {
                let word = thing.kind.word();
                let name = quoted(name.as_deref().unwrap_or(&thing.id));
                write!(
                    f,
                    "{word} {name} opens group {}, which these doors do not have.",
                    quoted(group)
                )
            }
            LeftOut::NoThing { thing, group } => write!(
                f,
                "{} {} opens group {}, but the platform lists no such thing that a rule can name.",
                thing.kind.word(),
                quoted(&thing.id),
                quoted(group)
            ),
            LeftOut::OneMembership { thing, group } => write!(
                f,
                "membership {} opens group {} by itself. No rule can name one membership: give it a plan of its own.",
                quoted(&thing.id),
                quoted(group)
            ),
        }
    }
}

/// One thing that opens one group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    pub(super) selector: Selector,
    /// The id of the thing; for a pass its name.
    pub(super) thing: String,
    pub(super) group: GroupRef,
    pub(super) guess: Option<Guess>,
}
