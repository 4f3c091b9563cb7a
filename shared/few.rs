//! Sets and maps of few things, mostly of one, for what everybody of a large site has: sorted, and with no more room than
//! is filled. The standard ones make room for eleven at once, which would be a third of a function's memory.

use std::borrow::Borrow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A map of few things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FewMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for FewMap<K, V> {
    fn default() -> Self {
        FewMap(Vec::new())
    }
}

impl<K: Ord, V> FewMap<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is kept under a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(self.place(key).ok()?).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Whether anything is kept under a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Keeps a value under a key; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => self.0.get_mut(place).map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    /// Takes out what is kept under a key.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Keys with what is kept under them, in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for FewMap<K, V> {
    /// Of two with one key the later one counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut all = FewMap::default();
        for (key, value) in pairs {
            all.insert(key, value);
        }
        all
    }
}

impl<K, V> IntoIterator for FewMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a FewMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Serialize, V: Serialize> Serialize for FewMap<K, V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'d, K: Deserialize<'d> + Ord, V: Deserialize<'d>> Deserialize<'d> for FewMap<K, V> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        Ok(std::collections::BTreeMap::deserialize(from)?.into_iter().collect())
    }
}

/// A set of few things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(FewMap<T, ()>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few(FewMap::default())
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
        self.iter().next()
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

impl<'a, T: Ord> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (T, ())>, fn(&'a (T, ())) -> &'a T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.0.iter().map(|(one, ())| one)
    }
}

impl<T: Ord + Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self)
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

    #[test]
    fn a_map_of_few_things_is_a_map() {
        let mut map: FewMap<String, u8> =
            [("b".to_owned(), 1), ("a".to_owned(), 2), ("b".to_owned(), 3)].into_iter().collect();
        assert_eq!((map.len(), map.get("b"), map.get("c")), (2, Some(&3), None));
        assert_eq!(map.insert("a".to_owned(), 4), Some(2));
        map.values_mut().for_each(|value| *value += 1);
        assert_eq!(serde_json::to_string(&map).expect("JSON"), r#"{"a":5,"b":4}"#);
        assert_eq!(serde_json::from_str::<FewMap<String, u8>>(r#"{"b":4,"a":5}"#).expect("a map"), map);
        assert_eq!((map.remove("a"), map.remove("a"), map.is_empty()), (Some(5), None, false));
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [("b".to_owned(), 4)]);
    }
}
