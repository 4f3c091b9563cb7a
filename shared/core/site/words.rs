//! Checks single values of a site file: names, addresses, minutes. Each function takes a text and
//! returns a value, or the advice for the operator.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use url::{Host, Url};

use crate::model::email::email_key;

/// The word that is written for a sandbox in place of an address.
pub(super) const SANDBOX: &str = "sandbox";
const DAY: u32 = 24 * 60;

/// Reads a site's id. A dash at the beginning would make it an option of the `doorstep` command.
pub(super) fn site_id(text: &str) -> Result<String, String> {
    if is_site_id(text) {
        Ok(text.to_owned())
    } else {
        Err(
            "write up to 32 of a-z, 0-9 and -, with no - at either end, such as \"riverside\""
                .to_owned(),
        )
    }
}

/// Returns whether a text can be a site's id.
pub fn is_site_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Checks the name of one `[doors.*]`: only characters that TOML allows there without quotes.
pub(super) fn doors_name(text: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !text.is_empty() && text.len() <= 32 && text.bytes().all(plain) {
        Ok(())
    } else {
        Err(
            "name a door system with up to 32 letters, digits, - and _, such as [doors.main]"
                .to_owned(),
        )
    }
}

/// Reads an IANA time zone.
pub(super) fn timezone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .ok()
        .filter(|zone| !zone.is_unknown())
        .ok_or_else(|| "no such time zone: write an IANA name such as \"Europe/London\"".to_owned())
}

/// Reads the name of a secret. It becomes the middle of a parameter's name, so only characters that
/// are valid there are allowed.
pub(super) fn secret_name(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fine = text.len() <= 200
        && text
            .split('/')
            .all(|part| !part.is_empty() && part.bytes().all(plain));
    if fine {
        Ok(text.to_owned())
    } else {
        Err("write a secret's name: letters, digits, - _ . in parts with / between, such as \"riverside/salto\"".into())
    }
}

/// Reads an id that becomes part of an address.
pub(super) fn vendor_id(text: &str) -> Result<String, String> {
    let fine = text.len() <= 200
        && text.trim() == text
        && !text.contains(char::is_control)
        && !matches!(text, "." | "..");
    if fine {
        Ok(text.to_owned())
    } else {
        Err("this is no id: copy it from the vendor's own page".to_owned())
    }
}

/// Reads the id of a Spacebring network, which is a UUID. `[D]`
pub(super) fn network_id(text: &str) -> Result<String, String> {
    let lengths = text.split('-').map(str::len);
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(hex) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("write the id of your Spacebring network, such as \"0a1b2c3d-0000-4000-8000-000000000000\", or leave it out".to_owned())
    }
}

/// Reads an address that is sent in a header.
pub(super) fn contact(text: &str) -> Result<String, String> {
    let fine =
        text.len() <= 200 && text.trim() == text && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if fine {
        Ok(text.to_owned())
    } else {
        Err("write an address in plain letters, at most 200".to_owned())
    }
}

/// Reads a vendor's region, which becomes part of a host name.
pub(super) fn region(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fine = !text.is_empty() && text.len() <= 40 && text.bytes().all(plain);
    if fine && !text.starts_with('-') && !text.ends_with('-') {
        Ok(text.to_owned())
    } else {
        Err("write the region in the address of your OfficeRnD page, such as \"eu\"".to_owned())
    }
}

/// The longest time for which access attempts are stored, in days.
const MOST_DAYS: u32 = 730;

/// Reads minutes from a text such as `15m`, `1h`, `1h30m`, `90m`: 0 to 24 hours.
pub(super) fn minutes(text: &str) -> Result<u32, String> {
    let advice = || "write 0m to 24h, such as \"15m\", \"1h\" or \"1h30m\"".to_owned();
    let (hours, rest) = match text.split_once('h') {
        Some((hours, rest)) => (number(hours), rest),
        None => (Some(0), text),
    };
    let minutes = match rest.strip_suffix('m') {
        Some(minutes) => number(minutes),
        None if rest.is_empty() && !text.is_empty() => Some(0),
        None => None,
    };
    let whole = hours
        .zip(minutes)
        .map(|(hours, minutes)| hours * 60 + minutes);
    whole.filter(|whole| *whole <= DAY).ok_or_else(advice)
}

/// Reads days from a text such as `90d`: 1 to 730.
pub(super) fn days(text: &str) -> Result<u32, String> {
    let days = text
        .strip_suffix('d')
        .and_then(number)
        .filter(|days| (1..=MOST_DAYS).contains(days));
    days.ok_or_else(|| format!("write 1d to {MOST_DAYS}d, such as \"90d\""))
}

/// Reads a number of one to four digits, and nothing but digits.
fn number(text: &str) -> Option<u32> {
    let fine = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| fine)
}

/// Reads `sandbox`, or an https address of a public host. Returns the address without a slash at
/// its end.
///
/// Refuses every literal IP address. No vendor has one, and an attacker could use one to make
/// Doorstep call hosts inside its own network.
pub(super) fn address(text: &str) -> Result<String, String> {
    if text == SANDBOX {
        return Ok(text.to_owned());
    }
    let advice = "write \"https://\" and the vendor's host, or \"sandbox\"";
    let url = Url::parse(text).map_err(|_| format!("this is no address: {advice}"))?;
    if url.scheme() != "https" {
        return Err(format!("only https addresses are called: {advice}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "an address must not contain a user or a password: put them into the secret".to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address ends before ? and #: write only scheme, host and path".to_owned());
    }
    match url.host() {
        Some(Host::Domain(host)) if is_public(host) => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        _ => Err(
            "this points inside the network, not at a vendor: write the vendor's public host name"
                .to_owned(),
        ),
    }
}

fn is_public(host: &str) -> bool {
    const INSIDE: [&str; 8] = [
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
    ];
    let host = host.trim_end_matches('.');
    let last = host.rsplit('.').next().unwrap_or(host);
    host.contains('.') && !INSIDE.contains(&last) && !host.ends_with(".home.arpa")
}

/// Reads e-mail addresses. An address may occur only once, however it is written. A fault names the
/// position in the list, never the address.
pub(super) fn protected(texts: &[String]) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    for (number, text) in texts.iter().enumerate() {
        let key = email_key(text).filter(|key| is_address(key));
        let key = key.ok_or_else(|| {
            format!(
                "number {} is no e-mail address: write one for each person",
                number + 1
            )
        })?;
        if !seen.insert(key) {
            return Err(format!(
                "number {} is there twice: write each person once",
                number + 1
            ));
        }
    }
    Ok(texts.iter().map(|text| text.trim().to_owned()).collect())
}

fn is_address(key: &str) -> bool {
    key.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && key.len() <= 254
        && !key.contains(char::is_control)
}
