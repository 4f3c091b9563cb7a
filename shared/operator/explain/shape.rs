//! What an explanation says. Its JSON is promised in docs/explain.md: keys are added, never taken away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::record::Source;
use doorstep_core::model::window::Window;

/// Where the instant that was asked about lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tense {
    /// Before now: what was held follows from the audit records, what was due from what is known today.
    Past,
    /// Now.
    Present,
    /// Later: everything follows from what is known today.
    Future,
}

/// Why one person has, had, will have or lacks each group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Site.
    pub site: String,
    /// Its time zone.
    pub timezone: String,
    /// The instant that was asked about.
    pub at: Timestamp,
    /// Where that lies.
    pub tense: Tense,
    /// The mode in force: `observe`, `grant-only` or `full`.
    pub mode: String,
    /// What holds for everybody at the site: paused, observing, a platform that cannot be read.
    pub remarks: Vec<String>,
    /// Who.
    pub person: Who,
    /// Every group that a rule opens or that was ever theirs, by door system and name.
    pub groups: Vec<GroupExplained>,
    /// What somebody should look at about this person.
    pub problems: Vec<String>,
    /// When they are settled next.
    pub next: Option<Timestamp>,
}

/// A person, as they are known in each system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Our id; none for somebody whom nothing ever opened anything to.
    pub id: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// What the platform calls them.
    pub name: Option<String>,
    /// Their profiles there, such as `member 603d`.
    pub profiles: Vec<String>,
    /// Their accounts.
    pub accounts: Vec<AccountShown>,
}

/// An account at a door system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountShown {
    /// Door system.
    pub doors: String,
    /// Account.
    pub account: AccountId,
    /// Whether it can open anything: not while it is suspended, blocked or without a seat.
    pub active: bool,
}

/// From what it follows whether somebody has a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// From what was written down when it was done.
    Records,
    /// From our claim on it.
    Claim,
    /// From the door system, which was asked: somebody put them there by hand.
    Doors,
    /// From facts and rules as they are known: it is expected.
    Facts,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupExplained {
    /// Door system.
    pub doors: String,
    /// Its id.
    pub group: GroupId,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Whether it opens for them at that instant.
    pub has: bool,
    /// From what that follows.
    pub evidence: Evidence,
    /// Whether facts and rules, as they are known today, say that it should.
    pub may: bool,
    /// Why, in a sentence or several.
    pub why: Vec<String>,
    /// What is missing, where it does not open.
    pub lacks: Vec<Lack>,
    /// Our claim.
    pub claim: Option<ClaimShown>,
    /// What facts and rules give them, what is open at that instant first.
    pub because: Vec<Because>,
    /// The rules that open this group to anybody.
    pub rules: Vec<RuleShown>,
    /// What was done, until that instant, oldest first.
    pub done: Vec<DoneShown>,
}

/// What kind of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Nothing of theirs matches a rule that opens the group.
    NoRule,
    /// The window is not open yet.
    NotYet,
    /// The window is over.
    Over,
    /// A fact that opened it is gone.
    Gone,
    /// The mode does not let anything be changed.
    Mode,
    /// The site is paused, or only observes because it was just pushed.
    Paused,
    /// The platform could not be read for a day.
    Unread,
    /// There is no account, or it cannot be told which.
    NotLinked,
    /// The account has no seat.
    Seat,
    /// The account is suspended by hand.
    Suspended,
    /// The door system refused.
    Refused,
    /// The guard holds it until somebody approves.
    Held,
    /// They were not settled since it should be so.
    NotSettled,
    /// Somebody, or the door system itself, ended it.
    Ended,
    /// It was not recorded why.
    Unknown,
}

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// What kind of thing.
    pub what: Missing,
    /// In words, with what to do where there is something to do.
    pub text: String,
    /// The instant that it is about: when the window opens, or ended.
    pub at: Option<Timestamp>,
}

/// Our claim on a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimShown {
    /// Account.
    pub account: AccountId,
    /// Since when.
    pub since: Timestamp,
    /// The end that it was given at the door system.
    pub until: Option<Timestamp>,
    /// Why, as it was then.
    pub because: String,
    /// What made us look: a delivery, a comparison; none: its minute had come.
    pub cause: Option<String>,
    /// The facts on which it stood then.
    pub facts: Vec<FactShown>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactShown {
    /// Which, such as `membership 603d`.
    pub fact: String,
    /// When the platform says that it last changed.
    pub version: Option<Timestamp>,
    /// When it was last read; none for what a claim noted.
    pub read: Option<Timestamp>,
    /// Since when it is known as it is.
    pub known: Option<Timestamp>,
    /// How that came to be known: by a delivery of this id, a look, or a read of everything.
    pub source: Option<Source>,
}

/// One entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// From when until when.
    pub window: Window,
    /// Whether it is open at that instant.
    pub open: bool,
    /// Number of the rule in the site file, from one.
    pub rule: usize,
    /// Its line.
    pub line: usize,
    /// The facts behind it.
    pub facts: Vec<FactShown>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleShown {
    /// Its number in the site file, from one.
    pub rule: usize,
    /// Its line.
    pub line: usize,
    /// What it is about, such as `plan "Hot desk"`.
    pub of: String,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneShown {
    /// Its place in the audit chain.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: AuditAction,
    /// Why.
    pub because: String,
    /// What the door system said.
    pub answer: String,
    /// When it should have been.
    pub due: Option<Timestamp>,
}
