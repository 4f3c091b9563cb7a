//! The site file: what an operator writes, as values that cannot be wrong in themselves.
//!
//! This room reads the file, finds every fault in it with its line, and turns the names in it into ids of the
//! platform and of the door systems. It never decides about a person, never writes, and asks nobody.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::account::DoorsKind;
use crate::model::error::Error;
use crate::model::person::email_key;
use crate::model::platform_kind::PlatformKind;

pub mod catalogue;
pub mod fault;
pub mod finding;
pub mod hours;
mod named;
mod parse;
pub mod resolve;
pub mod route;
pub mod rule;
pub mod shared_groups;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

pub use fault::{Fault, SiteFileError};
pub use finding::Finding;
pub use hours::Hours;
pub use rule::{Audience, Rule, Selector, Wanted};
pub use words::is_site_id;

/// One operator's installation: one platform, one or more door systems, the rules between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name in addresses and keys: `a-z 0-9 -`, up to 32, no `-` at either end.
    pub id: String,
    /// For dates without a time, where a location has no zone of its own.
    pub timezone: TimeZone,
    /// How far Doorstep may go.
    pub mode: Mode,
    /// Where bookings and memberships live.
    pub platform: PlatformConfig,
    /// The door systems by the names that rules use; never empty.
    pub doors: BTreeMap<String, DoorsConfig>,
    /// What holds for every booking.
    pub bookings: Bookings,
    /// When a pass opens.
    pub passes: PassOpening,
    /// When inferred revokes are held.
    pub guard: Guard,
    /// What is kept of who came and went.
    pub entries: Entries,
    /// Which plan, room or pass opens which groups, in the order of the file.
    pub rules: Vec<Rule>,
}

impl Site {
    /// Reads a site file.
    ///
    /// # Errors
    /// Every fault of the file at once, each with its line and what to do. A file that is not TOML at all has only
    /// those faults, since nothing behind a slip of the pen can be trusted.
    pub fn parse(text: &str) -> Result<Site, SiteFileError> {
        parse::site(text)
    }
}

/// How far Doorstep may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Decide, and write nothing.
    Observe,
    /// Let people in, and take nothing from anybody.
    GrantOnly,
    /// Both.
    Full,
}

impl Mode {
    /// All of them, the most careful first.
    pub const ALL: [Mode; 3] = [Mode::Observe, Mode::GrantOnly, Mode::Full];

    /// Its word in a site file.
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

/// `[platform]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformConfig {
    /// Which one.
    pub kind: PlatformKind,
    /// The platform's own name of the operator. OfficeRnD: the organisation's slug, required `[D]`. Nexudus: ids of
    /// businesses, apart by commas; without any, every one that the user may see.
    pub organization: Option<String>,
    /// Names or ids of the locations that count; `None`: all.
    pub locations: Option<Vec<String>>,
    /// The property of a member in which their card numbers stand, where the platform has no field for them.
    pub card_property: Option<String>,
    /// Names two secrets: the one that proves deliveries, and the one that opens the interface.
    pub secret: String,
    /// `"sandbox"`, or an https address without a slash at its end; `None`: the vendor's own.
    pub url: Option<String>,
    /// The https address of OfficeRnD's token service; `None`: its own, or the sandbox's where `url` is `"sandbox"`.
    pub identity_url: Option<String>,
    /// OfficeRnD's region, so that it need not be asked for.
    pub region: Option<String>,
}

