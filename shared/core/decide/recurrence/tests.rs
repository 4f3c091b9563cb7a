//! Tests of series over both clock changes of two countries, of every form of end and exception,
//! and of rules that are refused.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::{prop_assert, proptest};

use super::*;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

/// Creates a one-hour booking at `start` in London that repeats by `rule`.
fn series(start: &str, rule: &str) -> Booking {
    Booking {
        resource: None,
        location: None,
        booker: None,
        members: Vec::new(),
        visitors: Vec::new(),
        start: at(start),
        end: at(start) + HOUR,
        timezone: Some("Europe/London".into()),
        series: Some(Series {
            rule: rule.into(),
            except: Vec::new(),
            until: None,
        }),
        alias: None,
        cancelled: false,
        tentative: false,
        unpaid: false,
        teams: Vec::new(),
    }
}

fn single(start: &str, end: &str) -> Booking {
    Booking {
        start: at(start),
        end: at(end),
        series: None,
        ..series(start, "")
    }
}

/// Returns the starts of `booking` from 2026 until `until`.
fn starts(booking: &Booking, until: &str) -> Vec<String> {
    let all = occurrences(
        booking,
        &TimeZone::UTC,
        at("2026-01-01T00:00:00Z"),
        at(until),
    )
    .expect("occurrences");
    all.iter().map(|(start, _)| start.to_string()).collect()
}

#[test]
fn a_single_booking_is_itself_where_it_overlaps() {
    let booking = single("2026-01-12T10:00:00Z", "2026-01-12T11:00:00Z");
    for (from, until, there) in [
        ("2026-01-12T00:00:00Z", "2026-01-13T00:00:00Z", true),
        ("2026-01-12T10:59:59Z", "2026-01-13T00:00:00Z", true),
        ("2026-01-12T11:00:00Z", "2026-01-13T00:00:00Z", false),
        ("2026-01-12T00:00:00Z", "2026-01-12T10:00:00Z", false),
        ("2026-01-12T00:00:00Z", "2026-01-12T10:00:01Z", true),
    ] {
        let all = occurrences(&booking, &TimeZone::UTC, at(from), at(until)).expect("occurrences");
        assert_eq!(
            all == [(booking.start, booking.end)],
            there,
            "{from} {until}"
        );
    }
    let moment = single("2026-01-12T10:00:00Z", "2026-01-12T10:00:00Z");
    let day = (at("2026-01-12T10:00:00Z"), at("2026-01-12T10:00:01Z"));
    assert_eq!(
        occurrences(&moment, &TimeZone::UTC, day.0, day.1).map(|all| all.len()),
        Ok(1)
    );
}

#[test]
fn an_end_before_its_start_is_an_error() {
    let booking = single("2026-01-12T10:00:00Z", "2026-01-12T09:00:00Z");
    assert!(occurrences(&booking, &TimeZone::UTC, Timestamp::MIN, Timestamp::MAX).is_err());
}

#[test]
fn the_oldest_and_the_latest_dates_are_no_trouble() {
    let ages = Booking {
        end: Timestamp::MAX,
        ..single("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z")
    };
    assert_eq!(
        occurrences(&ages, &TimeZone::UTC, Timestamp::MIN, Timestamp::MAX).map(|all| all.len()),
        Ok(1)
    );
    let daily = series("1900-01-01T00:00:00Z", "FREQ=DAILY");
    assert_eq!(starts(&daily, "2026-01-03T00:00:00Z").len(), 2);
    let late = Booking {
        start: Timestamp::MAX,
        end: Timestamp::MAX,
        ..daily
    };
    assert_eq!(starts(&late, "2026-03-01T00:00:00Z").len(), 0);
    let never = Booking {
        end: Timestamp::MAX,
        ..series("2026-01-01T00:00:00Z", "FREQ=YEARLY")
    };
    assert_eq!(
        occurrences(&never, &TimeZone::UTC, Timestamp::MIN, Timestamp::MAX).map(|all| all.len()),
        Ok(7974)
    );
}

#[test]
fn weekly_and_every_other_week() {
    let weekly = series("2026-01-05T10:00:00Z", "FREQ=WEEKLY;BYDAY=MO,WE");
    let days = [
        "2026-01-05T10:00:00Z",
        "2026-01-07T10:00:00Z",
        "2026-01-12T10:00:00Z",
        "2026-01-14T10:00:00Z",
    ];
    assert_eq!(starts(&weekly, "2026-01-15T00:00:00Z"), days);
    let other = series("2026-01-05T10:00:00Z", "RRULE:FREQ=WEEKLY;INTERVAL=2");
    assert_eq!(
        starts(&other, "2026-01-26T00:00:00Z"),
        ["2026-01-05T10:00:00Z", "2026-01-19T10:00:00Z"]
    );
}

