//! SALTO KS's site users and guests: creating, finding, changing and deleting them, and their
//! seats.

use serde_json::{Map, Value, json};

use super::list::{self, ListForm};
use super::{SaltoResult, SaltoWorld, error, wire};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may, may_null, must};
use crate::sandbox::table::Keyed;

/// How long a deleted user stays with the quirk `delete-later`, in seconds of the run's clock.
const DELETED_STAY: i64 = 60;

const NEW_USER: &[Field] = &[
    must("first_name", FieldKind::Text),
    must("last_name", FieldKind::Text),
    may_null("email", FieldKind::Email),
    may_null("tag_id", FieldKind::Uuid),
    may_null("role_ids", FieldKind::Uuids),
    may_null("alias", FieldKind::Text),
    may("toggle_easy_office_mode", FieldKind::Flag),
    may("toggle_manual_office_mode", FieldKind::Flag),
    may("blocked", FieldKind::Flag),
    may("override_privacy_mode", FieldKind::Flag),
    may("use_pin", FieldKind::Flag),
];

const CHANGED_USER: &[Field] = &[
    may_null("first_name", FieldKind::Text),
    may_null("last_name", FieldKind::Text),
    may_null("email", FieldKind::Email),
    may_null("tag_id", FieldKind::Uuid),
    may_null("role_ids", FieldKind::Uuids),
    may_null("alias", FieldKind::Text),
    may("toggle_easy_office_mode", FieldKind::Flag),
    may("toggle_manual_office_mode", FieldKind::Flag),
    may("blocked", FieldKind::Flag),
    may("override_privacy_mode", FieldKind::Flag),
    may("use_pin", FieldKind::Flag),
];

const NEW_GUEST: &[Field] = &[
    must("alias", FieldKind::Text),
    may_null("expires_at", FieldKind::Instant),
];

const SUBSCRIPTION: &[Field] = &[must(
    "state",
    FieldKind::OneOf(&["subscribed", "suspended"]),
)];

impl SaltoWorld {
    /// Returns the person of that site-user id. The platform id finds no one `[M]`.
    pub(super) fn by_site_user(&self, id: &str) -> Result<&DoorsThing, Answer> {
        self.0
            .users
            .iter()
            .find(|user| wire::same(wire::site_user(user), id))
            .ok_or_else(error::not_found)
    }

    pub(super) fn change_by_site_user(&mut self, id: &str) -> Result<&mut DoorsThing, Answer> {
        let key = self.by_site_user(id)?.key();
        self.0.users.change(&key).ok_or_else(error::not_found)
    }

    /// Returns the number of used seats and of all seats (`None`: no limit).
    pub(super) fn seats(&self) -> (usize, Option<u64>) {
        let used = self
            .0
            .users
            .iter()
            .filter(|user| wire::subscribed(user))
            .count();
        (used, self.0.top.0.get("seats").and_then(Value::as_u64))
    }

    fn has_free_seat(&self) -> bool {
        let (used, seats) = self.seats();
        seats.is_none_or(|seats| (used as u64) < seats)
    }

