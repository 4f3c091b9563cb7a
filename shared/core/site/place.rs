//! The parts of a site file, and problems about them.

use std::fmt;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

/// The line of the whole file, and of a part that the file does not have.
const FIRST_LINE: usize = 1;

/// A part of a site file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The whole file.
    File,
    /// The `[[rule]]` or `[[closed]]` that begins in this line, counted from 1.
    Rule(usize),
    /// A table, by its name and those of the tables around it.
    Table(Vec<String>),
    /// A key of a table. Above the first table, `table` is empty.
    Key {
        /// The name of the table and those of the tables around it.
        table: Vec<String>,
        /// The key.
        key: String,
    },
}

impl Place {
    /// Returns the place of the table `[platform]`.
    pub fn platform() -> Self {
        Place::Table(vec!["platform".to_owned()])
    }

    /// Returns the place of the table of one door system.
    pub fn doors(name: &str) -> Self {
        Place::Table(vec!["doors".to_owned(), name.to_owned()])
    }

    /// Returns the place of a key of this table. Only a table and the whole file have keys.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        let key = key.to_owned();
        match self {
            Place::Table(table) | Place::Key { table, .. } => Place::Key { table, key },
            Place::File => Place::Key {
                table: Vec::new(),
                key,
            },
            Place::Rule(line) => Place::Rule(line),
        }
    }

    /// Returns the line of this place in the file `text`, counted from 1. If the key is missing it
    /// is the line of the table, and if that is missing, too, line 1.
    pub fn line(&self, text: &str) -> usize {
        let line = match self {
            Place::File => None,
            Place::Rule(line) => Some(*line),
            Place::Table(table) => line_of(text, table),
            Place::Key { table, key } => line_of(
                text,
                &[table.as_slice(), std::slice::from_ref(key)].concat(),
            )
            .or_else(|| line_of(text, table)),
        };
        line.unwrap_or(FIRST_LINE)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("the file"),
            Place::Rule(line) => write!(f, "line {line}"),
            Place::Table(table) => write!(f, "[{}]", table.join(".")),
            Place::Key { table, key } if table.is_empty() => f.write_str(key),
            Place::Key { table, key } => write!(f, "[{}] {key}", table.join(".")),
        }
    }
}

/// Returns the line of the key at the end of `path`. The keys before it are tables.
fn line_of(text: &str, path: &[String]) -> Option<usize> {
    let (key, tables) = path.split_last()?;
    let (root, _errors) = DeTable::parse_recoverable(text);
    let mut table = root.get_ref();
    for name in tables {
        let DeValue::Table(inner) = table.get(name.as_str())?.get_ref() else {
            return None;
        };
        table = inner;
    }
    let (key, _) = table.iter().find(|(found, _)| found.get_ref() == key)?;
    Some(line_at(text.as_bytes(), key.span().start))
}

/// Returns the line of the byte with this index, counted from 1.
pub fn line_at(text: &[u8], index: usize) -> usize {
    let before = text.iter().take(index);
    1 + before.filter(|byte| **byte == b'\n').count()
}

/// A problem of a valid site file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteProblem {
    /// The part of the file that it is about.
    pub place: Place,
    /// The problem, and what to do.
    pub message: String,
}

impl SiteProblem {
    /// Creates a problem.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        SiteProblem {
            place,
            message: message.into(),
        }
    }
}

/// Writes the message behind its place.
impl fmt::Display for SiteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File => f.write_str(&self.message),
            Place::Table(_) => write!(f, "{} {}", self.place, self.message),
            Place::Rule(_) | Place::Key { .. } => write!(f, "{}: {}", self.place, self.message),
        }
    }
}
