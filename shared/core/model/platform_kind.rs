//! The platforms, by the words that site files use.

use serde::{Deserialize, Serialize};

/// The platforms that a site file can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformKind {
    /// OfficeRnD Flex.
    OfficeRnd,
    /// Nexudus.
    Nexudus,
    /// Spacebring, over its own interface.
    Spacebring,
    /// andcards, the push contract for a Spacebring without the add-on "API & webhooks".
    Andcards,
    /// Deskworks.
    Deskworks,
}

impl PlatformKind {
    /// Every platform.
    pub const ALL: [PlatformKind; 5] = [
        PlatformKind::OfficeRnd,
        PlatformKind::Nexudus,
        PlatformKind::Spacebring,
        PlatformKind::Andcards,
        PlatformKind::Deskworks,
    ];

    /// Returns the word for it in addresses, site files and reports.
    pub fn word(self) -> &'static str {
        match self {
            PlatformKind::OfficeRnd => "officernd",
            PlatformKind::Nexudus => "nexudus",
            PlatformKind::Spacebring => "spacebring",
            PlatformKind::Andcards => "andcards",
            PlatformKind::Deskworks => "deskworks",
        }
    }

    /// Returns whether each kind of action has its own webhook address:
    /// `/hooks/{site}/{platform}/{action}`.
    pub fn has_actions(self) -> bool {
        match self {
            PlatformKind::Nexudus => true,
            PlatformKind::OfficeRnd
            | PlatformKind::Spacebring
            | PlatformKind::Andcards
            | PlatformKind::Deskworks => false,
        }
    }

    /// Returns whether the platform has a read API. One without it pushes its changes to Doorstep.
    pub fn has_read_api(self) -> bool {
        match self {
            PlatformKind::OfficeRnd | PlatformKind::Nexudus | PlatformKind::Spacebring => true,
            PlatformKind::Andcards | PlatformKind::Deskworks => false,
        }
    }

    /// Returns whether Doorstep reads from the platform which members have not paid.
    pub fn tells_unpaid(self) -> bool {
        match self {
            PlatformKind::Nexudus | PlatformKind::Spacebring => true,
            PlatformKind::OfficeRnd | PlatformKind::Andcards | PlatformKind::Deskworks => false,
        }
    }

    /// Returns whether the platform has floors, so that a rule can name one.
    pub fn has_floors(self) -> bool {
        match self {
            PlatformKind::OfficeRnd | PlatformKind::Spacebring => true,
            PlatformKind::Nexudus | PlatformKind::Andcards | PlatformKind::Deskworks => false,
        }
    }
}
