//! One record of OfficeRnD's, read field by field and without trust: every field but the id may be missing.
//!
//! Null is missing. A number may come as a text, and a reference as the whole thing it refers to. A time that is
//! there but cannot be read marks the record as malformed, so that it never reads as "no end".

use std::cell::Cell;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

/// A record, and whether anything in it could not be read.
pub(super) struct Record<'r> {
    fields: &'r Map<String, Value>,
    malformed: Cell<bool>,
}

impl<'r> Record<'r> {
    /// The record in `value`, where it is one.
    pub(super) fn of(value: &'r Value) -> Option<Self> {
        Some(Record { fields: value.as_object()?, malformed: Cell::new(false) })
    }

    /// Whether a field that was asked for is there but cannot be read.
    pub(super) fn malformed(&self) -> bool {
        self.malformed.get()
    }

    /// The field, unless it is missing or null.
    pub(super) fn value(&self, name: &str) -> Option<&'r Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A text that is not blank. A number is taken as it is written.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(text)
    }

    /// A name; empty where there is none.
    pub(super) fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }

    /// The id of another thing.
    pub(super) fn reference(&self, name: &str) -> Option<String> {
        self.value(name).and_then(|value| text(referred(value)))
    }

    /// The ids of other things. What is no reference is left out.
    pub(super) fn references(&self, name: &str) -> Vec<String> {
        let all = self.value(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(|value| text(referred(value))).collect()
    }

    /// Whether the field says yes.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        let value = self.value(name)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        self.or_malformed(number.filter(|number| number.is_finite() && *number >= 0.0))
    }

    /// A local day. Its time is always midnight UTC and means nothing. `[C]`
    pub(super) fn day(&self, name: &str) -> Option<Date> {
        let value = self.value(name)?;
        self.or_malformed(value.as_str().and_then(|text| text.get(..10)?.parse().ok()))
    }

    /// An instant.
    pub(super) fn instant(&self, name: &str) -> Option<Timestamp> {
        let value = self.value(name)?;
        self.or_malformed(instant(value))
    }

    /// When it last changed; never a reason to call the record malformed.
    pub(super) fn changed(&self) -> Option<Timestamp> {
        self.value("modifiedAt").and_then(instant)
    }

    /// Passes `read` on, and marks the record where there is nothing.
    pub(super) fn or_malformed<T>(&self, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.malformed.set(true);
        }
        read
    }
}

/// The id in a reference, which may be the whole thing it refers to.
pub(super) fn referred(value: &Value) -> &Value {
    value.get("_id").unwrap_or(value)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An instant as OfficeRnD writes it. One without an offset is UTC; one in the last hours of the year 9999, which
/// stands for "never" and is more than we can count to, is the last instant we know.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
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
