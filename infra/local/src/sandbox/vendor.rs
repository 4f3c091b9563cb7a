//! The vendors that have a sandbox, and what each sandbox must be able to do. The only place where their names meet.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::table::Shelf;
use super::{kisi, officernd, salto_ks};

/// A vendor with a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// OfficeRnD, a platform.
    OfficeRnd,
    /// Kisi, a door system.
    Kisi,
    /// SALTO KS, a door system.
    SaltoKs,
}

/// A webhook that a platform would post. It is not signed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The last part of its address, where a platform has one address for each action.
    pub action: Option<u16>,
    /// The body.
    pub body: Bytes,
    /// Whether what is signed is the body as a .NET text in ASCII, in which every other UTF-16 unit is a `?`.
    pub folded: bool,
}

impl Post {
    /// To the one address that a platform has.
    pub fn of(body: &Value) -> Post {
        Post { action: None, body: Bytes::from(body.to_string()), folded: false }
    }
}

/// Everything that one organisation's or place's sandbox holds, and how the vendor answers from it.
pub trait World: Send {
    /// What it holds, as `_world` shows it.
    fn show(&self) -> Value;
    /// Answers one call.
    fn serve(&mut self, ask: &Ask) -> Answer;
    /// Applies a `_change`; gives the webhooks that the vendor would post, in order.
    ///
    /// # Errors
    /// A sentence for whoever wrote it; nothing has changed then.
    fn change(&mut self, _body: Value, _now: Timestamp) -> Result<Vec<Post>, String> {
        Err("nothing happens here by itself: replace the _world instead".into())
    }
    /// Writes what changed since it was last written.
    fn save(&mut self, shelf: &Shelf<'_>);
}

impl Vendor {
    /// All of them.
    pub const ALL: [Vendor; 3] = [Vendor::OfficeRnd, Vendor::Kisi, Vendor::SaltoKs];

    /// The vendor of that name.
    pub fn find(word: &str) -> Option<Vendor> {
        Vendor::ALL.into_iter().find(|vendor| vendor.word() == word)
    }

    /// Its name in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Vendor::OfficeRnd => "officernd",
            Vendor::Kisi => "kisi",
            Vendor::SaltoKs => "salto-ks",
        }
    }

    /// A world as `_world` was given it.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub fn world(self, given: Value, now: Timestamp) -> Result<Box<dyn World>, String> {
        Ok(match self {
            Vendor::OfficeRnd => Box::new(officernd::World::new(given, now)?),
            Vendor::Kisi => Box::new(kisi::World::new(given)?),
            Vendor::SaltoKs => Box::new(salto_ks::World::new(given, now)?),
        })
    }

    /// A world as it was kept; empty where nothing was.
    pub fn load(self, shelf: &Shelf<'_>) -> Box<dyn World> {
        match self {
            Vendor::OfficeRnd => Box::new(officernd::World::load(shelf)),
            Vendor::Kisi => Box::new(kisi::World::load(shelf)),
            Vendor::SaltoKs => Box::new(salto_ks::World::load(shelf)),
        }
    }

    /// Removes a kept world.
    pub fn erase(self, shelf: &Shelf<'_>) {
        match self {
            Vendor::OfficeRnd => officernd::World::erase(shelf),
            Vendor::Kisi | Vendor::SaltoKs => super::doors::Doors::erase(shelf),
        }
    }

    /// Method and path pattern of a call, for counting; paths that do not exist are all one.
    pub fn pattern(self, ask: &Ask) -> String {
        let known = match self {
            Vendor::OfficeRnd => officernd::pattern(ask),
            Vendor::Kisi => kisi::pattern(ask),
            Vendor::SaltoKs => salto_ks::pattern(ask),
        };
        format!("{} {}", ask.method, known.as_deref().unwrap_or("*"))
    }

    /// The organisation or place that the vendor's own path names.
    pub fn named_in_path(self, ask: &Ask) -> Option<String> {
        let place = match self {
            Vendor::OfficeRnd if ask.path.starts_with("/api/") => 3,
            Vendor::SaltoKs if ask.path.starts_with("/v1.") => 2,
            _ => return None,
        };
        ask.segments.get(place).filter(|name| !name.is_empty()).cloned()
    }
}
