//! One record of a platform's, read field by field and without trust: every field but the id may be missing.
//!
//! Null is missing. A number may come as a text, and a reference as the whole thing it refers to. A time that is
//! there but cannot be read marks the record as malformed, so that it never reads as "no end".

use std::cell::Cell;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

use crate::fact::Id;

/// A record, and whether anything in it could not be read.
pub(crate) struct Record<'r> {
    fields: &'r Map<String, Value>,
    malformed: Cell<bool>,
}

impl<'r> Record<'r> {
    /// The record in `value`, where it is one.
    pub(crate) fn of(value: &'r Value) -> Option<Self> {
        Some(Record { fields: value.as_object()?, malformed: Cell::new(false) })
    }

    /// Whether a field that was asked for is there but cannot be read.
    pub(crate) fn malformed(&self) -> bool {
        self.malformed.get()
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

    /// The id of another thing.
    pub(crate) fn reference(&self, name: &str) -> Option<Id> {
        self.value(name).and_then(|value| text(referred(value))).map(Id::from)
    }

    /// The ids of other things. What is no reference is left out.
    pub(crate) fn references(&self, name: &str) -> Vec<Id> {
        let all = self.value(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(|value| text(referred(value))).map(Id::from).collect()
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
        self.or_malformed(number.filter(|number| number.is_finite() && *number >= 0.0))
    }

    /// A local day. Its time, if it has one, means nothing.
    pub(crate) fn day(&self, name: &str) -> Option<Date> {
        let value = self.value(name)?;
        self.or_malformed(value.as_str().and_then(|text| text.get(..10)?.parse().ok()))
    }

    /// An instant.
    pub(crate) fn instant(&self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        self.or_malformed(instant(value))
    }

    /// When it last changed, by the field of that name; never a reason to call the record malformed.
    pub(crate) fn changed(&self, name: &str) -> Option<Timestamp> {
        self.value(name).and_then(instant)
    }

    /// Passes `read` on, and marks the record where there is nothing.
    pub(crate) fn or_malformed<T>(&self, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.malformed.set(true);
        }
        read
    }
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
