//! Recurrence rules: the occurrences are in order, overlap the span, and are bounded in number.

#![no_main]

use doorstep_core::decide::recurrence::occurrences;
use doorstep_core::model::fact::{Booking, Series};
use doorstep_fuzz::{choice, now, parts, pick, text};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

/// Zones with and without changes of the clock, on both sides of the date line.
const ZONES: [&str; 6] = [
    "UTC",
    "Europe/London",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/New_York",
];

fuzz_target!(|data: &[u8]| {
    let (Some((zone, rest)), true) = (choice(data), data.len() > 4) else {
        return;
    };
    let Some((days, rest)) = choice(rest) else {
        return;
    };
    let mut pieces = parts(rest);
    let rule = text(pieces.next().unwrap_or_default());
    let instants = pieces.filter_map(|part| text(part).parse().ok());
    let booking = booking(
        rule,
        now().saturating_sub(hours(i64::from(days) * 12)),
        instants.collect(),
    );
    let zone = TimeZone::get(pick(&ZONES, zone)).expect("a zone");
    let (from, until) = (now(), now().saturating_add(hours(72)).expect("an instant"));
    let Ok(all) = occurrences(&booking, &zone, from, until) else {
        return;
    };
    assert!(all.is_sorted_by_key(|(start, _)| *start));
    for (start, end) in all {
        assert!(start < until && (end > from || start >= from));
        assert_eq!(end.duration_since(start), hours(1));
    }
});

fn booking(rule: String, start: Result<Timestamp, jiff::Error>, except: Vec<Timestamp>) -> Booking {
    let start = start.expect("an instant");
    Booking {
        resource: None,
        location: None,
        booker: None,
        members: Vec::new(),
        visitors: Vec::new(),
        teams: Vec::new(),
        start,
        end: start.saturating_add(hours(1)).expect("an instant"),
        timezone: None,
        series: Some(Series {
            rule,
            except,
            until: None,
        }),
        alias: None,
        cancelled: false,
        tentative: false,
        unpaid: false,
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}
