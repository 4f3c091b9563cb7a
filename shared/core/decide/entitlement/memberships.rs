//! Entitlements from memberships on a plan, and from the desks and offices assigned to memberships.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::days::{DayWindow, days, end_of};
use super::{IndexedRule, RuleEvaluator, holds};
use crate::model::fact::{Assignment, Fact, Membership};
use crate::model::window::Window;
use crate::site::{MemberUnpaid, Selector};

impl<'a> RuleEvaluator<'a> {
    /// Evaluates a rule about a plan: for its members, while the membership runs.
    pub(super) fn plan(&mut self, asked: IndexedRule<'_>) {
        for &(fact, membership, profile) in self.memberships.clone().iter() {
            let location = membership
                .location
                .as_deref()
                .or(profile.location.as_deref());
            if !self.in_place(asked, location) {
                continue;
            }
            let wanted = &asked.resolved.wanted;
            if membership.items.is_empty() && holds(wanted, membership.plan.as_deref()) {
                for window in self.runs(fact, membership, location) {
                    self.open(asked, window, location, &[fact.name()]);
                }
            }
            let items = membership.items.iter();
            for item in items.filter(|item| holds(wanted, Some(&item.plan))) {
                let windows = self.runs(fact, membership, location);
                let own = days(item.from, item.until, &self.zone(location));
                let problem =
                    "has a plan that ends before it starts: correct its dates at the platform";
                let Some(own) = self.part(fact, own, problem) else {
                    continue;
                };
                for window in windows.iter().filter_map(|window| window.overlap(&own)) {
                    self.open(asked, window, location, &[fact.name()]);
                }
            }
        }
    }

    /// Evaluates a rule about an assigned desk or office: that one, or any on a floor or at a
    /// location.
    pub(super) fn assigned(&mut self, asked: IndexedRule<'_>) {
        for &(fact, membership, profile) in self.memberships.clone().iter() {
            let location = membership
                .location
                .as_deref()
                .or(profile.location.as_deref());
            if !self.in_place(asked, location) {
                continue;
            }
            let matching: Vec<_> = membership
                .assignments
                .iter()
                .filter(|a| self.is_there(asked, a))
                .collect();
            for assignment in matching {
                let windows = self.runs(fact, membership, location);
                let own = days(assignment.from, assignment.until, &self.zone(location));
                let problem = "has an assignment that ends before it starts";
                let Some(own) = self.part(fact, own, problem) else {
                    continue;
                };
                for window in windows.iter().filter_map(|window| window.overlap(&own)) {
                    self.open(asked, window, location, &[fact.name()]);
                }
            }
        }
    }

    fn is_there(&self, asked: IndexedRule<'_>, assignment: &Assignment) -> bool {
        let resource = self.rules.catalogue.resources.get(&assignment.resource);
        let wanted = &asked.resolved.wanted;
        match asked.rule.selector {
            Selector::Location => resource.is_some_and(|at| holds(wanted, at.location.as_deref())),
            Selector::Floor => {
                resource.is_some_and(|at| at.floor.is_some() && holds(wanted, at.floor.as_deref()))
            }
            _ => holds(wanted, Some(&assignment.resource)),
        }
    }

    /// Returns the window of a part of a membership. A part that ends before it starts is a problem.
    fn part(&mut self, fact: &Fact, own: DayWindow, problem: &str) -> Option<Window> {
        match own {
            DayWindow::Window(window) => Some(window),
            DayWindow::Backwards => {
                self.problem(&fact.name(), problem);
                None
            }
        }
    }

    /// Returns when a membership runs, without its pauses: from the first moment of its first local
    /// day to the last moment of its last.
    fn runs(
        &mut self,
        fact: &Fact,
        membership: &Membership,
        location: Option<&str>,
    ) -> Vec<Window> {
        if membership.from.is_none() {
            self.problem(
                &fact.name(),
                "has no start date and opens nothing: enter one at the platform",
            );
            return Vec::new();
        }
        let until = self.last_day(membership);
        if self.grace_is_over(membership, until) || self.is_overdue(membership, location) {
            return Vec::new();
        }
        match days(membership.from, until, &self.zone(location)) {
            DayWindow::Window(window) => {
                self.but_for_pauses(waiting(window, membership), membership, location)
            }
            DayWindow::Backwards => {
                self.problem(
                    &fact.name(),
                    "ends before it starts and opens nothing: correct its dates at the platform",
                );
                Vec::new()
            }
        }
    }