    pub(super) fn users(&self, ask: &Ask, version: &str) -> SaltoResult {
        list::flag(ask, "include_pod_info")?;
        let render = |user: &&DoorsThing| wire::user(user, version != "v1.1");
        let field = |user: &&DoorsThing, name: &str| wire::user_field(user, name);
        let all = self.0.users.iter().collect();
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, all, &["include_pod_info"])
    }

    pub(super) fn one_user(&self, id: &str, ask: &Ask, version: &str) -> SaltoResult {
        list::flag(ask, "include_pod_info")?;
        Ok(answer::json(
            200,
            &wire::user(self.by_site_user(id)?, version != "v1.1"),
        ))
    }

    /// Creates a user. Without a free seat the user is created too, suspended, with 201 `[M]`.
    pub(super) fn make_user(&mut self, ask: &Ask, version: &str) -> SaltoResult {
        let given = error::body(ask, NEW_USER)?;
        if let Some(email) = given.get("email").and_then(Value::as_str) {
            self.free_email(email, None)?;
        }
        let mut user = Object::default();
        self.fill(&mut user, given, "")?;
        user.set_missing("email", Value::Null);
        Ok(self.add(user, ask, version))
    }

    pub(super) fn make_guest(&mut self, ask: &Ask, version: &str) -> SaltoResult {
        let mut guest = Object(error::body(ask, NEW_GUEST)?);
        guest.set("guest", true);
        guest.set("name", guest.or_null("alias"));
        guest.set("email", Value::Null);
        Ok(self.add(guest, ask, version))
    }

    fn add(&mut self, mut item: Object, ask: &Ask, version: &str) -> Answer {
        let (id, site_user) = self.free_ids();
        item.set("id", id);
        item.set("site_user", site_user);
        item.set(
            "state",
            if self.has_free_seat() {
                "subscribed"
            } else {
                "suspended"
            },
        );
        item.set("created_at", ask.now.to_string());
        item.set_missing("tags", json!([]));
        let user = DoorsThing(item);
        let shown = wire::user(&user, version != "v1.1");
        self.0.users.add(user);
        answer::json(201, &shown)
    }

    /// Returns two unused ids. A world that was put back may contain ids of an earlier run.
    fn free_ids(&mut self) -> (String, String) {
        loop {
            let number = self.0.next_user();
            let (id, site_user) = (
                wire::id_from(&format!("user {number}")),
                wire::id_from(&format!("site user {number}")),
            );
            if self.0.users.get(&id).is_none() && self.by_site_user(&site_user).is_err() {
                return (id, site_user);
            }
        }
    }

    fn free_email(&self, email: &str, own_key: Option<&str>) -> Result<(), Answer> {
        let email = email.to_lowercase();
        let same = |own: &str| own.to_lowercase() == email;
        let taken = |user: &DoorsThing| {
            user.0.text("email").is_some_and(same) && own_key != Some(user.key().as_str())
        };
        if !self.0.users.iter().any(taken) {
            return Ok(());
        }
        let status = if self.0.quirk("email-taken-400") {
            400
        } else {
            409
        };
        Err(error::refused(status, 1101, "The e-mail address is in use"))
    }

    /// Copies the fields of a request to `item`, the person of that key.
    fn fill(
        &self,
        item: &mut Object,
        mut given: Map<String, Value>,
        key: &str,
    ) -> Result<(), Answer> {
        match given.remove("tag_id") {
            Some(Value::String(id)) => item.set("tags", json!([self.free_tag(&id, key)?])),
            Some(_) => item.set("tags", json!([])),
            None => {}
        }
        if let Some(Value::Array(ids)) = given.remove("role_ids") {
            let code = |id: &Value| {
                let named = |code: &&&str| {
                    id.as_str()
                        .is_some_and(|id| wire::same(&wire::id_from(&format!("role {code}")), id))
                };
                wire::ROLES.iter().find(named).copied()
            };
            let codes: Option<Vec<&str>> = ids.iter().map(code).collect();
            let codes = codes.ok_or_else(|| error::invalid("Unknown role"))?;
            item.set("roles", codes);
        }
        let named = given.contains_key("first_name") || given.contains_key("last_name");
        let (first, last) = wire::names(item);
        item.0.extend(given);
        if named {
            let part = |name: &str, old: String| item.text(name).map_or(old, str::to_owned);
            let (first, last) = (part("first_name", first), part("last_name", last));
            item.set("name", format!("{first} {last}").trim());
            item.set("first_name", first);
            item.set("last_name", last);
        }
        Ok(())
    }

    /// Changes a user. Names and address can be changed only while the person has no profile `[M]`.
    pub(super) fn change_user(&mut self, id: &str, ask: &Ask, version: &str) -> SaltoResult {
        let user = self.by_site_user(id)?;
        let (key, mut item) = (user.key(), user.0.clone());
        let given = error::body(ask, CHANGED_USER)?;
        let personal = ["first_name", "last_name", "email"]
            .iter()
            .any(|name| given.contains_key(*name));
        if personal && item.flag("has_profile") {
            return Err(error::not_allowed());
        }
        if let Some(email) = given.get("email").and_then(Value::as_str) {
            self.free_email(email, Some(&key))?;
        }
        self.fill(&mut item, given, &key)?;
        self.0.keep_tags_of(&key);
        let user = self.0.users.change(&key).ok_or_else(error::not_found)?;
        user.0 = item;
        Ok(answer::json(200, &wire::user(user, version != "v1.1")))
    }

    pub(super) fn delete_user(&mut self, id: &str, ask: &Ask) -> SaltoResult {
        let key = self.by_site_user(id)?.key();
        if !self.0.quirk("delete-later") {
            self.0.remove_user(&key);
        } else if let Some(user) = self.0.users.change(&key) {
            user.0.set(
                "deleted_after",
                ask.now.as_second().saturating_add(DELETED_STAY),
            );
        }
        Ok(answer::empty(202))
    }

    /// Removes the users who were deleted long enough ago.
    pub(super) fn finish_deletions(&mut self, ask: &Ask) {
        let due = |user: &&DoorsThing| {
            user.0
                .0
                .get("deleted_after")
                .and_then(Value::as_i64)
                .is_some_and(|after| after <= ask.now.as_second())
        };
        let keys: Vec<String> = self.0.users.iter().filter(due).map(Keyed::key).collect();
        for key in keys {
            self.0.remove_user(&key);
        }
    }

    /// Subscribes a user. Without a free seat a suspended user stays suspended: 400 with code 2212
    /// `[?]`.
    pub(super) fn subscribe(&mut self, id: &str, ask: &Ask) -> SaltoResult {
        let subscribed = wire::subscribed(self.by_site_user(id)?);
        let wanted = Object(error::body(ask, SUBSCRIPTION)?);
        if wanted.text("state") == Some("subscribed") && !subscribed && !self.has_free_seat() {
            return Err(error::refused(
                400,
                2212,
                "No valid subscription: every seat is taken",
            ));
        }
        self.change_by_site_user(id)?
            .0
            .set("state", wanted.or_null("state"));
        Ok(answer::empty(204))
    }
}
