//! A table of a site file under reading: every value is asked for by its key, and what nobody asked for is a fault.
//!
//! Whatever a reader here cannot give back as `Some` it has written down as a fault.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;

/// Keys that stand above the first table, where they are most often missed.
const AT_THE_TOP: [&str; 3] = ["site", "timezone", "mode"];

/// One table, and the keys that were asked for so far.
pub(super) struct Table<'t> {
    /// How the operator writes it, for example `[platform]`.
    pub(super) name: String,
    /// The line it begins in.
    pub(super) line: usize,
    entries: &'t DeTable<'t>,
    asked: RefCell<Vec<&'static str>>,
    pub(super) faults: &'t Faults,
}

impl<'t> Table<'t> {
    /// The table `entries`, of which nothing was asked yet.
    pub(super) fn new(name: impl Into<String>, line: usize, entries: &'t DeTable<'t>, faults: &'t Faults) -> Self {
        Table { name: name.into(), line, entries, asked: RefCell::default(), faults }
    }

    /// The value of `key`, if it is there. That is no fault in itself.
    pub(super) fn value(&self, key: &'static str) -> Option<Value<'t>> {
        self.asked.borrow_mut().push(key);
        let value = self.entries.get(key)?;
        Some(Value {
            key: key.to_owned(),
            line: self.faults.line(&value.span()),
            value: value.get_ref(),
            faults: self.faults,
        })
    }

    /// Every entry, for a table whose keys are the operator's own.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'t>> + use<'t> {
        let faults = self.faults;
        self.entries.iter().map(move |(key, value)| Value {
            key: key.get_ref().to_string(),
            line: faults.line(&key.span()),
            value: value.get_ref(),
            faults,
        })
    }

    /// The value of `key`; without it the table is at fault, and `advice` says what to write.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        advice: &str,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Option<T> {
        match self.value(key) {
            Some(value) => read(value),
            None => {
                self.faults.add(self.line, format!("{} has no `{key}`: write {advice}", self.name));
                None
            }
        }
    }

    /// The value of `key`, or `otherwise` where it is left out.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        otherwise: T,
        read: impl FnOnce(Value<'t>) -> Option<T>,
    ) -> Option<T> {
        self.value(key).map_or(Some(otherwise), read)
    }

    /// The value of `key`, if it is there: `Some(None)` where it is left out, `None` where it is wrong.
    pub(super) fn maybe<T>(&self, key: &'static str, read: impl FnOnce(Value<'t>) -> Option<T>) -> Option<Option<T>> {
        self.value(key).map_or(Some(None), |value| read(value).map(Some))
    }

    /// Writes down every key that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for key in self.entries.keys().filter(|key| !asked.contains(&key.get_ref().as_ref())) {
            let line = self.faults.line(&key.span());
            let written = short(key.get_ref());
            let advice = if AT_THE_TOP.contains(&key.get_ref().as_ref()) {
                "it belongs above the first [table]".to_owned()
            } else {
                format!("there are {}", asked.join(", "))
            };
            self.faults.add(line, format!("{} has no key `{written}`: {advice}", self.name));
        }
    }
}

/// One value and where it stands.
pub(super) struct Value<'t> {
    /// Its key.
    pub(super) key: String,
    /// Its line.
    pub(super) line: usize,
    value: &'t DeValue<'t>,
    faults: &'t Faults,
}

impl<'t> Value<'t> {
    /// Writes down that this value is wrong.
    pub(super) fn wrong<T>(&self, advice: impl AsRef<str>) -> Option<T> {
        self.faults.add(self.line, format!("`{}`: {}", short(&self.key), advice.as_ref()));
        None
    }

    /// A text that is more than white space.
    pub(super) fn text(&self) -> Option<&'t str> {
        match text_of(self.value) {
            Some(text) => Some(text),
            None => self.wrong(format!("this is {}: write a text in quotes that is not empty", kind(self.value))),
        }
    }

    /// A text, as `read` understands it.
    pub(super) fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(self.text()?).map_or_else(|advice| self.wrong(advice), Some)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let found = text_of(self.value).and_then(|text| words.iter().find(|(word, _)| *word == text));
        match found {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.wrong(format!("write {}", all.join(" or ")))
            }
        }
    }

    /// One text, or a list of them that is not empty.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        let texts = match self.value {
            DeValue::Array(items) => items.iter().map(|item| text_of(item.get_ref()).map(str::to_owned)).collect(),
            one => text_of(one).map(|text| vec![text.to_owned()]),
        };
        let texts: Option<Vec<String>> = texts;
        match texts {
            Some(texts) if !texts.is_empty() => Some(texts),
            _ => self.wrong("write a name in quotes, or a list of them: [\"One\", \"Two\"]"),
        }
    }

    /// A list of texts, which may be empty.
    pub(super) fn list(&self) -> Option<Vec<String>> {
        match self.value {
            DeValue::Array(items) if items.is_empty() => Some(Vec::new()),
            _ => self.texts(),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong("write true or false, without quotes"),
        }
    }

    /// A whole number in `range`.
    pub(super) fn whole(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let number = match self.value {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.wrong(format!("write a whole number from {} to {}", range.start(), range.end())),
        }
    }

    /// A number from 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        let text = match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => "",
        };
        match text.parse().ok().filter(|share| (0.0..=1.0).contains(share)) {
            Some(share) => Some(share),
            None => self.wrong("write a share from 0.0 to 1.0, such as 0.20"),
        }
    }

    /// A table, called `name` by the operator.
    pub(super) fn table(&self, name: impl Into<String>) -> Option<Table<'t>> {
        let name = name.into();
        match self.value {
            DeValue::Table(entries) => Some(Table::new(name, self.line, entries, self.faults)),
            _ => self.wrong(format!("this is a table: write {name} in a line of its own, and its keys below")),
        }
    }

    /// Several tables, each called `name` by the operator.
    pub(super) fn tables(&self, name: &str) -> Option<Vec<Table<'t>>> {
        let DeValue::Array(items) = self.value else {
            return self.wrong(format!("write {name} with two brackets on either side, once for each"));
        };
        let table = |item: &'t Spanned<DeValue<'t>>| {
            let line = self.faults.line(&item.span());
            Value { key: self.key.clone(), line, value: item.get_ref(), faults: self.faults }.table(name)
        };
        Some(items.iter().filter_map(table).collect())
    }
}

/// A text that is more than white space and has no control characters.
fn text_of<'t>(value: &'t DeValue<'t>) -> Option<&'t str> {
    value.as_str().filter(|text| !text.trim().is_empty() && !text.contains(char::is_control))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "empty, or holds characters that cannot be seen",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The operator's own word, cut and cleaned for a message. What may be an e-mail address is not repeated.
fn short(word: &str) -> String {
    if word.contains('@') { "…".to_owned() } else { word.chars().filter(|c| !c.is_control()).take(40).collect() }
}
