//! The vendors that have a sandbox, and what each sandbox must be able to do. The only place where their names meet.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::doors::Crossing;
use super::table::Shelf;
use super::{kisi, nexudus, officernd, salto_ks, told};

/// A vendor with a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    /// OfficeRnD, a platform.
    OfficeRnd,
    /// Nexudus, a platform.
    Nexudus,
    /// andcards, a platform that only sends.
    Andcards,
    /// Deskworks, a platform that only sends.
    Deskworks,
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

    /// What is signed.
    pub fn signed(&self) -> Vec<u8> {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        match self.folded {
            true => text.encode_utf16().map(|unit| if unit < 128 { unit as u8 } else { b'?' }).collect(),
            false => self.body.to_vec(),
        }
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
    /// The letters that tell of everything there is, in so many parts.
    ///
    /// # Errors
    /// A sentence for whoever asked.
    fn roster(&mut self, _parts: usize, _now: Timestamp) -> Result<Vec<Post>, String> {
        Err("only platforms that cannot be asked send a roster: andcards and deskworks".into())
    }
    /// Who came into groups and went out of them since this was last asked, where it is a door system.
    fn crossings(&mut self) -> Vec<Crossing> {
        Vec::new()
    }
    /// Writes what changed since it was last written.
    fn save(&mut self, shelf: &Shelf<'_>);
}

impl Vendor {
    /// All of them.
    pub const ALL: [Vendor; 6] =
        [Vendor::OfficeRnd, Vendor::Nexudus, Vendor::Andcards, Vendor::Deskworks, Vendor::Kisi, Vendor::SaltoKs];

    /// The vendor of that name.
    pub fn find(word: &str) -> Option<Vendor> {
        Vendor::ALL.into_iter().find(|vendor| vendor.word() == word)
    }

    /// Its name in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Vendor::OfficeRnd => "officernd",
            Vendor::Nexudus => "nexudus",
            Vendor::Andcards => "andcards",
            Vendor::Deskworks => "deskworks",
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
            Vendor::Nexudus => Box::new(nexudus::World::new(given, now)?),
            Vendor::Andcards => Box::new(told::World::new(told::ANDCARDS, given)?),
            Vendor::Deskworks => Box::new(told::World::new(told::DESKWORKS, given)?),
            Vendor::Kisi => Box::new(kisi::World::new(given)?),
            Vendor::SaltoKs => Box::new(salto_ks::World::new(given, now)?),
        })
    }

    /// A world as it was kept; empty where nothing was.
    pub fn load(self, shelf: &Shelf<'_>) -> Box<dyn World> {
        match self {
            Vendor::OfficeRnd => Box::new(officernd::World::load(shelf)),
            Vendor::Nexudus => Box::new(nexudus::World::load(shelf)),
            Vendor::Andcards => Box::new(told::World::load(told::ANDCARDS, shelf)),
            Vendor::Deskworks => Box::new(told::World::load(told::DESKWORKS, shelf)),
            Vendor::Kisi => Box::new(kisi::World::load(shelf)),
            Vendor::SaltoKs => Box::new(salto_ks::World::load(shelf)),
        }
    }

    /// Removes a kept world.
    pub fn erase(self, shelf: &Shelf<'_>) {
        match self {
            Vendor::OfficeRnd => officernd::World::erase(shelf),
            Vendor::Nexudus => nexudus::World::erase(shelf),
            Vendor::Andcards => told::World::erase(told::ANDCARDS, shelf),
            Vendor::Deskworks => told::World::erase(told::DESKWORKS, shelf),
            Vendor::Kisi | Vendor::SaltoKs => super::doors::Doors::erase(shelf),
        }
    }

    /// Method and path pattern of a call, for counting; paths that do not exist are all one.
    pub fn pattern(self, ask: &Ask) -> String {
        let known = match self {
            Vendor::OfficeRnd => officernd::pattern(ask),
            Vendor::Nexudus => nexudus::pattern(ask),
            Vendor::Andcards | Vendor::Deskworks => None,
            Vendor::Kisi => kisi::pattern(ask),
            Vendor::SaltoKs => salto_ks::pattern(ask),
        };
        format!("{} {}", ask.method, known.as_deref().unwrap_or("*"))
    }

    /// How the path of a call may be written in a fault.
    pub fn paths(self, ask: &Ask) -> Vec<String> {
        match self {
            Vendor::Nexudus => vec![ask.path.clone(), nexudus::other_path(&ask.path)],
            _ => vec![ask.path.clone()],
        }
    }

    /// An organisation's name as the sandbox's addresses have it: Nexudus' several ids are one.
    pub fn one_name(self, of: &str) -> String {
        match self {
            Vendor::Nexudus => of.replace(',', "-").replace(' ', ""),
            _ => of.to_owned(),
        }
    }

    /// The parts of an organisation's name, where it has several.
    pub fn parts(self, of: &str) -> Vec<String> {
        match self {
            Vendor::Nexudus if of.contains('-') => of.split('-').map(str::to_owned).collect(),
            _ => Vec::new(),
        }
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
