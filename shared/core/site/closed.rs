//! Closures and holidays: local days on which rules open nothing.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::sheet::SheetTable;
use super::{ThingSelection, rule};
use crate::model::window::Window;

/// The most days of one entry. A longer closure ends the rules, and should be written as such.
const MOST_DAYS: i32 = 366;
/// The word before days that come back every year.
const YEARLY: &str = "yearly ";
/// A leap year, in which every day of a year exists.
const LEAP_YEAR: i16 = 2000;

/// One `[[closed]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The line of its `[[closed]]`, counted from 1.
    pub line: usize,
    /// The days. Never empty.
    pub days: Vec<ClosedDays>,
    /// The numbers of the rules that it closes, counted from 1. `None`: all.
    pub rules: Option<BTreeSet<usize>>,
    /// The locations that it closes. `None`: all.
    pub at: Option<ThingSelection>,
}

/// One day or one span of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClosedDays {
    /// Days of one year.
    Once {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// Days of every year. A span whose last day is before its first ends in the next year.
    Yearly {
        /// First day.
        from: MonthDay,
        /// Last day.
        until: MonthDay,
    },
}

/// A day of a year. The 29th of February exists in leap years only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    month: i8,
    day: i8,
}

impl MonthDay {
    fn in_year(self, year: i16) -> Option<Date> {
        Date::new(year, self.month, self.day).ok()
    }
}

impl FromStr for ClosedDays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let advice = || {
            "write a day such as \"2026-12-24\", a span such as \"2026-12-24/2026-12-26\", or days of every year such as \"yearly 01-01\"".to_owned()
        };
        let text = text.trim();
        if let Some(days) = text.strip_prefix(YEARLY) {
            let (from, until) = span(days.trim());
            let day = |text: &str| month_day(text).ok_or_else(advice);
            return Ok(ClosedDays::Yearly {
                from: day(from)?,
                until: day(until)?,
            });
        }
        let (from, until) = span(text);
        let day = |text: &str| {
            let is_plain = text.len() == 10;
            text.parse::<Date>()
                .ok()
                .filter(|_| is_plain)
                .ok_or_else(advice)
        };
        let (from, until) = (day(from)?, day(until)?);
        if until < from {
            return Err("the last day is before the first: write the earlier day first".to_owned());
        }
        match from.until(until).map(|days| days.get_days() < MOST_DAYS) {
            Ok(true) => Ok(ClosedDays::Once { from, until }),
            _ => Err(format!(
                "this closes more than {MOST_DAYS} days: remove the rules instead"
            )),
        }
    }
}

fn span(text: &str) -> (&str, &str) {
    let (from, until) = text.split_once('/').unwrap_or((text, text));
    (from.trim(), until.trim())
}

fn month_day(text: &str) -> Option<MonthDay> {
    let (month, day) = text.split_once('-')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    let one = MonthDay {
        month: number(month)?,
        day: number(day)?,
    };
    one.in_year(LEAP_YEAR).map(|_| one)
}

impl ClosedDays {
    /// Returns the closed spans that overlap `[from, until)`, as first and last day.
    fn spans(self, from: Date, until: Date) -> Vec<(Date, Date)> {
        let all = match self {
            ClosedDays::Once { from, until } => vec![(from, until)],
            ClosedDays::Yearly {
                from: first,
                until: last,
            } => {
                let wraps = last < first;
                let years = from.year().saturating_sub(1)..=until.year();
                let span = |year: i16| {
                    let end = if wraps { year.saturating_add(1) } else { year };
                    // A last day that a year lacks is the day before it.
                    let last_day = last
                        .in_year(end)
                        .or_else(|| Date::new(end, last.month, last.day - 1).ok());
                    let single = first == last;
                    let first_day = first.in_year(year).or_else(|| {
                        let next = Date::new(year, first.month, first.day - 1)
                            .ok()?
                            .tomorrow()
                            .ok()?;
                        (!single).then_some(next)
                    })?;
                    Some((first_day, last_day?))
                };
                years.filter_map(span).collect()
            }
        };
        all.into_iter()
            .filter(|(first, last)| *first <= until && *last >= from)
            .collect()
    }
}

/// One closed span at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedSpan {
    /// First and last local day.
    pub days: (Date, Date),
    /// The same as instants.
    pub window: Window,
}

impl Closure {
    /// Returns whether the rule with this number is closed.
    pub fn concerns(&self, number: usize) -> bool {
        self.rules
            .as_ref()
            .is_none_or(|rules| rules.contains(&number))
    }

