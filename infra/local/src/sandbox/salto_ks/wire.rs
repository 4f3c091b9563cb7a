//! Things as SALTO KS's interface shows them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::filter::Cell;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::object::Object;
use crate::sandbox::tag::Tag;

/// The creation date of things without one in the world.
pub const LONG_AGO: &str = "2024-01-01T00:00:00Z";

/// The roles of a site `[M]`.
pub const ROLES: [&str; 4] = ["site_user", "site_guest", "site_admin", "site_owner"];

/// Returns an id derived from `text`. The same text always has the same id.
pub fn id_from(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hash.first_chunk::<16>().unwrap_or(&[0; 16]));
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// Returns the site-user id.
pub fn site_user(user: &DoorsThing) -> &str {
    user.0.text("site_user").unwrap_or_default()
}

/// Returns whether two ids are equal, ignoring case.
pub fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Returns first and last name: as given, or the parts of `name` before and after its first space.
pub fn names(item: &Object) -> (String, String) {
    let whole = item.text("name").or(item.text("alias")).unwrap_or_default();
    let (first, last) = whole.split_once(' ').unwrap_or((whole, ""));
    (
        item.text("first_name").unwrap_or(first).to_owned(),
        item.text("last_name").unwrap_or(last).to_owned(),
    )
}

/// Returns whether the user has a seat.
pub fn subscribed(user: &DoorsThing) -> bool {
    user.0.text("state").unwrap_or("subscribed") == "subscribed"
}

/// Returns the codes of a person's roles.
pub fn role_codes(item: &Object) -> Vec<&str> {
    let several = item.texts("roles");
    match item.text("role") {
        Some(role) if several.is_empty() => vec![role],
        None if several.is_empty() => vec![if item.flag("guest") {
            "site_guest"
        } else {
            "site_user"
        }],
        _ => several,
    }
}

/// Returns a role.
pub fn role(code: &str) -> Value {
    json!({
        "id": id_from(&format!("role {code}")),
        "customer_reference": code,
        "code": code,
        "is_hierarchical": false,
    })
}

/// Returns a site user. `expires_at` is shown from version 1.2 on.
pub fn user(user: &DoorsThing, with_expiry: bool) -> Value {
    let item = &user.0;
    let mut shown = json!({
        "id": site_user(user),
        "user": platform_user(user),
        "roles": role_codes(item).into_iter().map(role).collect::<Vec<_>>(),
        "alias": item.or_null("alias"),
        "toggle_easy_office_mode": item.flag("toggle_easy_office_mode"),
        "toggle_manual_office_mode": item.flag("toggle_manual_office_mode"),
        "remote_access": false,
        "blocked": item.flag("blocked"),
        "tag_owned_by_this_site": !item.list("tags").is_empty(),
        "subscription_state": if subscribed(user) { "subscribed" } else { "suspended" },
        "override_privacy_mode": item.flag("override_privacy_mode"),
        "use_pin": item.flag("use_pin"),
    });
    if with_expiry {
        shown["expires_at"] = item.or_null("expires_at");
    }
    shown
}

fn platform_user(user: &DoorsThing) -> Value {
    let (first, last) = names(&user.0);
    json!({
        "id": user.id(),
        "email": user.0.or_null("email"),
        "image_url": null,
        "tag_number": user.0.texts("tags").first(),
        "is_managed_by_current_site": true,
        "has_profile": user.0.flag("has_profile"),
        "first_name": first,
        "last_name": last,
    })
}

/// Returns a field of a site user.
pub fn user_field(user: &DoorsThing, name: &str) -> Option<Cell> {
    let item = &user.0;
    Some(match name {
        "id" => Cell::text(Some(site_user(user))),
        "user/id" => Cell::text(Some(user.id())),
        "user/email" => Cell::text(item.text("email")),
        "user/first_name" => Cell::text(Some(&names(item).0)),
        "user/last_name" => Cell::text(Some(&names(item).1)),
        "user/tag_number" => Cell::text(item.texts("tags").first().copied()),
        "alias" => Cell::text(item.text("alias")),
        "blocked" => Cell::Flag(item.flag("blocked")),
        "subscription_state" => Cell::text(Some(if subscribed(user) {
            "subscribed"
        } else {
            "suspended"
        })),
        "expires_at" => Cell::text(item.text("expires_at")),
        _ => return None,
    })
}

/// Returns a person as lists of groups show them: by platform id.
pub fn member(user: &DoorsThing) -> Value {
    let (first, last) = names(&user.0);
    json!({ "id": user.id(), "first_name": first, "last_name": last })
}

/// Returns a field of a person in a group's list.
pub fn member_field(user: &DoorsThing, name: &str) -> Option<Cell> {
    Some(match name {
        "id" => Cell::text(Some(user.id())),
        "first_name" => Cell::text(Some(&names(&user.0).0)),
        "last_name" => Cell::text(Some(&names(&user.0).1)),
        _ => return None,
    })
}

/// Returns an access group.
pub fn group(group: &DoorsThing, people: usize) -> Value {
    json!({
        "id": group.id(),
        "customer_reference": group.0.or_null("name"),
        "lock_count": group.0.or("lock_count", 1),
        "user_count": people,
    })
}

/// Returns a field of an access group.
pub fn group_field(group: &DoorsThing, name: &str) -> Option<Cell> {
    Some(match name {
        "id" => Cell::text(Some(group.id())),
        "customer_reference" => Cell::text(group.0.text("name")),
        _ => return None,
    })
}

/// Returns the schedule of a group that has one: always open.
pub fn schedule(group: &DoorsThing) -> Value {
    json!({
        "id": id_from(&format!("schedule {}", group.id())),
        "monday": true,
        "tuesday": true,
        "wednesday": true,
        "thursday": true,
        "friday": true,
        "saturday": true,
        "sunday": true,
        "start_time": "00:00:00",
        "end_time": "23:59:59",
        "start_date": null,
        "end_date": null,
    })
}

/// Returns a tag of the site, with its holder.
pub fn tag(tag: &Tag, holder: Option<&DoorsThing>) -> Value {
    let mut shown = json!({
        "id": tag_id(tag),
        "blocked": tag.blocked,
        "creation_date": LONG_AGO,
        "registration_date": LONG_AGO,
        "tag_number": tag.number,
        "source_iq_id": null,
        "site_user_key_id": holder.map(|_| key_id(&tag.number)),
        "is_pod_tag": tag.of_pod,
    });
    if let Some(holder) = holder {
        let (first, last) = names(&holder.0);
        let user =
            json!({ "id": holder.id(), "image_url": null, "first_name": first, "last_name": last });
        shown["site_user"] = json!({ "id": site_user(holder), "user": user });
    }
    shown
}

/// Returns the id of a tag.
pub fn tag_id(tag: &Tag) -> String {
    tag.id
        .clone()
        .unwrap_or_else(|| id_from(&format!("tag {}", tag.number)))
}

/// Returns the id of the key that a tag is to its holder.
pub fn key_id(number: &str) -> String {
    id_from(&format!("key {number}"))
}

/// Returns whether this is a valid id.
pub fn is_id(id: &str) -> bool {
    id.len() == 36 && Uuid::try_parse(id).is_ok()
}
