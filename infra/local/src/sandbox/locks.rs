//! The locks of a door world: those listed under `locks`, and those that only an access attempt
//! names.

use serde_json::Value;

use super::object::Object;

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Reads a lock of the world's list: an object with `id` and `name`, or only a name. `id_of`
/// derives an id from a name.
fn read(given: &Value, id_of: &dyn Fn(&str) -> String) -> Option<Lock> {
    match given {
        Value::String(name) => Some(Lock {
            id: id_of(name),
            name: name.clone(),
        }),
        Value::Object(map) => {
            let lock = Object(map.clone());
            let name = lock.text("name").map(str::to_owned);
            let id = lock
                .text("id")
                .map(str::to_owned)
                .or_else(|| name.as_deref().map(id_of))?;
            Some(Lock {
                name: name.unwrap_or_else(|| format!("Lock {id}")),
                id,
            })
        }
        _ => None,
    }
}

/// Returns the locks that the world lists.
pub fn listed(top: &Object, id_of: &dyn Fn(&str) -> String) -> Vec<Lock> {
    top.list("locks")
        .iter()
        .filter_map(|lock| read(lock, id_of))
        .collect()
}

/// Returns the lock that an access attempt names, by id or by name.
pub fn named(
    top: &Object,
    given: &Value,
    sound: fn(&str) -> bool,
    id_of: &dyn Fn(&str) -> String,
) -> Option<Lock> {
    let word = match given {
        Value::String(text) if !text.trim().is_empty() => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let all = listed(top, id_of);
    let known = all
        .into_iter()
        .find(|lock| lock.id.eq_ignore_ascii_case(&word) || lock.name == word);
    Some(known.unwrap_or_else(|| match sound(&word) {
        true => Lock {
            name: format!("Lock {word}"),
            id: word,
        },
        false => Lock {
            id: id_of(&word),
            name: word,
        },
    }))
}
