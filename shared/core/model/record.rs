//! Stored facts: what the platform said, when, and how Doorstep came to know it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::entitlement::{Before, PersonFacts};
use crate::model::fact::{Fact, Holder};

/// How long a removed thing is kept. DynamoDB deletes the item up to two days later. Until then the
/// record still says that the thing is gone.
const GONE_FOR: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How Doorstep came to know the present content of a fact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A signed delivery was about the thing, and Doorstep refetched it. Holds the delivery id.
    Delivery(String),
    /// Doorstep refetched the thing because of a trigger about it or about a related thing.
    Refetch,
    /// Only a full read showed it. A revoke that follows from it is inferred.
    #[default]
    Read,
    /// Only full reads showed it. Each lost half of what was known, and three of them agreed.
    Unconfirmed,
    /// Doorstep refetched the thing by its id because of a hint, and it was not found. No removal
    /// was signed, and its list was not read.
    Missing,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Delivery(id) => write!(f, "delivery {id}"),
            Source::Refetch => f.write_str("a refetch"),
            Source::Read => f.write_str("a read of everything"),
            Source::Missing => {
                f.write_str("an id that the platform no longer knows, without a signed removal")
            }
            Source::Unconfirmed => f.write_str("full reads that repeated an unconfirmed change"),
        }
    }
}

/// A fact as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactRecord {
    /// What the platform said. Shared, because many people's facts refer to it at once.
    pub fact: Arc<Fact>,
    /// When the read began that returned it. An earlier read never overwrites a later one.
    pub read: Timestamp,
    /// Whether the platform no longer has the thing. The record is kept, so that an older read
    /// cannot bring the thing back.
    pub gone: bool,
    /// How Doorstep came to know the content.
    #[serde(default)]
    pub source: Source,
    /// When the read began that first returned this content, if an earlier read did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The last confirmed content, if the change since then is not confirmed. Revokes that follow
    /// from such a change are inferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Arc<Fact>>,
}

impl FactRecord {
    /// Creates the record of a thing that a read found. The read began at `read`.
    ///
    /// An overdue invoice is never confirmed. No delivery about a membership announces it: a ledger
    /// that is read beside the membership says it, and a wrong ledger must not empty a building.
    pub fn new(fact: Fact, read: Timestamp, source: Source) -> Self {
        let confirmed = fact.as_paid().map(Arc::new);
        FactRecord {
            fact: Arc::new(fact),
            read,
            gone: false,
            source,
            since: None,
            confirmed,
        }
    }

    /// Returns the record of the same thing once a read no longer finds it. The read began at
    /// `read`.
    pub fn gone(&self, read: Timestamp, source: Source) -> Self {
        FactRecord {
            fact: self.fact.clone(),
            read,
            gone: true,
            source,
            since: None,
            confirmed: None,
        }
    }

    /// Adds the last confirmed content of the `old` record, if this change is not confirmed.
    pub fn after(mut self, old: Option<&FactRecord>) -> Self {
        let before = old.and_then(|old| match &old.confirmed {
            Some(confirmed) => Some(confirmed.clone()),
            None => (!old.gone && !old.says_same(&self)).then(|| old.fact.clone()),
        });
        let same = |before: &Arc<Fact>| !self.gone && *before == self.fact;
        self.confirmed = before.filter(|before| !self.source.confirms() && !same(before));
        if !self.gone {
            let confirmed = self.confirmed.as_ref().unwrap_or(&self.fact);
            let paid = confirmed.as_paid().map(Arc::new);
            self.confirmed = paid.or(self.confirmed);
        }
        self
    }

    /// Returns whether a full read that is accepted repeats an unconfirmed change. From then on the
    /// change is inferred like any other.
    pub fn confirms_end_of(&self, old: &FactRecord) -> bool {
        old.is_unconfirmed() && self.source == Source::Read
    }

