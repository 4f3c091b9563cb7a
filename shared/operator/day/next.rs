//! The next opening of a site. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::shape::NextOpening;
use crate::known_site::KnownSite;
use doorstep_core::decide::entitlement::Desired;
use doorstep_core::model::account::GroupRef;
use doorstep_core::site::Mode;

/// The openings that come first, while they are found.
pub struct Openings {
    now: Timestamp,
    at: Timestamp,
    people: BTreeMap<GroupRef, usize>,
}

impl Openings {
    /// Begins with no opening after `now`.
    pub fn after(now: Timestamp) -> Self {
        Openings {
            now,
            at: Timestamp::MAX,
            people: BTreeMap::new(),
        }
    }

    /// Adds the windows of one person.
    pub fn add(&mut self, desired: &Desired) {
        for (group, intervals) in desired {
            let begins = intervals.iter().map(|interval| interval.window.from);
            let Some(at) = begins.filter(|from| *from > self.now).min() else {
                continue;
            };
            if at < self.at {
                self.people.clear();
                self.at = at;
            }
            if at == self.at {
                *self.people.entry(group.clone()).or_default() += 1;
            }
        }
    }

    /// Returns the first opening: at one instant the group for the most people, then the first by
    /// door system and name. A site that only observes opens nothing.
    pub fn first(self, known: &KnownSite) -> Option<NextOpening> {
        if known.site.mode == Mode::Observe {
            return None;
        }
        let named = self.people.into_iter().map(|(at, people)| NextOpening {
            at: self.at,
            name: known.group(&at).map(|group| group.name.clone()),
            doors: at.doors,
            group: at.group,
            people,
        });
        named.min_by(|one, other| {
            let order = |opening: &NextOpening| {
                (
                    std::cmp::Reverse(opening.people),
                    opening.doors.clone(),
                    opening.name.clone(),
                )
            };
            order(one).cmp(&order(other))
        })
    }
}
