//! One record of a platform's, read field by field and without trust: every field but the id may be missing.
//!
//! Null is missing. A number may come as a text, and a reference as the whole thing it refers to. A field that is
//! there but cannot be read marks the record as malformed, so that it never reads as "no end" or as "nobody named".

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

use crate::platform::found::{Translated, Unreadable};
use doorstep_core::model::fact::{Fact, Id};

/// A record, and the first of its fields that could not be read.
pub(crate) struct Record<'r> {
    fields: &'r Map<String, Value>,
    malformed: RefCell<Option<String>>,
}

impl<'r> Record<'r> {
    /// The record in `value`, where it is one.
    pub(crate) fn of(value: &'r Value) -> Option<Self> {
        Some(Record { fields: value.as_object()?, malformed: RefCell::new(None) })
    }

    /// The first field that was asked for and cannot be read.
    pub(crate) fn malformed(&self) -> Option<String> {
        self.malformed.borrow().clone()
    }

    /// Notes that a field cannot be read.
    pub(crate) fn cannot_read(&self, name: &str) {
        self.malformed.borrow_mut().get_or_insert_with(|| name.to_owned());
    }

    /// The fact that this record is, unless a field that was asked for could not be read.
    pub(crate) fn translated(&self, fact: Fact) -> Translated {
        match self.malformed() {
            None => Ok(fact),
            Some(field) => Err(Unreadable { name: fact.name(), field }),
        }
    }

    /// The field, unless it is missing or null.
    pub(crate) fn value(&self, name: &str) -> Option<&'r Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A text that is not blank. A number is taken as it is written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(text)
    }

    /// A name; empty where there is none.
    pub(crate) fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }

    /// The record's own id.
    pub(crate) fn id(&self, name: &str) -> Option<Id> {
        self.text(name).map(Id::from)
    }

    /// The id of another thing. An empty text refers to none.
    pub(crate) fn reference(&self, name: &str) -> Option<Id> {
        let said = referred(self.value(name)?);
        if !is_reference(said) {
            self.cannot_read(name);
        }
        text(said).map(Id::from)
    }

    /// The ids of other things.
    pub(crate) fn references(&self, name: &str) -> Vec<Id> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(all) = value.as_array() else {
            self.cannot_read(name);
            return Vec::new();
        };
        let said = all.iter().filter(|value| !value.is_null()).map(referred);
        said.filter_map(|said| {
            if !is_reference(said) {
                self.cannot_read(name);
            }
            text(said).map(Id::from)
        })
        .collect()
    }

    /// Whether the field says yes.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    /// Whether the field says yes; `usual` where it says nothing.
    pub(crate) fn flag_or(&self, name: &str, usual: bool) -> bool {
        match self.value(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
            Some(_) => false,
            None => usual,
        }
    }

    /// A number that is not negative.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let value = self.value(name)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        self.must(name, number.filter(|number| number.is_finite() && *number >= 0.0))
    }

    /// A local day. Its time, if it has one, means nothing.
    pub(crate) fn day(&self, name: &str) -> Option<Date> {
        let value = self.value(name)?;
        self.must(name, value.as_str().and_then(|text| text.get(..10)?.parse().ok()))
    }

    /// An instant.
    pub(crate) fn instant(&self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        self.must(name, instant(value))
    }

    /// When it last changed, by the field of that name; never a reason to call the record malformed.
    pub(crate) fn changed(&self, name: &str) -> Option<Timestamp> {
        self.value(name).and_then(instant)
    }

    /// Passes on what was read of a field that must be there.
    pub(crate) fn must<T>(&self, name: &str, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.cannot_read(name);
        }
        read
    }
}

/// Whether this is an id, or an empty text, which refers to nothing.
fn is_reference(said: &Value) -> bool {
    matches!(said, Value::String(_) | Value::Number(_))
}

/// The id in a reference, which may be the whole thing it refers to.
pub(crate) fn referred(value: &Value) -> &Value {
    value.get("_id").or_else(|| value.get("Id")).unwrap_or(value)
}

/// A text that is not blank, or a number as it is written.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An instant. One without an offset is UTC; one in the last hours of the year 9999, which
/// stands for "never" and is more than we can count to, is the last instant we know.
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local: DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
    if local.year() == 9999 && local.month() == 12 && local.day() >= 30 {
        return Some(Timestamp::MAX);
    }
    local.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}
