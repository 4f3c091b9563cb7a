//! Kisi's users and guests.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::list::{PageRequest, among, fuzzy, whole};
use super::{KisiWorld, error, is_guest, wire};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may, may_null, must};
use crate::sandbox::table::Keyed;

const NEW_USER: &[Field] = &[
    must("email", FieldKind::Email),
    may("name", FieldKind::Text),
    may_null("image", FieldKind::Uri),
    may("send_emails", FieldKind::Flag),
    may("confirm", FieldKind::Flag),
    may("access_enabled", FieldKind::Flag),
    may("password_flow_enabled", FieldKind::Flag),
    may("metadata", FieldKind::Flat),
    may_null("notes", FieldKind::Text),
];

/// The e-mail is missing, because it cannot be changed `[D]`.
const CHANGED_USER: &[Field] = &[
    may("name", FieldKind::Text),
    may_null("image", FieldKind::Uri),
    may("access_enabled", FieldKind::Flag),
    may("password_flow_enabled", FieldKind::Flag),
    may("metadata", FieldKind::Flat),
    may_null("notes", FieldKind::Text),
];

const NEW_GUEST: &[Field] = &[
    must("name", FieldKind::Text),
    may_null("email", FieldKind::Email),
    may_null("phone_number", FieldKind::Text),
];

impl KisiWorld {
    pub(super) fn users(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 50, 100)?;
        let group = whole(ask, "group_id")?;
        let id = ask.param("user_id");
        let inside: Option<HashSet<&str>> = group.as_deref().map(|group| {
            self.0
                .members_of(group)
                .map(|member| member.user.as_str())
                .collect()
        });
        let mut all: Vec<&DoorsThing> =
            self.0.users.iter().filter(|user| !is_guest(user)).collect();
        all.retain(|user| id.is_none_or(|id| user.id() == id) && among(ask, user.id()));
        all.retain(|user| self.has_email(ask, user.0.text("email").unwrap_or_default()));
        all.retain(|user| {
            fuzzy(
                ask,
                &[
                    user.0.text("name").unwrap_or_default(),
                    user.0.text("email").unwrap_or_default(),
                ],
            )
        });
        all.retain(|user| {
            inside
                .as_ref()
                .is_none_or(|inside| inside.contains(user.key().as_str()))
        });
        match ask.param("sort") {
            Some("name") => all.sort_by_key(|user| user.0.text("name")),
            Some("-name") => all.sort_by_key(|user| std::cmp::Reverse(user.0.text("name"))),
            _ => {}
        }
        let counts = self.0.group_counts();
        Ok(page.of(&all, |user| {
            wire::user(user, counts.get(user.key().as_str()).copied().unwrap_or(0))
        }))
    }

    fn has_email(&self, ask: &Ask, email: &str) -> bool {
        let Some(wanted) = ask.param("email") else {
            return true;
        };
        match self.0.quirk("email-fuzzy") {
            true => email.to_lowercase().contains(&wanted.to_lowercase()),
            false => same_email(email, wanted),
        }
    }

    /// Returns the user of that id. Guests are not users.
    fn user_key(&self, id: &str) -> Result<String, Answer> {
        let found = self.0.users.get(id).filter(|user| !is_guest(user));
        found.map(Keyed::key).ok_or_else(error::not_found)
    }

    pub(super) fn one_user(&self, id: &str) -> Result<Answer, Answer> {
        let key = self.user_key(id)?;
        let user = self.0.users.get(&key).ok_or_else(error::not_found)?;
        Ok(answer::json(
            200,
            &wire::user(
                user,
                self.0
                    .group_counts()
                    .get(key.as_str())
                    .copied()
                    .unwrap_or(0),
            ),
        ))
    }

    pub(super) fn make_user(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let given = error::body(ask, "user", NEW_USER)?;
        let email = given
            .get("email")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let taken = |user: &DoorsThing| {
            !is_guest(user)
                && user
                    .0
                    .text("email")
                    .is_some_and(|own| same_email(own, email))
        };
        if self.0.users.iter().any(taken) {
            return Err(error::invalid("email", "has already been taken"));
        }
        let user = self.made(given, ask);
        let shown = wire::user(&user, 0);
        self.0.users.add(user);
        Ok(answer::json(200, &shown))
    }

    pub(super) fn change_user(&mut self, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        let key = self.user_key(id)?;
        let given = error::body(ask, "user", CHANGED_USER)?;
        let user = self.0.users.change(&key).ok_or_else(error::not_found)?;
        user.0.0.extend(given);
        user.0.set("updated_at", ask.now.to_string());
        state_follows(&mut user.0);
        Ok(answer::empty(204))
    }

    pub(super) fn delete_user(&mut self, id: &str) -> Result<Answer, Answer> {
        let key = self.user_key(id)?;
        self.0.remove_user(&key);
        Ok(answer::empty(204))
    }

    pub(super) fn guests(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let asked = |guest: &&DoorsThing| {
            among(ask, guest.id())
                && fuzzy(
                    ask,
                    &[
                        guest.0.text("name").unwrap_or_default(),
                        guest.0.text("email").unwrap_or_default(),
                    ],
                )
        };
        let all: Vec<&DoorsThing> = self
            .0
            .users
            .iter()
            .filter(|user| is_guest(user))
            .filter(asked)
            .collect();
        Ok(page.of(&all, |guest| wire::guest(guest)))
    }

    pub(super) fn make_guest(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let given = error::body(ask, "guest", NEW_GUEST)?;
        let mut guest = self.made(given, ask);
        guest.0.set("guest", true);
        let shown = wire::guest(&guest);
        self.0.users.add(guest);
        Ok(answer::json(200, &shown))
    }

    pub(super) fn delete_guest(&mut self, id: &str) -> Result<Answer, Answer> {
        let guest = self
            .0
            .users
            .get(id)
            .filter(|user| is_guest(user))
            .ok_or_else(error::not_found)?
            .key();
        self.0.remove_user(&guest);
        Ok(answer::empty(204))
    }

    /// Creates a person from the fields of a request. `confirm` and `send_emails` decide whether an
    /// invitation is open.
    fn made(&mut self, given: Map<String, Value>, ask: &Ask) -> DoorsThing {
        let mut item = Object(given);
        let managed = item.flag("confirm");
        let invited = item.or("send_emails", true);
        item.0.remove("confirm");
        item.0.remove("send_emails");
        item.set("id", self.0.next_user().to_string());
        item.set("confirmed", managed);
        item.set("invited", invited);
        item.set("created_at", ask.now.to_string());
        item.set("updated_at", ask.now.to_string());
        item.set("tags", json!([]));
        item.set_missing("name", "");
        item.set_missing("email", Value::Null);
        state_follows(&mut item);
        DoorsThing(item)
    }
}

/// Sets `state`, the key of all door worlds, from Kisi's key `access_enabled`.
fn state_follows(item: &mut Object) {
    let enabled = item.or("access_enabled", true) != json!(false);
    item.set("state", if enabled { "subscribed" } else { "suspended" });
}

fn same_email(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || (!one.is_ascii() && one.to_lowercase() == other.to_lowercase())
}
