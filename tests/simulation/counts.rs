//! What happened on a day, in numbers: a shorter day must hold as much.

use std::ops::AddAssign;

use super::day::What;

/// What happened on one day, or on many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub events: usize,
    /// Events that make a vendor, a function, a clock or the table fail.
    pub failures: usize,
    /// Instants at which access may begin or end, and for which a schedule was set.
    pub boundaries: usize,
    /// Changes at the doors by Doorstep.
    pub changes: usize,
    pub reconciles: usize,
}

impl Counts {
    pub fn event(&mut self, what: &What) {
        self.events += 1;
        self.failures += usize::from(what.is_failure());
    }

    /// Returns the numbers of one day of so many.
    pub fn of_a_day(&self, days: u64) -> String {
        let mean = |count: usize| count as f64 / days.max(1) as f64;
        format!(
            "a day: {:.1} events, {:.1} of them failures, {:.1} boundaries, {:.1} changes at doors, {:.1} reconciles",
            mean(self.events),
            mean(self.failures),
            mean(self.boundaries),
            mean(self.changes),
            mean(self.reconciles),
        )
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.events += more.events;
        self.failures += more.failures;
        self.boundaries += more.boundaries;
        self.changes += more.changes;
        self.reconciles += more.reconciles;
    }
}
