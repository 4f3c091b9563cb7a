//! Reasons for changes at doors, kept as values. Their text is built only where a person reads it.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::claim::Claim;
use crate::model::fact::FactId;
use crate::model::ids::Checksum;
use crate::model::usual::is_usual;

/// The most reasons that the text names, and that are stored.
const MOST: usize = 5;

/// The reasons why a group is open to a person: the entitlements behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons(Vec<Reason>);

/// Facts, and the rule that used them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The facts.
    pub facts: Vec<FactId>,
    /// Number of the rule, counted from one.
    pub rule: usize,
    /// Line of the rule in the site file.
    pub line: usize,
}

/// The closure that takes access away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClosedReason {
    /// First closed day, at the location of the fact.
    pub from: Date,
    /// Last closed day.
    pub until: Date,
    /// Line of the `[[closed]]` in the site file.
    pub line: usize,
}

impl fmt::Display for ClosedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClosedReason { from, until, line } = self;
        match from == until {
            true => write!(f, "closed {from}, line {line}"),
            false => write!(f, "closed {from} to {until}, line {line}"),
        }
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        Reasons(reasons.into_iter().collect())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts: Vec<String> = self.facts.iter().map(FactId::to_string).collect();
        write!(
            f,
            "{} by rule {} (line {})",
            facts.join(" with "),
            self.rule,
            self.line
        )
    }
}

impl fmt::Display for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.named().into_iter().map(Reason::to_string).collect();
        f.write_str(&named.join("; "))
    }
}

impl Reasons {
    /// Returns the reason that one fact gives under the first rule. `line` is the rule's line in
    /// the site file.
    pub fn of(fact: FactId, line: usize) -> Self {
        Reasons(vec![Reason {
            facts: vec![fact],
            rule: 1,
            line,
        }])
    }

    /// Returns the reasons that the text names, in its order.
    pub fn named(&self) -> Vec<&Reason> {
        let mut named: Vec<&Reason> = self.0.iter().collect();
        named.sort_by_cached_key(|reason| reason.to_string());
        named.dedup();
        named.truncate(MOST);
        named
    }

    /// Returns only the reasons that the text names. Stored reasons are thus never long.
    #[must_use]
    pub fn shortened(&self) -> Self {
        self.named().into_iter().cloned().collect()
    }
}

/// The reason for taking an account out of a group. The claim has the reason why the account was
/// in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeReason {
    /// Why the membership ends.
    pub cause: RevokeCause,
    /// The checksum of the hold that the operator approved, if the change was held.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub approved: Option<Checksum>,
}

/// Why a membership ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevokeCause {
    /// Its window is over.
    Ended,
    /// The facts and rules no longer open the group.
    Unfounded,
    /// Doorstep did not add the account, and only Doorstep may add accounts to this group.
    Foreign,
}

impl From<RevokeCause> for RevokeReason {
    fn from(cause: RevokeCause) -> Self {
        RevokeReason {
            cause,
            approved: None,
        }
    }
}

impl RevokeReason {
    /// Returns whether the membership never belonged to Doorstep.
    pub fn is_foreign(&self) -> bool {
        self.cause == RevokeCause::Foreign
    }

    /// Returns the reason with the claim that ends.
    pub fn of(&self, claim: Option<&Claim>) -> WrittenReason {
        let was = claim
            .map(|claim| claim.because.as_str())
            .unwrap_or_default();
        let text = match self.cause {
            RevokeCause::Ended => format!("ended: {was}"),
            RevokeCause::Unfounded => format!("no longer so: {was}"),
            RevokeCause::Foreign => FOREIGN.to_owned(),
        };
        let text = match &self.approved {
            Some(checksum) => format!("{text} (approved: {checksum})"),
            None => text,
        };
        let basis = claim
            .filter(|_| !self.is_foreign())
            .map(|claim| claim.basis.as_slice())
            .unwrap_or_default();
        WrittenReason {
            text,
            facts: basis.iter().map(|basis| basis.fact.clone()).collect(),
        }
    }
}

/// The reason for removing a foreign member of an exclusive group.
pub const FOREIGN: &str = "only Doorstep adds people to this group";

/// A reason as an audit entry records it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenReason {
    /// The reason, as people read it.
    pub text: String,
    /// The facts behind it.
    pub facts: Vec<FactId>,
}

impl From<&str> for WrittenReason {
    /// Returns a reason without facts.
    fn from(text: &str) -> Self {
        WrittenReason {
            text: text.to_owned(),
            facts: Vec::new(),
        }
    }
}

impl From<&Reasons> for WrittenReason {
    fn from(reasons: &Reasons) -> Self {
        let facts = reasons
            .named()
            .into_iter()
            .flat_map(|reason| reason.facts.iter().cloned());
        WrittenReason {
            text: reasons.to_string(),
            facts: facts.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::claim::Basis;
    use crate::model::fact::Kind;

    fn reason(facts: &[(Kind, &str)]) -> Reason {
        Reason {
            facts: facts
                .iter()
                .map(|(kind, id)| FactId::new(*kind, *id))
                .collect(),
            rule: 1,
            line: 9,
        }
    }

    #[test]
    fn reasons_name_their_facts() {
        let pass = reason(&[(Kind::Pass, "p by rule 1; q"), (Kind::Checkin, "c with d")]);
        let reasons: Reasons = [pass.clone(), reason(&[(Kind::Booking, "b 1")]), pass]
            .into_iter()
            .collect();
        let written = WrittenReason::from(&reasons);
        assert_eq!(
            written.text,
            "booking b 1 by rule 1 (line 9); pass p by rule 1; q with checkin c with d by rule 1 (line 9)"
        );
        let facts = [
            (Kind::Booking, "b 1"),
            (Kind::Pass, "p by rule 1; q"),
            (Kind::Checkin, "c with d"),
        ];
        assert_eq!(
            written.facts,
            reason(&facts).facts,
            "an id that looks like a part of the sentence is one id"
        );
        assert_eq!(WrittenReason::from(&reasons.shortened()), written);
    }

    #[test]
    fn the_reason_of_a_revoke_names_the_reason_of_its_claim() {
        let fact = FactId::new(Kind::Booking, "b");
        let basis = vec![Basis {
            fact: fact.clone(),
            version: None,
            rule: 1,
            line: 9,
        }];
        let claim = Claim {
            because: "adopted: booking b".to_owned(),
            basis,
            ..Claim::default()
        };
        let of = |cause: RevokeCause| RevokeReason::from(cause).of(Some(&claim));
        let written = |text: &str, facts: &[FactId]| WrittenReason {
            text: text.to_owned(),
            facts: facts.to_vec(),
        };
        assert_eq!(
            of(RevokeCause::Ended),
            written("ended: adopted: booking b", std::slice::from_ref(&fact))
        );
        assert_eq!(
            of(RevokeCause::Unfounded),
            written("no longer so: adopted: booking b", &[fact])
        );
        assert_eq!(of(RevokeCause::Foreign), written(FOREIGN, &[]));
        let approved = RevokeReason {
            cause: RevokeCause::Ended,
            approved: Some(Checksum::from("12")),
        };
        assert_eq!(approved.of(None), written("ended:  (approved: 12)", &[]));
    }
}
