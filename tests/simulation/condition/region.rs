//! The table throttles the functions for up to an hour: all calls, 19 of 20, or two of three.
//!
//! Widened: both door systems count as failing until 15 minutes after it (I1, I2, I7). A delivery
//! that is not answered 2xx is sent again half an hour later, as senders do (I9). Dead letters of
//! that time are excused, because the next reconcile finds what they were about.

use crate::reference_model::Minute;
use crate::simulation::stage::{Stage, Task};

/// The name of the region among the vendors that fail.
pub const REGION: &str = "region";

impl Stage<'_> {
    pub fn overload(&mut self, one_of: u64, lasts: Minute) {
        let now = self.play.now();
        self.play.machine.overload_table(one_of);
        for word in [REGION, "kisi", "salto-ks"] {
            self.troubles.begins(word, now);
        }
        self.put_off(now + lasts, Task::Recovers);
    }

    pub fn recover(&mut self) {
        if !self.troubles.is_on(REGION) {
            return;
        }
        self.play.machine.overload_table(0);
        self.play.note("the table answers again");
        let now = self.play.now();
        self.troubles.ends(REGION, now);
        for doors in ["kisi", "salto-ks"] {
            // Its own trouble may go on. `check` ends it once its faults are gone.
            if !self.slow.contains_key(doors) {
                self.troubles.begins(doors, now);
            }
        }
    }

    /// I9: no message becomes a dead letter, except while the table throttles.
    pub fn i9_nothing_is_lost(&mut self) -> Result<(), String> {
        let dead = self.play.machine.cloud().triggers.dead().len();
        if !self.troubles.is_well(REGION, self.play.now()) {
            self.excused = dead;
        }
        match dead > self.excused {
            true => Err("I9: a message became a dead letter".to_owned()),
            false => Ok(()),
        }
    }
}
