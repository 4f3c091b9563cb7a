//! Values of the push contracts, each parsed strictly. The errors address the developer of the
//! sender.
//!
//! No answer and no log repeats sent content, because it may be a person's name.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use sha2::{Digest, Sha256};

use super::PushedThing;
use doorstep_core::model::fact::{self, Fact, Profile, What};

/// Longest id, and longest name of a plan, room or location, in bytes.
pub const LONGEST_ID: usize = 200;
/// Longest name of a person or a company, and longest e-mail address, in bytes.
pub const LONGEST_NAME: usize = 500;
/// Separator between the booking's id and the guest's digest in a guest's id.
pub const GUEST: char = '/';
/// Begins the digest in the id of a visitor without a booking. No digest of a guest begins with it.
pub const OF_VISIT: &str = "visit-";

/// Defines a text type that is checked when it is parsed.
macro_rules! text {
    ($(#[$meta:meta])* $name:ident($inner:ty), $longest:expr, $fits:expr, $advice:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let fits: fn(&str) -> bool = $fits;
                if text.len() <= $longest && fits(&text) { Ok($name(text.into())) } else { Err(D::Error::custom($advice)) }
            }
        }
    };
}

text! {
    /// The platform's id of a thing.
    Id(fact::Id), LONGEST_ID, |text| !text.trim().is_empty(), ID
}
text! {
    /// The name of a plan, a room or a location, as the site file writes it.
    Word(fact::Id), LONGEST_ID, |text| !text.trim().is_empty() && !text.contains(char::is_control),
    WORD
}
text! {
    /// The name of a person or a company, or an e-mail address.
    Name(String), LONGEST_NAME, |_| true, NAME
}

/// A local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalDay(pub Date);

impl<'de> Deserialize<'de> for LocalDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = text
            .parse()
            .ok()
            .filter(|_| text.len() == "2026-03-02".len());
        day.map(LocalDay).ok_or_else(|| D::Error::custom(DAY))
    }
}

/// An instant with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        instant(&text)
            .map(Instant)
            .ok_or_else(|| D::Error::custom(INSTANT))
    }
}

/// The error text for an invalid id.
const ID: &str = "write a text of 1 to 200 bytes that is not blank";
/// The error text for an invalid name of a plan, a room or a location.
const WORD: &str = "write a text of 1 to 200 bytes that is not blank and has no control characters";
/// The error text for an invalid name of a person or a company.
const NAME: &str = "write a text of at most 500 bytes";
/// The error text for an invalid day.
const DAY: &str = "write a day such as 2026-03-02";
/// The error text for an invalid instant.
pub(super) const INSTANT: &str =
    "write an instant with its offset, such as 2026-03-02T10:00:00+01:00";
/// The error texts of these values. They pass through the parser whole and quote no content.
const OURS: [&str; 5] = [ID, WORD, NAME, DAY, INSTANT];

/// Parses an instant with its offset. A time on the last two days of the year 9999 means "never".
/// It becomes [`Timestamp::MAX`] if it exceeds the range of [`Timestamp`].
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let (day, offset) = (text.get(..10)?, text.get(19..)?);
    if !text.is_ascii()
        || !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '))
        || offset.contains('[')
    {
        return None;
    }
    text.parse().ok().or_else(|| {
        let _: DateTime = text.get(..19)?.parse().ok()?;
        let offset = offset.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let is_offset =
            matches!(offset, "Z" | "z") || offset.len() == 6 && offset.starts_with(['+', '-']);
        (is_offset && matches!(day, "9999-12-30" | "9999-12-31")).then_some(Timestamp::MAX)
    })
}

/// A person who is not a member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Guest"))]
#[serde(deny_unknown_fields)]
pub struct PushedGuest {
    /// The name. It may be left out if there is an e-mail address.
    #[serde(default)]
    pub name: Option<Name>,
    /// The e-mail address, by which door systems find the account. Without it only the name
    /// identifies the person.
    #[serde(default)]
    pub email: Option<Name>,
}

impl PushedGuest {
    /// Returns the fact of the visitor of a visit.
    pub fn visitor(&self, visit: &str) -> Fact {
        self.fact(&format!("{visit}{GUEST}{OF_VISIT}"), 0)
    }

