//! Facts as they are kept: what the platform said, when, and how it came to be known.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::entitlement::{Before, PersonFacts};
use crate::model::fact::{Fact, Holder};

/// How long a thing that is gone is kept. DynamoDB erases it up to two days later, and until then it is gone all the same.
const GONE_FOR: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How the present content of a fact came to be known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A signed delivery was about it, and it was asked for.
    Delivery(String),
    /// It was asked for, because a bell was about it or about something near it.
    Look,
    /// A full read alone. What it takes from somebody is inferred.
    #[default]
    Read,
    /// Full reads alone that each lost half of what was known, and said the same three times.
    Doubted,
    /// It was asked for by its id because of a hint, and was not there; no removal was signed, and nobody read its list.
    Missing,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Delivery(id) => write!(f, "delivery {id}"),
            Source::Look => f.write_str("a look"),
            Source::Read => f.write_str("a read of everything"),
            Source::Missing => f.write_str("an id that is not known any more, which no removal announced"),
            Source::Doubted => f.write_str("reads of everything that were doubted and repeated"),
        }
    }
}

/// A fact as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What the platform said. Shared, for many look at it at once.
    pub fact: Arc<Fact>,
    /// When the read began that said so: a later read is never overwritten by an earlier one.
    pub read: Timestamp,
    /// The platform no longer has it. Kept, so that an older read cannot bring it back.
    pub gone: bool,
    /// How that came to be known.
    #[serde(default)]
    pub source: Source,
    /// When the read began that first said so, where that was an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What was known before, where only full reads told of the change since: revokes that follow from it are inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched: Option<Arc<Fact>>,
}

impl Record {
    /// A thing as a read that began at `read` found it.
    pub fn new(fact: Fact, read: Timestamp, source: Source) -> Self {
        Record { fact: Arc::new(fact), read, gone: false, source, since: None, vouched: None }
    }

    /// The same thing, which a read that began at `read` no longer found.
    pub fn gone(&self, read: Timestamp, source: Source) -> Self {
        Record { fact: self.fact.clone(), read, gone: true, source, since: None, vouched: None }
    }

    /// With what was known before it, where this is a change that only full reads tell of.
    pub fn after(mut self, old: Option<&Record>) -> Self {
        let before = old.and_then(|old| match &old.vouched {
            Some(vouched) => Some(vouched.clone()),
            None => (!old.gone && !old.says_same(&self)).then(|| old.fact.clone()),
        });
        let same = |before: &Arc<Fact>| !self.gone && *before == self.fact;
        self.vouched = before.filter(|before| !self.source.confirms() && !same(before));
        self
    }

    /// Whether a change that is still doubted is said again by a full read that is believed. From then on it is inferred
    /// like any other.
    pub fn ends_doubt_of(&self, old: &Record) -> bool {
        old.is_doubted() && self.source == Source::Read
    }

    /// Whether this is a change that is believed only because it was repeated.
    pub fn is_doubted(&self) -> bool {
        self.source == Source::Doubted && self.vouched.is_some()
    }

    /// What was known before a change that only full reads told of, where it is one.
    pub fn before(&self) -> Option<Before> {
        let fact = self.vouched.clone()?;
        Some(Before { fact, until: self.read, doubted: self.source == Source::Doubted })
    }

    /// When the table may erase it: some days after it was found to be gone. Until then no read that began before can bring
    /// it back, and none takes so long. What a full read alone found to be gone is kept for as long as a human may still
    /// have to approve what follows from that.
    pub fn expires(&self) -> Option<Timestamp> {
        let erasable = self.gone && self.vouched.is_none();
        erasable.then(|| self.read.saturating_add(GONE_FOR).unwrap_or(Timestamp::MAX))
    }

    /// Whether the two say the same of the world, whenever they were read.
    pub fn says_same(&self, other: &Record) -> bool {
        let Record { fact, read: _, gone, source: _, since: _, vouched: _ } = self;
        *gone == other.gone && *fact == other.fact
    }

    /// Whom it is about, and whom it was about as long as somebody vouched for it.
    pub fn holders(&self) -> BTreeSet<Holder> {
        let live = Some(&self.fact).filter(|_| !self.gone);
        live.into_iter().chain(&self.vouched).flat_map(|fact| fact.holders()).collect()
    }
}

impl PersonFacts {
    /// Adds what a record says, and said before.
    pub fn add(&mut self, record: &Record) {
        let name = record.fact.name();
        self.vouched.extend(record.before().map(|before| (name.clone(), before)));
        if !record.gone {
            self.facts.insert(name, record.fact.clone());
        }
    }
}

/// Value of a single item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept<T> {
    /// No such item exists.
    Missing,
    /// The item cannot be read.
    Unreadable,
    /// The content of the item.
    Readable(T),
}

impl<T> Kept<T> {
    /// Returns the content; `None` for an item that is missing or cannot be read.
    pub fn readable(self) -> Option<T> {
        match self {
            Kept::Readable(content) => Some(content),
            Kept::Missing | Kept::Unreadable => None,
        }
    }
}
