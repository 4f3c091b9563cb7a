//! A small site with its lists, for tests.

use std::collections::BTreeMap;

use doorstep_core::model::account::{Group, GroupId, GroupRef};
use doorstep_core::model::fact::{Floor, Id, Location, Plan, Resource};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Selector;
use doorstep_core::site::catalogue::Catalogue;

use super::lists::Lists;
use super::thing::{CellKey, ThingKey};
use crate::survey::Survey;

/// A file without rules and with one door system.
pub(super) const HEAD: &str = "\
site     = \"riverside\"  # the first one
timezone = \"Europe/London\"
mode     = \"observe\"

[platform]
kind         = \"officernd\"
organization = \"riverside-hub\"
secret       = \"riverside/officernd\"

[doors.main]
kind   = \"kisi\"
secret = \"riverside/kisi\"
";

/// A second door system.
pub(super) const SIDE: &str =
    "\n[doors.side]\nkind   = \"kisi\"\nplace  = \"9\"\nsecret = \"riverside/side\"\n";

fn plan(id: &str, name: &str) -> (Id, Plan) {
    let plan = Plan {
        name: name.to_owned(),
        location: None,
    };
    (id.into(), plan)
}

fn room(id: &str, name: &str, parent: Option<&str>) -> (Id, Resource) {
    let resource = Resource {
        name: name.to_owned(),
        location: Some("l-river".into()),
        floor: Some("f-first".into()),
        parent: parent.map(Into::into),
    };
    (id.into(), resource)
}

pub(super) fn group(id: &str, name: &str) -> Group {
    Group {
        id: GroupId(id.to_owned()),
        name: name.to_owned(),
        problem: None,
    }
}

/// Two plans, four rooms of which two have one name and one is a part of another, and two door
/// systems with groups.
pub(super) fn lists() -> Lists {
    let location = Location {
        name: "Riverside".to_owned(),
        timezone: None,
    };
    let floor = Floor {
        name: "First floor".to_owned(),
        location: Some("l-river".into()),
    };
    let catalogue = Catalogue {
        locations: BTreeMap::from([("l-river".into(), location)]),
        floors: BTreeMap::from([("f-first".into(), floor)]),
        plans: BTreeMap::from([plan("p-hot", "Hot desk"), plan("p-office", "Office")]),
        resources: BTreeMap::from([
            room("r-board", "Boardroom", None),
            room("r-half", "Boardroom half", Some("r-board")),
            room("r-studio", "Studio", None),
            room("r-booth1", "Booth", None),
            room("r-booth2", "Booth", None),
        ]),
        passes: Some(["Day pass".to_owned()].into()),
    };
    let main = vec![
        group("1", "Front door"),
        group("2", "Meeting floor"),
        group("3", "Members"),
        group("4", "Roof"),
    ];
    Lists {
        survey: Survey {
            catalogue,
            groups: BTreeMap::from([
                (DoorsName::from("main"), main),
                (DoorsName::from("side"), vec![group("1", "Front door")]),
            ]),
            bridged: Vec::new(),
        },
        before: None,
        read: None,
    }
}

/// Returns the cell of a listed thing and a group of the main doors.
pub(super) fn cell(selector: Selector, thing: &str, group: &str) -> CellKey {
    let thing = match thing {
        "*" => ThingKey::Every,
        id => ThingKey::Listed(id.to_owned()),
    };
    CellKey {
        selector,
        thing,
        group: GroupRef::new(&"main".into(), &GroupId(group.to_owned())),
    }
}