/// One `[doors.*]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorsConfig {
    /// Which door system.
    pub kind: DoorsKind,
    /// SALTO KS site id, required; Kisi place id, optional.
    pub place: Option<String>,
    /// Names the secret that opens the interface.
    pub secret: String,
    /// `"sandbox"`, or an https address without a slash at its end; `None`: the vendor's own.
    pub url: Option<String>,
    /// The https address of SALTO KS's token service; `None`: its own, or the sandbox's where `url` is `"sandbox"`.
    pub identity_url: Option<String>,
    /// Whom Kisi may write to about this integration, where the operator says so. Sent with every call.
    pub contact: Option<String>,
    /// Whether the door system may e-mail new people.
    pub invite: bool,
    /// What happens to a member's account that we made and that has no access left.
    pub without_access: WithoutAccess,
    /// The same for guests.
    pub guest_accounts: WithoutAccess,
    /// What happens to people in a ruled group who are not ours.
    pub foreign: Foreign,
    /// What the name of every ruled group must start with.
    pub prefix: Option<String>,
    /// Addresses of people who are never revoked; in mode full at least two.
    pub protected: Vec<String>,
    /// The name of this table in an earlier file, where it had another one: what is ours there moves to this name.
    pub was: Option<String>,
}

impl DoorsConfig {
    /// What tells this door system from any other.
    pub fn identity(&self) -> String {
        let place = self.place.as_deref().unwrap_or(&self.secret);
        format!("{} {place} {}", self.kind.word(), self.url.as_deref().unwrap_or_default()).trim_end().to_owned()
    }

    /// What group ids are unique within: of SALTO KS one site, of Kisi the whole vendor, whichever place is meant. Two site
    /// files that name it alike mean the same group by the same id.
    pub fn system(&self) -> String {
        let url = self.url.as_deref().filter(|url| *url != self.kind.usual_url()).unwrap_or_default();
        let place = match self.kind {
            DoorsKind::SaltoKs => self.place.as_deref().unwrap_or_default(),
            DoorsKind::Kisi => "",
        };
        format!("{} {place} {}", self.kind.word(), url.trim_end_matches('/'))
    }

    /// Whether this is the address of somebody who is never revoked.
    pub fn protects(&self, email: &str) -> bool {
        let Some(key) = email_key(email) else { return false };
        self.protected.iter().any(|protected| email_key(protected).as_ref() == Some(&key))
    }
}

/// What happens to an account without access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutAccess {
    /// Nothing.
    Keep,
    /// It is suspended, and its seat comes free.
    Suspend,
    /// It is deleted.
    Delete,
}

/// What happens to people in a ruled group who are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// They are reported.
    Report,
    /// They are removed.
    Remove,
}

/// `[bookings]`: what holds for every booking rule that does not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookings {
    /// Minutes of access before the start.
    pub before: u32,
    /// Minutes of access after the end.
    pub after: u32,
    /// Whether people invited to a booking get its access.
    pub guests: bool,
    /// What an unconfirmed booking does.
    pub tentative: Tentative,
    /// What a booking does that must be paid and is not.
    pub unpaid: Unpaid,
}

impl Default for Bookings {
    fn default() -> Self {
        Bookings { before: 15, after: 15, guests: true, tentative: Tentative::Ignore, unpaid: Unpaid::Wait }
    }
}

/// What an unconfirmed booking does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tentative {
    /// Nothing.
    Ignore,
    /// It opens like any other.
    Open,
}

/// What a booking does that must be paid and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaid {
    /// It opens nothing until it is paid.
    Wait,
    /// It opens like any other.
    Open,
}

/// When a pass opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassOpening {
    /// While it is valid and not used up.
    WhileUnused,
    /// On the local day of a check-in.
    OnTheDay,
}

/// `[entries]`: what is kept of who came and went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// For how many days.
    pub keep_days: u32,
}

impl Default for Entries {
    fn default() -> Self {
        Entries { keep_days: 90 }
    }
}

/// `[guard]`: when inferred revokes of one group are held for a human.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// The share of what was held, 0 to 1, from which revokes are held …
    pub share: f64,
    /// … if they are at least this many.
    pub least: u32,
    /// The share is judged only where at least this many were held.
    pub base: u32,
    /// More revokes than this are always held.
    pub most: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Guard { share: 0.20, least: 5, base: 10, most: 50 }
    }
}
