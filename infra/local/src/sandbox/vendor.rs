//! The vendors that have a sandbox. Vendor names of the sandbox meet only here.

use jiff::Timestamp;
use serde_json::Value;

use super::ask::Ask;
use super::table::Shelf;
use super::world::World;
use super::{kisi, nexudus, officernd, push, salto_ks, spacebring};

/// A vendor with a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// OfficeRnD, a platform.
    OfficeRnd,
    /// Nexudus, a platform.
    Nexudus,
    /// Spacebring, a platform.
    Spacebring,
    /// andcards, a push platform.
    Andcards,
    /// Deskworks, a push platform.
    Deskworks,
    /// Kisi, a door system.
    Kisi,
    /// SALTO KS, a door system.
    SaltoKs,
}

impl Vendor {
    /// All vendors.
    pub const ALL: [Vendor; 7] = [
        Vendor::OfficeRnd,
        Vendor::Nexudus,
        Vendor::Spacebring,
        Vendor::Andcards,
        Vendor::Deskworks,
        Vendor::Kisi,
        Vendor::SaltoKs,
    ];

    /// Returns the vendor of that name.
    pub fn find(word: &str) -> Option<Vendor> {
        Vendor::ALL.into_iter().find(|vendor| vendor.word() == word)
    }

    /// Returns its name in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Vendor::OfficeRnd => "officernd",
            Vendor::Nexudus => "nexudus",
            Vendor::Spacebring => "spacebring",
            Vendor::Andcards => "andcards",
            Vendor::Deskworks => "deskworks",
            Vendor::Kisi => "kisi",
            Vendor::SaltoKs => "salto-ks",
        }
    }

    /// Creates a world from a `_world` body.
    ///
    /// # Errors
    /// A message for the author of the world.
    pub fn world(self, given: Value, now: Timestamp) -> Result<Box<dyn World>, String> {
        Ok(match self {
            Vendor::OfficeRnd => Box::new(officernd::OfficerndWorld::new(given, now)?),
            Vendor::Nexudus => Box::new(nexudus::NexudusWorld::new(given, now)?),
            Vendor::Spacebring => Box::new(spacebring::SpacebringWorld::new(given, now)?),
            Vendor::Andcards => Box::new(push::PushWorld::new(push::ANDCARDS, given)?),
            Vendor::Deskworks => Box::new(push::PushWorld::new(push::DESKWORKS, given)?),
            Vendor::Kisi => Box::new(kisi::KisiWorld::new(given)?),
            Vendor::SaltoKs => Box::new(salto_ks::SaltoWorld::new(given, now)?),
        })
    }

    /// Loads a stored world; an empty one if none is stored.
    pub fn load(self, shelf: &Shelf<'_>) -> Box<dyn World> {
        match self {
            Vendor::OfficeRnd => Box::new(officernd::OfficerndWorld::load(shelf)),
            Vendor::Nexudus => Box::new(nexudus::NexudusWorld::load(shelf)),
            Vendor::Spacebring => Box::new(spacebring::SpacebringWorld::load(shelf)),
            Vendor::Andcards => Box::new(push::PushWorld::load(push::ANDCARDS, shelf)),
            Vendor::Deskworks => Box::new(push::PushWorld::load(push::DESKWORKS, shelf)),
            Vendor::Kisi => Box::new(kisi::KisiWorld::load(shelf)),
            Vendor::SaltoKs => Box::new(salto_ks::SaltoWorld::load(shelf)),
        }
    }

    /// Removes a stored world.
    pub fn erase(self, shelf: &Shelf<'_>) {
        match self {
            Vendor::OfficeRnd => officernd::OfficerndWorld::erase(shelf),
            Vendor::Nexudus => nexudus::NexudusWorld::erase(shelf),
            Vendor::Spacebring => spacebring::SpacebringWorld::erase(shelf),
            Vendor::Andcards => push::PushWorld::erase(push::ANDCARDS, shelf),
            Vendor::Deskworks => push::PushWorld::erase(push::DESKWORKS, shelf),
            Vendor::Kisi | Vendor::SaltoKs => super::doors::DoorsWorld::erase(shelf),
        }
    }

    /// Returns method and path pattern of a call, for counting. All unknown paths share one
    /// pattern.
    pub fn pattern(self, ask: &Ask) -> String {
        let known = match self {
            Vendor::OfficeRnd => officernd::pattern(ask),
            Vendor::Nexudus => nexudus::pattern(ask),
            Vendor::Spacebring => spacebring::pattern(ask),
            Vendor::Andcards | Vendor::Deskworks => None,
            Vendor::Kisi => kisi::pattern(ask),
            Vendor::SaltoKs => salto_ks::pattern(ask),
        };
        format!("{} {}", ask.method, known.as_deref().unwrap_or("*"))
    }

    /// Returns the forms in which a fault may write the path of a call.
    pub fn paths(self, ask: &Ask) -> Vec<String> {
        match self {
            Vendor::Nexudus => vec![ask.path.clone(), nexudus::other_path(&ask.path)],
            _ => vec![ask.path.clone()],
        }
    }

    /// Returns an organisation's name in the sandbox's addresses. Several ids of Nexudus become one
    /// name.
    pub fn one_name(self, of: &str) -> String {
        match self {
            Vendor::Nexudus => of.replace(',', "-").replace(' ', ""),
            _ => of.to_owned(),
        }
    }

    /// Returns the parts of an organisation's name, if it has several.
    pub fn parts(self, of: &str) -> Vec<String> {
        match self {
            Vendor::Nexudus if of.contains('-') => of.split('-').map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the organisation or place that the vendor's own path names.
    pub fn named_in_path(self, ask: &Ask) -> Option<String> {
        let place = match self {
            Vendor::OfficeRnd if ask.path.starts_with("/api/") => 3,
            Vendor::SaltoKs if ask.path.starts_with("/v1.") => 2,
            _ => return None,
        };
        ask.segments
            .get(place)
            .filter(|name| !name.is_empty())
            .cloned()
    }
}
