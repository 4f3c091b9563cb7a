//! Names and ids that Doorstep itself gives: of sites, of door systems in a site file, of people and of sets that wait
//! for approval. Each has a type, so that none is passed for another.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Declares a text id: a text that is compared, ordered, printed and stored as itself.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
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
    };
}

text_id!(
    /// The name of a site: 1 to 32 characters of `a-z0-9-`. It is part of keys, addresses and queue messages.
    SiteId
);

text_id!(
    /// The name that a site file gives to a door system: the key of its `[doors.NAME]` table.
    DoorsName
);

text_id!(
    /// Doorstep's own id of a person, unique within a site. It says nothing about the person.
    PersonId
);

text_id!(
    /// The checksum of a set of changes that waits for approval: hexadecimal digits.
    Checksum
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stored_and_printed_as_its_text() {
        let id = SiteId::from("riverside");
        let stored = serde_json::to_string(&id).unwrap();
        assert_eq!((stored.as_str(), id.to_string().as_str()), ("\"riverside\"", "riverside"));
        assert_eq!(serde_json::from_str::<SiteId>(&stored).unwrap(), id);
        assert_eq!(id, "riverside");
    }
}
