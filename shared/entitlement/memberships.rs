//! Plans, and the desks and offices that come with memberships.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::days::{Days, days};
use super::{Asked, Bench, holds};
use crate::fact::{Assignment, Fact, Membership};
use crate::site::Selector;
use crate::window::Window;

impl<'a> Bench<'a> {
    /// Members on a plan, while the membership runs.
    pub(super) fn plan(&mut self, asked: Asked<'_>) {
        for &(fact, membership, profile) in self.memberships.clone().iter() {
            let location = membership.location.as_deref().or(profile.location.as_deref());
            if holds(&asked.resolved.wanted, membership.plan.as_deref())
                && self.in_place(asked, location)
                && let Some(window) = self.runs(fact, membership, location)
            {
                self.open(asked, window, location, &[fact.name()]);
            }
        }
    }

    /// Memberships assigned to a desk or office: that very one, or one of a floor or a location.
    pub(super) fn assigned(&mut self, asked: Asked<'_>) {
        for &(fact, membership, profile) in self.memberships.clone().iter() {
            let location = membership.location.as_deref().or(profile.location.as_deref());
            if !self.in_place(asked, location) {
                continue;
            }
            let matching: Vec<_> = membership.assignments.iter().filter(|a| self.is_there(asked, a)).collect();
            for assignment in matching {
                let Some(window) = self.runs(fact, membership, location) else { continue };
                let zone = self.zone(location);
                match days(assignment.from, assignment.until, &zone) {
                    Days::Backwards => self.problem(&fact.name(), "has an assignment that ends before it starts"),
                    Days::Window(span) => {
                        if let Some(window) = window.overlap(&span) {
                            self.open(asked, window, location, &[fact.name()]);
                        }
                    }
                }
            }
        }
    }

    fn is_there(&self, asked: Asked<'_>, assignment: &Assignment) -> bool {
        let resource = self.rules.catalogue.resources.get(&assignment.resource);
        let wanted = &asked.resolved.wanted;
        match asked.rule.selector {
            Selector::Location => resource.is_some_and(|at| holds(wanted, at.location.as_deref())),
            Selector::Floor => resource.is_some_and(|at| at.floor.is_some() && holds(wanted, at.floor.as_deref())),
            _ => holds(wanted, Some(&assignment.resource)),
        }
    }

    /// When a membership runs: from the first moment of its first day to the last of its last, local.
    fn runs(&mut self, fact: &Fact, membership: &Membership, location: Option<&str>) -> Option<Window> {
        if membership.from.is_none() {
            self.problem(&fact.name(), "has no start date and opens nothing: give it one at the platform");
            return None;
        }
        match days(membership.from, membership.until, &self.zone(location)) {
            Days::Window(window) => Some(window),
            Days::Backwards => {
                self.problem(&fact.name(), "ends before it starts and opens nothing: mend its dates at the platform");
                None
            }
        }
    }

    /// Whether this person has a membership that runs at `at`, anywhere.
    pub(super) fn is_member_at(&self, at: Timestamp) -> bool {
        self.memberships.iter().any(|(_, membership, profile)| {
            let location = membership.location.as_deref().or(profile.location.as_deref());
            let window = days(membership.from, membership.until, &self.zone(location));
            membership.from.is_some() && matches!(window, Days::Window(window) if window.holds(at))
        })
    }

    pub(super) fn zone(&self, location: Option<&str>) -> TimeZone {
        self.rules.catalogue.zone_of(location, &self.rules.site.timezone)
    }
}
