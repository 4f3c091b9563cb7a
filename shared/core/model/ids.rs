//! The ids that Doorstep itself gives, each with a type of its own.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Defines a type whose values are short texts. They are compared, ordered, printed and stored as
/// their text.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text.into())
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
}

text_ids! {
    /// The name of a site: 1 to 32 characters of `a-z0-9-`. It is part of keys, addresses and queue
    /// messages.
    SiteId;
    /// The name of a door system within a site, as the operator chose it in the site file:
    /// `[doors.main]` is `main`.
    DoorsName;
    /// The id of a person: random, given by Doorstep, and without meaning elsewhere.
    PersonId;
    /// Hex SHA-256, shortened, over a set of changes. An operator who approves it approves exactly
    /// these changes.
    Checksum;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stored_and_printed_as_its_text() {
        let id = SiteId::from("riverside");
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!(
            (stored.as_str(), id.to_string().as_str()),
            ("\"riverside\"", "riverside")
        );
        assert_eq!(serde_json::from_str::<SiteId>(&stored).unwrap(), id);
        assert_eq!(id, "riverside");
    }
}
