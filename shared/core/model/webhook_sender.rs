//! The sender behind a webhook address of a site.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::DoorsName;

/// The sender behind a webhook address of a site: its platform, or one of its door systems.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookSender {
    /// The platform.
    Platform,
    /// The door system with this name in the site file.
    Doors(DoorsName),
}

impl WebhookSender {
    /// Returns the sender for the name of a door system; `None` is the platform.
    pub fn of(doors: Option<&DoorsName>) -> Self {
        doors.map_or(WebhookSender::Platform, |doors| {
            WebhookSender::Doors(doors.clone())
        })
    }
}

impl fmt::Display for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WebhookSender::Platform => "platform",
            WebhookSender::Doors(doors) => doors.as_str(),
        })
    }
}