    /// Returns the closed spans that overlap the days of two instants, in the zone of a location. A
    /// closed day is the whole local day, also where the clocks change.
    pub fn spans(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<ClosedSpan> {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let (first, last) = (day(from), day(until));
        let spans = self.days.iter().flat_map(|days| days.spans(first, last));
        let span = |(first, last): (Date, Date)| {
            let start = |day: Date| {
                day.to_zoned(zone.clone())
                    .and_then(|day| day.start_of_day())
            };
            let after = last.checked_add(1.day()).ok()?;
            let window = Window::new(
                start(first).ok()?.timestamp(),
                Some(start(after).ok()?.timestamp()),
            )?;
            Some(ClosedSpan {
                days: (first, last),
                window,
            })
        };
        spans.filter_map(span).collect()
    }
}

/// Reads one `[[closed]]` of a file with this number of rules.
pub(super) fn read(table: &SheetTable<'_>, rules: Option<usize>) -> Option<Closure> {
    let days = table.required(
        "days",
        "the closed days: days = [\"2026-12-24/2026-12-26\", \"yearly 01-01\"]",
        |value| {
            let texts = value.texts()?;
            let days: Result<Vec<ClosedDays>, String> =
                texts.iter().map(|text| text.parse()).collect();
            days.map_or_else(|advice| value.wrong(advice), Some)
        },
    );
    let numbers = table.maybe("rules", |value| {
        let numbers = value.numbers()?;
        let most = rules.unwrap_or(usize::MAX);
        match numbers.iter().all(|number| (1..=most).contains(number)) {
            true => Some(numbers.into_iter().collect()),
            false => value.wrong(format!(
                "there is no such rule: write numbers from 1 to {most}, in the order of the file"
            )),
        }
    });
    let at = table.maybe("at", rule::wanted);
    table.finish();
    Some(Closure {
        line: table.line,
        days: days?,
        rules: numbers?,
        at: at?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn windows(days: &[&str], name: &str, from: &str, until: &str) -> Vec<String> {
        let closure = Closure {
            line: 1,
            days: days.iter().map(|text| text.parse().unwrap()).collect(),
            rules: None,
            at: None,
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let all = closure.spans(&zone(name), at(from), at(until));
        all.iter()
            .map(|span| format!("{}/{}", span.window.from, span.window.until.unwrap()))
            .collect()
    }

    #[test]
    fn v2_a_closed_day_is_the_whole_local_day_also_where_the_clocks_change() {
        assert_eq!(
            windows(
                &["2026-03-29"],
                "Europe/London",
                "2026-03-01T00:00:00Z",
                "2026-04-01T00:00:00Z"
            ),
            ["2026-03-29T00:00:00Z/2026-03-29T23:00:00Z"]
        );
        assert_eq!(
            windows(
                &["2026-10-24/2026-10-25"],
                "Europe/London",
                "2026-10-01T00:00:00Z",
                "2026-11-01T00:00:00Z"
            ),
            ["2026-10-23T23:00:00Z/2026-10-26T00:00:00Z"]
        );
    }

    #[test]
    fn v2_a_yearly_span_may_end_in_the_next_year() {
        assert_eq!(
            windows(
                &["yearly 12-30/01-02"],
                "UTC",
                "2026-12-01T00:00:00Z",
                "2027-12-31T00:00:00Z"
            ),
            [
                "2026-12-30T00:00:00Z/2027-01-03T00:00:00Z",
                "2027-12-30T00:00:00Z/2028-01-03T00:00:00Z"
            ]
        );
        assert_eq!(
            windows(
                &["yearly 12-30/01-02"],
                "UTC",
                "2027-01-01T00:00:00Z",
                "2027-01-01T12:00:00Z"
            ),
            ["2026-12-30T00:00:00Z/2027-01-03T00:00:00Z"],
            "a span that began last year"
        );
    }

    #[test]
    fn v2_the_29th_of_february_is_closed_in_leap_years_only() {
        assert_eq!(
            windows(
                &["yearly 02-29"],
                "UTC",
                "2026-01-01T00:00:00Z",
                "2028-12-31T00:00:00Z"
            ),
            ["2028-02-29T00:00:00Z/2028-03-01T00:00:00Z"]
        );
        assert_eq!(
            windows(
                &["yearly 02-28/02-29"],
                "UTC",
                "2027-01-01T00:00:00Z",
                "2027-12-31T00:00:00Z"
            ),
            ["2027-02-28T00:00:00Z/2027-03-01T00:00:00Z"]
        );
    }

    #[test]
    fn v2_what_is_no_day_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-02-29",
            "2026-12-24/2026",
            "2026-12-26/2026-12-24",
            "2026-12-24T00:00:00Z",
            "yearly",
            "yearly 13-01",
            "yearly 02-30",
            "yearly 1-1",
            "2026-01-01/2027-06-01",
        ] {
            assert!(text.parse::<ClosedDays>().is_err(), "{text}");
        }
    }
}
