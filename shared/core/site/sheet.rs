//! Reads one table of a site file. Each value is read by its key, and a key that was not read is a
//! fault.
//!
//! A reader here that returns `None` has added a fault.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::fault::Faults;
use super::keys::TableKeys;

/// Keys that belong above the first table. Operators most often put these in the wrong place.
const AT_THE_TOP: [&str; 3] = ["site", "timezone", "mode"];

/// One table. Only the keys that it may have can be read from it.
pub(super) struct SheetTable<'t> {
    /// The table's name, as the operator writes it, for example `[platform]`.
    pub(super) name: String,
    /// The line in which it begins.
    pub(super) line: usize,
    entries: &'t DeTable<'t>,
    keys: &'static TableKeys,
    pub(super) faults: &'t Faults,
}

impl<'t> SheetTable<'t> {
    /// Creates the reader of the table `entries`.
    pub(super) fn new(
        name: impl Into<String>,
        line: usize,
        entries: &'t DeTable<'t>,
        keys: &'static TableKeys,
        faults: &'t Faults,
    ) -> Self {
        SheetTable {
            name: name.into(),
            line,
            entries,
            keys,
            faults,
        }
    }

    /// Returns the value of `key`, if there is one. A missing key is no fault.
    pub(super) fn value(&self, key: &'static str) -> Option<Value<'t>> {
        let value = self.entries.get(key).filter(|_| self.keys.has(key))?;
        Some(Value {
            key: key.to_owned(),
            line: self.faults.line(&value.span()),
            value: value.get_ref(),
            faults: self.faults,
        })
    }

    /// Returns every entry, for a table whose keys the operator chooses.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'t>> + use<'t> {
        let faults = self.faults;
        self.entries.iter().map(move |(key, value)| Value {
            key: key.get_ref().to_string(),
            line: faults.line(&key.span()),
            value: value.get_ref(),
            faults,
        })
    }

    /// Reads the value of `key`. Without one it adds a fault of the table; `advice` says what to
    /// write.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        advice: &str,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Option<T> {
        match self.value(key) {
            Some(value) => read(value),
            None => {
                self.faults.add(
                    self.line,
                    format!("{} has no `{key}`: write {advice}", self.name),
                );
                None
            }
        }
    }

    /// Reads the value of `key`, or returns `otherwise` if the key is left out.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        otherwise: T,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Option<T> {
        self.value(key).map_or(Some(otherwise), read)
    }

    /// Reads the value of `key`. Returns `Some(None)` if the key is left out, and `None` if its
    /// value is wrong.
    pub(super) fn maybe<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Option<Option<T>> {
        self.value(key)
            .map_or(Some(None), |value| read(value).map(Some))
    }

    /// Adds a fault for every key that the table cannot have.
    pub(super) fn finish(&self) {
        let unknown = |key: &&Spanned<DeString<'t>>| !self.keys.has(key.get_ref());
        for key in self.entries.keys().filter(unknown) {
            let line = self.faults.line(&key.span());
            let written = short(key.get_ref());
            let advice = if AT_THE_TOP.contains(&key.get_ref().as_ref()) {
                "it belongs above the first [table]".to_owned()
            } else {
                let names: Vec<&str> = self.keys.keys.iter().map(|key| key.name).collect();
                let verb = if names.len() == 1 { "is only" } else { "are" };
                format!("there {verb} {}", names.join(", "))
            };
            self.faults.add(
                line,
                format!("{} has no key `{written}`: {advice}", self.name),
            );
        }
    }
}

/// One value and its line.
pub(super) struct Value<'t> {
    /// Its key.
    pub(super) key: String,
    /// Its line.
    pub(super) line: usize,
    value: &'t DeValue<'t>,
    faults: &'t Faults,
}

impl<'t> Value<'t> {
    /// Adds the fault that this value is wrong.
    pub(super) fn wrong<T>(&self, advice: impl AsRef<str>) -> Option<T> {
        self.faults.add(
            self.line,
            format!("`{}`: {}", short(&self.key), advice.as_ref()),
        );
        None
    }

