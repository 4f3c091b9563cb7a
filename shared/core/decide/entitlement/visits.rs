//! Entitlements from expected visits. A group opens some minutes before the visit, and closes some
//! minutes after it.

use super::{IndexedRule, RuleEvaluator, holds};
use crate::model::fact::What;
use crate::model::window::Window;

impl RuleEvaluator<'_> {
    /// Evaluates a rule about visits: for the visitor, from the minutes before the visit to the
    /// minutes after its end, or after its start if it has no end.
    pub(super) fn visited(&mut self, asked: IndexedRule<'_>) {
        let person_facts = self.person_facts;
        for fact in person_facts.facts.values() {
            let What::Visit(visit) = &fact.what else {
                continue;
            };
            let location = visit.location.as_deref();
            let comes = visit.approved && person_facts.guests().any(|id| *id == *visit.visitor);
            if !comes || !holds(&asked.resolved.wanted, location) || !self.in_place(asked, location)
            {
                continue;
            }
            let end = visit.end.unwrap_or(visit.start);
            if end < visit.start {
                self.problem(
                    &fact.name(),
                    "ends before it starts and opens nothing: correct its times at the platform",
                );
                continue;
            }
            let window = Window {
                from: visit.start,
                until: Some(end),
            };
            let window = window.widened(asked.rule.before, asked.rule.after);
            if let Some(window) = Window::new(window.from, window.until) {
                self.open(asked, window, location, &[fact.name()]);
            }
        }
    }
}
