//! SALTO KS's tags and keys. A person has at most one tag `[I]`.

use serde_json::{Value, json};

use super::filter::Cell;
use super::list::ListForm;
use super::{SaltoResult, SaltoWorld, error, wire};
use crate::sandbox::answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may_null};
use crate::sandbox::tag::Tag;

const CHANGED_KEY: &[Field] = &[
    may_null("blocked", FieldKind::Flag),
    may_null("offline_access", FieldKind::Flag),
];

impl SaltoWorld {
    pub(super) fn tags(&self, ask: &Ask) -> SaltoResult {
        let field = |tag: &Tag, name: &str| match name {
            "id" => Some(Cell::text(Some(&wire::tag_id(tag)))),
            "tag_number" => Some(Cell::text(Some(&tag.number))),
            "blocked" => Some(Cell::Flag(tag.blocked)),
            "is_pod_tag" => Some(Cell::Flag(tag.of_pod)),
            _ => None,
        };
        let render = |tag: &Tag| wire::tag(tag, self.0.holder(&tag.number));
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, self.0.tags(), &[])
    }

    pub(super) fn one_tag(&self, id: &str) -> SaltoResult {
        let tag = self
            .0
            .tags()
            .into_iter()
            .find(|tag| wire::same(&wire::tag_id(tag), id))
            .ok_or_else(error::not_found)?;
        Ok(answer::json(
            200,
            &wire::tag(&tag, self.0.holder(&tag.number)),
        ))
    }

    /// Returns the number of a tag that `user` (a key) may get.
    pub(super) fn free_tag(&self, id: &str, user: &str) -> Result<String, answer::Answer> {
        let tag = self
            .0
            .tags()
            .into_iter()
            .find(|tag| wire::same(&wire::tag_id(tag), id))
            .ok_or_else(error::not_found)?;
        if tag.of_pod {
            return Err(error::refused(403, 2220, "The tag belongs to a pod"));
        }
        match self.0.holder(&tag.number) {
            Some(holder) if !wire::same(holder.id(), user) => {
                Err(error::invalid("The tag is assigned to another user"))
            }
            _ => Ok(tag.number),
        }
    }

    pub(super) fn keys(&self, site_user: &str, ask: &Ask) -> SaltoResult {
        let user = self.by_site_user(site_user)?;
        let numbers = user.0.texts("tags");
        let field = |number: &&str, name: &str| match name {
            "id" => Some(Cell::text(Some(&wire::key_id(number)))),
            "key_identifier" => Some(Cell::text(Some(number))),
            "type" => Some(Cell::text(Some("tag"))),
            _ => None,
        };
        let render = |number: &&str| key(user, number);
        ListForm {
            field: &field,
            render: &render,
            bare: self.bare(),
        }
        .answer(ask, numbers, &[])
    }

    pub(super) fn change_key(&mut self, site_user: &str, id: &str, ask: &Ask) -> SaltoResult {
        let user = self.by_site_user(site_user)?;
        let number = user
            .0
            .texts("tags")
            .into_iter()
            .find(|number| wire::same(&wire::key_id(number), id));
        let number = number.ok_or_else(error::not_found)?.to_owned();
        let given = Object(error::body(ask, CHANGED_KEY)?);
        let user = self.change_by_site_user(site_user)?;
        let mut blocked: Vec<String> = user
            .0
            .texts("blocked_keys")
            .into_iter()
            .map(str::to_owned)
            .collect();
        if given.text("blocked").is_none() && given.0.get("blocked").is_some_and(Value::is_boolean)
        {
            blocked.retain(|other| *other != number);
            if given.flag("blocked") {
                blocked.push(number.clone());
            }
            user.0.set("blocked_keys", blocked);
        }
        Ok(answer::json(200, &key(user, &number)))
    }
}

fn key(user: &DoorsThing, number: &str) -> Value {
    json!({
        "id": wire::key_id(number),
        "key_identifier": number,
        "key_id": wire::id_from(&format!("tag {number}")),
        "type": "tag",
        "expiry_date": null,
        "registration_date": wire::LONG_AGO,
        "blocked": user.0.texts("blocked_keys").contains(&number),
        "offline_access": false,
    })
}