    /// Returns whether this is a change that is accepted only because it was repeated.
    pub fn is_unconfirmed(&self) -> bool {
        self.source == Source::Unconfirmed && self.confirmed.is_some()
    }

    /// Returns the last confirmed content, if the change since then is not confirmed.
    pub fn before(&self) -> Option<Before> {
        let fact = self.confirmed.clone()?;
        Some(Before {
            fact,
            until: self.read,
            unconfirmed: self.source == Source::Unconfirmed,
        })
    }

    /// Returns when the table may delete the record: some days after the thing was found to be
    /// gone. Until then the record keeps a read that began earlier from bringing the thing back. No
    /// read takes that long. An unconfirmed removal does not expire, because the operator may still
    /// have to approve what follows from it.
    pub fn expires(&self) -> Option<Timestamp> {
        let erasable = self.gone && self.confirmed.is_none();
        erasable.then(|| self.read.saturating_add(GONE_FOR).unwrap_or(Timestamp::MAX))
    }

    /// Returns whether both records have the same content, whenever they were read.
    pub fn says_same(&self, other: &FactRecord) -> bool {
        let FactRecord {
            fact,
            read: _,
            gone,
            source: _,
            since: _,
            confirmed: _,
        } = self;
        *gone == other.gone && *fact == other.fact
    }

    /// Returns everyone whom the record concerns: by the present content, and by the last confirmed
    /// one.
    pub fn holders(&self) -> BTreeSet<Holder> {
        let live = Some(&self.fact).filter(|_| !self.gone);
        live.into_iter()
            .chain(&self.confirmed)
            .flat_map(|fact| fact.holders())
            .collect()
    }
}

impl PersonFacts {
    /// Adds the present content of a record, and its last confirmed one.
    pub fn add(&mut self, record: &FactRecord) {
        let name = record.fact.name();
        self.confirmed
            .extend(record.before().map(|before| (name.clone(), before)));
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
    /// The item exists and cannot be read.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::{Membership, What};

    fn contract(unpaid_since: Option<&str>) -> Fact {
        let what = What::Membership(Membership {
            plan: Some("p".into()),
            items: Vec::new(),
            holder: Some(Holder::Member("m".into())),
            location: None,
            from: None,
            until: None,
            approved: true,
            unpaid_since: unpaid_since.map(|day| day.parse().expect("a day")),
            assignments: Vec::new(),
            pauses: Vec::new(),
            awaits_next: false,
        });
        Fact {
            id: "s".into(),
            what,
            changed: None,
        }
    }

    #[test]
    fn v3_an_overdue_invoice_is_never_confirmed() {
        let at = |second: i64| Timestamp::from_second(second).expect("an instant");
        let delivery = || Source::Delivery("d".to_owned());
        let paid = FactRecord::new(contract(None), at(1), delivery());
        assert_eq!(paid.clone().after(None).confirmed, None);
        for (old, source) in [
            (None, Source::Read),
            (None, delivery()),
            (Some(&paid), Source::Read),
            (Some(&paid), delivery()),
        ] {
            let owed = FactRecord::new(contract(Some("2026-02-01")), at(2), source);
            let owed = owed.after(old);
            let before = owed.before().expect("an unconfirmed change");
            assert_eq!(*before.fact, contract(None));
            let again = FactRecord::new(contract(Some("2026-01-01")), at(3), delivery());
            let before = again.before().expect("a change");
            assert_eq!(*before.fact, contract(None), "as settle stores it");
            let before = again.after(Some(&owed)).before().expect("a change");
            assert_eq!(*before.fact, contract(None), "an older invoice");
            let settled = FactRecord::new(contract(None), at(3), Source::Read);
            assert_eq!(settled.after(Some(&owed)).confirmed, None);
            let removed = owed.gone(at(3), delivery()).after(Some(&owed));
            assert_eq!(removed.confirmed, None, "a signed removal is planned");
        }
    }
}
