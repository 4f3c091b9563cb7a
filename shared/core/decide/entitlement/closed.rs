//! Takes the closed days out of a window.

use jiff::{SignedDuration, Timestamp};

use super::days::sight;
use super::{IndexedRule, RuleEvaluator, holds};
use crate::model::reasons::ClosedReason;
use crate::model::window::Window;

/// How far ahead the closed days of a window with an end are computed.
const FAR: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// A closed part of a window, with its closure.
type ClosedPart = (Window, ClosedReason);

impl RuleEvaluator<'_> {
    /// Splits a window into its open parts and its closed parts. Closed days beyond the horizon of a
    /// window without an end are not known yet.
    pub(super) fn but_for_closures(
        &self,
        asked: IndexedRule<'_>,
        window: Window,
        location: Option<&str>,
    ) -> (Vec<Window>, Vec<ClosedPart>) {
        let (mut open, mut closed) = (vec![window], Vec::new());
        let site = self.rules.site;
        if asked.rule.open_when_closed || site.closed.is_empty() {
            return (open, closed);
        }
        let zone = self.zone(location);
        let (from, until) = self.reach(window);
        for (closure, at) in site.closed.iter().zip(&self.rules.resolved.closed) {
            let is_here = at.as_ref().is_none_or(|at| holds(at, location));
            if !is_here || !closure.concerns(asked.place + 1) {
                continue;
            }
            for span in closure.spans(&zone, from, until) {
                let reason = ClosedReason {
                    from: span.days.0,
                    until: span.days.1,
                    line: closure.line,
                };
                let hole = span.window;
                closed.extend(window.overlap(&hole).map(|part| (part, reason)));
                open = open.iter().flat_map(|part| part.without(&hole)).collect();
            }
        }
        (open, closed)
    }

    /// Returns the span of a window in which closed days are computed.
    fn reach(&self, window: Window) -> (Timestamp, Timestamp) {
        let (first, horizon) = sight(self.now);
        let from = window.from.max(first);
        let far = from.saturating_add(FAR).unwrap_or(horizon);
        (from, window.until.map_or(horizon, |until| until.min(far)))
    }
}
