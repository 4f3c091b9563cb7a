//! A recurrence rule as platforms write it, made safe to expand.
//!
//! Accepted are: one rule, with or without `RRULE:` before it; `EXDATE` lines; and a `DTSTART`
//! line, which is ignored because the booking has its own start. `UNTIL` is removed and applied
//! here, in any of its three forms, because the crate that expands rules does not know local ones.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use rrule::{RRule, Unvalidated};

use super::parts;

/// Longest rule that is read, in bytes.
const LONGEST: usize = 16_384;
/// The most occurrences a day. A booking needs no more, and more could take seconds to expand.
const MOST_A_DAY: usize = 24;
/// Returns the one error text for every rule that cannot be read. It quotes nothing of the rule.
pub(super) fn unreadable() -> String {
    "the booking series' rule cannot be read: book it again at the platform, daily, weekly, monthly or yearly"
        .to_owned()
}

/// A moment, as a rule writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// A whole local day.
    Day(Date),
    /// A local time.
    Local(DateTime),
    /// An instant.
    Instant(Timestamp),
}

/// A rule that can be expanded.
#[derive(Debug)]
pub(super) struct RecurrenceRule {
    /// The rule itself, without `UNTIL`.
    pub(super) rule: RRule<Unvalidated>,
    until: Option<Moment>,
    except: Vec<Moment>,
}

impl RecurrenceRule {
    /// Reads `text`. Its local times are in `zone`.
    ///
    /// # Errors
    /// Returns [`unreadable`] if any part is not understood completely.
    pub(super) fn read(text: &str, zone: &TimeZone) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(unreadable());
        }
        parsed(&text.to_ascii_uppercase(), zone).ok_or_else(unreadable)
    }

    /// Returns whether the rule ended before an occurrence. An occurrence exactly at the end still
    /// takes place.
    pub(super) fn ended(&self, local: DateTime, start: Timestamp) -> bool {
        match self.until {
            None => false,
            Some(Moment::Day(day)) => local.date() > day,
            Some(Moment::Local(end)) => local > end,
            Some(Moment::Instant(end)) => start > end,
        }
    }

    /// Returns whether an occurrence is excluded.
    pub(super) fn excludes(&self, local: DateTime, start: Timestamp) -> bool {
        self.except.iter().any(|gone| match gone {
            Moment::Day(day) => local.date() == *day,
            Moment::Local(time) => local == *time,
            Moment::Instant(instant) => start == *instant,
        })
    }
}

fn parsed(text: &str, zone: &TimeZone) -> Option<RecurrenceRule> {
    let (mut rule, mut except) = (None, Vec::new());
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("DTSTART"))
    {
        if line.starts_with("EXDATE") {
            except.extend(exdates(line, zone)?);
        } else if rule
            .replace(line.strip_prefix("RRULE:").unwrap_or(line))
            .is_some()
        {
            return None;
        }
    }
    let (rule, until) = without_until(rule?)?;
    Some(RecurrenceRule {
        rule,
        until,
        except,
    })
}

/// Returns the rule without its `UNTIL`, and the `UNTIL`.
fn without_until(rule: &str) -> Option<(RRule<Unvalidated>, Option<Moment>)> {
    let (mut kept, mut until, mut a_day) = (Vec::new(), None, 1);
    for part in rule
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, value) = part.split_once('=')?;
        if name == "UNTIL" {
            until = Some(moment(value)?);
            continue;
        }
        if matches!(name, "BYHOUR" | "BYMINUTE" | "BYSECOND") {
            a_day *= value.split(',').count();
        }
        kept.push((name, value));
    }
    (a_day <= MOST_A_DAY).then(|| Some((parts::read(&kept)?, until)))?
}

/// Returns the moments of one `EXDATE` line. The line may name its own zone for its local times.
fn exdates(line: &str, zone: &TimeZone) -> Option<Vec<Moment>> {
    let (head, values) = line.split_once(':')?;
    // Zone names are looked up regardless of case, so the capitals do no harm.
    let own = match head
        .split(';')
        .find_map(|parameter| parameter.strip_prefix("TZID="))
    {
        Some(name) => Some(TimeZone::get(name).ok()?),
        None => None,
    };
    let moments = values
        .split(',')
        .map(|value| match (moment(value.trim())?, &own) {
            (Moment::Local(time), Some(own)) if own != zone => {
                own.to_timestamp(time).ok().map(Moment::Instant)
            }
            (moment, _) => Some(moment),
        });
    moments.collect()
}

/// Reads `20260112`, `20260112T093000` or `20260112T093000Z`.
fn moment(text: &str) -> Option<Moment> {
    let date = Date::strptime("%Y%m%d", text.get(..8)?).ok()?;
    let rest = text.get(8..)?;
    if rest.is_empty() {
        return Some(Moment::Day(date));
    }
    let (time, utc) = rest
        .strip_suffix('Z')
        .map_or((rest, false), |time| (time, true));
    let local = date.to_datetime(Time::strptime("T%H%M%S", time).ok()?);
    if utc {
        TimeZone::UTC.to_timestamp(local).ok().map(Moment::Instant)
    } else {
        Some(Moment::Local(local))
    }
}
