//! The instants at which access may begin or end, taken from the world regardless of the rules.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scenario::GeneratedScenario;
use super::things::LOCATIONS;
use crate::reference_model::{Minute, instant, list, local_midnight, text};
use crate::support::Platform;

const DAY: Minute = 86_400;
/// The time that is looked ahead.
const DAYS: u64 = 4;

/// Returns the instants after `now`, in order.
pub fn after(world: &Value, scenario: &GeneratedScenario, now: Minute) -> BTreeSet<Minute> {
    let mut times = BTreeSet::new();
    let mut zones: Vec<&str> = LOCATIONS
        .iter()
        .map(|(_, zone)| *zone)
        .filter(|zone| !zone.is_empty())
        .collect();
    zones.push(scenario.site.timezone);
    let hours = scenario.site.rules.iter().flat_map(|rule| &rule.hours);
    let minutes: BTreeSet<u32> = hours
        .flat_map(|attempt| [attempt.from, attempt.until])
        .chain([0])
        .collect();
    zones.extend((scenario.platform == Platform::Spacebring).then_some("UTC"));
    for zone in zones {
        for day in 0..=DAYS {
            let midnight = local_midnight(zone, now, day);
            // On days on which the clock changes, the hour before and after as well.
            let shifts = [-3600, 0, 3600];
            let all = minutes.iter().flat_map(|minute| {
                shifts.map(|shift| midnight + 60 * Minute::from(*minute) + shift)
            });
            let changed = local_midnight(zone, now, day + 1) - midnight != DAY;
            times.extend(all.filter(|at| changed || (at - midnight).rem_euclid(60) == 0));
        }
    }
    for booking in list(world, "bookings") {
        let repeats = booking["recurrence"].is_object();
        let minutes = scenario
            .site
            .rules
            .iter()
            .flat_map(|rule| [-rule.before, rule.after]);
        for by in minutes.map(|minutes| minutes * 60) {
            for edge in ["start", "end"]
                .map(|field| instant(text(booking, field).expect("an instant")) + by)
            {
                times.insert(edge);
                let days = (now - edge).div_euclid(DAY);
                if repeats {
                    times.extend(
                        (days..days + DAYS as i64)
                            .flat_map(|day| [-3600, 0, 3600].map(|by| edge + day * DAY + by)),
                    );
                }
            }
        }
    }
    for visit in list(world, "visits") {
        let start = text(visit, "start").map_or(now, instant);
        let rules = scenario.site.rules.iter();
        times.extend(rules.flat_map(|rule| [start - rule.before * 60, start + rule.after * 60]));
    }
    let rounded = times
        .into_iter()
        .flat_map(|at| [at.div_euclid(60) * 60, -(-at).div_euclid(60) * 60]);
    rounded.filter(|at| *at > now).collect()
}
