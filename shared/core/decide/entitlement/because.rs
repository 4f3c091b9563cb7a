//! Reasons for access, kept as values. Their text is built only when an action needs it. Most people need no action.

use std::fmt;

use super::Entitlement;
use crate::model::fact::FactId;

/// The most reasons that the text names.
const MOST: usize = 5;

/// The reasons for one open interval: the entitlements behind it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons(Vec<Reason>);

/// Facts, and the rule that used them.
#[derive(Debug, Clone, PartialEq)]
struct Reason {
    facts: Vec<FactId>,
    rule: usize,
    line: usize,
}

impl<'a> FromIterator<&'a Entitlement> for Reasons {
    fn from_iter<I: IntoIterator<Item = &'a Entitlement>>(entitlements: I) -> Self {
        let reason = |one: &Entitlement| Reason { facts: one.because.clone(), rule: one.rule, line: one.line };
        Reasons(entitlements.into_iter().map(reason).collect())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts: Vec<String> = self.facts.iter().map(FactId::to_string).collect();
        write!(f, "{} by rule {} (line {})", facts.join(" with "), self.rule, self.line)
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: Vec<String> = self.0.iter().map(Reason::to_string).collect();
        reasons.sort();
        reasons.dedup();
        reasons.truncate(MOST);
        f.write_str(&reasons.join("; "))
    }
}

impl Reasons {
    /// Returns the reason that one fact gives under the first rule. `line` is the rule's line in the site file.
    pub fn of(fact: FactId, line: usize) -> Self {
        Reasons(vec![Reason { facts: vec![fact], rule: 1, line }])
    }
}
