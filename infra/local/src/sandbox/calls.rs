//! Counts the calls that each sandbox received, by method and path pattern, including faulted ones.
//! The counts are never stored on disk.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::vendor::Vendor;

/// The counters.
#[derive(Default)]
pub struct CallCounters(BTreeMap<(Vendor, String), BTreeMap<String, u64>>);

impl CallCounters {
    /// Counts one call under each of `names` (organisation or place) and for the vendor as a whole.
    pub fn count(&mut self, vendor: Vendor, names: &[String], pattern: &str) {
        for name in names.iter().map(String::as_str).chain([""]) {
            *self
                .0
                .entry((vendor, name.to_owned()))
                .or_default()
                .entry(pattern.to_owned())
                .or_default() += 1;
        }
    }

    /// Returns the counts of a vendor, or of one organisation or place there.
    pub fn show(&self, vendor: Vendor, of: &str) -> Value {
        self.0
            .get(&(vendor, of.to_owned()))
            .map_or_else(|| json!({}), |counts| json!(counts))
    }

    /// Resets the counts of the vendor, or of one organisation or place.
    pub fn reset(&mut self, vendor: Vendor, of: &str) {
        self.0
            .retain(|(kept, name), _| *kept != vendor || !(of.is_empty() || name == of));
    }
}
