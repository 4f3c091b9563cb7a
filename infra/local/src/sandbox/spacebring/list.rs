//! Spacebring's lists: the parameters of each, the filters, and the pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::call::List;
use super::{is_deleted, occurrence, wire};
use crate::sandbox::ask::Ask;
use crate::sandbox::object::Object;
use crate::sandbox::platform_tables::PlatformTables;

/// Size of a page if the request does not say. `[D]`
const USUAL_PAGE: usize = 25;
/// Largest page. `[D]`
pub(super) const LARGEST_PAGE: usize = 100;

/// Returns one page of a list.
///
/// # Errors
/// What is wrong with the query, for a 400.
pub fn page(things: &PlatformTables, list: &List, ask: &Ask) -> Result<Value, String> {
    let mut all = candidates(things, list, ask)?;
    let mut kept = Vec::new();
    for item in all.drain(..) {
        if takes(things, list, &item, ask)? {
            kept.push(item);
        }
    }
    order(&mut kept, ask)?;
    let start = match ask.param("nextPageToken") {
        Some(token) => place(token, ask)?,
        None => 0,
    };
    let size = if list.is_paged { size(ask) } else { kept.len() };
    let end = kept.len().min(start.saturating_add(size));
    let shown = kept.get(start.min(end)..end).unwrap_or_default();
    let records: Vec<Value> = shown
        .iter()
        .map(|item| wire::shown(things, list.world, item, ask.now))
        .collect();
    let mut page = json!({ list.many: records });
    if end < kept.len() {
        page["nextPageToken"] = json!(token(end, ask));
    }
    Ok(page)
}

/// Returns the things among which a list chooses.
fn candidates(things: &PlatformTables, list: &List, ask: &Ask) -> Result<Vec<Object>, String> {
    let all = things.visible(list.world, ask.now).map(|(_, item)| item);
    let live: Vec<&Object> = all
        .filter(|item| is_deleted(item) == list.is_of_removed() || list.world == "bookings")
        .collect();
    let singles = list.world == "bookings" && ask.param("singleBookings") == Some("true");
    if singles {
        return Ok(occurrence::expanded(things, &live, ask.now));
    }
    let is_own = |item: &&&Object| {
        let id = item.text("id").unwrap_or_default();
        list.world != "bookings" || !is_deleted(item) && !id.contains('_')
    };
    let own = live.iter().filter(is_own).map(|item| (*item).clone());
    match list.world {
        "assignments" => Ok(own
            .chain(wire::assigned_in_subscriptions(things, ask.now))
            .collect()),
        _ => Ok(own.collect()),
    }
}

fn takes(things: &PlatformTables, list: &List, item: &Object, ask: &Ask) -> Result<bool, String> {
    let shown = Object(match wire::shown(things, list.world, item, ask.now) {
        Value::Object(shown) => shown,
        _ => Default::default(),
    });
    for (name, value) in &ask.query {
        let takes = match (list.world, name.as_str()) {
            (_, "limit" | "nextPageToken" | "order" | "singleBookings") => true,
            (world, "locationRef") => {
                wire::location(things, world, item, ask.now) == Some(value.clone())
            }
            ("bookings", "customerRef") => shown.text("membershipRefOwner") == Some(value),
            ("subscriptions" | "dayPasses", "customerRef") => {
                let customer = shown
                    .0
                    .get("customer")
                    .and_then(|customer| customer.get("id"));
                customer.and_then(Value::as_str) == Some(value)
            }
            ("subscriptions", "planRef") => shown
                .list("items")
                .iter()
                .any(|item| item.get("planRef").and_then(Value::as_str) == Some(value)),
            ("memberships", "userEmail") => {
                let user = shown.0.get("user").and_then(|user| user.get("email"));
                user.and_then(Value::as_str)
                    .is_some_and(|email| email.eq_ignore_ascii_case(value))
            }
            (_, "status") => true,
            (_, "type" | "types") => value
                .split(',')
                .any(|kind| shown.text("type") == Some(kind.trim())),
            (_, bounded) if bounded.ends_with(']') => bound(&shown, bounded, value)?,
            (_, field) => shown.text(field) == Some(value),
        };
        if !takes {
            return Ok(false);
        }
    }
    Ok(has_status(list, item, &shown, ask))
}

