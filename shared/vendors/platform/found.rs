//! Answers of a platform: a thing, or the report that it exists and cannot be read.
//!
//! Doorstep concludes nothing from a thing that cannot be read. The thing is neither missing nor
//! without limits: its last known fact stays in force.

use std::fmt;

use doorstep_core::model::fact::{Assignment, Fact, FactId, Id};

/// A thing that exists at the platform but has a field that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The thing.
    pub name: FactId,
    /// The field, by the platform's name for it.
    pub field: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unreadable { name, field } = self;
        write!(
            f,
            "{name}: its field {field} cannot be read, so nothing follows from it: correct it at the platform"
        )
    }
}

/// One record of the platform as a fact, or the field of it that cannot be read.
pub type Translated = Result<Fact, Unreadable>;

/// What the platform has under one id.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// The thing as it is now.
    Fact(Fact),
    /// The thing exists but cannot be read.
    Unreadable(Unreadable),
    /// The platform does not know the id.
    Missing,
}

impl Lookup {
    /// Returns the thing, if it exists and can be read.
    pub fn fact(self) -> Option<Fact> {
        match self {
            Lookup::Fact(fact) => Some(fact),
            Lookup::Unreadable(_) | Lookup::Missing => None,
        }
    }
}

impl From<Option<Fact>> for Lookup {
    fn from(fact: Option<Fact>) -> Self {
        fact.map_or(Lookup::Missing, Lookup::Fact)
    }
}

impl From<Option<Translated>> for Lookup {
    fn from(read: Option<Translated>) -> Self {
        match read {
            Some(Ok(fact)) => Lookup::Fact(fact),
            Some(Err(unreadable)) => Lookup::Unreadable(unreadable),
            None => Lookup::Missing,
        }
    }
}

/// All things of a list, including those that cannot be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactList {
    /// The things that could be read.
    pub facts: Vec<Fact>,
    /// The things that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Number of records that do not say which thing they are.
    pub nameless: usize,
}

impl FactList {
    /// Returns the names of all things, readable or not.
    pub fn names(&self) -> impl Iterator<Item = FactId> {
        let unreadable = self
            .unreadable
            .iter()
            .map(|unreadable| unreadable.name.clone());
        self.facts.iter().map(Fact::name).chain(unreadable)
    }
}

impl From<Vec<Fact>> for FactList {
    fn from(facts: Vec<Fact>) -> Self {
        FactList {
            facts,
            ..FactList::default()
        }
    }
}

impl Extend<Translated> for FactList {
    fn extend<T: IntoIterator<Item = Translated>>(&mut self, read: T) {
        for one in read {
            match one {
                Ok(fact) => self.facts.push(fact),
                Err(unreadable) => self.unreadable.push(unreadable),
            }
        }
    }
}

impl FromIterator<Translated> for FactList {
    fn from_iter<T: IntoIterator<Item = Translated>>(read: T) -> Self {
        let mut listed = FactList::default();
        listed.extend(read);
        listed
    }
}

/// The recent visits of a platform, and their visitors. One list says both.
#[derive(Debug, Default)]
pub(crate) struct VisitLists {
    /// The visits.
    pub(crate) visits: FactList,
    /// The visitors.
    pub(crate) visitors: FactList,
}

/// An assignment with a field that cannot be read. The assignment that was known under its id stays
/// in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableAssignment {
    /// The platform's id of the assignment.
    pub id: Id,
    /// The field, by the platform's name for it.
    pub field: String,
}

impl fmt::Display for UnreadableAssignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnreadableAssignment { id, field } = self;
        write!(
            f,
            "assignment {id}: its field {field} cannot be read, so nothing follows from it: correct it at the platform"
        )
    }
}

/// Assignments of some resources.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceAssignments {
    /// Each assignment, with the membership that it comes with.
    pub read: Vec<(Id, Assignment)>,
    /// The assignments that cannot be read.
    pub unreadable: Vec<UnreadableAssignment>,
    /// Number of records that do not say which assignment they are.
    pub nameless: usize,
}
