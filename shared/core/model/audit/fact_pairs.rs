//! The facts of an audit record: each is a list of its kind and its id. A list has no keys, so a
//! verifier needs no rule for their order.

use serde::{Deserialize, Deserializer, Serializer};

use crate::model::fact::{FactId, Id, Kind};

/// Writes the facts.
pub fn serialize<S: Serializer>(facts: &[FactId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(facts.iter().map(|fact| (fact.kind, &fact.id)))
}

/// Reads the facts.
///
/// # Errors
/// An error of the format for anything but pairs.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FactId>, D::Error> {
    let pairs = Vec::<(Kind, Id)>::deserialize(deserializer)?;
    Ok(pairs
        .into_iter()
        .map(|(kind, id)| FactId::new(kind, id))
        .collect())
}
