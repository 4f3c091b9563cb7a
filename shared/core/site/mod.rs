//! The site file: the operator's configuration as values that are valid in themselves.
//!
//! This module parses the file, reports every fault with its line, and resolves names to ids of the
//! platform and of the door systems. It decides nothing about a person and makes no calls.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::account::DoorsKind;
use crate::model::email::email_key;
use crate::model::error::Error;
use crate::model::ids::{DoorsName, SiteId};
use crate::model::platform_kind::PlatformKind;

pub mod catalogue;
pub mod closed;
pub mod fault;
pub mod finding;
pub mod hours;
pub mod keys;
mod named;
mod parse;
pub mod place;
pub mod resolve;
pub mod route;
pub mod rule;
pub mod schema;
pub mod shared_groups;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

pub use closed::{ClosedDays, Closure};
pub use fault::{Fault, SiteFileError};
pub use finding::Finding;
pub use hours::Hours;
pub use named::plain;
pub use place::{Place, SiteProblem, line_at};
pub use rule::{Audience, Rule, Selector, ThingSelection};
pub use words::is_site_id;

/// One operator's installation: one platform, one or more door systems, and the rules between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The site's name in addresses and keys: `a-z 0-9 -`, up to 32, no `-` at either end.
    pub id: SiteId,
    /// The zone for dates without a time, if a location has no zone of its own.
    pub timezone: TimeZone,
    /// How far Doorstep may go.
    pub mode: Mode,
    /// The platform that has the bookings and memberships.
    pub platform: PlatformConfig,
    /// The door systems, by the names that rules use. Never empty.
    pub doors: BTreeMap<DoorsName, DoorsConfig>,
    /// Defaults for every booking rule.
    pub bookings: Bookings,
    /// What the membership of a member who has not paid opens. `None`: the status of the membership
    /// decides.
    pub members_unpaid: Option<MemberUnpaid>,
    /// When a pass opens.
    pub passes: PassOpening,
    /// When inferred revokes are held.
    pub guard: Guard,
    /// How long access attempts are stored.
    pub entries: Entries,
    /// The days on which rules open nothing.
    pub closed: Vec<Closure>,
    /// The rules, in the order of the file: which plan, room or pass opens which groups.
    pub rules: Vec<Rule>,
}

impl Site {
    /// Parses a site file.
    ///
    /// # Errors
    /// Returns every fault of the file at once, each with its line and what to do. If the text is
    /// not TOML, returns only the syntax faults: after one of those, nothing in the file can be
    /// relied on.
    pub fn parse(text: &str) -> Result<Site, SiteFileError> {
        parse::site(text)
    }
}

/// How far Doorstep may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Decides, and changes nothing.
    Observe,
    /// Grants access, and takes none away.
    GrantOnly,
    /// Grants and revokes access.
    Full,
}

impl Mode {
    /// Every mode, the most careful first.
    pub const ALL: [Mode; 3] = [Mode::Observe, Mode::GrantOnly, Mode::Full];

    /// Returns its word in a site file.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Observe => "observe",
            Mode::GrantOnly => "grant-only",
            Mode::Full => "full",
        }
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let found = Mode::ALL.into_iter().find(|mode| mode.word() == word);
        found.ok_or_else(|| Error::invalid("a mode is observe, grant-only or full"))
    }
}

/// The table `[platform]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformConfig {
    /// Which platform.
    pub kind: PlatformKind,
    /// The platform's own name of the operator. OfficeRnD: the organisation's slug, required `[D]`.
    /// Nexudus: ids of businesses, separated by commas; without any, every business that the user
    /// may see.
    pub organization: Option<String>,
    /// Names or ids of the locations that count. `None`: all.
    pub locations: Option<Vec<String>>,
    /// The member property that holds card numbers, if the platform has no field for them.
    pub card_property: Option<String>,
    /// The name of two secrets: the one that verifies deliveries, and the one that gives access to
    /// the API.
    pub secret: String,
    /// `"sandbox"`, or an https address without a slash at its end. `None`: the vendor's own.
    pub url: Option<String>,
    /// The https address of OfficeRnD's token service. `None`: its own, or the sandbox's if `url`
    /// is `"sandbox"`.
    pub identity_url: Option<String>,
    /// OfficeRnD's region. Doorstep asks OfficeRnD for it if it is not set.
    pub region: Option<String>,
}