    /// Returns a text that has more than white space.
    pub(super) fn text(&self) -> Option<&'t str> {
        match text_of(self.value) {
            Some(text) => Some(text),
            None => self.wrong(format!(
                "this is {}: write a text in quotes that is not empty",
                kind(self.value)
            )),
        }
    }

    /// Returns a text, parsed by `read`.
    pub(super) fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(self.text()?).map_or_else(|advice| self.wrong(advice), Some)
    }

    /// Returns the meaning of one of a few words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let found =
            text_of(self.value).and_then(|text| words.iter().find(|(word, _)| *word == text));
        match found {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let all: Vec<String> = words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                self.wrong(format!("write {}", all.join(" or ")))
            }
        }
    }

    /// Returns one text as a list, or a list of texts that is not empty.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        let texts = match self.value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| text_of(item.get_ref()).map(str::to_owned))
                .collect(),
            one => text_of(one).map(|text| vec![text.to_owned()]),
        };
        let texts: Option<Vec<String>> = texts;
        match texts {
            Some(texts) if !texts.is_empty() => Some(texts),
            _ => self.wrong("write a name in quotes, or a list of them: [\"One\", \"Two\"]"),
        }
    }

    /// Returns a list of texts, which may be empty.
    pub(super) fn list(&self) -> Option<Vec<String>> {
        match self.value {
            DeValue::Array(items) if items.is_empty() => Some(Vec::new()),
            _ => self.texts(),
        }
    }

    /// Returns `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong("write true or false, without quotes"),
        }
    }

    /// Returns a whole number in `range`.
    pub(super) fn whole(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let number = match self.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.wrong(format!(
                "write a whole number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }

    /// Returns one whole number as a list, or a list of whole numbers that is not empty.
    pub(super) fn numbers(&self) -> Option<Vec<usize>> {
        let number = |value: &DeValue<'_>| match value {
            DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let numbers: Option<Vec<usize>> = match self.value {
            DeValue::Array(items) => items.iter().map(|item| number(item.get_ref())).collect(),
            one => number(one).map(|number| vec![number]),
        };
        match numbers {
            Some(numbers) if !numbers.is_empty() => Some(numbers),
            _ => self.wrong("write a whole number, or a list of them: [1, 3]"),
        }
    }

    /// Returns a number from 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => "",
        };
        match text
            .parse()
            .ok()
            .filter(|share| (0.0..=1.0).contains(share))
        {
            Some(share) => Some(share),
            None => self.wrong("write a share from 0.0 to 1.0, such as 0.20"),
        }
    }

    /// Returns a table. `name` is the operator's name for it.
    pub(super) fn table(
        &self,
        name: impl Into<String>,
        keys: &'static TableKeys,
    ) -> Option<SheetTable<'t>> {
        let name = name.into();
        match self.value {
            DeValue::Table(entries) => {
                Some(SheetTable::new(name, self.line, entries, keys, self.faults))
            }
            _ => self.wrong(format!(
                "this is a table: write {name} in a line of its own, and its keys below"
            )),
        }
    }

    /// Returns several tables. `name` is the operator's name for each.
    pub(super) fn tables(
        &self,
        name: &str,
        keys: &'static TableKeys,
    ) -> Option<Vec<SheetTable<'t>>> {
        let DeValue::Array(items) = self.value else {
            return self.wrong(format!(
                "write {name} with two brackets on either side, once for each"
            ));
        };
        let table = |item: &'t Spanned<DeValue<'t>>| {
            let line = self.faults.line(&item.span());
            Value {
                key: self.key.clone(),
                line,
                value: item.get_ref(),
                faults: self.faults,
            }
            .table(name, keys)
        };
        Some(items.iter().filter_map(table).collect())
    }
}

/// Returns a text that has more than white space, and no control characters.
fn text_of<'t>(value: &'t DeValue<'t>) -> Option<&'t str> {
    value
        .as_str()
        .filter(|text| !text.trim().is_empty() && !text.contains(char::is_control))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "empty, or contains invisible characters",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Returns the operator's own word for a message, shortened and without control characters. A word
/// that may be an e-mail address is not repeated.
fn short(word: &str) -> String {
    if word.contains('@') {
        "…".to_owned()
    } else {
        word.chars().filter(|c| !c.is_control()).take(40).collect()
    }
}
