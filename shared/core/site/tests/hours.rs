//! Tests of hours of the week, and of the two nights of the year on which the local clock jumps.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use crate::site::Hours;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn windows(hours: &str, zone_name: &str, from: &str, until: &str) -> Vec<String> {
    let found = Hours::parse(hours).unwrap().windows(
        &zone(zone_name),
        from.parse().unwrap(),
        until.parse().unwrap(),
    );
    found
        .iter()
        .map(|(start, end)| {
            format!("{start} {end}")
                .replace(":00Z", "")
                .replace("2026-", "")
        })
        .collect()
}

#[test]
fn a_week() {
    let week = windows(
        "Mon-Fri 18:00-23:00, Sat 22:00-02:00",
        "Europe/London",
        "2026-01-05T00:00Z",
        "2026-01-12T00:00Z",
    );
    assert_eq!(week.len(), 6);
    assert_eq!(week[0], "01-05T18:00 01-05T23:00");
    assert_eq!(week[5], "01-10T22:00 01-11T02:00");
}

#[test]
fn what_begins_before_and_ends_after_is_cut() {
    let hours = "Sat 22:00-02:00";
    assert_eq!(
        windows(hours, "UTC", "2026-01-11T01:00Z", "2026-01-17T23:00Z"),
        ["01-11T01:00 01-11T02:00", "01-17T22:00 01-17T23:00"]
    );
    assert!(windows(hours, "UTC", "2026-01-11T02:00Z", "2026-01-17T22:00Z").is_empty());
    assert!(windows(hours, "UTC", "2026-01-18T00:00Z", "2026-01-17T22:00Z").is_empty());
}

#[test]
fn what_touches_is_one() {
    assert_eq!(
        windows(
            "Mon-Sun 00:00-24:00",
            "Europe/London",
            "2026-03-01T00:00Z",
            "2026-04-30T00:00Z"
        ),
        ["03-01T00:00 04-30T00:00"]
    );
    assert_eq!(
        windows(
            "Mon 09:00-12:00, Mon 12:00-13:00, Mon 10:00-11:00",
            "UTC",
            "2026-01-05T00:00Z",
            "2026-01-06T00:00Z"
        ),
        ["01-05T09:00 01-05T13:00"]
    );
}

#[test]
fn london_puts_the_clock_forward() {
    // 01:00 to 02:00 does not exist on 29 March.
    let night = |hours| {
        windows(
            hours,
            "Europe/London",
            "2026-03-28T12:00Z",
            "2026-03-29T12:00Z",
        )
    };
    assert_eq!(night("Sat 22:00-02:00"), ["03-28T22:00 03-29T01:00"]);
    assert_eq!(night("Sun 01:30-03:00"), ["03-29T01:00 03-29T02:00"]);
    assert_eq!(night("Sun 09:00-10:00"), ["03-29T08:00 03-29T09:00"]);
    assert!(night("Sun 01:10-01:50").is_empty());
}

#[test]
fn london_puts_the_clock_back() {
    // 01:00 to 02:00 happens twice on 25 October, and 01:15 to 01:45 with it.
    let night = |hours| {
        windows(
            hours,
            "Europe/London",
            "2026-10-24T12:00Z",
            "2026-10-25T12:00Z",
        )
    };
    assert_eq!(night("Sat 22:00-02:00"), ["10-24T21:00 10-25T02:00"]);
    assert_eq!(
        night("Sun 01:15-01:45"),
        ["10-25T00:15 10-25T00:45", "10-25T01:15 10-25T01:45"]
    );
    assert_eq!(night("Sun 09:00-10:00"), ["10-25T09:00 10-25T10:00"]);
}

#[test]
fn new_york_puts_the_clock_forward_and_back() {
    let march = |hours| {
        windows(
            hours,
            "America/New_York",
            "2026-03-07T17:00Z",
            "2026-03-08T17:00Z",
        )
    };
    assert_eq!(march("Sat 22:00-04:00"), ["03-08T03:00 03-08T08:00"]);
    assert_eq!(march("Sun 02:30-03:30"), ["03-08T07:00 03-08T07:30"]);
    let november = |hours| {
        windows(
            hours,
            "America/New_York",
            "2026-10-31T17:00Z",
            "2026-11-01T17:00Z",
        )
    };
    assert_eq!(november("Sat 22:00-04:00"), ["11-01T02:00 11-01T09:00"]);
    assert_eq!(
        november("Sun 00:30-01:30"),
        ["11-01T04:30 11-01T05:30", "11-01T06:00 11-01T06:30"]
    );
}

