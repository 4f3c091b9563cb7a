//! Parses the content of a verified delivery. Only the ids in the entity are accepted.

use serde_json::{Map, Value};

use super::actions::{self, ActionSubject, WebhookAction};
use crate::delivery::WebhookContent;
use crate::platform::json;
use doorstep_core::model::fact::{DESK, FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

/// Longest accepted id, in digits. Nexudus' ids have up to 10.
const LONGEST_ID: usize = 20;

/// Parses a verified delivery that arrived at `path`.
pub(super) fn read(path: &str, body: &[u8]) -> WebhookContent {
    let word = path.rsplit('/').next().unwrap_or_default();
    let Some(action) = actions::find(word) else {
        return WebhookContent::NotForUs;
    };
    match hints(action, body) {
        Ok(about) if about.is_empty() => WebhookContent::NotForUs,
        Ok(about) => WebhookContent::About(about),
        Err(why) => WebhookContent::Unreadable(why.to_owned()),
    }
}

/// Parses the body, an array of one entity `[D]`. A single object is accepted too.
fn hints(action: &WebhookAction, body: &[u8]) -> Result<Vec<ChangeHint>, &'static str> {
    let entities = match json::strict(body)? {
        Value::Array(entities) => entities,
        entity @ Value::Object(_) => vec![entity],
        _ => return Err("the body is neither an array nor an object"),
    };
    if entities.is_empty() {
        return Err("the array is empty");
    }
    let mut all: Vec<ChangeHint> = Vec::new();
    for entity in &entities {
        let Value::Object(entity) = entity else {
            return Err("the array contains a value that is not an object");
        };
        for hint in of(action, entity)? {
            if !all.contains(&hint) {
                all.push(hint);
            }
        }
    }
    Ok(all)
}

fn of(
    action: &WebhookAction,
    entity: &Map<String, Value>,
) -> Result<Vec<ChangeHint>, &'static str> {
    let itself = || id(entity.get("Id")).ok_or("the entity has no usable Id");
    let coworker = || id(entity.get("CoworkerId")).map(|id| told(FactId::new(Kind::Member, id)));
    let hint = |about| ChangeHint {
        about,
        reaches: None,
        removed: action.removes,
    };
    Ok(match action.about {
        ActionSubject::Itself(kind) => vec![hint(FactId::new(kind, itself()?))],
        ActionSubject::Desk => vec![hint(FactId::new(
            Kind::Resource,
            format!("{DESK}{}", itself()?),
        ))],
        ActionSubject::Checkin => {
            let checkin = hint(FactId::new(Kind::Checkin, itself()?));
            [checkin].into_iter().chain(coworker()).collect()
        }
        ActionSubject::Visit => {
            let visit = hint(FactId::new(Kind::Visit, itself()?));
            [visit].into_iter().chain(coworker()).collect()
        }
    })
}

fn told(about: FactId) -> ChangeHint {
    ChangeHint {
        about,
        reaches: None,
        removed: false,
    }
}

/// Returns an id that is a number or a text of digits.
fn id(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let digits = !text.is_empty()
        && text.len() <= LONGEST_ID
        && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(text)
}
