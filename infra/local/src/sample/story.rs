//! What happens on the sample day, as it is written in `story.json`. Texts that begin with `@` stand for the day's
//! times (`@10:00`) or for the day itself (`@day`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde_json::Value;

/// The whole story.
#[derive(Deserialize)]
pub(super) struct Story {
    /// What the sandboxes hold in the morning, by vendor.
    pub(super) worlds: BTreeMap<String, Value>,
    /// What happens, in order.
    pub(super) steps: Vec<Step>,
}

/// Something that happens at a platform.
#[derive(Deserialize)]
pub(super) struct Step {
    /// When, local.
    pub(super) at: Time,
    /// At which site.
    pub(super) site: String,
    /// In words.
    pub(super) says: String,
    /// What is changed at the platform; nothing in a step that only lets time pass.
    pub(super) change: Option<Value>,
}

impl Story {
    /// The story on `day`.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(super) fn of(day: Date) -> Result<Story, String> {
        let mut file: Value = serde_json::from_str(include_str!("story.json")).map_err(|error| error.to_string())?;
        fill(&mut file, day)?;
        serde_json::from_value(file).map_err(|error| error.to_string())
    }

    /// Every site that has a part in it.
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

/// Days (`@day`) are written as OfficeRnD and Nexudus write them: at midnight UTC, whatever the zone. The others write
/// the `@date` alone.
fn instant(wanted: &str, day: Date) -> Result<String, String> {
    match wanted {
        "day" => return Ok(format!("{day}T00:00:00.000Z")),
        "date" => return Ok(day.to_string()),
        _ => {}
    }
    let time: Time = wanted.parse().map_err(|_| format!("@{wanted} is neither a time nor the day"))?;
    Ok(super::at(day, time).to_string())
}
