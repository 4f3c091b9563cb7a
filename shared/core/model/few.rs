//! Sorted sets of few entries, mostly of one, for values that every person of a large site has.
//! They allocate hardly more than they hold. The standard set allocates room for eleven entries at
//! once, which would take a third of a function's memory.

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sorted set of few entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(LiteMap<T, ()>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few(LiteMap::new_vec())
    }
}

impl<T: Ord> Few<T> {
    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the least entry.
    pub fn first(&self) -> Option<&T> {
        self.0.first().map(|(one, ())| one)
    }

    /// Returns whether the set has this entry.
    pub fn contains(&self, one: &T) -> bool {
        self.0.contains_key(one)
    }

    /// Adds an entry. Returns whether it is new.
    pub fn insert(&mut self, one: T) -> bool {
        self.0.insert(one, ()).is_none()
    }

    /// Removes an entry. Returns whether it was there.
    pub fn remove(&mut self, one: &T) -> bool {
        self.0.remove(one).is_some()
    }

    /// Returns all entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.0.keys()
    }
}

impl<T: Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        Few(all.into_iter().map(|one| (one, ())).collect())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Few<T> {
    fn from(all: [T; N]) -> Self {
        all.into_iter().collect()
    }
}

impl<T: Ord + Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'d, T: Deserialize<'d> + Ord> Deserialize<'d> for Few<T> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

/// Reads a list and allocates no more than it holds: for fields that every person has.
///
/// # Errors
/// Fails if the list, or an entry of it, cannot be read.
pub fn exactly<'d, T: Deserialize<'d>, D: Deserializer<'d>>(from: D) -> Result<Vec<T>, D::Error> {
    let mut all = Vec::deserialize(from)?;
    all.shrink_to_fit();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_things_are_kept_in_order_and_each_once() {
        let mut few = Few::from(["b", "a", "b"]);
        assert_eq!(
            (
                few.len(),
                few.first(),
                few.iter().copied().collect::<Vec<_>>()
            ),
            (2, Some(&"a"), vec!["a", "b"])
        );
        assert!(few.insert("c") && !few.insert("c") && few.contains(&"c"));
        assert!(few.remove(&"a") && !few.remove(&"a"));
        assert_eq!(serde_json::to_string(&few).expect("JSON"), r#"["b","c"]"#);
        assert_eq!(
            serde_json::from_str::<Few<&str>>(r#"["c","b","c"]"#).expect("a set"),
            few
        );
    }
}
