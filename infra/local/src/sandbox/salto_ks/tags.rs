//! SALTO KS's tags and keys: which number is whose. A person has one tag at most [I].

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::filter::Cell;
use super::list::List;
use super::{Done, World, error, wire};
use crate::sandbox::answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::Thing;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, Kind, may_null};

/// A tag of the site.
#[derive(Clone)]
pub struct Tag {
    /// Its id.
    pub id: String,
    /// What is printed on it.
    pub number: String,
    /// Whether it opens nothing.
    pub blocked: bool,
    /// Whether it belongs to a pod, and must be left alone.
    pub of_pod: bool,
}

impl Tag {
    /// Worlds give tags as numbers, or as objects with `number` and maybe `id`, `blocked`, `is_pod_tag`.
    fn read(given: &Value) -> Option<Tag> {
        let item = match given {
            Value::String(number) => Object(Map::from_iter([("number".to_owned(), json!(number))])),
            Value::Object(map) => Object(map.clone()),
            _ => return None,
        };
        let number = item.text("number").or(item.text("tag_number"))?.to_owned();
        let id = item.text("id").map_or_else(|| wire::id_from(&format!("tag {number}")), str::to_owned);
        Some(Tag { id, number, blocked: item.flag("blocked"), of_pod: item.flag("is_pod_tag") })
    }
}

const CHANGED_KEY: &[Field] = &[may_null("blocked", Kind::Flag), may_null("offline_access", Kind::Flag)];

impl World {
    /// The site's tags: those it lists, then those that only people have.
    fn all_tags(&self) -> Vec<Tag> {
        let mut tags: Vec<Tag> = self.0.top.list("tags").iter().filter_map(Tag::read).collect();
        let mut known: HashSet<String> = tags.iter().map(|tag| tag.number.clone()).collect();
        let held = self.0.users.iter().flat_map(|user| user.0.list("tags"));
        for tag in held.filter_map(Tag::read) {
            if known.insert(tag.number.clone()) {
                tags.push(tag);
            }
        }
        tags
    }

    fn holder(&self, number: &str) -> Option<&Thing> {
        self.0.users.iter().find(|user| user.0.texts("tags").contains(&number))
    }

    pub(super) fn tags(&self, ask: &Ask) -> Done {
        let field = |tag: &Tag, name: &str| match name {
            "id" => Some(Cell::text(Some(&tag.id))),
            "tag_number" => Some(Cell::text(Some(&tag.number))),
            "blocked" => Some(Cell::Flag(tag.blocked)),
            "is_pod_tag" => Some(Cell::Flag(tag.of_pod)),
            _ => None,
        };
        let render = |tag: &Tag| wire::tag(tag, self.holder(&tag.number));
        List { field: &field, render: &render, bare: self.bare() }.answer(ask, self.all_tags(), &[])
    }

    pub(super) fn one_tag(&self, id: &str) -> Done {
        let tag = self.all_tags().into_iter().find(|tag| wire::same(&tag.id, id)).ok_or_else(error::not_found)?;
        Ok(answer::json(200, &wire::tag(&tag, self.holder(&tag.number))))
    }

    /// The number of a tag that `user` (a key) may be given.
    pub(super) fn free_tag(&self, id: &str, user: &str) -> Result<String, answer::Answer> {
        let tag = self.all_tags().into_iter().find(|tag| wire::same(&tag.id, id)).ok_or_else(error::not_found)?;
        if tag.of_pod {
            return Err(error::refused(403, 2220, "The tag belongs to a pod"));
        }
        match self.holder(&tag.number) {
            Some(holder) if !wire::same(holder.id(), user) => Err(error::invalid("The tag is somebody else's")),
            _ => Ok(tag.number),
        }
    }

    pub(super) fn keys(&self, site_user: &str, ask: &Ask) -> Done {
        let user = self.by_site_user(site_user)?;
        let numbers = user.0.texts("tags");
        let field = |number: &&str, name: &str| match name {
            "id" => Some(Cell::text(Some(&wire::key_id(number)))),
            "key_identifier" => Some(Cell::text(Some(number))),
            "type" => Some(Cell::text(Some("tag"))),
            _ => None,
        };
        let render = |number: &&str| key(user, number);
        List { field: &field, render: &render, bare: self.bare() }.answer(ask, numbers, &[])
    }

    pub(super) fn change_key(&mut self, site_user: &str, id: &str, ask: &Ask) -> Done {
        let user = self.by_site_user(site_user)?;
        let number = user.0.texts("tags").into_iter().find(|number| wire::same(&wire::key_id(number), id));
        let number = number.ok_or_else(error::not_found)?.to_owned();
        let given = Object(error::body(ask, CHANGED_KEY)?);
        let user = self.change_by_site_user(site_user)?;
        let mut blocked: Vec<String> = user.0.texts("blocked_keys").into_iter().map(str::to_owned).collect();
        if given.text("blocked").is_none() && given.0.get("blocked").is_some_and(Value::is_boolean) {
            blocked.retain(|other| *other != number);
            if given.flag("blocked") {
                blocked.push(number.clone());
            }
            user.0.set("blocked_keys", blocked);
        }
        Ok(answer::json(200, &key(user, &number)))
    }
}

fn key(user: &Thing, number: &str) -> Value {
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
