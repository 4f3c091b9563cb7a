//! Two settles work at one site at once: the visibility timeout of a batch ended while its function
//! still works, and the queue delivers the batch again. Their calls alternate.
//!
//! Nothing is widened: the conditional writes must hold.

use crate::simulation::stage::Stage;

impl Stage<'_> {
    pub fn double(&self, times: u32) {
        self.play.machine.double_settles(times);
    }
}
