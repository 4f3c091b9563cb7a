//! One record of a platform, read field by field and without trust: every field but the id may be
//! missing.
//!
//! Null counts as missing. A number may come as a text, and a reference as the whole thing that it
//! refers to. A field that is present but cannot be read marks the record as malformed. It
//! therefore never reads as "no end" or as "no person named".

use std::cell::RefCell;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

use crate::platform::found::{Translated, Unreadable};
use doorstep_core::model::fact::{Fact, Id};

/// A record, and the first of its fields that could not be read.
pub(crate) struct JsonRecord<'r> {
    fields: &'r Map<String, Value>,
    malformed: RefCell<Option<String>>,
}

impl<'r> JsonRecord<'r> {
    /// Returns the record in `value`; `None` if `value` is not an object.
    pub(crate) fn of(value: &'r Value) -> Option<Self> {
        Some(JsonRecord {
            fields: value.as_object()?,
            malformed: RefCell::new(None),
        })
    }

    /// Returns the first field that was requested and cannot be read.
    pub(crate) fn malformed(&self) -> Option<String> {
        self.malformed.borrow().clone()
    }

    /// Marks a field as unreadable. The first mark is kept.
    pub(crate) fn cannot_read(&self, name: &str) {
        self.malformed
            .borrow_mut()
            .get_or_insert_with(|| name.to_owned());
    }

    /// Returns `fact`, or [`Unreadable`] if a requested field could not be read.
    pub(crate) fn translated(&self, fact: Fact) -> Translated {
        match self.malformed() {
            None => Ok(fact),
            Some(field) => Err(Unreadable {
                name: fact.name(),
                field,
            }),
        }
    }

    /// Returns the field, unless it is missing or null.
    pub(crate) fn value(&self, name: &str) -> Option<&'r Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// Returns a text that is not blank. A number is taken as it is written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(text)
    }

    /// Returns the record's name; empty if there is none.
    pub(crate) fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }

    /// Returns the record's own id.
    pub(crate) fn id(&self, name: &str) -> Option<Id> {
        self.text(name).map(Id::from)
    }

    /// Returns the id of another thing. An empty text refers to nothing.
    pub(crate) fn reference(&self, name: &str) -> Option<Id> {
        let said = referred(self.value(name)?);
        if !is_reference(said) {
            self.cannot_read(name);
        }
        text(said).map(Id::from)
    }

    /// Returns the ids of other things.
    pub(crate) fn references(&self, name: &str) -> Vec<Id> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
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

    /// Returns whether the field is true.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    /// Returns whether the field is true; `usual` if the field is missing.
    pub(crate) fn flag_or(&self, name: &str, usual: bool) -> bool {
        match self.value(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
            Some(_) => false,
            None => usual,
        }
    }

    /// Returns a number that is not negative.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        let value = self.value(name)?;
        let number = value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok());
        self.must(
            name,
            number.filter(|number| number.is_finite() && *number >= 0.0),
        )
    }

    /// Returns a local day. A time of day behind it is ignored.
    pub(crate) fn day(&self, name: &str) -> Option<Date> {
        let value = self.value(name)?;
        self.must(
            name,
            value.as_str().and_then(|text| text.get(..10)?.parse().ok()),
        )
    }

    /// Returns an instant.
    pub(crate) fn instant(&self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        self.must(name, instant(value))
    }

    /// Returns when the record last changed, by the field `name`. An unreadable value does not mark
    /// the record as malformed.
    pub(crate) fn changed(&self, name: &str) -> Option<Timestamp> {
        self.value(name).and_then(instant)
    }

    /// Returns `read` unchanged, and marks the field as unreadable if it is `None`. For fields that
    /// must be present.
    pub(crate) fn must<T>(&self, name: &str, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.cannot_read(name);
        }
        read
    }
}

/// Returns whether this is an id or an empty text, which refers to nothing.
fn is_reference(said: &Value) -> bool {
    matches!(said, Value::String(_) | Value::Number(_))
}

/// Returns the id in a reference, which may be the whole thing that it refers to.
pub(crate) fn referred(value: &Value) -> &Value {
    value
        .get("_id")
        .or_else(|| value.get("Id"))
        .or_else(|| value.get("id"))
        .unwrap_or(value)
}

/// Returns a text that is not blank, or a number as it is written.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns an instant. A time without an offset is UTC. A time on the last two days of the year
/// 9999 means "never". It becomes [`Timestamp::MAX`] if it has no offset or exceeds the range of
/// [`Timestamp`].
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let local: DateTime = text.trim_end_matches(['Z', 'z']).parse().ok()?;
    if local.year() == 9999 && local.month() == 12 && local.day() >= 30 {
        return Some(Timestamp::MAX);
    }
    local
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}
