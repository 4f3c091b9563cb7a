//! Parses the content of a verified push delivery: what happened, when, and to which thing. Content
//! that breaks the contract is refused as a whole and not stored. The error addresses the developer
//! of the sender.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::fields::{INSTANT, Id, instant, record};
use super::{Contract, PushEntity, PushedThing};
use crate::delivery::WebhookContent;
use crate::platform::json;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::push_update::{ChangeHint, PushUpdate, UpdateBody, UpdateVersion};

/// The event that carries a snapshot.
pub const ROSTER: &str = "roster.replaced";
/// Most parts of one snapshot.
const MOST_PARTS: u32 = 1_000;
/// Largest content of one thing, in bytes. It leaves room in the one table item that stores it.
const LARGEST: usize = 256 << 10;

/// Parses the body of a verified delivery.
pub fn read(contract: &'static Contract, body: &[u8]) -> WebhookContent {
    opened(contract, body).unwrap_or_else(WebhookContent::Wrong)
}

/// Events of the contract.
enum PushEvent {
    Updated(&'static PushEntity),
    Removed(&'static PushEntity),
    Snapshot,
}

fn opened(contract: &'static Contract, body: &[u8]) -> Result<WebhookContent, String> {
    let Value::Object(envelope) = json::strict(body)? else {
        return Err("the body is not an object".into());
    };
    let Some(event) = event(contract, text(&envelope, "type")?) else {
        return Ok(WebhookContent::NotForUs);
    };
    let at =
        instant(text(&envelope, "timestamp")?).ok_or_else(|| format!("timestamp: {INSTANT}"))?;
    let version = UpdateVersion {
        at,
        hash: hex::encode(Sha256::digest(body)),
    };
    let data = match envelope.get("data") {
        None => return Err("data is missing".into()),
        Some(Value::Object(data)) => data,
        Some(_) => return Err("data is not an object".into()),
    };
    let (body, hints) = match event {
        PushEvent::Updated(entity) => updated(entity, data, at)?,
        PushEvent::Removed(entity) => removed(entity, data, at)?,
        PushEvent::Snapshot => (snapshot(contract, data, &version)?, Vec::new()),
    };
    Ok(WebhookContent::Update(PushUpdate {
        version,
        body,
        hints,
    }))
}

fn text<'e>(envelope: &'e Map<String, Value>, key: &str) -> Result<&'e str, String> {
    match envelope.get(key) {
        None => Err(format!("{key} is missing")),
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(format!("{key} is not a text")),
    }
}

fn event(contract: &'static Contract, name: &str) -> Option<PushEvent> {
    if name == ROSTER {
        return Some(PushEvent::Snapshot);
    }
    let (word, verb) = name.split_once('.')?;
    let entity = contract.entity(word)?;
    match verb {
        "updated" => Some(PushEvent::Updated(entity)),
        "removed" => Some(PushEvent::Removed(entity)),
        _ => None,
    }
}

fn updated(
    entity: &'static PushEntity,
    data: &Map<String, Value>,
    at: Timestamp,
) -> Result<(UpdateBody, Vec<ChangeHint>), String> {
    let data = Value::Object(data.clone());
    let thing = (entity.read)(&data).map_err(|why| format!("data{why}"))?;
    let text = data.to_string();
    if text.len() > LARGEST {
        return Err(format!(
            "data: this is more than {} KiB for one thing",
            LARGEST >> 10
        ));
    }
    let id = thing.id().to_owned();
    let hints = hints(entity, &id, at, false);
    Ok((
        UpdateBody::Thing {
            entity: entity.word,
            id,
            data: Some(text),
        },
        hints,
    ))
}

/// The data of a removal.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Removed {
    /// The thing that was removed.
    pub(crate) id: Id,
}

impl PushedThing for Removed {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<doorstep_core::model::fact::Fact> {
        Vec::new()
    }
}

fn removed(
    entity: &'static PushEntity,
    data: &Map<String, Value>,
    at: Timestamp,
) -> Result<(UpdateBody, Vec<ChangeHint>), String> {
    let gone = record::<Removed>(&Value::Object(data.clone()), |_| Ok(()))
        .map_err(|why| format!("data{why}"))?;
    let id = gone.id().to_owned();
    let hints = hints(entity, &id, at, true);
    Ok((
        UpdateBody::Thing {
            entity: entity.word,
            id,
            data: None,
        },
        hints,
    ))
}

fn hints(entity: &PushEntity, id: &str, at: Timestamp, removed: bool) -> Vec<ChangeHint> {
    let about = entity.kinds.iter().map(|kind| FactId::new(*kind, id));
    about
        .map(|about| ChangeHint {
            about,
            reaches: Some(at),
            removed,
        })
        .collect()
}

fn snapshot(
    contract: &'static Contract,
    data: &Map<String, Value>,
    version: &UpdateVersion,
) -> Result<UpdateBody, String> {
    let (part, parts) = match (number(data, "part")?, number(data, "parts")?) {
        (None, None) => (1, 1),
        (Some(part), Some(parts)) if part <= parts => (part, parts),
        (Some(_), Some(_)) => return Err("data.part is greater than data.parts".into()),
        _ => return Err("data.part and data.parts belong together".into()),
    };
    let named = match data.get("roster") {
        None | Some(Value::Null) => None,
        Some(id) => Some(
            Id::deserialize(id)
                .map_err(|_| "data.roster: write a text of 1 to 200 bytes that is not blank")?
                .0,
        ),
    };
    // A snapshot in one part is identified by its hash. A reused id can then not mix two snapshots.
    let snapshot = match (parts, named) {
        (1, _) => version.hash.clone(),
        (_, Some(named)) => named.into(),
        (_, None) => {
            return Err("data.roster is missing: all parts of one roster carry one id".into());
        }
    };
    let lists = lists(contract, data)?;
    Ok(UpdateBody::Snapshot {
        snapshot,
        part,
        parts,
        data: Value::Object(lists).to_string(),
    })
}

/// Returns the lists of a snapshot. Each thing is parsed, and each id may occur once in a list.
fn lists(
    contract: &'static Contract,
    data: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut lists = Map::new();
    for (key, value) in data {
        if matches!(key.as_str(), "roster" | "part" | "parts") {
            continue;
        }
        let Some(entity) = contract.entities.iter().find(|entity| entity.list == key) else {
            let known: Vec<&str> = contract.entities.iter().map(|entity| entity.list).collect();
            let known = known.join(", ");
            return Err(format!(
                "data: there is a key that the contract does not have; it has roster, part, parts, {known}"
            ));
        };
        let Value::Array(things) = value else {
            return Err(format!("data.{key} is not a list"));
        };
        let mut seen = BTreeSet::new();
        for (place, thing) in things.iter().enumerate() {
            let thing = (entity.read)(thing).map_err(|why| format!("data.{key}[{place}]{why}"))?;
            if !seen.insert(thing.id().to_owned()) {
                return Err(format!(
                    "data.{key}[{place}]: another one of this list has the same id"
                ));
            }
        }
        lists.insert(key.clone(), value.clone());
    }
    Ok(lists)
}

fn number(data: &Map<String, Value>, key: &str) -> Result<Option<u32>, String> {
    match data.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.filter(|number| (1..=MOST_PARTS).contains(number));
            number
                .map(Some)
                .ok_or_else(|| format!("data.{key}: write a whole number from 1 to {MOST_PARTS}"))
        }
    }
}
