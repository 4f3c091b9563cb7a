//! The events of the sample day, from `story.json`. Texts that begin with `@` are replaced by the
//! day's times (`@10:00`) or by the day itself (`@day`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde_json::Value;

/// The complete story.
#[derive(Deserialize)]
pub(super) struct Story {
    /// The worlds of the sandboxes in the morning, by vendor.
    pub(super) worlds: BTreeMap<String, Value>,
    /// The steps, in order.
    pub(super) steps: Vec<StoryEvent>,
}

/// An event at a platform.
#[derive(Deserialize)]
pub(super) struct StoryEvent {
    /// Its local time.
    pub(super) at: Time,
    /// Its site.
    pub(super) site: String,
    /// Its description.
    pub(super) says: String,
    /// The change at the platform; `None` for a step that only lets time pass.
    pub(super) change: Option<Value>,
}

impl Story {
    /// Returns the story on `day`.
    ///
    /// # Errors
    /// A message that says what is wrong with the file.
    pub(super) fn of(day: Date) -> Result<Story, String> {
        let mut file: Value =
            serde_json::from_str(include_str!("story.json")).map_err(|error| error.to_string())?;
        fill(&mut file, day)?;
        serde_json::from_value(file).map_err(|error| error.to_string())
    }

    /// Returns every site of the story.
    pub(super) fn sites(&self) -> BTreeSet<String> {
        self.steps.iter().map(|step| step.site.clone()).collect()
    }
}

fn fill(value: &mut Value, day: Date) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, day)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| fill(field, day)),
        Value::String(text) => {
            if let Some(wanted) = text.strip_prefix('@') {
                *text = instant(wanted, day)?;
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Replaces one text. OfficeRnD and Nexudus write a day (`@day`) as midnight UTC in any time zone.
/// The other platforms write the `@date` alone.
fn instant(wanted: &str, day: Date) -> Result<String, String> {
    match wanted {
        "day" => return Ok(format!("{day}T00:00:00.000Z")),
        "date" => return Ok(day.to_string()),
        _ => {}
    }
    let time: Time = wanted
        .parse()
        .map_err(|_| format!("@{wanted} is not a time, day or date"))?;
    Ok(super::at(day, time).to_string())
}
