//! What Spacebring refuses in a request, whatever the world holds: unknown, missing and malformed
//! parameters. `[D]`
//!
//! Worlds may have ids that are no UUIDs, so the id of a thing of the world always passes.

use jiff::Timestamp;

use super::LISTS;
use super::call::{Call, List};
use super::list::{LARGEST_PAGE, statuses, wanted_statuses};
use crate::sandbox::ask::Ask;
use crate::sandbox::platform_tables::PlatformTables;
use crate::sandbox::shape;

/// The header with the network that a partner's token is for.
const NETWORK: &str = "spacebring-network-id";

/// Checks a request.
///
/// # Errors
/// What is wrong, for a 400.
pub fn check(things: &PlatformTables, call: &Call, ask: &Ask) -> Result<(), String> {
    if ask.headers.contains_key(NETWORK) && !ask.header(NETWORK).is_some_and(is_uuid) {
        return Err(format!("{NETWORK}: Invalid uuid"));
    }
    match call {
        Call::List(list) => parameters(things, list, ask),
        // The occurrence of a series has an id of its own form.
        Call::One(list, _) if list.world == "bookings" => Ok(()),
        Call::One(_, id) | Call::Balances(id) => reference(things, "id", id, ask),
        Call::Networks => Ok(()),
    }
}

fn parameters(things: &PlatformTables, list: &List, ask: &Ask) -> Result<(), String> {
    let is_page = |name: &str| list.is_paged && matches!(name, "limit" | "nextPageToken");
    for (name, value) in &ask.query {
        if !is_page(name) && !list.filters.contains(&name.as_str()) {
            return Err(format!("Unrecognized key: {name}"));
        }
        if name.contains("Ref") {
            reference(things, name, value, ask)?;
        }
        let is_valid = match name.as_str() {
            "limit" => list.cuts_limit || is_size(value, list.is_paged),
            "userEmail" => shape::is_email(value),
            "types" => list.world == "resources" || value.split(',').all(is_member_type),
            bounded if bounded.ends_with(']') => value.parse::<Timestamp>().is_ok(),
            _ => true,
        };
        if !is_valid {
            return Err(format!("{name}: Invalid value"));
        }
    }
    if let Some((known, _)) = statuses(list)
        && let Some(other) = wanted_statuses("", ask)
            .into_iter()
            .find(|word| !known.contains(word))
    {
        return Err(format!("status: Invalid value {other}"));
    }
    let has = |name: &&&str| ask.param(name).is_some();
    match list.needed.is_empty() || list.needed.iter().find(has).is_some() {
        true => Ok(()),
        false => Err(format!("{}: Required", list.needed.join(" or "))),
    }
}

fn reference(things: &PlatformTables, name: &str, id: &str, ask: &Ask) -> Result<(), String> {
    match is_uuid(id)
        || LISTS
            .iter()
            .any(|list| things.one(list, id, ask.now).is_some())
    {
        true => Ok(()),
        false => Err(format!("{name}: Invalid uuid")),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Returns whether this is the size of a page. The list of floors has no bounds.
fn is_size(text: &str, has_bounds: bool) -> bool {
    match has_bounds {
        true => text
            .parse()
            .is_ok_and(|size| (1..=LARGEST_PAGE).contains(&size)),
        false => text.parse::<i32>().is_ok(),
    }
}

fn is_member_type(text: &str) -> bool {
    matches!(text.trim(), "member" | "nonmember")
}
