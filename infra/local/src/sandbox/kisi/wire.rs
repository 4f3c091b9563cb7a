//! Things as Kisi's interface shows them, with every field that its description requires.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::KisiWorld;
use crate::sandbox::doors::{DoorsThing, Member};
use crate::sandbox::object::Object;
use crate::sandbox::table::Keyed;

/// The creation date of things without one in the world.
pub const LONG_AGO: &str = "2024-01-01T00:00:00Z";

/// Returns an id as on the wire.
pub fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, Value::from)
}

/// Returns a user.
pub fn user(user: &DoorsThing, groups: usize) -> Value {
    let item = &user.0;
    json!({
        "id": number(user.id()),
        "resource_type": "User",
        "name": item.text("name").unwrap_or_default(),
        "email": item.text("email").unwrap_or_default(),
        "created_at": item.or("created_at", LONG_AGO),
        "updated_at": item.or("updated_at", LONG_AGO),
        "metadata": item.or("metadata", json!({})),
        "image": item.or_null("image"),
        "otp_required_for_login": false,
        "password_flow_enabled": item.or("password_flow_enabled", true),
        "access_enabled": access_enabled(item),
        "last_accessed_at": null,
        "scim_access_enabled": item.or("scim_access_enabled", true),
        "notes": item.or_null("notes"),
        "organization_id": 1,
        "confirmed": item.or("confirmed", true),
        "groups_count": groups,
    })
}

fn access_enabled(item: &Object) -> Value {
    item.or("access_enabled", item.text("state") != Some("suspended"))
}

/// Returns a guest.
pub fn guest(guest: &DoorsThing) -> Value {
    let item = &guest.0;
    json!({
        "id": number(guest.id()),
        "resource_type": "Guest",
        "name": item.text("name").unwrap_or_default(),
        "email": item.or_null("email"),
        "phone_number": item.or_null("phone_number"),
        "created_at": item.or("created_at", LONG_AGO),
        "updated_at": item.or("updated_at", LONG_AGO),
    })
}

/// Returns a group. A group without a place belongs to the place of the query.
pub fn group(group: &DoorsThing, people: usize, asked_place: Option<&str>) -> Value {
    let item = &group.0;
    let place = item
        .text("place")
        .or(asked_place)
        .map_or(Value::Null, number);
    let mut shown = json!({
        "id": number(group.id()),
        "resource_type": "Group",
        "name": item.text("name").unwrap_or_default(),
        "description": item.or_null("description"),
        "created_at": item.or("created_at", LONG_AGO),
        "updated_at": item.or("updated_at", LONG_AGO),
        "geofence_restriction_enabled": false,
        "geofence_restriction_radius": 0,
        "primary_device_restriction_enabled": false,
        "managed_device_restriction_enabled": false,
        "reader_restriction_enabled": false,
        "time_restriction_enabled": false,
        "tap_to_access_restriction_enabled": false,
        "login_enabled": item.or("login_enabled", true),
        "users_count": people,
        "locks_count": 0,
        "elevator_stops_count": 0,
        "place_id": place,
        "time_restriction_time_zone": null,
        "members_count": people,
    });
    if !place.is_null() {
        shown["place"] = json!({ "id": place, "resource_type": "Place", "name": "Place" });
    }
    shown
}

/// Returns the assignment of a person to a group.
pub fn assignment(world: &KisiWorld, member: &Member) -> Value {
    let group = world.0.groups.get(&member.group);
    let group = json!({
        "id": number(&member.group),
        "resource_type": "Group",
        "name": group.and_then(|group| group.0.text("name")).unwrap_or_default(),
    });
    let mut shown = world.assigned(&member.id.to_string(), &member.user, member.made);
    shown["notify"] = member.shown.or("notify", false);
    shown["role_id"] = member.shown.or("role_id", "group_basic");
    shown["applies_to_type"] = json!("Group");
    shown["applies_to_id"] = group["id"].clone();
    shown["applies_to"] = group.clone();
    shown["type"] = json!("group");
    shown["scope"] = json!("group");
    shown["group_id"] = group["id"].clone();
    shown["group"] = group;
    shown["valid_from"] = member.shown.or_null("valid_from");
    shown["valid_until"] = member.shown.or_null("valid_until");
    shown
}

/// Returns the assignment that represents a person's `role` for the whole organisation.
pub fn organization_role(world: &KisiWorld, user: &DoorsThing, id: &str) -> Value {
    let organization =
        json!({ "id": 1, "resource_type": "Organization", "name": "Sandbox", "domain": "sandbox" });
    let mut shown = world.assigned(id, &user.key(), None);
    shown["role_id"] = user.0.or("role", "organization_basic");
    shown["applies_to_type"] = json!("Organization");
    shown["applies_to_id"] = json!(1);
    shown["applies_to"] = organization.clone();
    shown["type"] = json!("organization");
    shown["scope"] = json!("organization");
    shown["organization_id"] = json!(1);
    shown["organization"] = organization;
    shown
}

impl KisiWorld {
    /// Returns the fields of all assignments: the person, and the creation date.
    fn assigned(&self, id: &str, user: &str, made: Option<Timestamp>) -> Value {
        let made = made.map_or_else(|| LONG_AGO.to_owned(), |made| made.to_string());
        let person = self.0.users.get(user);
        let is_guest = person.is_some_and(super::is_guest);
        let item = person.map(|person| &person.0);
        let name = item.and_then(|item| item.text("name")).unwrap_or_default();
        let mut who = json!({
            "id": number(user),
            "resource_type": if is_guest { "Guest" } else { "User" },
            "name": name,
            "email": item.map_or(Value::Null, |item| item.or_null("email")),
        });
        if is_guest {
            who["phone_number"] = item.map_or(Value::Null, |item| item.or_null("phone_number"));
        }
        let mut shown = json!({
            "id": number(id),
            "resource_type": "RoleAssignment",
            "created_at": made,
            "updated_at": made,
            "notify": false,
            "assignee_type": who["resource_type"],
            "assignee_id": number(user),
            "assignee": who.clone(),
            "created_by_type": null,
            "created_by_id": null,
            "user_id": if is_guest { Value::Null } else { number(user) },
            "assignee_team_id": null,
            "guest_id": if is_guest { number(user) } else { Value::Null },
            "issued_by_id": null,
        });
        shown[if is_guest { "guest" } else { "user" }] = who;
        shown
    }
}

/// Returns a place. A world has no more of it than its id.
pub fn place(id: &str) -> Value {
    json!({
        "id": number(id),
        "resource_type": "Place",
        "name": "Place",
        "description": null,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "latitude": null,
        "longitude": null,
        "address": "",
        "image": null,
        "time_zone": null,
        "tz_time_zone": null,
        "locks_count": 0,
        "integrations_count": 0,
        "locked_down": false,
        "locked_down_since": null,
        "occupancy_rate": null,
        "organization_id": 1,
        "organization": { "id": 1, "resource_type": "Organization", "name": "Sandbox", "domain": "sandbox" },
        "color": null,
        "logo": null,
        "user_id": null,
        "members_count": 0,
    })
}