#[test]
fn monthly_by_weekday_and_by_day() {
    let second_tuesday = series("2026-01-13T10:00:00Z", "FREQ=MONTHLY;BYDAY=2TU");
    assert_eq!(
        starts(&second_tuesday, "2026-03-01T00:00:00Z"),
        ["2026-01-13T10:00:00Z", "2026-02-10T10:00:00Z"]
    );
    let last_friday = series("2026-01-30T10:00:00Z", "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1");
    assert_eq!(
        starts(&last_friday, "2026-03-01T00:00:00Z"),
        ["2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z"]
    );
    let thirty_first = series("2026-01-31T10:00:00Z", "FREQ=MONTHLY;BYMONTHDAY=31");
    assert_eq!(
        starts(&thirty_first, "2026-04-01T00:00:00Z"),
        ["2026-01-31T10:00:00Z", "2026-03-31T09:00:00Z"]
    );
}

#[test]
fn nine_o_clock_stays_nine_o_clock_over_both_clock_changes() {
    let london = series("2026-03-22T09:00:00Z", "FREQ=WEEKLY");
    assert_eq!(
        starts(&london, "2026-04-01T00:00:00Z"),
        ["2026-03-22T09:00:00Z", "2026-03-29T08:00:00Z"]
    );
    let autumn = series("2026-10-18T08:00:00Z", "FREQ=WEEKLY;COUNT=2");
    assert_eq!(
        starts(&autumn, "2026-12-01T00:00:00Z"),
        ["2026-10-18T08:00:00Z", "2026-10-25T09:00:00Z"]
    );
    let mut new_york = series("2026-03-07T14:00:00Z", "FREQ=DAILY;COUNT=2");
    new_york.timezone = Some("America/New_York".into());
    assert_eq!(
        starts(&new_york, "2026-04-01T00:00:00Z"),
        ["2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z"]
    );
    new_york.start = at("2026-10-31T13:00:00Z");
    new_york.end = new_york.start + HOUR;
    assert_eq!(
        starts(&new_york, "2026-12-01T00:00:00Z"),
        ["2026-10-31T13:00:00Z", "2026-11-01T14:00:00Z"]
    );
}

#[test]
fn a_time_that_falls_out_moves_on_and_one_that_comes_twice_is_the_first() {
    let spring = series("2026-03-28T01:30:00Z", "FREQ=DAILY;COUNT=3");
    // 01:30, then 02:30 summer time because 01:30 is skipped, then 01:30 summer time.
    let days = [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:30:00Z",
        "2026-03-30T00:30:00Z",
    ];
    assert_eq!(starts(&spring, "2026-05-01T00:00:00Z"), days);
    let autumn = series("2026-10-24T00:30:00Z", "FREQ=DAILY;COUNT=3");
    let days = [
        "2026-10-24T00:30:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-26T01:30:00Z",
    ];
    assert_eq!(starts(&autumn, "2026-12-01T00:00:00Z"), days);
    let mut new_york = series("2026-03-07T07:30:00Z", "FREQ=DAILY;COUNT=2");
    new_york.timezone = Some("America/New_York".into());
    assert_eq!(
        starts(&new_york, "2026-04-01T00:00:00Z"),
        ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z"]
    );
    new_york.start = at("2026-10-31T05:30:00Z");
    new_york.end = new_york.start + HOUR;
    assert_eq!(
        starts(&new_york, "2026-12-01T00:00:00Z"),
        ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z"]
    );
}

#[test]
fn an_occurrence_lasts_as_long_in_real_minutes() {
    let night = Booking {
        end: at("2026-03-29T05:00:00Z"),
        ..series("2026-03-28T23:00:00Z", "FREQ=DAILY;COUNT=2")
    };
    let all = occurrences(
        &night,
        &TimeZone::UTC,
        Timestamp::MIN,
        at("2026-05-01T00:00:00Z"),
    )
    .expect("occurrences");
    assert!(
        all.iter()
            .all(|(start, end)| end.duration_since(*start) == HOUR * 6),
        "{all:?}"
    );
    let running = occurrences(
        &night,
        &TimeZone::UTC,
        at("2026-03-29T04:59:00Z"),
        at("2026-03-29T05:00:00Z"),
    );
    assert_eq!(
        running,
        Ok(vec![(
            at("2026-03-28T23:00:00Z"),
            at("2026-03-29T05:00:00Z")
        )])
    );
}

