//! Unreadable items of the table: a body that is not JSON, a missing attribute, or a shape that
//! another version wrote.
//!
//! One such item never stops a site. Each function of the store that reads decides what the item
//! counts as (mostly as missing), notes its key here, and continues. Reconcile and doctor report
//! the noted items.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::key::{self, Key};

/// The keys of unreadable items. Clones share one set.
#[derive(Debug, Clone, Default)]
pub struct UnreadableItems(Arc<Mutex<BTreeSet<Key>>>);

impl UnreadableItems {
    /// Notes an item. The log has its kind and the hash of its key, because a key may contain a
    /// vendor's ids.
    pub(super) fn note(&self, key: &Key) {
        if self.keys().insert(key.clone()) {
            tracing::error!(
                kind = kind(key),
                key = key_hash(key),
                "an item of the table cannot be read; passing over it"
            );
        }
    }

    /// Returns one problem for each item, with its kind and the hash of its key.
    pub fn problems(&self) -> Vec<String> {
        self.keys().iter().map(problem).collect()
    }

    fn keys(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the problem text for an unreadable item.
pub(super) fn problem(key: &Key) -> String {
    let consequence = match (kind(key), key.sk.as_str()) {
        ("person", "person") => ": nothing is done for this person, and nothing is taken from them",
        ("audit", _) => ": verify the audit chain",
        _ => "",
    };
    format!(
        "an item of the table cannot be read ({} {}){consequence}",
        kind(key),
        key_hash(key)
    )
}

/// Returns the first 16 hex digits of the SHA-256 of an item's partition key and sort key, joined
/// by a line feed.
pub fn key_hash(key: &Key) -> String {
    let mut hash = hex::encode(Sha256::digest(format!("{}\n{}", key.pk, key.sk)));
    hash.truncate(16);
    hash
}

/// Returns the type tag of a key.
fn kind(key: &Key) -> &str {
    match key.pk.as_str() {
        key::SITES => "route",
        pk if pk.ends_with("#token") => "token",
        pk if pk.starts_with("group#") => "group",
        pk => pk.split('#').nth(1).unwrap_or("item"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::ids::SiteId;

    #[test]
    fn a_problem_names_the_kind_and_the_hash_of_the_key_and_no_id() {
        let key = key::fact(
            &SiteId::from("riverside"),
            &doorstep_core::model::fact::FactId::new(
                doorstep_core::model::fact::Kind::Member,
                "ada@example.test",
            ),
        );
        let problem = problem(&key);
        assert!(
            problem.contains(&format!("fact {}", key_hash(&key))),
            "{problem}"
        );
        assert!(!problem.contains("ada"), "{problem}");
        assert_eq!(kind(&key::token("s#kisi#secret")), "token");
        assert_eq!(kind(&key::site(&SiteId::from("s"))), "route");
    }
}
