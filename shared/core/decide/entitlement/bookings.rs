//! Entitlements from bookings of a resource. A group opens some minutes before the booking, and
//! closes some minutes after it.

use super::days::sight;
use super::{IndexedRule, PersonFacts, RuleEvaluator, holds};
use crate::decide::recurrence::occurrences;
use crate::model::fact::{Booking, Fact, Holder, What};
use crate::model::window::Window;
use crate::site::{Audience, Tentative, Unpaid};

impl RuleEvaluator<'_> {
    /// Evaluates a rule about bookings: for the person who booked, the other members of the
    /// booking, and its guests.
    pub(super) fn booked(&mut self, asked: IndexedRule<'_>) {
        let person_facts = self.person_facts;
        for fact in person_facts.facts.values() {
            let What::Booking(booking) = &fact.what else {
                continue;
            };
            if holds(&asked.resolved.wanted, booking.resource.as_deref())
                && self.takes_place(booking)
                && takes_part(person_facts, booking, self.rules.site.bookings.guests)
            {
                self.booking(asked, fact, booking);
            }
        }
    }

    fn booking(&mut self, asked: IndexedRule<'_>, fact: &Fact, booking: &Booking) {
        let resource = booking
            .resource
            .as_ref()
            .and_then(|id| self.rules.catalogue.resources.get(id));
        let location = booking
            .location
            .clone()
            .or_else(|| resource.and_then(|resource| resource.location.clone()));
        let location = location.as_deref();
        if !self.in_place(asked, location) {
            return;
        }
        let (first, last) = match booking.series {
            Some(_) => sight(self.now),
            None => (jiff::Timestamp::MIN, jiff::Timestamp::MAX),
        };
        let times = match occurrences(booking, &self.zone(location), first, last) {
            Ok(times) => times,
            Err(problem) => return self.problem(&fact.name(), &problem),
        };
        for (start, end) in times {
            let heard = match asked.rule.audience {
                Audience::Everyone => true,
                Audience::Members => self.is_member_at(start),
                Audience::NonMembers => !self.is_member_at(start),
            };
            // A booking without length still has its minutes before and after. Only a window that
            // is empty after widening opens nothing.
            let window = Window {
                from: start,
                until: Some(end),
            }
            .widened(asked.rule.before, asked.rule.after);
            if heard && let Some(window) = Window::new(window.from, window.until) {
                self.open(asked, window, location, &[fact.name()]);
            }
        }
    }

    fn takes_place(&self, booking: &Booking) -> bool {
        let defaults = &self.rules.site.bookings;
        !booking.cancelled
            && (!booking.tentative || defaults.tentative == Tentative::Open)
            && (!booking.unpaid || defaults.unpaid == Unpaid::Open)
    }
}

/// Returns whether the booking names one of the person's profiles that the platform still has, or
/// one of the person's teams.
fn takes_part(person_facts: &PersonFacts, booking: &Booking, guests: bool) -> bool {
    let named = |id: &str| {
        booking.booker.as_deref() == Some(id) || booking.members.iter().any(|member| member == id)
    };
    person_facts.members().any(|(id, _)| named(id))
        || person_facts
            .guests()
            .any(|id| named(id) || guests && booking.visitors.iter().any(|visitor| visitor == id))
        || booking
            .teams
            .iter()
            .any(|team| person_facts.reached(&Holder::Team(team.clone())).is_some())
}
