//! Subjects of due items: a person, a profile, an account or a thing to refetch.

use serde::{Deserialize, Serialize};

use crate::model::account::AccountId;
use crate::model::fact::FactId;
use crate::model::push_update::ChangeHint;

/// The subject of a due item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A person of the site, by id.
    Person(String),
    /// The person who has this profile at the platform, whether Doorstep has stored the person yet or not.
    Profile(FactId),
    /// The person who has this account at a door system.
    Account {
        /// Door system.
        doors: String,
        /// Account.
        id: AccountId,
    },
    /// A thing that Doorstep must refetch again.
    Look {
        /// The hint about the thing.
        mention: ChangeHint,
        /// How many refetches there were so far.
        looks: u8,
        /// The delivery that caused the first refetch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivery: Option<String>,
    },
}

impl Subject {
    /// Merges two refetches of one thing in one minute. A removal that either hint announces is kept, the later
    /// version must be reached, and the lower number of refetches so far counts.
    pub fn merged(self, other: Subject) -> Subject {
        let (Subject::Look { mention, looks, delivery }, Subject::Look { mention: more, looks: fewer, delivery: by }) =
            (&self, &other)
        else {
            return self;
        };
        let (told, later) = (more.removed && !mention.removed, more.reaches > mention.reaches);
        let first = if mention.removed != more.removed { told } else { later };
        Subject::Look {
            mention: ChangeHint {
                about: mention.about.clone(),
                reaches: mention.reaches.max(more.reaches),
                removed: mention.removed || more.removed,
            },
            looks: *looks.min(fewer),
            delivery: if first { by.clone().or(delivery.clone()) } else { delivery.clone().or(by.clone()) },
        }
    }
}