/// One table `[doors.*]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorsConfig {
    /// Which door system.
    pub kind: DoorsKind,
    /// The SALTO KS site id, required; or the Kisi place id, optional.
    pub place: Option<String>,
    /// The name of the secret that gives access to the API.
    pub secret: String,
    /// `"sandbox"`, or an https address without a slash at its end. `None`: the vendor's own.
    pub url: Option<String>,
    /// The https address of SALTO KS's token service. `None`: its own, or the sandbox's if `url` is
    /// `"sandbox"`.
    pub identity_url: Option<String>,
    /// The operator's address to which Kisi may write about this integration. It is sent with every
    /// call.
    pub contact: Option<String>,
    /// Whether the door system may e-mail new people.
    pub invite: bool,
    /// What happens to a member's account that Doorstep created, once it has no access left.
    pub without_access: WithoutAccess,
    /// What happens to a guest's account that Doorstep created, once it has no access left.
    pub guest_accounts: WithoutAccess,
    /// What happens to accounts in a ruled group that are not entitled and were not put there by
    /// Doorstep.
    pub foreign: ForeignPolicy,
    /// The prefix that the name of every ruled group must have.
    pub prefix: Option<String>,
    /// Addresses of people whose access is never revoked. In mode `full` there are at least two.
    pub protected: Vec<String>,
    /// The earlier name of this table, if it was renamed. Claims and accounts under that name move
    /// to the present one.
    pub was: Option<DoorsName>,
}

impl DoorsConfig {
    /// Returns the text that distinguishes this door system from any other.
    pub fn identity(&self) -> String {
        let place = self.place.as_deref().unwrap_or(&self.secret);
        format!(
            "{} {place} {}",
            self.kind.word(),
            self.url.as_deref().unwrap_or_default()
        )
        .trim_end()
        .to_owned()
    }

    /// Returns the scope in which group ids are unique: for SALTO KS one site, for Kisi the whole
    /// vendor, whatever the place. Two site files with the same scope mean the same group by the
    /// same id.
    pub fn system(&self) -> String {
        let url = self
            .url
            .as_deref()
            .filter(|url| *url != self.kind.usual_url())
            .unwrap_or_default();
        let place = match self.kind {
            DoorsKind::SaltoKs => self.place.as_deref().unwrap_or_default(),
            DoorsKind::Kisi => "",
        };
        format!("{} {place} {}", self.kind.word(), url.trim_end_matches('/'))
    }

    /// Returns whether this is the address of a protected person.
    pub fn protects(&self, email: &str) -> bool {
        let Some(key) = email_key(email) else {
            return false;
        };
        self.protected
            .iter()
            .any(|protected| email_key(protected).as_ref() == Some(&key))
    }
}

/// What happens to an account that has no access left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutAccess {
    /// The account stays as it is.
    Keep,
    /// The account is suspended, and its seat becomes free.
    Suspend,
    /// The account is deleted.
    Delete,
}

/// What happens to accounts in a ruled group that are not entitled and were not put there by
/// Doorstep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignPolicy {
    /// Doorstep reports them.
    Report,
    /// Doorstep removes them.
    Remove,
}

/// The table `[bookings]`: the defaults of every booking rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookings {
    /// Minutes of access before the start.
    pub before: u32,
    /// Minutes of access after the end.
    pub after: u32,
    /// Whether people who are invited to a booking get its access.
    pub guests: bool,
    /// What an unconfirmed booking opens.
    pub tentative: Tentative,
    /// What an unpaid booking opens, if it must be paid.
    pub unpaid: Unpaid,
}

impl Default for Bookings {
    fn default() -> Self {
        Bookings {
            before: 15,
            after: 15,
            guests: true,
            tentative: Tentative::Ignore,
            unpaid: Unpaid::Wait,
        }
    }
}

/// What an unconfirmed booking opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tentative {
    /// It opens nothing.
    Ignore,
    /// It opens like any other.
    Open,
}

/// What an unpaid booking opens, if it must be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaid {
    /// It opens nothing until it is paid.
    Wait,
    /// It opens like any other.
    Open,
}

/// What the membership of a member who has not paid opens, where the platform says who has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberUnpaid {
    /// It opens like any other.
    Open,
    /// It opens nothing until it is paid.
    Wait,
    /// It opens for this number of days, counted from the first unpaid one.
    Grace(u32),
}

/// When a pass opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassOpening {
    /// While it is valid and not used up.
    WhileUnused,
    /// On the local day of a check-in.
    OnTheDay,
}

/// The table `[entries]`: how long access attempts are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// The number of days.
    pub keep_days: u32,
}

impl Default for Entries {
    fn default() -> Self {
        Entries { keep_days: 90 }
    }
}

/// The table `[guard]`: when inferred revokes are held for a human.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// Revokes are held if they concern at least this share of the people in scope, from 0 to 1, …
    pub share: f64,
    /// … and at least this many people.
    pub least: u32,
    /// The share counts only if at least this many people are in scope.
    pub base: u32,
    /// Revokes that concern more people than this are always held.
    pub most: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Guard {
            share: 0.20,
            least: 5,
            base: 10,
            most: 50,
        }
    }
}
