//! Pushes a site file: shows what it would change, and puts it in force.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use crate::preview::{Preview, SiteDiff, preview};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::site::route::SiteRoute;
use doorstep_core::site::{Finding, Mode, Site, SiteFileError};
use doorstep_jobs::reconcile::moved::{self, carry_over};

/// The operator's options for a push.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// The mode of the file, repeated as a confirmation.
    pub mode: Option<Mode>,
    /// Names of door systems that the file no longer has, and whose access stays as it is.
    pub leave_access: BTreeSet<DoorsName>,
    /// The version that the operator changed: it must still be in force. 0: no version was in force.
    /// `None`: any version may be in force.
    pub over: Option<u64>,
}

/// What the operator sees of one site file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PushPreview {
    /// The site, if the file could be parsed.
    pub site: Option<String>,
    /// The version in force.
    pub version: Option<u64>,
    /// Whether this call stored that version.
    #[serde(default)]
    pub stored: bool,
    /// The findings of the file. A file with findings cannot be put in force.
    pub findings: Vec<Finding>,
    /// The changes that the file would make, or will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<SiteDiff>,
    /// The mode in force: observe while the version in force may not act.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// Why the version in force may not act, and what to do about it.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// Stores a site file and puts it in force with its own mode. Reads no vendor: names are resolved
/// when they are first needed, and an unresolved name is a problem of its rule. Returns the site's
/// id.
///
/// # Errors
/// [`Error::Invalid`] with every wrong line.
pub async fn load(environment: &Environment, text: &str) -> Result<SiteId> {
    let site = Site::parse(text)?;
    environment
        .store
        .store_site(&SiteRoute::of(&site), text, environment.time.now())
        .await?;
    Ok(site.id)
}

/// Shows what a site file would change. Changes nothing.
///
/// # Errors
/// See [`preview`].
pub async fn diff(environment: &Environment, text: &str) -> Result<PushPreview> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => return Ok(PushPreview::wrong(error)),
    };
    let now = environment.store.active(&site.id).await?;
    let mut found = preview(environment, &site, text).await?;
    found
        .findings
        .extend(doors_that_moved(environment, &site, text, now.as_ref(), &BTreeSet::new()).await?);
    Ok(PushPreview {
        findings: found.findings,
        diff: Some(found.diff),
        ..PushPreview::of(&site, now.as_ref())
    })
}

/// Shows where the doors differ from the version in force.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, and see [`preview`].
pub async fn drift(environment: &Environment, site: &SiteId) -> Result<PushPreview> {
    let stored = in_force(environment, site).await?;
    diff(environment, &stored.text).await
}

/// Puts a site file in force as a new version, shows what it will change, and requests a reconcile
/// at once. A file with findings is not stored. A file that is already in force is only shown.
///
/// A site's first file only observes, whatever its mode, unless the operator confirms that mode in
/// `options`. The site observes until a file is pushed with its mode confirmed, or with the mode
/// `observe` itself. Files after that act in their own mode.
///
/// # Errors
/// [`Error::Invalid`] if the confirmed mode is not the file's; [`Error::Held`] if another version is
/// in force than the one that the operator changed; [`Error::Retry`] if a vendor cannot be read in
/// full (in mode `observe` the file is stored anyway) or another writer changed the site, and see
/// [`preview`]. On an error nothing is stored.
pub async fn push(
    environment: &Environment,
    text: &str,
    options: &PushOptions,
) -> Result<PushPreview> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => return Ok(PushPreview::wrong(error)),
    };
    let said = options.mode;
    agree(site.mode, said)?;
    let now = environment.store.active(&site.id).await?;
    let observing = said.is_none()
        && site.mode != Mode::Observe
        && now.as_ref().is_none_or(|now| now.observing);
    if now
        .as_ref()
        .is_some_and(|now| now.text == text && now.observing == observing)
    {
        return Ok(PushPreview::of(&site, now.as_ref()));
    }
    is_still_in_force(&site.id, options.over, now.as_ref())?;
    let findings = doors_that_moved(
        environment,
        &site,
        text,
        now.as_ref(),
        &options.leave_access,
    )
    .await?;
    if !findings.is_empty() {
        return Ok(PushPreview {
            findings,
            ..PushPreview::of(&site, now.as_ref())
        });
    }
    let diff = match preview(environment, &site, text).await {
        // An operator who stops all changes does not have to wait for a vendor.
        Err(error) if site.mode == Mode::Observe && error.is_retryable() => None,
        seen => {
            let Preview {
                findings,
                unread,
                diff,
            } = seen?;
            if !findings.is_empty() {
                return Ok(PushPreview {
                    findings,
                    diff: Some(diff),
                    ..PushPreview::of(&site, now.as_ref())
                });
            }
            if !unread.is_empty() && site.mode != Mode::Observe {
                let unread = unread.join("; ");
                return Err(Error::retry(format!(
                    "nothing is stored, because the vendors could not be read in full: {unread}"
                )));
            }
            Some(diff)
        }
    };
    let next = environment
        .store
        .next_version(&site.id, now.as_ref(), text, environment.time.now())
        .await?;
    let new = SiteVersion { observing, ..next };
    for (name, was) in site
        .doors
        .iter()
        .filter_map(|(name, config)| Some((name, config.was.as_ref()?)))
    {
        moved::announce(environment, &site, name, was).await?;
    }
    environment
        .store
        .store_site_over(now.as_ref(), &SiteRoute::of(&site), &new)
        .await?;
    carry_over(environment, &site, &options.leave_access).await?;
    compare_soon(environment, &site.id).await;
    Ok(PushPreview {
        stored: true,
        diff,
        ..PushPreview::of(&site, Some(&new))
    })
}

