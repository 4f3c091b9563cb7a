//! Sets of few things, mostly of one, for what everybody of a large site has: sorted, and with hardly more room than is
//! filled. The standard one makes room for eleven at once, which would be a third of a function's memory.

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of few things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(LiteMap<T, ()>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few(LiteMap::new_vec())
    }
}

impl<T: Ord> Few<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The least of them.
    pub fn first(&self) -> Option<&T> {
        self.0.first().map(|(one, ())| one)
    }

    /// Whether this is one of them.
    pub fn contains(&self, one: &T) -> bool {
        self.0.contains_key(one)
    }

    /// Adds one; whether it is new.
    pub fn insert(&mut self, one: T) -> bool {
        self.0.insert(one, ()).is_none()
    }

    /// Takes one out; whether it was there.
    pub fn remove(&mut self, one: &T) -> bool {
        self.0.remove(one).is_some()
    }

    /// All of them, in their order.
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

/// A list as it is read, with no more room than is filled: for fields that everybody has.
///
/// # Errors
/// As the list's own.
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
        assert_eq!((few.len(), few.first(), few.iter().copied().collect::<Vec<_>>()), (2, Some(&"a"), vec!["a", "b"]));
        assert!(few.insert("c") && !few.insert("c") && few.contains(&"c"));
        assert!(few.remove(&"a") && !few.remove(&"a"));
        assert_eq!(serde_json::to_string(&few).expect("JSON"), r#"["b","c"]"#);
        assert_eq!(serde_json::from_str::<Few<&str>>(r#"["c","b","c"]"#).expect("a set"), few);
    }
}
