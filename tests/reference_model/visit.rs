//! Expected visits without a booking.

use serde_json::Value;

use super::calendar::instant;
use super::{Person, Rule, WorldAt, text};

impl WorldAt<'_> {
    /// Returns whether a visit admits its visitor now: from the rule's minutes before it to the
    /// minutes after its end, or after its start if it has no end.
    pub(super) fn visited(&self, rule: &Rule, names: &[&str], visit: &Value) -> bool {
        let location = text(visit, "location");
        let Some(start) = text(visit, "start").map(instant) else {
            return false;
        };
        let end = text(visit, "end").map_or(start, instant);
        let from = (start - rule.before * 60).div_euclid(60) * 60;
        let until = -(-(end + rule.after * 60)).div_euclid(60) * 60;
        visit["approved"].as_bool() != Some(false)
            && start <= end
            && (from..until).contains(&self.at)
            && self.is_named(names, "locations", location)
            && self.is_here(rule, location)
    }

    pub(super) fn is_visitor(&self, rule: &Rule, names: &[&str], person: &Person<'_>) -> bool {
        let mut visits = person.visits.iter();
        visits.any(|visit| self.visited(rule, names, visit))
    }
}
