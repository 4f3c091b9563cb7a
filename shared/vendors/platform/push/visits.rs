//! Expected visitors without a booking, in the words of each platform. The sender pushes a visit
//! once its host approved it, where the platform asks the host.

use jiff::Timestamp;
use serde::Deserialize;

use super::fields::{Id, Instant, PushedGuest, UNIDENTIFIED_GUEST, Word, record};
use super::{PushEntity, PushedThing};
use doorstep_core::model::fact::{Fact, Kind, Visit, What};

/// The visits of andcards.
pub(crate) const ANDCARDS: PushEntity =
    entity(|value| record::<AndcardsVisit>(value, |visit| checked(&visit.visitor)));

/// The visits of Deskworks.
pub(crate) const DESKWORKS: PushEntity =
    entity(|value| record::<DeskworksVisit>(value, |visit| checked(&visit.visitor)));

/// Parser of one thing.
type Read = fn(&serde_json::Value) -> Result<Box<dyn PushedThing>, String>;

const fn entity(read: Read) -> PushEntity {
    PushEntity {
        word: "visit",
        list: "visits",
        read,
        kinds: &[Kind::Visit],
        remains: |_| Vec::new(),
        may_run_out: true,
        added_later: true,
    }
}

/// An expected visit without a booking.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Visit"))]
#[serde(deny_unknown_fields)]
pub(crate) struct AndcardsVisit {
    /// The unique id of the visit.
    id: Id,
    /// The name of the location of the visit, as the site file writes it.
    location: Word,
    /// The visitor.
    visitor: PushedGuest,
    /// When the visitor is expected.
    start: Instant,
    /// The end of the visit; null if it has none.
    #[serde(default)]
    end: Option<Instant>,
    /// Whether the visit was cancelled.
    #[serde(default)]
    cancelled: bool,
}

/// An expected visit without a reservation.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Visit"))]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskworksVisit {
    /// The unique id of the visit.
    id: Id,
    /// The name of the center of the visit, as the site file writes it.
    center: Word,
    /// The visitor.
    visitor: PushedGuest,
    /// When the visitor is expected.
    start: Instant,
    /// The end of the visit; null if it has none.
    #[serde(default)]
    end: Option<Instant>,
    /// Whether the visit was cancelled.
    #[serde(default)]
    cancelled: bool,
}

fn checked(visitor: &PushedGuest) -> Result<(), &'static str> {
    match visitor.is_identified() {
        true => Ok(()),
        false => Err(UNIDENTIFIED_GUEST),
    }
}

/// Implements a visit, whose location stands in the field that the platform's own word names.
macro_rules! pushed_visit {
    ($visit:ty, $location:ident) => {
        impl PushedThing for $visit {
            fn id(&self) -> &str {
                &self.id.0
            }

            fn facts(&self) -> Vec<Fact> {
                let visitor = self.visitor.visitor(&self.id.0);
                let visit = Visit {
                    visitor: visitor.id.clone(),
                    location: Some(self.$location.0.clone()),
                    start: self.start.0,
                    end: self.end.map(|end| end.0),
                    approved: !self.cancelled,
                };
                let visit = Fact {
                    id: self.id.0.clone(),
                    what: What::Visit(visit),
                    changed: None,
                };
                vec![visitor, visit]
            }

            fn is_over(&self, at: Timestamp) -> bool {
                self.end.unwrap_or(self.start).0 <= at
            }
        }
    };
}

pushed_visit!(AndcardsVisit, location);
pushed_visit!(DeskworksVisit, center);