/// Returns the findings about the names of door systems, compared with the version in force.
async fn doors_that_moved(
    environment: &Environment,
    site: &Site,
    text: &str,
    now: Option<&SiteVersion>,
    leave: &BTreeSet<DoorsName>,
) -> Result<Vec<Finding>> {
    let mut findings = match now.and_then(|now| now.file().ok()) {
        Some(before) => moved::elsewhere(site, text, &before),
        None => Vec::new(),
    };
    findings.extend(moved::still_there(site, leave));
    findings.extend(moved::unaccounted(
        site,
        leave,
        &environment.store.all_people(&site.id).await?.known,
    ));
    Ok(findings)
}

/// Requests a reconcile of a site at once.
pub(crate) async fn compare_soon(environment: &Environment, site: &SiteId) {
    environment
        .bus
        .want_reconcile(site, AskedBy::Operator)
        .await;
}

/// Checks that the mode which the operator confirms is the file's.
fn agree(file: Mode, said: Option<Mode>) -> Result<()> {
    match said {
        Some(said) if said != file => Err(Error::invalid(format!(
            "the file has mode = \"{}\", and --mode is {}: change one of them",
            file.word(),
            said.word()
        ))),
        _ => Ok(()),
    }
}

/// Checks that the version which the operator changed is in force.
fn is_still_in_force(site: &SiteId, seen: Option<u64>, now: Option<&SiteVersion>) -> Result<()> {
    let now = now.map_or(0, |now| now.n);
    let Some(seen) = seen.filter(|seen| *seen != now) else {
        return Ok(());
    };
    let next = match (seen, now) {
        (_, 0) => "push it over 0 if the site is to return".to_owned(),
        (0, now) => format!(
            "take the file in force (`doorstep show {site}`), change that one, and push it over {now}"
        ),
        (seen, now) => format!(
            "see what changed (`doorstep show {site} --version {seen}` and `doorstep show {site}`), write it into \
             this file too, and push it over {now}"
        ),
    };
    Err(Error::Held(format!(
        "nothing is stored, because this file was made from {}, and {site} has {} in force: {next}",
        version(seen),
        version(now)
    )))
}

/// Returns the words for a version; 0 is none.
fn version(number: u64) -> String {
    match number {
        0 => "no version".to_owned(),
        number => format!("version {number}"),
    }
}

impl PushPreview {
    fn wrong(error: SiteFileError) -> Self {
        PushPreview {
            findings: error.into(),
            ..PushPreview::default()
        }
    }

    /// Creates the view of a site and its version in force.
    fn of(site: &Site, now: Option<&SiteVersion>) -> Self {
        PushPreview {
            site: Some(site.id.to_string()),
            version: now.map(|now| now.n),
            mode: now.and_then(|now| now.site().ok()).map(|site| site.mode),
            remarks: now.map(|now| now.remarks(&site.id)).unwrap_or_default(),
            ..PushPreview::default()
        }
    }
}
