//! The ids that Doorstep itself gives, each with a type of its own.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The name of a site: 1 to 32 characters of `a-z0-9-`. It is part of keys, addresses and queue messages. It is
/// compared, ordered, printed and stored as its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteId(CompactString);

impl SiteId {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for SiteId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SiteId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SiteId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SiteId {
    fn from(text: &str) -> Self {
        SiteId(text.into())
    }
}

impl From<String> for SiteId {
    fn from(text: String) -> Self {
        SiteId(text.into())
    }
}

impl From<&SiteId> for String {
    fn from(id: &SiteId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<SiteId> for String {
    fn from(id: SiteId) -> Self {
        id.0.into()
    }
}

impl PartialEq<str> for SiteId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for SiteId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
