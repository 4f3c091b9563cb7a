//! The hours of local days.

use super::*;

fn hours_of(day: &str, zone: &str) -> Vec<String> {
    let zone = TimeZone::get(zone).expect("a zone");
    let hours = hours(day.parse().expect("a day"), &zone).expect("hours");
    hours.iter().map(ToString::to_string).collect()
}

#[test]
fn a_day_has_the_hours_that_begin_in_it_and_none_is_of_two_days() {
    let winter = hours_of("2026-03-02", "Europe/London");
    assert_eq!(winter.len(), 24);
    assert_eq!(winter[0], "2026-03-02T00:00:00Z");
    assert_eq!(hours_of("2026-03-29", "Europe/London").len(), 23);
    assert_eq!(hours_of("2026-10-25", "Europe/London").len(), 25);
    let delhi = hours_of("2026-03-02", "Asia/Kolkata");
    assert_eq!(delhi.len(), 24, "hours begin at 00:30 local time");
    assert_eq!(delhi[0], "2026-03-01T19:00:00Z");
    let next = hours_of("2026-03-03", "Asia/Kolkata");
    assert_eq!(next[0], "2026-03-02T19:00:00Z");
    assert_eq!(delhi[23], "2026-03-02T18:00:00Z");
}
