//! What a reader remembers while it lives, so that it reads nothing twice.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use jiff::tz::TimeZone;
use tokio::sync::Mutex;

use super::id::PassId;
use crate::platform::found::{FactList, Translated};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, Id};

/// A location.
#[derive(Clone)]
pub(super) struct LocationRecord {
    pub(super) id: Id,
    /// `None` if its record names no known zone.
    pub(super) zone: Option<TimeZone>,
    pub(super) fact: Translated,
}

/// The floors of a location.
#[derive(Clone, Default)]
pub(super) struct LocationFloors {
    /// The floors as facts.
    pub(super) facts: FactList,
    /// The floor of each resource.
    pub(super) of_resource: HashMap<Id, Id>,
}

/// Values that are read once for each location.
pub(super) struct PerLocation<T>(Mutex<HashMap<Id, T>>);

impl<T: Clone> PerLocation<T> {
    pub(super) fn new() -> Self {
        PerLocation(Mutex::default())
    }

    /// Returns the value of a location. Waits for `read` if nothing was read yet.
    pub(super) async fn get(
        &self,
        location: &str,
        read: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let mut known = self.0.lock().await;
        if let Some(value) = known.get(location) {
            return Ok(value.clone());
        }
        let value = read.await?;
        Ok(known.entry(location.into()).or_insert(value).clone())
    }
}

/// All current bookings of the network and their guests.
pub(super) struct BookingLists {
    pub(super) bookings: FactList,
    pub(super) guests: Vec<Fact>,
}

/// The recent uses of day passes.
#[derive(Default)]
pub(super) struct PassUses {
    /// One check-in for each use.
    pub(super) checkins: FactList,
    /// The passes that were used, each with its location.
    pub(super) passes: BTreeMap<PassId, Option<Id>>,
}
