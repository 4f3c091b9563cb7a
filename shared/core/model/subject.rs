//! Subjects of due items: a person, a profile, an account or a thing to refetch.

use serde::{Deserialize, Serialize};

use crate::model::account::AccountId;
use crate::model::fact::FactId;
use crate::model::ids::{DoorsName, PersonId};
use crate::model::push_update::ChangeHint;

/// The subject of a due item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A person of the site, by id.
    Person(PersonId),
    /// The person who has this profile at the platform, whether Doorstep has stored the person yet
    /// or not.
    Profile(FactId),
    /// The person who has this account at a door system.
    Account {
        /// Door system.
        doors: DoorsName,
        /// Account.
        id: AccountId,
    },
    /// A thing that Doorstep must refetch again.
    Refetch {
        /// The hint about the thing.
        hint: ChangeHint,
        /// How many refetches there were so far.
        refetches: u8,
        /// The delivery that caused the first refetch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivery: Option<String>,
    },
}

impl Subject {
    /// Merges two refetches of one thing in one minute. A removal that either hint announces is
    /// kept, the later version must be reached, and the lower number of refetches so far counts.
    pub fn merged(self, other: Subject) -> Subject {
        let (
            Subject::Refetch {
                hint,
                refetches,
                delivery,
            },
            Subject::Refetch {
                hint: more,
                refetches: fewer,
                delivery: by,
            },
        ) = (&self, &other)
        else {
            return self;
        };
        let (removes, later) = (more.removed && !hint.removed, more.reaches > hint.reaches);
        let first = if hint.removed != more.removed {
            removes
        } else {
            later
        };
        Subject::Refetch {
            hint: ChangeHint {
                about: hint.about.clone(),
                reaches: hint.reaches.max(more.reaches),
                removed: hint.removed || more.removed,
            },
            refetches: *refetches.min(fewer),
            delivery: if first {
                by.clone().or(delivery.clone())
            } else {
                delivery.clone().or(by.clone())
            },
        }
    }
}