#[test]
fn the_bookings_own_zone_wins_where_it_exists() {
    let mut booking = series("2026-03-28T14:00:00Z", "FREQ=DAILY;COUNT=2");
    for (own, other, second) in [
        (
            Some("Europe/London"),
            "America/New_York",
            "2026-03-29T13:00:00Z",
        ),
        (None, "America/New_York", "2026-03-29T14:00:00Z"),
        (None, "Europe/London", "2026-03-29T13:00:00Z"),
        (
            Some("Nowhere/Land"),
            "Europe/London",
            "2026-03-29T13:00:00Z",
        ),
    ] {
        booking.timezone = own.map(str::to_owned);
        let all = occurrences(
            &booking,
            &zone(other),
            Timestamp::MIN,
            at("2026-05-01T00:00:00Z"),
        )
        .expect("occurrences");
        assert_eq!(
            all.iter().map(|it| it.0).collect::<Vec<_>>(),
            [at("2026-03-28T14:00:00Z"), at(second)]
        );
    }
}

#[test]
fn an_end_is_a_day_a_local_time_or_an_instant_and_still_takes_place() {
    for (end, occurrences) in [
        ("20260329", 2),
        ("20260328", 1),
        ("20260329T090000", 2),
        ("20260329T085959", 1),
        ("20260329T080000Z", 2),
        ("20260329T075959Z", 1),
        ("20260101", 0),
    ] {
        let booking = series("2026-03-28T09:00:00Z", &format!("FREQ=DAILY;UNTIL={end}"));
        assert_eq!(
            starts(&booking, "2026-05-01T00:00:00Z").len(),
            occurrences,
            "{end}"
        );
    }
    let mut booking = series("2026-03-28T09:00:00Z", "FREQ=DAILY;COUNT=9");
    for (end, occurrences) in [("2026-03-29T08:00:00Z", 2), ("2026-03-29T07:59:59Z", 1)] {
        booking.series.as_mut().expect("a series").until = Some(at(end));
        assert_eq!(
            starts(&booking, "2026-05-01T00:00:00Z").len(),
            occurrences,
            "{end}"
        );
    }
    let both = series("2026-03-28T09:00:00Z", "FREQ=DAILY;COUNT=9;UNTIL=20260330");
    assert_eq!(starts(&both, "2026-05-01T00:00:00Z").len(), 3);
}

#[test]
fn what_is_called_off_does_not_take_place_but_counts() {
    let mut booking = series("2026-03-28T09:00:00Z", "FREQ=DAILY;COUNT=3");
    booking.series.as_mut().expect("a series").except = vec![at("2026-03-29T08:00:00Z")];
    assert_eq!(
        starts(&booking, "2026-05-01T00:00:00Z"),
        ["2026-03-28T09:00:00Z", "2026-03-30T08:00:00Z"]
    );
    for line in [
        "EXDATE:20260329",
        "EXDATE;VALUE=DATE:20260329",
        "EXDATE:20260329T090000",
        "EXDATE:20260329T080000Z",
        "EXDATE;TZID=America/New_York:20260329T040000",
        "EXDATE;TZID=Europe/London:20260501T090000,20260329T090000",
    ] {
        let rule = format!(
            "DTSTART;TZID=Europe/London:20200101T000000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n{line}\r\n"
        );
        let booking = series("2026-03-28T09:00:00Z", &rule);
        assert_eq!(
            starts(&booking, "2026-05-01T00:00:00Z"),
            ["2026-03-28T09:00:00Z", "2026-03-30T08:00:00Z"],
            "{line}"
        );
    }
}

#[test]
fn the_second_of_two_equal_times_calls_off_the_first() {
    let mut booking = series("2026-10-24T00:30:00Z", "FREQ=DAILY;COUNT=3");
    booking.series.as_mut().expect("a series").except = vec![at("2026-10-25T01:30:00Z")];
    assert_eq!(
        starts(&booking, "2026-12-01T00:00:00Z"),
        ["2026-10-24T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
}

#[test]
fn rules_that_are_nonsense_or_burn_time_are_refused_with_what_to_do() {
    let long = format!("FREQ=DAILY\nEXDATE:{}", "20260101,".repeat(9_999));
    for rule in [
        "",
        "weekly",
        "FREQ=",
        "FREQ=HOURLY",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY;COUNT=5",
        "INTERVAL=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;UNTIL=20260101T",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=firstMO",
        "FREQ=MONTHLY;BYDAY=MO,",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=WEEKLY;WKST=2MO",
        "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU",
        "FREQ=DAILY;BYEASTER=0",
        "FREQ=DAILY;RSCALE=CHINESE",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
        "FREQ=DAILY;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24",
        "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
        "RRULE:FREQ=DAILY\nRDATE:20260101",
        "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY",
        "RRULE:FREQ=DAILY\nEXDATE:soon",
        "RRULE:FREQ=DAILY\nEXDATE;TZID=Nowhere/Land:20260101T000000",
        "EXDATE:20260101",
        "FREQ=DAILY;BYDAY=é",
        &long,
    ] {
        let booking = series("2026-01-05T10:00:00Z", rule);
        let refused = occurrences(
            &booking,
            &TimeZone::UTC,
            Timestamp::MIN,
            at("2026-03-01T00:00:00Z"),
        );
        assert_eq!(refused, Err(rule::unreadable()), "{rule}");
    }
}

#[test]
fn rules_that_never_or_always_happen_end_soon() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
    ] {
        assert!(
            starts(
                &series("1900-01-05T10:00:00Z", rule),
                "2026-03-01T00:00:00Z"
            )
            .is_empty(),
            "{rule}"
        );
    }
    let burning = series(
        "1900-01-05T10:00:00Z",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20",
    );
    assert!(
        occurrences(
            &burning,
            &TimeZone::UTC,
            Timestamp::MIN,
            at("2026-03-01T00:00:00Z")
        )
        .is_err()
    );
}

