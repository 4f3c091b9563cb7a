//! What tests may do to the functions, and what they may measure.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::Machine;
use crate::cloud::dynamodb::TableError;
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

    /// Lets the table refuse the functions' calls but for one of `one_of`; all of them if it is
    /// [`u64::MAX`], and none more than usual if it is 0. Failed messages return after their pause
    /// until it is 0 again.
    pub fn overload_table(&self, one_of: u64) {
        self.parts.runner.cloud.overload_table(one_of);
        self.parts.runner.faults.let_messages_wait(one_of > 0);
    }

    /// Lets settle serve the next `times` batches in two functions at once, as when the visibility
    /// timeout of a batch ends while its function still works.
    pub fn double_settles(&self, times: u32) {
        self.parts.runner.faults.double_settles(times);
    }

    /// Rewrites every stored item that `change` changes, and returns how many. For tests of what
    /// other versions leave behind. Functions start anew, as after a deployment.
    ///
    /// # Errors
    /// The engine refuses the scan or an item.
    pub fn rewrite_items(
        &self,
        change: impl Fn(&mut Map<String, Value>) -> bool,
    ) -> Result<usize, TableError> {
        self.parts.runner.renew();
        let cloud = self.cloud();
        cloud.table.rewrite_items(&cloud.settings.table, change)
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