/// Returns the statuses that a list knows, and those that it shows unless it is asked for others.
/// `[D]`
pub(super) fn statuses(list: &List) -> Option<(&'static [&'static str], &'static str)> {
    match list.world {
        "bookings" => Some((
            &["tentative", "confirmed", "canceled"],
            "tentative,confirmed",
        )),
        "subscriptions" => Some((
            &[
                "active",
                "scheduled",
                "incomplete",
                "incompleteExpired",
                "canceled",
            ],
            "active,scheduled,incomplete",
        )),
        "memberships" if !list.is_of_removed() => Some((&["requested"], "")),
        _ => None,
    }
}

pub(super) fn wanted_statuses<'a>(usual: &'a str, ask: &'a Ask) -> Vec<&'a str> {
    let wanted = ask
        .param("status")
        .unwrap_or(usual)
        .split(',')
        .map(str::trim);
    wanted.filter(|word| !word.is_empty()).collect()
}

/// Decides by the status, which bookings do not show.
fn has_status(list: &List, item: &Object, shown: &Object, ask: &Ask) -> bool {
    let Some((_, usual)) = statuses(list) else {
        return true;
    };
    let words = wanted_statuses(usual, ask);
    let status = match list.world {
        "bookings" if is_deleted(item) => "canceled",
        "bookings" => item.text("status").unwrap_or("confirmed"),
        "memberships" if words.is_empty() => return shown.text("status") != Some("requested"),
        _ => shown.text("status").unwrap_or_default(),
    };
    words.contains(&status)
}

fn bound(shown: &Object, parameter: &str, value: &str) -> Result<bool, String> {
    let (field, kind) = parameter
        .trim_end_matches(']')
        .split_once('[')
        .ok_or_else(|| format!("Unrecognized key: {parameter}"))?;
    let limit: Timestamp = value
        .parse()
        .map_err(|_| format!("{parameter}: Invalid date"))?;
    let Some(at) = shown
        .text(field)
        .and_then(|at| at.parse::<Timestamp>().ok())
    else {
        return Ok(false);
    };
    match kind {
        "gt" => Ok(at > limit),
        "gte" => Ok(at >= limit),
        "lt" => Ok(at < limit),
        "lte" => Ok(at <= limit),
        _ => Err(format!("Unrecognized key: {parameter}")),
    }
}

fn order(all: &mut [Object], ask: &Ask) -> Result<(), String> {
    let Some(order) = ask.param("order") else {
        return Ok(());
    };
    let (field, down) = match order.split_once(':') {
        Some((field, "asc")) => (field, false),
        Some((field, "desc")) => (field, true),
        _ => return Err("order: Invalid value".to_owned()),
    };
    all.sort_by(|one, other| one.text(field).cmp(&other.text(field)));
    if down {
        all.reverse();
    }
    Ok(())
}

/// Returns the size of a page. An invalid value counts as none, and a larger one is cut. `[D]`
fn size(ask: &Ask) -> usize {
    let asked = ask.param("limit").and_then(|limit| limit.parse().ok());
    asked
        .filter(|limit| *limit >= 1)
        .unwrap_or(USUAL_PAGE)
        .min(LARGEST_PAGE)
}

/// Returns a token. It is opaque to callers, and counts only with the same filters. `[D]`
fn token(place: usize, ask: &Ask) -> String {
    URL_SAFE_NO_PAD.encode(format!("{place} {}", filters(ask)))
}

fn place(token: &str, ask: &Ask) -> Result<usize, String> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (place, of) = text.split_once(' ')?;
        (of == filters(ask)).then(|| place.parse().ok()).flatten()
    };
    read().ok_or_else(|| "nextPageToken: Invalid token".to_owned())
}

/// Returns a digest of the parameters that must stay the same from page to page.
fn filters(ask: &Ask) -> String {
    let own = ask
        .query
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "limit" | "nextPageToken"));
    let mut own: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
    own.sort();
    let digest = Sha256::digest(format!("{} {}", ask.path, own.join("&")));
    hex::encode(digest.get(..8).unwrap_or_default())
}
