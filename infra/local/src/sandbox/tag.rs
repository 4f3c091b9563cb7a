//! Tags and cards of door worlds, in the same form for both vendors: all tags under `tags`, and
//! each person's tags under `tags` of the person.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::doors::{DoorsThing, DoorsWorld};
use super::object::Object;

/// A tag or card.
#[derive(Clone)]
pub struct Tag {
    /// The printed number.
    pub number: String,
    /// Its id, if the world has one.
    pub id: Option<String>,
    /// Whether it is blocked.
    pub blocked: bool,
    /// Whether it belongs to a pod of SALTO KS, and must not be changed.
    pub of_pod: bool,
}

impl Tag {
    /// Reads a tag. Worlds give tags as numbers, or as objects with `number` and optional `id`,
    /// `blocked`, `is_pod_tag`.
    fn read(given: &Value) -> Option<Tag> {
        let item = match given {
            Value::String(number) => Object(Map::from_iter([("number".to_owned(), json!(number))])),
            Value::Object(map) => Object(map.clone()),
            _ => return None,
        };
        let number = item.text("number").or(item.text("tag_number"))?.to_owned();
        let id = item.text("id").map(str::to_owned);
        Some(Tag {
            id,
            number,
            blocked: item.flag("blocked"),
            of_pod: item.flag("is_pod_tag"),
        })
    }
}

impl DoorsWorld {
    /// Returns every tag: first those that the world lists, then those that only people have.
    pub fn tags(&self) -> Vec<Tag> {
        let mut tags: Vec<Tag> = self.top.list("tags").iter().filter_map(Tag::read).collect();
        let mut known: HashSet<String> = tags.iter().map(|tag| tag.number.clone()).collect();
        let held = self.users.iter().flat_map(|user| user.0.list("tags"));
        for tag in held.filter_map(Tag::read) {
            if known.insert(tag.number.clone()) {
                tags.push(tag);
            }
        }
        tags
    }

    /// Adds a person's tags to the world's list, so that a tag still exists after it was taken from
    /// the person.
    pub fn keep_tags_of(&mut self, key: &str) {
        let theirs = self
            .users
            .get(key)
            .map(|user| user.0.list("tags").to_vec())
            .unwrap_or_default();
        let mut all = self.top.list("tags").to_vec();
        let listed: HashSet<String> = all
            .iter()
            .filter_map(Tag::read)
            .map(|tag| tag.number)
            .collect();
        let before = all.len();
        all.extend(
            theirs
                .into_iter()
                .filter(|tag| Tag::read(tag).is_some_and(|tag| !listed.contains(&tag.number))),
        );
        if all.len() > before {
            self.set_top("tags", all);
        }
    }

    /// Returns the person who has a tag.
    pub fn holder(&self, number: &str) -> Option<&DoorsThing> {
        self.users
            .iter()
            .find(|user| user.0.texts("tags").contains(&number))
    }
}
