//! Hours of the week: `Mon-Fri 18:00-23:00, Sat 22:00-02:00`. Hours are open while the local clock
//! shows such a time. That includes the days on which the clock is put forward or back.

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

const DAY: i64 = 24 * 60;
const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WHOLE_WEEK: [bool; 7] = [true; 7];

/// Hours of the week, in local time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours(Vec<Opening>);

/// One opening: on each of `days` from minute `from` of that day until minute `until`, which may be
/// on the next day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Opening {
    days: [bool; 7],
    from: i64,
    until: i64,
}

impl Hours {
    /// Parses hours. Commas separate the openings. Each has a day, a range of days or several
    /// (`Mon, Wed-Fri 09:00-12:00`). If no opening has a day, all of them apply every day. An end
    /// that is not after its start is on the next day. `24:00` is the end of the day.
    ///
    /// # Errors
    /// Says which part cannot be read and what to write instead.
    pub fn parse(text: &str) -> Result<Hours, String> {
        let mut openings = Vec::new();
        let mut days_before = None;
        for part in text.split(',').map(str::trim) {
            let time_at = part
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(part.len());
            let (days, times) = part
                .split_at_checked(time_at)
                .ok_or_else(|| unreadable(part))?;
            let days = match (days.trim(), days_before.take()) {
                ("", None) => None,
                ("", Some(_)) => return Err(unreadable(part)),
                (days, before) => Some(join(
                    before,
                    parse_days(days).ok_or_else(|| unreadable(part))?,
                )),
            };
            if times.is_empty() {
                days_before = Some(days.ok_or_else(|| unreadable(part))?);
            } else {
                let (from, until) = parse_times(times)?;
                openings.push((days, from, until));
            }
        }
        if days_before.is_some() {
            return Err(
                "the last day has no time: write for example \"Sat 00:00-24:00\" for the whole day"
                    .to_owned(),
            );
        }
        with_days(openings)
    }

    /// Returns the spans in `[from, until)` that are open, in order. They do not touch.
    ///
    /// There may be hundreds in a year, so the caller passes an `until` that is near.
    pub fn windows(
        &self,
        zone: &TimeZone,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(Timestamp, Timestamp)> {
        let mut found = Vec::new();
        let mut start = from;
        // Between two clock changes a zone has one offset, so local time is plain arithmetic.
        for change in zone
            .following(from)
            .take_while(|change| change.timestamp() < until)
        {
            self.add_windows(zone.to_offset(start), start, change.timestamp(), &mut found);
            start = change.timestamp();
        }
        self.add_windows(zone.to_offset(start), start, until, &mut found);
        merged(found)
    }

    fn add_windows(
        &self,
        offset: Offset,
        from: Timestamp,
        until: Timestamp,
        found: &mut Vec<(Timestamp, Timestamp)>,
    ) {
        if from >= until {
            return;
        }
        let last = offset.to_datetime(until).date();
        // An opening may have begun the day before.
        let first = offset.to_datetime(from).date();
        let mut day = first.yesterday().unwrap_or(first);
        while day <= last {
            for opening in self.0.iter().filter(|opening| opening.is_on(day)) {
                if let Some((start, end)) = opening.on(day, offset)
                    && start.max(from) < end.min(until)
                {
                    found.push((start.max(from), end.min(until)));
                }
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
    }
}

impl Opening {
    fn is_on(&self, day: Date) -> bool {
        let number = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default();
        self.days.get(number).copied().unwrap_or_default()
    }

    /// Returns the opening's span on this day. Returns `None` at the very ends of the calendar.
    fn on(&self, day: Date, offset: Offset) -> Option<(Timestamp, Timestamp)> {
        let midnight = offset.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        let minute = |minute: i64| midnight.checked_add(minute.minutes()).ok();
        Some((minute(self.from)?, minute(self.until)?))
    }
}

/// Sorts spans, and merges those that overlap or touch.
fn merged(mut found: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    found.sort_unstable();
    let mut whole: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match whole.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ => whole.push((start, end)),
        }
    }
    whole
}

/// Requires that either every opening names its days or none does. A time without a day beside
/// others would be ambiguous.
fn with_days(openings: Vec<(Option<[bool; 7]>, i64, i64)>) -> Result<Hours, String> {
    let every_day = openings.iter().all(|(days, ..)| days.is_none());
    let opening = |(days, from, until): (Option<[bool; 7]>, i64, i64)| {
        let days = days.or(every_day.then_some(WHOLE_WEEK)).ok_or_else(|| {
            let (hour, minute) = (from / 60, from % 60);
            format!("the opening at {hour:02}:{minute:02} has no day: write its days too, such as \"Mon-Fri\"")
        })?;
        Ok(Opening { days, from, until })
    };
    openings
        .into_iter()
        .map(opening)
        .collect::<Result<_, String>>()
        .map(Hours)
}

fn join(before: Option<[bool; 7]>, days: [bool; 7]) -> [bool; 7] {
    let mut both = before.unwrap_or_default();
    both.iter_mut()
        .zip(days)
        .for_each(|(day, more)| *day |= more);
    both
}

/// Reads `Mon`, `Mon-Fri`, or over the weekend `Sat-Mon`.
fn parse_days(text: &str) -> Option<[bool; 7]> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (parse_day(first)?, parse_day(last)?);
    let mut days = [false; 7];
    let mut day = first;
    loop {
        let number = usize::try_from(day.to_monday_zero_offset()).ok()?;
        *days.get_mut(number)? = true;
        if day == last {
            return Some(days);
        }
        day = day.next();
    }
}

fn parse_day(text: &str) -> Option<Weekday> {
    let number = DAY_NAMES
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text.trim()))?;
    Weekday::from_monday_zero_offset(i8::try_from(number).ok()?).ok()
}

/// Reads `09:00-18:00` as minutes of the day. The second may be on the next day.
fn parse_times(text: &str) -> Result<(i64, i64), String> {
    let times = text
        .split_once('-')
        .and_then(|(from, until)| Some((parse_time(from)?, parse_time(until)?)));
    match times {
        Some((from, _)) if from == DAY => Err(format!(
            "`{}` starts at 24:00: write 00:00 of the next day",
            cut(text)
        )),
        Some((from, until)) if from == until => Err(format!(
            "`{}` is no time at all: write 00:00-24:00 for the whole day",
            cut(text)
        )),
        Some((from, until)) if until < from => Ok((from, until + DAY)),
        Some(times) => Ok(times),
        None => Err(unreadable(text)),
    }
}

/// Reads `HH:MM`, up to `24:00`.
fn parse_time(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60)
        .then_some(hour * 60 + minute)
        .filter(|whole| *whole <= DAY)
}

fn unreadable(part: &str) -> String {
    format!(
        "`{}` cannot be read: write days and times such as \"Mon-Fri 09:00-18:00, Sat 22:00-02:00\"",
        cut(part)
    )
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