#[test]
fn ways_to_write_the_same() {
    let same = |a: &str, b: &str| {
        assert_eq!(
            windows(a, "UTC", "2026-01-05T00:00Z", "2026-01-12T00:00Z"),
            windows(b, "UTC", "2026-01-05T00:00Z", "2026-01-12T00:00Z"),
            "{a}"
        )
    };
    same(
        "Mon, Wed-Fri 09:00-12:00",
        "Mon 09:00-12:00,Wed 09:00-12:00,Thu 09:00-12:00,Fri 09:00-12:00",
    );
    same(
        "sat-mon 09:00 - 12:00",
        "Sat 09:00-12:00, Sun 09:00-12:00, Mon 09:00-12:00",
    );
    same(
        "09:00-12:00, 13:00-14:00",
        "Mon-Sun 09:00-12:00, Mon-Sun 13:00-14:00",
    );
    same("Mon 22:00-00:00", "Mon 22:00-24:00");
}

#[test]
fn what_cannot_be_read() {
    for (text, advice) in [
        ("", "cannot be read"),
        ("Mon-Fri", "the last day has no time"),
        ("Mon-Fri 9-18", "cannot be read"),
        ("Mon-Fri 09:00", "cannot be read"),
        ("Mon-Fri 09:00-18:60", "cannot be read"),
        ("Mon-Fri 09:00-24:01", "cannot be read"),
        ("Mon-Fri 09:00-18:00,", "cannot be read"),
        ("Mon--Fri 09:00-18:00", "cannot be read"),
        ("Mon Fri 09:00-18:00", "cannot be read"),
        ("Mon, 09:00-18:00", "cannot be read"),
        (
            "Mon-Fri 09:00-12:00, 13:00-18:00",
            "the opening at 13:00 has no day",
        ),
        ("Mon 09:00-09:00", "write 00:00-24:00 for the whole day"),
        ("Mon 24:00-09:00", "write 00:00 of the next day"),
        ("Mon ٠٩:٠٠-١٨:٠٠", "cannot be read"),
        ("🚪", "cannot be read"),
    ] {
        let error = Hours::parse(text).expect_err(text);
        assert!(error.contains(advice), "{text}: {error}");
    }
}

/// Returns whether the local clock shows a time between `from` and `until`, in minutes of the day,
/// on any day.
fn shows(zone: &TimeZone, at: Timestamp, from: i64, until: i64) -> bool {
    let wall = zone.to_datetime(at);
    let minute = i64::from(wall.hour()) * 60 + i64::from(wall.minute());
    if from < until {
        (from..until).contains(&minute)
    } else {
        minute >= from || minute < until
    }
}

proptest! {
    #[test]
    fn open_is_what_the_clock_on_the_wall_shows(
        from in 0i64..1440, length in 1i64..1440, day in 0i64..365, minute in 0i64..1440,
        name in prop::sample::select(vec!["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    ) {
        let until = (from + length) % 1440;
        let hours = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60);
        let hours = Hours::parse(&hours).unwrap();
        let start: Timestamp = "2026-01-01T00:00Z".parse().unwrap();
        let at = start + (day * 24).hours() + minute.minutes();
        let windows = hours.windows(&zone(name), at - 3.hours(), at + 3.hours());
        prop_assert!(windows.iter().all(|(start, end)| start < end));
        prop_assert!(windows.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let open = windows.iter().any(|(start, end)| *start <= at && at < *end);
        prop_assert_eq!(open, shows(&zone(name), at, from, until));
    }

    #[test]
    fn nothing_at_the_ends_of_time_is_a_panic(text in "[A-Za-z0-9:, -]{0,30}", early in any::<bool>()) {
        let hours = Hours::parse(&text).unwrap_or_else(|_| Hours::parse("22:00-02:00").unwrap());
        let (from, until) = match early {
            true => (Timestamp::MIN, Timestamp::MIN + 48.hours()),
            false => (Timestamp::MAX - 48.hours(), Timestamp::MAX),
        };
        hours.windows(&zone("Pacific/Kiritimati"), from, until);
        hours.windows(&zone("America/New_York"), from, until);
    }
}
