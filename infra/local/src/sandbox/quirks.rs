//! Unusual behaviours of the vendors, by name. All are off unless a world lists them under
//! `quirks`.

use jiff::SignedDuration;
use serde_json::Value;

use super::object::Object;

/// One unusual behaviour.
pub struct Quirk {
    /// Its name in worlds.
    pub name: &'static str,
    /// Its vendor.
    pub vendor: &'static str,
    /// Its effect.
    pub meaning: &'static str,
}

const fn quirk(vendor: &'static str, name: &'static str, meaning: &'static str) -> Quirk {
    Quirk {
        name,
        vendor,
        meaning,
    }
}

/// All quirks. `docs/vendors.md` shows this table.
pub const QUIRKS: &[Quirk] = &[
    quirk(
        "officernd",
        "lag",
        "for one minute of the run's clock after a `_change`, reads still show the old state",
    ),
    quirk(
        "officernd",
        "v1-events",
        "webhook bodies use v1 names: office, team, resourceId, canceled, start.dateTime",
    ),
    quirk(
        "officernd",
        "cancel-as-removed",
        "a booking that becomes cancelled is posted as `booking.removed`",
    ),
    quirk(
        "officernd",
        "region-refused",
        "the organisation's record of the first interface is refused (403)",
    ),
    quirk(
        "officernd",
        "bare-array",
        "lists come as a bare array, whole",
    ),
    quirk(
        "spacebring",
        "lag",
        "for one minute of the run's clock after a `_change`, reads still show the old state",
    ),
    quirk(
        "spacebring",
        "deleted-404",
        "a removed thing is not found by its id",
    ),
    quirk(
        "spacebring",
        "rate-limit",
        "more than ten calls in one second of the run's clock are refused (429)",
    ),
    quirk(
        "nexudus",
        "lag",
        "for one minute of the run's clock after a `_change`, reads still show the old state",
    ),
    quirk(
        "nexudus",
        "ascii-signature",
        "webhooks are signed over the ASCII form of their body, and sent in UTF-8",
    ),
    quirk(
        "nexudus",
        "lone-object",
        "webhooks carry a lone object instead of an array of one",
    ),
    quirk(
        "nexudus",
        "late-visitors",
        "guests of bookings appear 45 s of the run's clock after the `_change`",
    ),
    quirk(
        "nexudus",
        "ignore-filters",
        "lists ignore filters and return everything",
    ),
    quirk(
        "nexudus",
        "no-id-lists",
        "a list request with several ids (`?id=[1,2]`) is refused (400)",
    ),
    quirk(
        "nexudus",
        "error-in-200",
        "errors come with status 200, and have their status in the body",
    ),
    quirk(
        "nexudus",
        "just-changed-500",
        "for one minute after a change, a read of the thing by its id answers 500, and lists contain the thing",
    ),
    quirk(
        "nexudus",
        "no-tokens",
        "there are no tokens, only name and password with every call",
    ),
    quirk(
        "kisi",
        "rate-limit",
        "more than five calls in one second of the run's clock are refused (429), without `Retry-After`",
    ),
    quirk(
        "kisi",
        "second-assignment-409",
        "a second live assignment of one assignee to one group is refused (409), whatever its dates",
    ),
    quirk(
        "kisi",
        "email-fuzzy",
        "`?email=` finds every address that contains the text",
    ),
    quirk(
        "kisi",
        "no-collection-range",
        "lists come without `X-Collection-Range`",
    ),
    quirk(
        "salto-ks",
        "just-created",
        "for 60 s after a create, one in three users answers 403/2203 or 404/2202 to group calls",
    ),
    quirk(
        "salto-ks",
        "bare-array",
        "lists come as a bare array, whole unless `$top` is given",
    ),
    quirk(
        "salto-ks",
        "error-in-200",
        "refusals other than 401 come with status 200 and the error as body",
    ),
    quirk(
        "salto-ks",
        "add-twice-409",
        "adding a person who is already in the group answers 409 instead of 200",
    ),
    quirk(
        "salto-ks",
        "remove-missing-404",
        "removing a person who is not in the group answers 404/2202 instead of 204",
    ),
    quirk(
        "salto-ks",
        "email-taken-400",
        "creating a user whose e-mail is taken answers 400 instead of 409",
    ),
    quirk(
        "salto-ks",
        "entries-filter-1102",
        "a `$filter` of entries is refused with 400/1102",
    ),
    quirk(
        "salto-ks",
        "foreign-page-link",
        "`next_page_link` is absolute and names another host, over http",
    ),
    quirk(
        "salto-ks",
        "entries-empty-page",
        "every other page of entries is empty, and not the last",
    ),
    quirk(
        "salto-ks",
        "rejected-unnamed",
        "a rejected entry names no user, and contains only the number of the tag",
    ),
    quirk(
        "salto-ks",
        "delete-later",
        "a deleted user stays for 60 s of the run's clock",
    ),
    quirk(
        "salto-ks",
        "rotate-refresh",
        "each use of a refresh token returns a new one, and the old one stops working",
    ),
];

/// Returns whether this quirk is on in the world whose other keys are `top`.
pub fn on(top: &Object, name: &str) -> bool {
    top.list("quirks")
        .iter()
        .any(|given| given.as_str() == Some(name))
}

/// Returns how long reads lag behind a `_change`; `None` without the quirk `lag`.
pub fn lag(top: &Object) -> Option<SignedDuration> {
    on(top, "lag").then_some(SignedDuration::from_mins(1))
}

/// Returns the unknown quirks of a world. They have no effect, and the author of the world is told.
pub fn unknown(world: &Value) -> Vec<&str> {
    let given = world
        .get("quirks")
        .and_then(Value::as_array)
        .map_or(&[] as &[Value], Vec::as_slice);
    given
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| !QUIRKS.iter().any(|known| known.name == *name))
        .collect()
}
