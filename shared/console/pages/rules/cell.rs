//! Cells and rules as the values of buttons: short, and whatever the names of others contain.

use percent_encoding::percent_decode_str;

use crate::address::part;
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Selector;
use doorstep_operator::rules::thing::{CellKey, ThingKey};

/// Returns a cell as the value of a button.
pub(super) fn written(cell: &CellKey) -> String {
    let GroupRef { doors, group } = &cell.group;
    let row = row(cell.selector, &cell.thing);
    format!("{row}/{}/{}", part(doors), part(&group.0))
}

/// Returns a rule of a row as the value of a button.
pub(super) fn written_rule(selector: Selector, thing: &ThingKey, rule: usize) -> String {
    format!("{}/{rule}", row(selector, thing))
}

fn row(selector: Selector, thing: &ThingKey) -> String {
    let thing = match thing {
        ThingKey::Every => "*".to_owned(),
        ThingKey::Listed(id) => format!("={}", part(id)),
        ThingKey::Unlisted(name) => format!("?{}", part(name)),
    };
    format!("{}/{thing}", selector.word())
}

/// Reads a cell.
pub(super) fn read(text: &str) -> Option<CellKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [selector, thing, doors, group] = parts.as_slice() else {
        return None;
    };
    let (selector, thing) = read_row(selector, thing)?;
    Some(CellKey {
        selector,
        thing,
        group: GroupRef {
            doors: DoorsName::from(decoded(doors)?),
            group: GroupId(decoded(group)?),
        },
    })
}

/// Reads a rule of a row.
pub(super) fn read_rule(text: &str) -> Option<(Selector, ThingKey, usize)> {
    let parts: Vec<&str> = text.split('/').collect();
    let [selector, thing, rule] = parts.as_slice() else {
        return None;
    };
    let (selector, thing) = read_row(selector, thing)?;
    Some((selector, thing, rule.parse().ok()?))
}

fn read_row(selector: &str, thing: &str) -> Option<(Selector, ThingKey)> {
    let mut all = Selector::ALL.into_iter();
    let selector = all.find(|one| one.word() == selector)?;
    let thing = match thing.split_at_checked(1)? {
        ("*", "") => ThingKey::Every,
        ("=", id) => ThingKey::Listed(decoded(id)?),
        ("?", name) => ThingKey::Unlisted(decoded(name)?),
        _ => return None,
    };
    Some((selector, thing))
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_survives_a_button_whatever_its_names_contain() {
        for name in ["r-board", "a/b?c=d&e*", "", "Büro \"1\"", "*", "%2F"] {
            for thing in [
                ThingKey::Every,
                ThingKey::Listed(name.to_owned()),
                ThingKey::Unlisted(name.to_owned()),
            ] {
                let cell = CellKey {
                    selector: Selector::Visitor,
                    thing: thing.clone(),
                    group: GroupRef::new(&"main".into(), &GroupId(name.to_owned())),
                };
                assert_eq!(read(&written(&cell)), Some(cell));
                let rule = written_rule(Selector::Plan, &thing, 3);
                assert_eq!(read_rule(&rule), Some((Selector::Plan, thing, 3)));
            }
        }
    }

    #[test]
    fn other_texts_are_no_cells() {
        for text in [
            "",
            "plan",
            "plan/=a/main",
            "room/=a/main/1",
            "plan/a/main/1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read_rule("plan/=a/x"), None);
    }
}
