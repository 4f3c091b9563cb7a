//! The doctor: finds what the operator should examine before it becomes a problem. `vitals` makes
//! the calls. `judge` decides which observations are findings, and what to do about each; it is
//! pure.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::zone::Zone;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::counted::counted;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::shown_line;

mod judge;
#[cfg(test)]
mod tests;
mod vitals;

/// The doctor's result for one site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    /// The site.
    pub site: SiteId,
    /// The instant of the examination.
    pub at: Timestamp,
    /// The IANA name of the time zone in which times are shown: the site's. Empty: UTC.
    #[serde(default)]
    pub timezone: String,
    /// The findings that the operator should act on.
    pub findings: Vec<DoctorFinding>,
    /// The checks that passed.
    pub fine: Vec<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DoctorFinding {
    /// The subject.
    pub about: FindingSubject,
    /// The problem.
    pub what: String,
    /// The advice; empty where the problem says it already.
    pub advice: String,
}

/// The subject of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingSubject {
    /// The site may not act.
    Mode,
    /// A secret, or the vendor that should accept it.
    Credentials,
    /// The last complete reads of the platform and the doors.
    Reads,
    /// The webhooks that should post to Doorstep.
    Webhooks,
    /// Names of the site file that match nothing.
    Names,
    /// A group that opens nothing.
    Groups,
    /// The seats of a door system.
    Seats,
    /// The protected people, whose access is never revoked.
    Protected,
    /// A person with a problem: a change that fails, or facts that allow no decision.
    People,
    /// The changes that wait for an approval.
    Holds,
    /// Verified deliveries that could not be parsed.
    Unread,
    /// The trigger queue and its dead-letter queue.
    Queue,
    /// The schedules of due people.
    Schedules,
    /// The clock.
    Clock,
    /// Items of the table that cannot be parsed.
    Table,
}

impl FindingSubject {
    /// Returns the word for the subject.
    pub fn word(self) -> &'static str {
        match self {
            FindingSubject::Mode => "mode",
            FindingSubject::Credentials => "credentials",
            FindingSubject::Reads => "reads",
            FindingSubject::Webhooks => "webhooks",
            FindingSubject::Names => "names",
            FindingSubject::Groups => "groups",
            FindingSubject::Seats => "seats",
            FindingSubject::Protected => "protected",
            FindingSubject::People => "people",
            FindingSubject::Holds => "holds",
            FindingSubject::Unread => "unread",
            FindingSubject::Queue => "queue",
            FindingSubject::Schedules => "schedules",
            FindingSubject::Clock => "clock",
            FindingSubject::Table => "table",
        }
    }
}

/// Examines a site, and changes nothing. A vendor that does not answer is a finding.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for an unknown site;
/// [`doorstep_core::model::error::Error::Retry`] where Doorstep's table is not available.
pub async fn doctor(environment: &Environment, site: &SiteId) -> Result<Checkup> {
    Ok(judge::judge(&vitals::take(environment, site).await?))
}

/// Examines every site of the stack, in the order of their names. A site that cannot be examined is
/// one finding.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where Doorstep's table is not available.
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
    /// Returns an instant in the site's time zone, to the minute.
    fn local(&self, at: Timestamp) -> String {
        Zone::named(&self.timezone).minute(at)
    }

    /// Returns the result for a site that cannot be examined.
    fn unseen(site: SiteId, at: Timestamp, error: &Error) -> Self {
        let finding = DoctorFinding {
            about: FindingSubject::Reads,
            what: format!("the site cannot be examined: {}", error.why()),
            advice:
                "try again in a few minutes. If the stored site file is the cause, push it again"
                    .to_owned(),
        };
        Checkup {
            site,
            at,
            timezone: String::new(),
            findings: vec![finding],
            fine: Vec::new(),
        }
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkup {
            site,
            at,
            timezone,
            findings,
            fine,
        } = self;
        let zone = if timezone.is_empty() { "UTC" } else { timezone };
        shown_line!(
            f,
            "site {site}, as of {} in the time zone {zone}",
            self.local(*at)
        )?;
        for DoctorFinding {
            about,
            what,
            advice,
        } in findings
        {
            match advice.is_empty() {
                true => shown_line!(f, "! {}: {what}", about.word())?,
                false => shown_line!(f, "! {}: {what}: {advice}", about.word())?,
            }
        }
        fine.iter()
            .try_for_each(|fine| shown_line!(f, "+ {fine}"))?;
        match findings.len() {
            0 => write!(f, "nothing to do"),
            count => f.write_str(&counted(count, "finding")),
        }
    }
}
