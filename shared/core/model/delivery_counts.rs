//! Counts of the deliveries that a webhook address received.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// Its sender was verified, and its content was parsed.
    Verified,
    /// Its sender could not be verified.
    Refused,
    /// Its sender was verified, and its content could not be parsed or breaks the contract.
    Unreadable,
}

impl DeliveryOutcome {
    /// Every outcome.
    pub const ALL: [DeliveryOutcome; 3] = [
        DeliveryOutcome::Verified,
        DeliveryOutcome::Refused,
        DeliveryOutcome::Unreadable,
    ];

    /// Returns the word for it in stored items and reports.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryOutcome::Verified => "verified",
            DeliveryOutcome::Refused => "refused",
            DeliveryOutcome::Unreadable => "unreadable",
        }
    }
}

/// A number of deliveries, and the last of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryCount {
    /// The number.
    pub count: u64,
    /// When the last one arrived.
    pub last: Option<Timestamp>,
}

impl DeliveryCount {
    /// Adds another count.
    pub fn add(&mut self, other: DeliveryCount) {
        self.count += other.count;
        self.last = self.last.max(other.last);
    }
}

/// The deliveries of one webhook address, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryCounts {
    /// Verified and parsed.
    pub verified: DeliveryCount,
    /// Not verified.
    pub refused: DeliveryCount,
    /// Verified and not parsed.
    pub unreadable: DeliveryCount,
}

impl DeliveryCounts {
    /// Returns the count of one delivery that arrived at `at`.
    pub fn one(outcome: DeliveryOutcome, at: Timestamp) -> Self {
        let mut counts = DeliveryCounts::default();
        *counts.of_mut(outcome) = DeliveryCount {
            count: 1,
            last: Some(at),
        };
        counts
    }

    /// Returns the deliveries with one outcome.
    pub fn of(&self, outcome: DeliveryOutcome) -> DeliveryCount {
        match outcome {
            DeliveryOutcome::Verified => self.verified,
            DeliveryOutcome::Refused => self.refused,
            DeliveryOutcome::Unreadable => self.unreadable,
        }
    }

    /// Returns the deliveries with one outcome, to change them.
    pub fn of_mut(&mut self, outcome: DeliveryOutcome) -> &mut DeliveryCount {
        match outcome {
            DeliveryOutcome::Verified => &mut self.verified,
            DeliveryOutcome::Refused => &mut self.refused,
            DeliveryOutcome::Unreadable => &mut self.unreadable,
        }
    }

    /// Adds other deliveries of the same address.
    pub fn add(&mut self, other: &DeliveryCounts) {
        for outcome in DeliveryOutcome::ALL {
            self.of_mut(outcome).add(other.of(outcome));
        }
    }

    /// Returns the number of all deliveries.
    pub fn total(&self) -> u64 {
        DeliveryOutcome::ALL
            .iter()
            .map(|outcome| self.of(*outcome).count)
            .sum()
    }
}
