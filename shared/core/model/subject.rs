//! Whom or what is due.

use serde::{Deserialize, Serialize};

use crate::model::account::AccountId;
use crate::model::fact::FactId;
use crate::model::push_update::ChangeHint;

/// Whom or what a due item is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// One of our people.
    Person(String),
    /// Whoever has this profile at the platform, known to us or not.
    Profile(FactId),
    /// Whoever has this account at a door system.
    Account {
        /// Door system.
        doors: String,
        /// Account.
        id: AccountId,
    },
    /// A thing that must be looked at again.
    Look {
        /// The thing.
        mention: ChangeHint,
        /// How many looks there were so far.
        looks: u8,
        /// The delivery that it was first looked at for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivery: Option<String>,
    },
}

impl Subject {
    /// Two looks at one thing in one minute as one: a removal that was told stays told, the latest version must be
    /// reached, and as many looks are left as the younger of them has.
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
