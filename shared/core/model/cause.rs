//! What requested the evaluation of a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What requested the evaluation of a person. An evaluation without a cause ran because its due
/// minute had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// A webhook delivery, by its id.
    Delivery(String),
    /// A reconcile, which compared the whole platform with the whole door system.
    Comparison,
}

impl Cause {
    /// Returns the cause that an evaluation records if it has several: the first delivery, or else
    /// the first cause.
    pub fn first_of<'a>(causes: impl Iterator<Item = &'a Cause>) -> Option<&'a Cause> {
        causes.min_by_key(|cause| !matches!(cause, Cause::Delivery(_)))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Delivery(id) => write!(f, "delivery {id}"),
            Cause::Comparison => f.write_str("a comparison of everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_delivery_precedes_a_comparison() {
        let causes = [
            Cause::Comparison,
            Cause::Delivery("2".to_owned()),
            Cause::Delivery("1".to_owned()),
        ];
        assert_eq!(
            Cause::first_of(causes.iter()),
            Some(&Cause::Delivery("2".to_owned()))
        );
        assert_eq!(
            Cause::first_of(causes.iter().take(1)),
            Some(&Cause::Comparison)
        );
        assert_eq!(Cause::first_of(causes.iter().take(0)), None);
    }
}
