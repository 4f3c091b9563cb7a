//! Moves a standing clock. Every schedule and reconcile on the way runs at its own instant, in
//! order.

use jiff::Timestamp;
use serde::Serialize;

use super::{Calendar, Runner};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::DispatchInput;
use doorstep_vendors::time::Time;

/// The key of the instant that the clock was moved to. A later run of this folder continues from
/// there.
pub(crate) const CLOCK: &str = "clock";

/// An event that ran while the clock was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// Its instant.
    pub at: Timestamp,
    /// `alarm` or `reconcile`, the words of the interface.
    pub what: &'static str,
    /// Its site.
    pub site: SiteId,
}

/// The reason why the clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockRefused {
    /// The clock runs by itself.
    #[error("this run is in real time: start it with a standing clock to move it")]
    RealTime,
    /// The instant is in the past.
    #[error("the clock moves only forward: write a later instant")]
    Backwards,
}

impl Runner {
    /// Moves the clock to `to`, and returns what ran on the way.
    pub(crate) async fn move_clock(&self, to: Timestamp) -> Result<Vec<Ran>, ClockRefused> {
        let mut calendar = self.turn.lock().await;
        if !self.clock.is_standing() {
            return Err(ClockRefused::RealTime);
        }
        if to < self.clock.now() {
            return Err(ClockRefused::Backwards);
        }
        self.drain_in_turn().await;
        let mut ran = Vec::new();
        while let Some(at) = self.next(&calendar).filter(|at| *at <= to) {
            self.set_clock(at);
            self.schedules(&mut ran).await;
            self.reconciles(&mut calendar, &mut ran).await;
        }
        self.set_clock(to);
        self.drain_in_turn().await;
        Ok(ran)
    }

    fn next(&self, calendar: &Calendar) -> Option<Timestamp> {
        let now = self.clock.now();
        let visible = self.cloud.triggers.next_visible();
        self.cloud
            .schedules
            .next()
            .into_iter()
            .chain(calendar.next)
            .chain(visible.filter(|at| *at > now))
            .min()
    }

    fn set_clock(&self, at: Timestamp) {
        self.clock.forward(at);
        self.keep.put(CLOCK, at.to_string().as_bytes());
    }

    async fn schedules(&self, ran: &mut Vec<Ran>) {
        let now = self.clock.now();
        let sent = self.cloud.send_due_schedules();
        ran.extend(sent.into_iter().map(|schedule| Ran {
            at: now,
            what: "alarm",
            site: schedule.message_group.into(),
        }));
        self.drain_in_turn().await;
    }

    async fn reconciles(&self, calendar: &mut Calendar, ran: &mut Vec<Ran>) {
        let now = self.clock.now();
        if calendar.next.is_none_or(|next| next > now) {
            return;
        }
        calendar.advance();
        self.dispatch(DispatchInput::everything()).await;
        let reconciled = self.drain_in_turn().await;
        ran.extend(reconciled.into_iter().map(|site| Ran {
            at: now,
            what: "reconcile",
            site: site.into(),
        }));
    }
}

impl Calendar {
    fn advance(&mut self) {
        self.next = self
            .next
            .zip(self.cadence)
            .and_then(|(next, cadence)| next.checked_add(cadence).ok());
    }
}
