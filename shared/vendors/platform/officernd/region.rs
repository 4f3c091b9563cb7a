//! Finds the address of an organisation's API. Regions have their own addresses, and the
//! organisation's record in the first API names it `[C]`. No document says that a client of the
//! second API may read that record `[?]`, so the usual address is used after every refusal. The
//! table keeps the address that was found, and also the fact that none was found.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::access::Access;
use crate::vendor_http;
use doorstep_core::model::error::Result;

/// The address of the API, unless a region has its own. `[C]`
const OWN: &str = "https://app.officernd.com";
/// The only domain to which OfficeRnD may redirect Doorstep.
const DOMAIN: &str = "officernd.com";
/// The region whose API is at the usual address. `[?]`
const USUAL: &str = "eu";
/// How long a found address is used. Organisations move rarely.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Time between a refusal and the next attempt.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(6);
/// Name of the stored note.
const NOTE: &str = "region";

/// The address that was found, and when.
#[derive(Serialize, Deserialize)]
struct FoundAddress {
    at: Timestamp,
    url: Option<String>,
}

/// Where to find the API.
pub(super) enum Home {
    /// The API is at this address.
    Known(Url),
    /// The organisation's record at this address may name another address.
    Ask(Url),
}

/// Returns where the API is, as far as the site file and the table say.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for an address that is not allowed.
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable.
pub(super) async fn known(access: &Access, now: Timestamp) -> Result<Home> {
    let base = vendor_http::base(access.url.as_deref(), OWN)?;
    match access.region.as_deref() {
        _ if !is_asked(&base) => return Ok(Home::Known(base)),
        Some(_) if access.url.is_some() => return Ok(Home::Known(base)),
        Some(USUAL) => return Ok(Home::Known(base)),
        Some(region) => {
            return Ok(Home::Known(vendor_http::base(
                Some(&format!("https://{region}.{DOMAIN}")),
                OWN,
            )?));
        }
        None => {}
    }
    let noted = access.tokens.noted(&access.token_name, NOTE).await?;
    let found = noted.and_then(|noted| serde_json::from_str::<FoundAddress>(&noted).ok());
    let home = found.and_then(|found| {
        let good_for = if found.url.is_some() {
            GOOD_FOR
        } else {
            AGAIN_AFTER
        };
        let good = now.duration_since(found.at) < good_for;
        good.then(|| {
            found
                .url
                .and_then(|url| taken(&base, &url))
                .unwrap_or_else(|| base.clone())
        })
    });
    Ok(home.map_or(Home::Ask(base), Home::Known))
}

/// Stores the address that the organisation's record names, or that the record could not be read.
/// Returns the address of the API.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable.
pub(super) async fn remember(
    access: &Access,
    base: Url,
    record: Option<&Value>,
    now: Timestamp,
) -> Result<Url> {
    let said = record
        .and_then(|record| record.get("regionInfo")?.get("regionUrl")?.as_str())
        .filter(|it| !it.is_empty());
    let region = said.and_then(|said| taken(&base, said));
    if said.is_some() && region.is_none() {
        tracing::warn!(
            "OfficeRnD names an address outside officernd.com as this organisation's; using the usual one"
        );
    }
    let home = region.unwrap_or(base);
    let url = record.map(|_| home.as_str().trim_end_matches('/').to_owned());
    let found = serde_json::to_string(&FoundAddress { at: now, url }).unwrap_or_default();
    access.tokens.note(&access.token_name, NOTE, &found).await?;
    Ok(home)
}

/// Returns whether this address is asked for the organisation's region. An operator's own address
/// outside of the vendor's domain is not. A sandbox is, because it represents the vendor.
fn is_asked(base: &Url) -> bool {
    base.scheme() == "sandbox" || within_domain(base)
}

/// Returns the address that OfficeRnD names, if it may replace `base`.
fn taken(base: &Url, said: &str) -> Option<Url> {
    let theirs =
        |url: &Url| url.scheme() == "https" && within_domain(url) && base.scheme() == "https";
    Url::parse(said)
        .ok()
        .filter(|url| theirs(url) || url == base)
}

/// Returns whether `url` belongs to OfficeRnD: its domain or a subdomain, the default port and no
/// credentials.
fn within_domain(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let theirs = host == DOMAIN
        || host
            .strip_suffix(DOMAIN)
            .is_some_and(|before| before.ends_with('.'));
    theirs && url.port().is_none() && url.username().is_empty() && url.password().is_none()
}
