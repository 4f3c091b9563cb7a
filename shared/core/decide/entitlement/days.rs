//! Converts local days and opening hours to windows.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{HINDSIGHT, HORIZON};
use crate::model::window::Window;
use crate::site::hours::Hours;

/// Returns the first moment of a local day. It is not midnight where the clocks skip midnight.
fn first_moment(day: Date, zone: &TimeZone) -> Timestamp {
    let start = day
        .to_zoned(zone.clone())
        .and_then(|noted| noted.start_of_day());
    let edge = if day.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    start.map_or(edge, |start| start.timestamp())
}

/// The result of converting two local days, both included.
pub enum DayWindow {
    /// The window from the first day to the last.
    Window(Window),
    /// The last day is before the first.
    Backwards,
}

/// Returns the window from the first moment of `from` to the last of `until`. A missing day leaves
/// that side open.
pub fn days(from: Option<Date>, until: Option<Date>, zone: &TimeZone) -> DayWindow {
    if from.is_some_and(|from| until.is_some_and(|until| until < from)) {
        return DayWindow::Backwards;
    }
    let start = from.map_or(Timestamp::MIN, |day| first_moment(day, zone));
    let end = until
        .and_then(|day| day.tomorrow().ok())
        .map(|day| first_moment(day, zone));
    Window::new(start, end).map_or(DayWindow::Backwards, |window| {
        DayWindow::Window(window.widened(0, 0))
    })
}

/// Returns the first moment after the local day `last`.
pub fn end_of(last: Date, zone: &TimeZone) -> Option<Timestamp> {
    last.tomorrow().ok().map(|day| first_moment(day, zone))
}

/// Returns the whole local day in which `at` lies.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Option<Window> {
    let day = at.to_zoned(zone.clone()).date();
    match days(Some(day), Some(day), zone) {
        DayWindow::Window(window) => Some(window),
        DayWindow::Backwards => None,
    }
}

/// Returns `window` cut to opening hours, up to [`HORIZON`]. A part that reaches the horizon has no
/// end, because its end is not known yet.
pub fn within_hours(hours: &Hours, zone: &TimeZone, window: Window, now: Timestamp) -> Vec<Window> {
    let (first, last) = sight(now);
    let from = window.from.max(first);
    let until = window.until.map_or(last, |until| until.min(last));
    if until <= from {
        return Vec::new();
    }
    let open = hours.windows(zone, from, until).into_iter();
    open.filter_map(|(from, until)| Window::new(from, (until < last).then_some(until)))
        .collect()
}

/// Returns the span around `now` in which recurring times are expanded.
pub fn sight(now: Timestamp) -> (Timestamp, Timestamp) {
    let first = now.checked_sub(HINDSIGHT).unwrap_or(Timestamp::MIN);
    let last = now.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    (first, last)
}
