//! The origin of a refetch.

use jiff::Timestamp;

use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::TriggerMessage;
use doorstep_core::model::cause::Cause;
use doorstep_core::model::record::Source;
use doorstep_core::model::subject::Subject;

/// The origin of a refetch.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The delivery that enqueued the trigger, if there is one.
    pub delivery: Option<String>,
    /// The instant of that trigger, if it is known.
    pub sent_at: Option<Timestamp>,
}

impl Origin {
    /// Returns the origin of a trigger.
    pub fn of(message: &TriggerMessage) -> Self {
        Origin {
            delivery: message.delivery.clone(),
            sent_at: message.at,
        }
    }

    /// Returns the source of the facts that the refetch finds.
    pub fn source(&self) -> Source {
        self.delivery
            .clone()
            .map_or(Source::Refetch, Source::Delivery)
    }

    /// Returns a due item for `subject` with this origin.
    pub fn due(&self, now: Timestamp, subject: Subject) -> Due {
        let due = Due::at(now, subject).asked_at(self.sent_at);
        match &self.delivery {
            Some(delivery) => due.because_of(Cause::Delivery(delivery.clone())),
            None => due,
        }
    }
}
