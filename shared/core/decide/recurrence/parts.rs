//! Builds the `rrule` crate's rule from the parts of a rule. That crate's own text parser is not
//! used: it needs a regular expression engine, and it ignores what it does not understand.

use std::collections::BTreeSet;
use std::str::FromStr;

use rrule::{Frequency, NWeekday, RRule, Unvalidated};

/// Builds a rule from these parts, each a name and a value in capitals. Returns `None` if a part is
/// not understood completely, or occurs twice.
pub(super) fn read(parts: &[(&str, &str)]) -> Option<RRule<Unvalidated>> {
    let mut names = BTreeSet::new();
    if !parts.iter().all(|(name, _)| names.insert(name)) {
        return None;
    }
    let frequency = match parts.iter().find(|(name, _)| *name == "FREQ")?.1 {
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    };
    parts
        .iter()
        .try_fold(RRule::new(frequency), |rule, (name, value)| {
            with(rule, name, value)
        })
}

fn with(rule: RRule<Unvalidated>, name: &str, value: &str) -> Option<RRule<Unvalidated>> {
    Some(match name {
        "FREQ" => rule,
        "INTERVAL" => rule.interval(value.parse().ok().filter(|interval| *interval > 0)?),
        "COUNT" => rule.count(value.parse().ok()?),
        "WKST" => match weekday(value)? {
            NWeekday::Every(day) => rule.week_start(day),
            NWeekday::Nth(..) => return None,
        },
        "BYDAY" => rule.by_weekday(value.split(',').map(weekday).collect::<Option<_>>()?),
        "BYMONTH" => {
            let months = numbers::<u8>(value, 1..=12)?
                .into_iter()
                .map(TryInto::try_into);
            rule.by_month(&months.collect::<Result<Vec<_>, _>>().ok()?)
        }
        "BYMONTHDAY" => rule.by_month_day(numbers(value, -31..=31)?),
        "BYYEARDAY" => rule.by_year_day(numbers(value, -366..=366)?),
        "BYWEEKNO" => rule.by_week_no(numbers(value, -53..=53)?),
        "BYSETPOS" => rule.by_set_pos(numbers(value, -366..=366)?),
        "BYHOUR" => rule.by_hour(times(value, 23)?),
        "BYMINUTE" => rule.by_minute(times(value, 59)?),
        "BYSECOND" => rule.by_second(times(value, 59)?),
        _ => return None,
    })
}

/// Reads a weekday: `MO`, `2MO` or `-1MO`.
fn weekday(text: &str) -> Option<NWeekday> {
    let (which, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    match (which, day.parse().ok()?) {
        ("", every) => Some(every),
        (which, NWeekday::Every(day)) => Some(NWeekday::Nth(
            which.parse().ok().filter(|which| *which != 0)?,
            day,
        )),
        (_, NWeekday::Nth(..)) => None,
    }
}

/// Reads a list of numbers within a range. Zero is refused, because these numbers count from one
/// end or the other.
fn numbers<T>(value: &str, range: std::ops::RangeInclusive<T>) -> Option<Vec<T>>
where
    T: FromStr + PartialOrd + Default,
{
    let number = |text: &str| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number) && *number != T::default())
    };
    value.split(',').map(number).collect()
}

/// Reads a list of hours, minutes or seconds.
fn times(value: &str, most: u8) -> Option<Vec<u8>> {
    value
        .split(',')
        .map(|text| text.parse().ok().filter(|time| *time <= most))
        .collect()
}