    /// Returns the fact of a guest whose id begins with `prefix`. `before` is the number of equal
    /// guests before this one.
    fn fact(&self, prefix: &str, before: usize) -> Fact {
        let text = |field: &Option<Name>| {
            field
                .as_ref()
                .map(|text| text.0.trim().to_owned())
                .filter(|t| !t.is_empty())
        };
        let (name, email) = (text(&self.name), text(&self.email));
        let pushed = match &email {
            Some(email) => format!("email {}", email.to_lowercase()),
            None => format!("name {before} {}", name.as_deref().unwrap_or_default()),
        };
        let digest = hex::encode(Sha256::digest(pushed));
        let id = format!("{prefix}{}", digest.get(..16).unwrap_or_default());
        let name = name.or_else(|| email.clone()).unwrap_or_default();
        let profile = Profile::guest(name, email);
        Fact {
            id: id.into(),
            what: What::Visitor(profile),
            changed: None,
        }
    }

    /// Returns whether the guest has a name or an e-mail address.
    pub fn is_identified(&self) -> bool {
        let said =
            |field: &Option<Name>| field.as_ref().is_some_and(|text| !text.0.trim().is_empty());
        said(&self.name) || said(&self.email)
    }
}

/// The error text for a guest without a name and an e-mail address.
pub const UNIDENTIFIED_GUEST: &str = "a guest needs a name or an email";

/// Returns the facts of a booking's guests. Guests with the same e-mail address are one guest.
pub fn guests<'g>(booking: &str, guests: impl Iterator<Item = &'g PushedGuest>) -> Vec<Fact> {
    let prefix = format!("{booking}{GUEST}");
    let mut facts: Vec<Fact> = Vec::new();
    let mut seen: Vec<&PushedGuest> = Vec::new();
    for guest in guests {
        let before = seen.iter().filter(|other| **other == guest).count();
        seen.push(guest);
        let fact = guest.fact(&prefix, before);
        if !facts.iter().any(|known| known.id == fact.id) {
            facts.push(fact);
        }
    }
    facts
}

/// Returns the text of an e-mail address, unless it is missing or blank.
pub fn address(email: &Option<Name>) -> Option<String> {
    email
        .as_ref()
        .map(|email| email.0.clone())
        .filter(|email| !email.trim().is_empty())
}

/// Parses one thing of type `T`. `whole` checks what no single field shows.
///
/// # Errors
/// The place, what is wrong and what to write there, without quoting the content.
pub fn record<T: DeserializeOwned + PushedThing + 'static>(
    value: &Value,
    whole: fn(&T) -> Result<(), &'static str>,
) -> Result<Box<dyn PushedThing>, String> {
    let thing: T = serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, said) = (error.path().clone(), error.into_inner().to_string());
        format!(
            "{}: {}",
            place(&path, said.starts_with(UNKNOWN)),
            words(&said)
        )
    })?;
    whole(&thing).map_err(|why| format!(": {why}"))?;
    Ok(Box::new(thing))
}

/// Prefix of the parser's error about a key that is not in the contract.
const UNKNOWN: &str = "unknown field ";

/// Returns the place of an error, in the contract's own keys. The last part of the path to an
/// unknown key is left out, because it is the sender's text.
fn place(path: &Path, unknown: bool) -> String {
    let parts = path.iter().count() - usize::from(unknown).min(path.iter().count());
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key } => format!(".{key}"),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().take(parts).map(part).collect()
}

/// Returns the parser's error without the content that it quotes.
fn words(said: &str) -> String {
    let expected = said
        .rsplit_once(", expected ")
        .map(|(_, expected)| expected.trim_start_matches("one of "));
    match (said, expected) {
        (said, _) if said.starts_with("missing field ") => {
            format!("{} is missing", said.trim_start_matches("missing field "))
        }
        (said, Some(known)) if said.starts_with(UNKNOWN) => {
            format!("there is a key that the contract does not have; it has {known}")
        }
        (said, Some(expected)) if said.starts_with("invalid ") => format!("this is not {expected}"),
        (said, _) if OURS.contains(&said) => said.to_owned(),
        _ => "this cannot be read".to_owned(),
    }
}

/// Schemas of these values.
#[cfg(test)]
mod schemas {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::*;

    macro_rules! schema {
        ($name:ident, $published:literal, $($said:tt)*) => {
            impl JsonSchema for $name {
                fn schema_name() -> Cow<'static, str> {
                    $published.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($($said)*)
                }
            }
        };
    }

    schema!(Id, "Id", { "type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": "\\S",
        "description": "1 to 200 bytes, not blank" });
    schema!(Word, "Word", { "type": "string", "minLength": 1, "maxLength": LONGEST_ID, "pattern": "\\S",
        "description": "1 to 200 bytes, not blank, no control characters" });
    schema!(Name, "Name", { "type": "string", "maxLength": LONGEST_NAME, "description": "at most 500 bytes" });
    schema!(LocalDay, "Day", { "type": "string", "format": "date" });
    schema!(Instant, "Instant", { "type": "string", "format": "date-time" });
}
