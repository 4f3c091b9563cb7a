//! The doctor: what somebody should look at before it becomes trouble. `vitals` asks everybody, `judge` says what of
//! that is a finding, and what to do about it; it is pure.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::shown_line;

mod judge;
#[cfg(test)]
mod tests;
mod vitals;

/// What the doctor says of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// The site.
    pub site: String,
    /// When it was looked at.
    pub at: Timestamp,
    /// What somebody should do something about.
    pub findings: Vec<Finding>,
    /// What was looked at and is fine.
    pub fine: Vec<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The site may not act.
    Mode,
    /// A secret, or the vendor who should accept it.
    Credentials,
    /// When platform and doors were last read whole.
    Reads,
    /// The webhooks that should post to us.
    Webhooks,
    /// Names of the site file that stand for nothing.
    Names,
    /// A group that opens nothing.
    Groups,
    /// Seats of a door system.
    Seats,
    /// People who must never be put out.
    Protected,
    /// A person of whom something cannot be done, or not be decided.
    People,
    /// What waits for a human.
    Holds,
    /// Proven deliveries that could not be read.
    Unread,
    /// The line, and its dead letters.
    Line,
    /// Alarms of people who are due.
    Schedules,
    /// Our clock.
    Clock,
    /// Items of the table that cannot be read.
    Table,
}

impl About {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            About::Mode => "mode",
            About::Credentials => "credentials",
            About::Reads => "reads",
            About::Webhooks => "webhooks",
            About::Names => "names",
            About::Groups => "groups",
            About::Seats => "seats",
            About::Protected => "protected",
            About::People => "people",
            About::Holds => "holds",
            About::Unread => "unread",
            About::Line => "line",
            About::Schedules => "alarms",
            About::Clock => "clock",
            About::Table => "table",
        }
    }
}

/// Looks at everything of a site, and changes nothing. Who cannot be asked is a finding.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for a site that is not here; [`doorstep_core::model::error::Error::Retry`] where our own table is
/// away.
pub async fn doctor(environment: &Environment, site: &str) -> Result<Checkup> {
    Ok(judge::judge(&vitals::take(environment, site).await?))
}

/// Looks at every site of the stack, in the order of their names. A site that cannot be looked at is one finding.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where our own table is away.
pub async fn doctor_of_all(environment: &Environment) -> Result<Vec<Checkup>> {
    let mut all = Vec::new();
    for site in environment.store.site_names().await? {
        all.push(match doctor(environment, &site).await {
            Ok(checkup) => checkup,
            Err(error) => Checkup::unseen(site, environment.time.now(), &error),
        });
    }
    Ok(all)
}

impl Checkup {
    /// Of a site that cannot be looked at.
    fn unseen(site: String, at: Timestamp, error: &Error) -> Self {
        let finding = Finding {
            about: About::Reads,
            what: format!("the site cannot be looked at: {}", error.why()),
            advice: "try again in some minutes; if the stored site file is the reason, push it again".to_owned(),
        };
        Checkup { site, at, findings: vec![finding], fine: Vec::new() }
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkup { site, at, findings, fine } = self;
        shown_line!(f, "site {site}, as of {}", at.strftime("%F %R UTC"))?;
        for Finding { about, what, advice } in findings {
            shown_line!(f, "! {}: {what}: {advice}", about.word())?;
        }
        fine.iter().try_for_each(|fine| shown_line!(f, "+ {fine}"))?;
        match findings.len() {
            0 => write!(f, "nothing to do"),
            count => write!(f, "{count} findings"),
        }
    }
}
