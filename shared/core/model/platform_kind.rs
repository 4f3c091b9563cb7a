//! The platforms, by the names that site files give them.

use serde::{Deserialize, Serialize};

/// The platforms that a site file can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformKind {
    /// OfficeRnD Flex.
    OfficeRnd,
    /// Nexudus.
    Nexudus,
    /// andcards, and Spacebring.
    Andcards,
    /// Deskworks.
    Deskworks,
}

impl PlatformKind {
    /// All of them.
    pub const ALL: [PlatformKind; 4] =
        [PlatformKind::OfficeRnd, PlatformKind::Nexudus, PlatformKind::Andcards, PlatformKind::Deskworks];

    /// The word for it in addresses, site files and reports.
    pub fn word(self) -> &'static str {
        match self {
            PlatformKind::OfficeRnd => "officernd",
            PlatformKind::Nexudus => "nexudus",
            PlatformKind::Andcards => "andcards",
            PlatformKind::Deskworks => "deskworks",
        }
    }

    /// Whether its deliveries come to one address for each action: `/hooks/{site}/{platform}/{action}`.
    pub fn has_actions(self) -> bool {
        match self {
            PlatformKind::OfficeRnd | PlatformKind::Andcards | PlatformKind::Deskworks => false,
            PlatformKind::Nexudus => true,
        }
    }

    /// Returns whether the platform has a read API. One without it pushes its changes to us.
    pub fn has_read_api(self) -> bool {
        match self {
            PlatformKind::OfficeRnd | PlatformKind::Nexudus => true,
            PlatformKind::Andcards | PlatformKind::Deskworks => false,
        }
    }

    /// Whether there are floors, so that a rule can name one.
    pub fn has_floors(self) -> bool {
        match self {
            PlatformKind::OfficeRnd => true,
            PlatformKind::Nexudus | PlatformKind::Andcards | PlatformKind::Deskworks => false,
        }
    }
}