#[test]
fn every_part_means_what_the_standard_says() {
    for text in [
        "FREQ=DAILY;INTERVAL=3;COUNT=7",
        "FREQ=WEEKLY;WKST=SU;BYDAY=MO,WE,FR",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR;BYSETPOS=-1,1",
        "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        "FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=31",
        "FREQ=YEARLY;BYYEARDAY=1,-1,200",
        "FREQ=YEARLY;BYWEEKNO=20,-1",
        "FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59;BYSECOND=0,59",
    ] {
        let parts: Vec<(&str, &str)> = text
            .split(';')
            .filter_map(|part| part.split_once('='))
            .collect();
        let first = chrono::DateTime::UNIX_EPOCH.with_timezone(&rrule::Tz::UTC);
        let ours = parts::read(&parts).and_then(|rule| rule.validate(first).ok());
        let theirs = text
            .parse::<RRule<Unvalidated>>()
            .ok()
            .and_then(|rule| rule.validate(first).ok());
        assert_eq!((ours.is_some(), &ours), (true, &theirs), "{text}");
    }
}

#[test]
fn a_rule_is_read_no_sooner_than_the_series_begins() {
    let unread = |start: &str| {
        let (from, until) = (at("2026-03-01T00:00:00Z"), at("2026-03-10T00:00:00Z"));
        occurrences(
            &series(start, "FREQ=SOMETIMES"),
            &TimeZone::UTC,
            from,
            until,
        )
    };
    assert_eq!(unread("2026-03-10T00:00:00Z"), Ok(Vec::new()));
    let wrong = unread("2026-03-09T00:00:00Z").expect_err("it cannot be read");
    assert!(wrong.contains("book it again"), "{wrong}");
}

#[test]
fn the_longest_rule_that_is_read() {
    let rule = |length: usize| format!("FREQ=DAILY;COUNT=2{}", ";".repeat(length - 18));
    let of = |length| starts_of(&rule(length));
    assert_eq!(of(16_384), of(19), "the longest one");
    assert!(of(16_385).is_err());
}

fn starts_of(rule: &str) -> Result<usize, String> {
    let (from, until) = (Timestamp::MIN, at("2026-03-01T00:00:00Z"));
    let all = occurrences(
        &series("2026-01-05T10:00:00Z", rule),
        &TimeZone::UTC,
        from,
        until,
    );
    all.map(|all| all.len())
}

proptest! {
    /// The expansion of any rule ends, and is in order and within bounds.
    #[test]
    fn any_rule_is_expanded_or_refused(
        freq in "DAILY|WEEKLY|MONTHLY|YEARLY",
        parts in vec(
            "INTERVAL=[0-9]{1,5}|COUNT=[0-9]{1,4}|BYDAY=-?[0-9]{0,2}(MO|FR|SU)(,TU)?|BYMONTHDAY=-?[0-9]{1,2}|\
             BYMONTH=[0-9]{1,2}|BYSETPOS=-?[0-9]{1,3}|BYYEARDAY=-?[0-9]{1,3}|BYWEEKNO=-?[0-9]{1,2}|WKST=SU|\
             BYHOUR=[0-9]{1,2}(,[0-9])?|UNTIL=20[0-9]{2}[01][0-9][0-3][0-9](T[0-2][0-9]3000Z?)?",
            0..5,
        ),
        start in -2_000_000_000_i64..4_000_000_000,
    ) {
        let rule = format!("FREQ={freq};{}", parts.join(";"));
        let start = Timestamp::from_second(start).expect("an instant").to_string();
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-03-02T00:00:00Z"));
        if let Ok(all) = occurrences(&series(&start, &rule), &TimeZone::UTC, from, until) {
            prop_assert!(all.is_sorted());
            prop_assert!(all.iter().all(|(start, end)| *start < until && *end > from));
        }
    }

    #[test]
    fn any_text_is_expanded_or_refused(rule in "\\PC{0,60}") {
        let booking = series("2026-01-05T10:00:00Z", &rule);
        let _ = occurrences(&booking, &TimeZone::UTC, Timestamp::MIN, at("2026-03-01T00:00:00Z"));
    }
}
