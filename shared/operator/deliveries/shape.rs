//! The shape of the answer about deliveries.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::delivery_counts::DeliveryCounts;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::model::webhook_sender::WebhookSender;

/// The deliveries of one local day, and how the vendors are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deliveries {
    /// The site.
    pub site: SiteId,
    /// The IANA name of the site's time zone.
    pub timezone: String,
    /// The local day.
    pub day: Date,
    /// The instant of the answer.
    pub as_of: Timestamp,
    /// The instant from which counts are kept.
    pub kept_from: Timestamp,
    /// The webhooks: the platform's first, then those of the door systems by name.
    pub webhooks: Vec<WebhookDay>,
    /// How the platform is read.
    pub platform: PlatformReadState,
    /// How each door system is read.
    pub doors: Vec<DoorsReadState>,
    /// The reconciles.
    pub reconcile: ReconcileState,
    /// The verified deliveries that could not be read, the latest first. They are kept for 8 days.
    pub unreadable: Vec<UnreadDelivery>,
}

/// The deliveries of one webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookDay {
    /// The sender.
    pub sender: WebhookSender,
    /// The path that it posts to; `None` for a sender that the site file no longer names.
    pub address: Option<String>,
    /// Each hour of the day.
    pub hours: Vec<DeliveryHour>,
    /// The sums of the day.
    pub of_day: DeliveryCounts,
    /// The sums of all days that are kept, with the last delivery of each outcome.
    pub all: DeliveryCounts,
    /// What the last reconcile saw wrong with it, in words.
    pub troubles: Vec<String>,
}

/// The deliveries of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryHour {
    /// The begin of the hour.
    pub from: Timestamp,
    /// The deliveries.
    pub counts: DeliveryCounts,
}

/// How a platform is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformReadState {
    /// The platform.
    pub platform: PlatformKind,
    /// When the last complete read of everything began.
    pub whole: Option<Timestamp>,
    /// When the last complete read began. A large site is mostly read for changes only.
    pub complete: Option<Timestamp>,
    /// Since when no read was complete.
    pub failing: Option<Timestamp>,
}

/// How a door system is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorsReadState {
    /// The door system.
    pub doors: DoorsName,
    /// Its kind.
    pub kind: DoorsKind,
    /// When a reconcile last read all groups and accounts, while reads succeed.
    pub complete: Option<Timestamp>,
    /// Since when no reconcile could.
    pub failing: Option<Timestamp>,
}

/// The reconciles of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileState {
    /// When the reconcile that is running began.
    pub running: Option<Timestamp>,
    /// When the last one ended.
    pub ended: Option<Timestamp>,
}

/// A verified delivery that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadDelivery {
    /// When it arrived.
    pub at: Option<Timestamp>,
    /// The reason. It quotes nothing of the delivery.
    pub why: String,
}
