//! Instants as people write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use doorstep_core::model::error::{Error, Result};

/// Parses an instant: with an offset, as a local time of the site, or as a time from now, such as
/// `-2h`. Without a text it is now.
///
/// # Errors
/// [`Error::Invalid`] with the right forms.
pub fn instant(text: Option<&str>, now: Timestamp, zone: &TimeZone) -> Result<Timestamp> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(now);
    };
    // In the query of a URL a plus becomes a space.
    let absolute = text
        .parse()
        .or_else(|_| text.replace(' ', "+").parse())
        .ok();
    let read = absolute
        .or_else(|| local(text, zone))
        .or_else(|| now.checked_add(from_now(text)?).ok());
    read.ok_or_else(|| {
        Error::invalid(format!(
            "\"{text}\" is no instant: write a time of the site such as \"2026-03-02 09:00\", one with its offset such as 2026-03-02T09:00:00Z, or a time from now such as -2h"
        ))
    })
}

/// Parses a local time. One that the change of clocks skips or repeats is read as RFC 5545 says.
fn local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local: DateTime = text.parse().ok()?;
    zone.to_timestamp(local).ok()
}

/// Parses a time from now, such as `-2h`, `+1h30m` or `-3d`. A day has 24 hours.
fn from_now(text: &str) -> Option<SignedDuration> {
    match text.strip_suffix('d').map(str::parse::<i64>) {
        Some(days) => SignedDuration::from_hours(24).checked_mul(days.ok()?.try_into().ok()?),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let now = "2026-03-02T12:00:00Z".parse().expect("an instant");
        let zone = TimeZone::get("America/New_York").expect("a zone");
        instant(Some(text), now, &zone)
            .ok()
            .map(|at| at.to_string())
    }

    #[test]
    fn b3_an_instant_is_read_in_every_form_that_people_write() {
        let same = |text: &str, at: &str| assert_eq!(read(text).as_deref(), Some(at), "{text}");
        same("", "2026-03-02T12:00:00Z");
        same("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z");
        same("2026-03-02T09:00:00 01:00", "2026-03-02T08:00:00Z");
        same("2026-03-02 09:00", "2026-03-02T14:00:00Z");
        same("2026-03-02T09:00", "2026-03-02T14:00:00Z");
        same("2026-03-02", "2026-03-02T05:00:00Z");
        same("-2h", "2026-03-02T10:00:00Z");
        same("+1h30m", "2026-03-02T13:30:00Z");
        same("-3d", "2026-02-27T12:00:00Z");
        // The clocks of New York go forward at 2:00.
        same("2026-03-08 02:30", "2026-03-08T07:30:00Z");
    }

    #[test]
    fn b3_what_is_no_instant_is_refused() {
        for text in [
            "yesterday",
            "25:00",
            "2026-13-01 09:00",
            "-d",
            "99999999999d",
            "2h ago?",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
