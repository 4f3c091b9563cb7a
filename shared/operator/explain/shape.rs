//! The shape of an explanation. docs/explain.md promises its JSON: keys are added and never
//! removed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::ids::{Checksum, DoorsName, PersonId, SiteId};
use doorstep_core::model::record::Source;
use doorstep_core::model::window::Window;

pub use super::verdict::{Answer, Missing, Verdict};

/// The position of the instant relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tense {
    /// Before now. The audit records show the actual access, the present facts the desired access.
    Past,
    /// Now.
    Present,
    /// After now. Everything follows from the present facts.
    Future,
}

/// The reasons why one person has, had, will have or lacks each group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// The site.
    pub site: SiteId,
    /// The site's time zone.
    pub timezone: String,
    /// The instant of the question.
    pub at: Timestamp,
    /// The position of the instant relative to now.
    pub tense: Tense,
    /// The instant of the answer.
    #[serde(default)]
    pub as_of: Timestamp,
    /// The mode in force: `observe`, `grant-only` or `full`.
    pub mode: String,
    /// What applies to everyone at the site: paused, observing, a platform that cannot be read.
    pub remarks: Vec<String>,
    /// The person.
    pub person: Who,
    /// Every group that a rule opens or that the person ever had, by door system and name.
    pub groups: Vec<GroupExplained>,
    /// Problems of this person that the operator should examine.
    pub problems: Vec<String>,
    /// The next minute at which the person is due.
    pub next: Option<Timestamp>,
}

/// A person, as each system knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The id in Doorstep; `None` for a person to whom nothing was ever opened.
    pub id: Option<PersonId>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The name at the platform.
    pub name: Option<String>,
    /// The profiles at the platform, such as `member 603d`.
    pub profiles: Vec<String>,
    /// The accounts at the door systems.
    pub accounts: Vec<AccountShown>,
}

/// An account at a door system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountShown {
    /// The door system.
    pub doors: DoorsName,
    /// The account.
    pub account: AccountId,
    /// Whether it can open doors: not while it is suspended, blocked or without a seat.
    pub active: bool,
}

/// The source of the conclusion whether a person has a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The audit records.
    Records,
    /// Doorstep's claim.
    Claim,
    /// The door system, which was read: the person was added by hand.
    Doors,
    /// The last reconcile, which saw that the person was added by hand.
    Observed,
    /// The present facts and rules: the access is expected.
    Facts,
}

/// The explanation of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupExplained {
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub name: Option<String>,
    /// Whether the group opens for the person at the instant.
    pub has: bool,
    /// The source of that conclusion.
    pub evidence: Evidence,
    /// Whether the present facts and rules open it.
    pub may: bool,
    /// Whether Doorstep manages it: a rule opens it.
    #[serde(default)]
    pub managed: bool,
    /// The answer as a value.
    pub verdict: Verdict,
    /// What the door system showed of a membership that was added by hand; `None` where that was not
    /// looked for, or the door system was not asked.
    #[serde(default)]
    pub seen: Option<SeenByHand>,
    /// The checksum of the hold in which a change of this group or of the account waits.
    #[serde(default)]
    pub hold: Option<Checksum>,
    /// The reasons, one sentence each.
    pub why: Vec<String>,
    /// What is missing, if it does not open.
    pub lacks: Vec<Lack>,
    /// Doorstep's claim.
    pub claim: Option<ClaimShown>,
    /// The entitlements. Those that are open at the instant come first.
    pub because: Vec<Because>,
    /// The rules that open this group.
    pub rules: Vec<RuleShown>,
    /// The records until the instant, oldest first.
    pub done: Vec<DoneShown>,
}

/// What a door system showed of a membership that was added by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenByHand {
    /// When.
    pub at: Timestamp,
    /// Whether it listed the account.
    pub inside: bool,
}

/// One missing thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// The kind.
    pub what: Missing,
    /// The description, with what to do where that helps.
    pub text: String,
    /// The instant that it is about: the begin or the end of the window.
    pub at: Option<Timestamp>,
}

/// Doorstep's claim on a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimShown {
    /// The account.
    pub account: AccountId,
    /// The instant from which the claim exists.
    pub since: Timestamp,
    /// The end of the membership at the door system.
    pub until: Option<Timestamp>,
    /// The reason at that time.
    pub because: String,
    /// What requested the evaluation, as text: a delivery or a comparison; `None` for a due minute.
    pub cause: Option<String>,
    /// The facts behind the claim at that time.
    pub facts: Vec<FactShown>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactShown {
    /// The kind and the id, such as `membership 603d`.
    pub fact: String,
    /// The instant of the last change, according to the platform.
    pub version: Option<Timestamp>,
    /// The instant of the last read; `None` for a fact of a claim.
    pub read: Option<Timestamp>,
    /// The instant from which its present state is known.
    pub known: Option<Timestamp>,
    /// The source of that state: a delivery with its id, a refetch, or a full read.
    pub source: Option<Source>,
}

/// One entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// The window.
    pub window: Window,
    /// Whether it is open at the instant.
    pub open: bool,
    /// The number of the rule in the site file, from one.
    pub rule: usize,
    /// The line of the rule.
    pub line: usize,
    /// The facts behind it.
    pub facts: Vec<FactShown>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleShown {
    /// The number of the rule in the site file, from one.
    pub rule: usize,
    /// The line of the rule.
    pub line: usize,
    /// The subject of the rule, such as `plan "Hot desk"`.
    pub of: String,
}

/// An audit record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneShown {
    /// The position in the audit chain.
    pub seq: u64,
    /// The instant.
    pub at: Timestamp,
    /// The action.
    pub what: AuditAction,
    /// The reason.
    pub because: String,
    /// The answer of the door system.
    pub answer: String,
    /// The instant at which it was due.
    pub due: Option<Timestamp>,
}
