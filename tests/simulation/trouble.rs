//! The vendors that fail, and for how long a failure excuses a late change.

use std::collections::BTreeMap;

use crate::reference_model::Minute;

/// The time after a recovery within which everything must be correct.
const RECOVERY: Minute = 15 * 60;

#[derive(Debug, Clone, Copy)]
struct Trouble {
    on: bool,
    /// The end of the last failure.
    over: Minute,
}

/// By the vendor's word.
#[derive(Default)]
pub struct Troubles(BTreeMap<String, Trouble>);

impl Troubles {
    pub fn begins(&mut self, vendor: &str, now: Minute) {
        self.0.insert(
            vendor.to_owned(),
            Trouble {
                on: true,
                over: now,
            },
        );
    }

    pub fn ends(&mut self, vendor: &str, now: Minute) {
        if let Some(trouble) = self.0.get_mut(vendor).filter(|trouble| trouble.on) {
            *trouble = Trouble {
                on: false,
                over: now,
            };
        }
    }

    pub fn is_on(&self, vendor: &str) -> bool {
        self.0.get(vendor).is_some_and(|trouble| trouble.on)
    }

    pub fn all_on(&self) -> Vec<String> {
        self.0
            .iter()
            .filter(|(_, trouble)| trouble.on)
            .map(|(vendor, _)| vendor.clone())
            .collect()
    }

    /// Returns whether what depends on the vendor must be correct.
    pub fn is_well(&self, vendor: &str, now: Minute) -> bool {
        self.0
            .get(vendor)
            .is_none_or(|trouble| !trouble.on && now > trouble.over + RECOVERY)
    }
}