    /// Returns whether an invoice of the member was due so long ago that the membership opens
    /// nothing more. The days of the site file count from the day on which the invoice was due.
    ///
    /// That is no end of the membership. A recorded end is planned, and an overdue invoice is not
    /// confirmed: what follows from it passes the guard on the day it follows.
    fn is_overdue(&self, membership: &Membership, location: Option<&str>) -> bool {
        let open = match self.rules.site.members_unpaid {
            None | Some(MemberUnpaid::Open) => return false,
            Some(MemberUnpaid::Wait) => 0,
            Some(MemberUnpaid::Grace(days)) => i64::from(days),
        };
        let since = membership.overdue_since();
        let last = since.and_then(|since| later(since, open - 1));
        let end = last.and_then(|last| end_of(last, &self.zone(location)));
        end.is_some_and(|end| end <= self.now)
    }

    /// Returns the last local day of a membership: its own, or the last one of the grace for a
    /// membership that the platform does not let run because it is not paid.
    fn last_day(&self, membership: &Membership) -> Option<Date> {
        let unpaid = membership.unpaid_since.filter(|_| !membership.approved);
        let grace = match (unpaid, self.rules.site.members_unpaid) {
            (Some(since), Some(MemberUnpaid::Grace(days))) => later(since, i64::from(days) - 1),
            _ => None,
        };
        [membership.until, grace].into_iter().flatten().min()
    }

    /// Returns whether the grace was over before the membership began. That is no error of its
    /// dates.
    fn grace_is_over(&self, membership: &Membership, until: Option<Date>) -> bool {
        until != membership.until && until < membership.from
    }

    /// Removes the pauses from a window. A pause that ends before it starts does not count.
    fn but_for_pauses(
        &self,
        window: Window,
        membership: &Membership,
        location: Option<&str>,
    ) -> Vec<Window> {
        let mut left = vec![window];
        for pause in &membership.pauses {
            if let DayWindow::Window(hole) =
                days(Some(pause.from), pause.until, &self.zone(location))
            {
                left = left
                    .iter()
                    .flat_map(|window| window.without(&hole))
                    .collect();
            }
        }
        left
    }

    /// Returns whether the person has a membership anywhere that runs at `at`.
    pub(super) fn is_member_at(&self, at: Timestamp) -> bool {
        self.memberships.iter().any(|(_, membership, profile)| {
            let location = membership
                .location
                .as_deref()
                .or(profile.location.as_deref());
            let DayWindow::Window(window) = days(
                membership.from,
                self.last_day(membership),
                &self.zone(location),
            ) else {
                return false;
            };
            let windows = self.but_for_pauses(window, membership, location);
            let runs = membership.from.is_some() && !self.is_overdue(membership, location);
            runs && windows.iter().any(|window| window.holds(at))
        })
    }

    pub(super) fn zone(&self, location: Option<&str>) -> TimeZone {
        self.rules
            .catalogue
            .zone_of(location, &self.rules.site.timezone)
    }
}

/// Returns the day so many days later; `None` if that is beyond the calendar.
fn later(day: Date, days: i64) -> Option<Date> {
    let span = Span::new().try_days(days).ok()?;
    day.checked_add(span).ok()
}

/// Returns the window of a membership. One that awaits the next membership goes on for
/// [`Membership::NEXT_WITHIN`], while Doorstep looks for the next.
fn waiting(window: Window, membership: &Membership) -> Window {
    let longer = |until: Timestamp| {
        until
            .saturating_add(Membership::NEXT_WITHIN)
            .unwrap_or(until)
    };
    Window {
        until: window.until.map(|until| {
            if membership.awaits_next {
                longer(until)
            } else {
                until
            }
        }),
        ..window
    }
}
