//! The sites of a stack, and the versions of their files.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use crate::zone::{Zone, zone_name};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::counted::counted;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::{Mode, Site};

/// One site, as a list of sites shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteSummary {
    /// The site.
    pub site: SiteId,
    /// The version in force; `None` if no file is in force.
    pub version: Option<u64>,
    /// The mode in force; `None` if the file cannot be read.
    pub mode: Option<Mode>,
    /// The platform.
    pub platform: Option<PlatformKind>,
    /// The words for the kinds of its door systems.
    pub doors: Vec<String>,
    /// Why the site does less than its file says.
    pub remarks: Vec<String>,
    /// The IANA name of its time zone; UTC if the file cannot be read.
    #[serde(default)]
    pub timezone: String,
    /// Whether it is paused.
    #[serde(default)]
    pub paused: bool,
}

/// One version of a site file, as a history shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionSummary {
    /// The version number.
    pub version: u64,
    /// When it was put in force, if that is known.
    pub at: Option<Timestamp>,
    /// Whether it is in force now.
    pub in_force: bool,
    /// The mode that it says; `None` if this version of Doorstep cannot read the file.
    pub mode: Option<Mode>,
    /// The number of its rules.
    pub rules: Option<usize>,
}

/// The versions of a site's file, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The site.
    pub site: SiteId,
    /// The IANA name of its time zone.
    pub timezone: String,
    /// The versions.
    pub versions: Vec<VersionSummary>,
}

/// One version of a site file with its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredFile {
    /// The site.
    pub site: SiteId,
    /// The version number.
    pub version: u64,
    /// Whether it is in force now.
    pub in_force: bool,
    /// The text.
    pub text: String,
}

/// Lists the sites, by name.
///
/// # Errors
/// The error of the table.
pub async fn sites(environment: &Environment) -> Result<Vec<SiteSummary>> {
    let mut all = Vec::new();
    for site in environment.store.site_names().await? {
        let stored = environment.store.active(&site).await?;
        all.push(SiteSummary::of(site, stored.as_ref()));
    }
    all.sort_by(|one, other| one.site.cmp(&other.site));
    Ok(all)
}

/// Returns one site, as a list of sites shows it.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, with the name that it may be.
pub async fn site(environment: &Environment, site: &SiteId) -> Result<SiteSummary> {
    let stored = in_force(environment, site).await?;
    Ok(SiteSummary::of(site.clone(), Some(&stored)))
}

/// Lists the versions of a site's file.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site.
pub async fn history(environment: &Environment, site: &SiteId) -> Result<History> {
    let now = in_force(environment, site).await?;
    let timezone = now.file().map_or(TimeZone::UTC, |file| file.timezone);
    let versions = environment.store.versions(site).await?;
    let summary = |stored: &SiteVersion| {
        let file = stored.file().ok();
        VersionSummary {
            version: stored.n,
            at: stored.at,
            in_force: stored.n == now.n,
            mode: file.as_ref().map(|file| file.mode),
            rules: file.as_ref().map(|file| file.rules.len()),
        }
    };
    Ok(History {
        site: site.clone(),
        timezone: zone_name(&timezone),
        versions: versions.iter().map(summary).collect(),
    })
}

/// Returns one version of a site's file; without a number the one in force.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site or version.
pub async fn file(
    environment: &Environment,
    site: &SiteId,
    version: Option<u64>,
) -> Result<StoredFile> {
    let now = in_force(environment, site).await?;
    let stored = match version {
        Some(n) if n != now.n => environment.store.version(site, n).await?,
        _ => Some(now.clone()),
    };
    let stored = stored.ok_or_else(|| {
        Error::invalid(format!(
            "{site} has no version {}: the version in force is {}, and `doorstep history {site}` lists them all",
            version.unwrap_or_default(),
            now.n
        ))
    })?;
    Ok(StoredFile {
        site: site.clone(),
        version: stored.n,
        in_force: stored.n == now.n,
        text: stored.text,
    })
}

impl SiteSummary {
    fn of(site: SiteId, stored: Option<&SiteVersion>) -> Self {
        let file: Option<Site> = stored.and_then(|stored| stored.site().ok());
        let doors = file.iter().flat_map(|file| file.doors.values());
        let timezone = file.as_ref().and_then(|file| file.timezone.iana_name());
        SiteSummary {
            timezone: timezone.unwrap_or("UTC").to_owned(),
            paused: stored.is_some_and(|stored| stored.paused.is_some()),
            version: stored.map(|stored| stored.n),
            mode: file.as_ref().map(|file| file.mode),
            platform: file.as_ref().map(|file| file.platform.kind),
            doors: doors.map(|doors| doors.kind.word().to_owned()).collect(),
            remarks: stored.map_or_else(Vec::new, |stored| stored.remarks(&site)),
            site,
        }
    }
}

impl fmt::Display for SiteSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.mode.map_or("unreadable", Mode::word);
        let platform = self.platform.map_or("?", PlatformKind::word);
        let version = self.version.map(|version| format!("version {version}"));
        write!(
            f,
            "{}  {mode}  {}  {platform} → {}",
            self.site,
            version.as_deref().unwrap_or("no file in force"),
            self.doors.join(", ")
        )?;
        self.remarks
            .iter()
            .try_for_each(|remark| write!(f, "\n! {remark}"))
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (times in {})", self.site, self.timezone)?;
        let zone = Zone::named(&self.timezone);
        for one in &self.versions {
            let at = one
                .at
                .map_or_else(|| "unknown time    ".to_owned(), |at| zone.minute(at));
            let mode = one.mode.map_or("unreadable", Mode::word);
            let rules = one.rules.map(|count| counted(count, "rule"));
            let rules = rules.unwrap_or_default();
            let in_force = if one.in_force { "  in force" } else { "" };
            write!(
                f,
                "\nversion {}  {at}  {mode}  {rules}{in_force}",
                one.version
            )?;
        }
        Ok(())
    }
}
