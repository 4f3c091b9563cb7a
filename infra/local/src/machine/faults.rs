//! What tests may do to the functions, and what they may measure.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Machine;
use crate::run::crash::CrashStep;
use crate::run::faults::{Called, CrashAtCall, Skew, Slowness};

impl Machine {
    /// Makes the next `times` functions that complete `step` crash there.
    pub fn crash(&self, step: CrashStep, times: u32) {
        self.parts.runner.crash.arm(step, times);
    }

    /// Makes functions crash at a certain call. Replaces any earlier order.
    pub fn crash_at_call(&self, death: Option<CrashAtCall>) {
        self.parts.runner.faults.crash_at_call(death);
    }

    /// Sets the clocks of all later functions ahead of the run's clock, or behind it.
    pub fn skew(&self, skew: Skew) {
        self.parts.runner.faults.set_skew(skew);
    }

    /// Sets how long each call takes by the clock of the calling function. The run's own clock does
    /// not advance by it.
    pub fn pace(&self, pace: SignedDuration) {
        self.parts.runner.faults.set_pace(pace);
    }

    /// Makes schedules fire up to 59 s late and some of them twice, derived from `seed`, as
    /// Scheduler may. Without a seed each fires once, at its instant.
    pub fn late_schedules(&self, seed: Option<u64>) {
        self.cloud().schedules.fire_late(seed);
    }

    /// Sets how long a vendor takes for each answer, by the clock of the calling function; `None`
    /// takes no time.
    pub fn slow(&self, vendor: &str, slowness: Option<Slowness>) {
        self.parts.runner.faults.set_slow(vendor, slowness);
    }

    /// Sets whether the pauses of functions take time by their clocks.
    pub fn let_waits_count(&self, count: bool) {
        self.parts.runner.faults.let_waits_count(count);
    }

    /// Returns how long a function had worked when it last changed something at each vendor, since
    /// the last call of this method.
    pub fn changed_after(&self) -> BTreeMap<String, SignedDuration> {
        self.parts.runner.faults.take_changed()
    }

    /// Returns the longest run time of a function at that pace, since the last call of this method.
    pub fn worked(&self) -> SignedDuration {
        self.parts.runner.faults.take_worked()
    }

    /// Returns the shortest time that any function had left before its limit, by its own clock,
    /// since the last call of this method.
    pub fn spare(&self) -> Option<SignedDuration> {
        self.parts.runner.faults.take_spare()
    }

    /// Makes the ids of people deterministic, so that two equal runs have equal results.
    pub fn count_ids(&self) {
        self.parts.runner.faults.count_ids();
    }

    /// Returns the calls that the functions made so far.
    pub fn called(&self) -> Called {
        self.parts.runner.faults.called()
    }
}
