//! The groups that Nexudus' own bridges to door systems open. Its operators map groups to passes, to
//! resources and to desks and offices. `[D]` Whether a plan can have a group too is unknown. `[?]`

use serde_json::Value;

use super::entity::{DESK, NexudusEntity, RESOURCE, TARIFF, TIME_PASS};
use super::list;
use super::reader::NexudusReader;
use crate::platform::bridge::{BridgedGroup, BridgedUse};
use crate::platform::fields::JsonRecord;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{self, FactId, Kind};

/// The fields that name groups. `KisiGroupId` belongs to Kisi. The others belong to the access
/// control system of the location, whichever that is. `AccessControlGroupIds` separates several ids
/// by commas `[I]`.
const FIELDS: [(&str, Option<DoorsKind>); 3] = [
    ("KisiGroupId", Some(DoorsKind::Kisi)),
    ("AccessControlGroupId", None),
    ("AccessControlGroupIds", None),
];

/// A kind of record that may name groups.
struct Mapped {
    entity: &'static NexudusEntity,
    /// The field of its location.
    location: &'static str,
    kind: Kind,
    /// What its id begins with in Doorstep.
    prefix: &'static str,
    opens_for: BridgedUse,
}

static MAPPED: [Mapped; 4] = [
    Mapped {
        entity: &TARIFF,
        location: "BusinessId",
        kind: Kind::Plan,
        prefix: "",
        opens_for: BridgedUse::Plan,
    },
    Mapped {
        entity: &TIME_PASS,
        location: "BusinessId",
        kind: Kind::Pass,
        prefix: super::wire::UNSOLD,
        opens_for: BridgedUse::Pass,
    },
    Mapped {
        entity: &RESOURCE,
        location: "BusinessId",
        kind: Kind::Resource,
        prefix: "",
        opens_for: BridgedUse::Booking,
    },
    Mapped {
        entity: &DESK,
        location: "FloorPlanBusinessId",
        kind: Kind::Resource,
        prefix: fact::DESK,
        opens_for: BridgedUse::Assignment,
    },
];

impl NexudusReader {
    /// Returns the groups of every plan, pass, resource, desk and office at the reader's locations.
    pub(super) async fn all_bridged(&self) -> Result<Vec<BridgedGroup>> {
        let mut all = Vec::new();
        for mapped in &MAPPED {
            let read = |record: &Value| {
                let ours = self.is_ours(record, mapped.location);
                ours.then(|| groups(record, mapped))
            };
            let read = list::all(&self.calls, mapped.entity, &[], read).await?;
            all.extend(read.into_iter().flatten());
        }
        Ok(all)
    }
}

fn groups(record: &Value, mapped: &Mapped) -> Vec<BridgedGroup> {
    let Some(record) = JsonRecord::of(record) else {
        return Vec::new();
    };
    let Some(id) = record.id("Id") else {
        return Vec::new();
    };
    let mut all: Vec<BridgedGroup> = Vec::new();
    for (field, doors) in FIELDS {
        let ids = record.text(field).unwrap_or_default();
        for group in ids.split(',').map(str::trim).filter(|id| !id.is_empty()) {
            // The same group may stand in the older field too.
            if all.iter().any(|known| known.group == group) {
                continue;
            }
            all.push(BridgedGroup {
                thing: FactId::new(mapped.kind, format!("{}{id}", mapped.prefix)),
                name: record.text("Name"),
                opens_for: mapped.opens_for.clone(),
                doors,
                group: group.to_owned(),
            });
        }
    }
    all
}
