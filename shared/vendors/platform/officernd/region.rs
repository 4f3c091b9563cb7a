//! Where an organisation's interface is. Regions have addresses of their own, and the organisation's record of the first
//! interface names it `[C]`. Nobody documents that a client of the second interface may read that record `[?]`, so every
//! refusal means the usual address. What was found is remembered in the table, and so is that nothing was.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::access::Access;
use crate::vendor_http;
use doorstep_core::model::error::Result;

/// Where everybody's interface is, unless a region has its own. `[C]`
const OWN: &str = "https://app.officernd.com";
/// The only domain that OfficeRnD may send us on to.
const DOMAIN: &str = "officernd.com";
/// The region whose interface is at the usual address. `[?]`
const USUAL: &str = "eu";
/// How long a region's address is good. Organisations move rarely.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// After a refusal it is asked for again this much later.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(6);
/// The note that holds what was found.
const NOTE: &str = "region";

/// What was found, and when.
#[derive(Serialize, Deserialize)]
struct Noted {
    at: Timestamp,
    url: Option<String>,
}

/// Where to ask.
pub(super) enum Home {
    /// Here.
    Known(Url),
    /// The organisation's record at this address may name another one.
    Ask(Url),
}

/// Returns where the interface is, as far as the site file and the table tell.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for an address that may not be asked; [`doorstep_core::model::error::Error::Retry`] where the table
/// is away.
pub(super) async fn known(access: &Access, now: Timestamp) -> Result<Home> {
    let base = vendor_http::base(access.url.as_deref(), OWN)?;
    match access.region.as_deref() {
        _ if !is_asked(&base) => return Ok(Home::Known(base)),
        Some(_) if access.url.is_some() => return Ok(Home::Known(base)),
        Some(USUAL) => return Ok(Home::Known(base)),
        Some(region) => return Ok(Home::Known(vendor_http::base(Some(&format!("https://{region}.{DOMAIN}")), OWN)?)),
        None => {}
    }
    let noted = access.tokens.noted(&access.token_name, NOTE).await?;
    let found = noted.and_then(|noted| serde_json::from_str::<Noted>(&noted).ok());
    let home = found.and_then(|found| {
        let good_for = if found.url.is_some() { GOOD_FOR } else { AGAIN_AFTER };
        let good = now.duration_since(found.at) < good_for;
        good.then(|| found.url.and_then(|url| taken(&base, &url)).unwrap_or_else(|| base.clone()))
    });
    Ok(home.map_or(Home::Ask(base), Home::Known))
}

/// Remembers what the organisation's record says, or that it could not be read, and returns where the interface is.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is away.
pub(super) async fn remember(access: &Access, base: Url, record: Option<&Value>, now: Timestamp) -> Result<Url> {
    let said =
        record.and_then(|record| record.get("regionInfo")?.get("regionUrl")?.as_str()).filter(|it| !it.is_empty());
    let region = said.and_then(|said| taken(&base, said));
    if said.is_some() && region.is_none() {
        tracing::warn!("OfficeRnD names an address outside officernd.com as this organisation's; using the usual one");
    }
    let home = region.unwrap_or(base);
    let url = record.map(|_| home.as_str().trim_end_matches('/').to_owned());
    let found = serde_json::to_string(&Noted { at: now, url }).unwrap_or_default();
    access.tokens.note(&access.token_name, NOTE, &found).await?;
    Ok(home)
}

/// An address of the operator's own choice, outside the vendor's domain, is not asked for another one. A sandbox is, for
/// it stands for the vendor.
fn is_asked(base: &Url) -> bool {
    base.scheme() == "sandbox" || within_domain(base)
}

/// The address that OfficeRnD names, where it may be used instead of `base`.
fn taken(base: &Url, said: &str) -> Option<Url> {
    let theirs = |url: &Url| url.scheme() == "https" && within_domain(url) && base.scheme() == "https";
    Url::parse(said).ok().filter(|url| theirs(url) || url == base)
}

/// Whether `url` is OfficeRnD's: its domain or below it, on the usual port, with no credentials in it.
fn within_domain(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let theirs = host == DOMAIN || host.strip_suffix(DOMAIN).is_some_and(|before| before.ends_with('.'));
    theirs && url.port().is_none() && url.username().is_empty() && url.password().is_none()
}
