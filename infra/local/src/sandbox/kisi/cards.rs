//! Kisi's cards and their assignments. A world's `tags` are all cards, and a person's `tags` are
//! those assigned to the person.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::list::{PageRequest, among, whole};
use super::wire::{LONG_AGO, number};
use super::{KisiWorld, error, is_guest};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may, may_null, must};
use crate::sandbox::table::Keyed;
use crate::sandbox::tag::Tag;

const NEW: &[Field] = &[
    must("assignee_type", FieldKind::OneOf(&["User", "Guest"])),
    must("assignee_id", FieldKind::Whole),
    must("card_id", FieldKind::Whole),
    may_null("two_factor_pin", FieldKind::Text),
    may("send_two_factor_pin_notification", FieldKind::Flag),
    may_null("user_id", FieldKind::Whole),
    may_null("guest_id", FieldKind::Whole),
];

/// An assigned card.
struct CardRow<'a> {
    tag: &'a Tag,
    holder: &'a DoorsThing,
}

impl CardRow<'_> {
    fn id(&self) -> u64 {
        number_from(&format!(
            "assignment of {} to {}",
            self.tag.number,
            self.holder.key()
        ))
    }

    fn kind(&self) -> &'static str {
        if is_guest(self.holder) {
            "Guest"
        } else {
            "User"
        }
    }

    fn status(&self) -> &'static str {
        if self.tag.blocked {
            "deactivated"
        } else {
            "activated"
        }
    }

    fn show(&self) -> Value {
        let id = number(self.holder.id());
        let (user, guest) = if is_guest(self.holder) {
            (Value::Null, id.clone())
        } else {
            (id.clone(), Value::Null)
        };
        json!({
            "id": self.id(),
            "resource_type": "CardAssignment",
            "created_at": LONG_AGO,
            "updated_at": LONG_AGO,
            "status": self.status(),
            "two_factor_pin": null,
            "send_two_factor_pin_notification": false,
            "assignee_type": self.kind(),
            "assignee_id": id,
            "card_id": card_id(self.tag),
            "created_by_type": null,
            "created_by_id": null,
            "guest_id": guest,
            "user_id": user,
        })
    }
}

impl KisiWorld {
    pub(super) fn cards(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let user = ask.param("user_id");
        let is = |name: &str, own: &str| {
            ask.param(name)
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(own))
        };
        let tags = self.0.tags();
        let asked = |tag: &&Tag| {
            let line = self
                .0
                .holder(&tag.number)
                .map(|holder| CardRow { tag, holder });
            is("token", &tag.number)
                && is("uid", &uid(tag))
                && ask.param("card_number").is_none()
                && ask.param("card_id").is_none()
                && ask.param("data_block_value").is_none()
                && is(
                    "status",
                    line.as_ref().map_or("unassigned", CardRow::status),
                )
                && user
                    .is_none_or(|user| line.as_ref().is_some_and(|line| line.holder.id() == user))
                && among(ask, &card_id(tag).to_string())
        };
        let all: Vec<&Tag> = tags.iter().filter(asked).collect();
        Ok(page.of(&all, |tag| card(tag, self.0.holder(&tag.number))))
    }

    pub(super) fn card_assignments(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let assignee = whole(ask, "assignee_id")?;
        let (tags, is) = (self.0.tags(), |name: &str, own: &str| {
            ask.param(name).is_none_or(|wanted| wanted == own)
        });
        let asked = |line: &CardRow<'_>| {
            is("assignee_type", line.kind())
                && is("status", line.status())
                && is("card_id", &card_id(line.tag).to_string())
                && assignee.as_ref().is_none_or(|id| line.holder.id() == id)
                && among(ask, &line.id().to_string())
        };
        let all: Vec<CardRow<'_>> = self.lines(&tags).filter(asked).collect();
        Ok(page.of(&all, CardRow::show))
    }

    pub(super) fn one_card_assignment(&self, id: &str) -> Result<Answer, Answer> {
        let tags = self.0.tags();
        let line = self
            .lines(&tags)
            .find(|line| line.id().to_string() == id)
            .ok_or_else(error::not_found)?;
        Ok(answer::json(200, &line.show()))
    }

    /// Refuses a card that is already assigned `[?]`.
    pub(super) fn assign_card(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let given = Object(error::body(ask, "card_assignment", NEW)?);
        let text = |name: &str| given.0.get(name).map(Value::to_string).unwrap_or_default();
        let tags = self.0.tags();
        let tag = tags
            .iter()
            .find(|tag| card_id(tag).to_string() == text("card_id"))
            .ok_or_else(error::not_found)?;
        let suits = |user: &&DoorsThing| {
            given.text("assignee_type") == Some(if is_guest(user) { "Guest" } else { "User" })
        };
        let key = self
            .0
            .users
            .get(&text("assignee_id"))
            .filter(suits)
            .ok_or_else(error::not_found)?
            .key();
        if self.0.holder(&tag.number).is_some() {
            return Err(error::invalid("card_id", "has already been assigned"));
        }
        let holder = self.0.users.change(&key).ok_or_else(error::not_found)?;
        let mut theirs = holder.0.list("tags").to_vec();
        theirs.push(json!(tag.number));
        holder.0.set("tags", theirs);
        let holder = self.0.users.get(&key).ok_or_else(error::not_found)?;
        Ok(answer::json(200, &CardRow { tag, holder }.show()))
    }

    pub(super) fn take_card(&mut self, id: &str) -> Result<Answer, Answer> {
        let tags = self.0.tags();
        let line = self
            .lines(&tags)
            .find(|line| line.id().to_string() == id)
            .ok_or_else(error::not_found)?;
        let (key, taken) = (line.holder.key(), line.tag.number.clone());
        self.0.keep_tags_of(&key);
        let holder = self.0.users.change(&key).ok_or_else(error::not_found)?;
        let mut theirs = holder.0.list("tags").to_vec();
        theirs.retain(|tag| *tag != json!(taken));
        holder.0.set("tags", theirs);
        Ok(answer::empty(204))
    }

    fn lines<'a>(&'a self, tags: &'a [Tag]) -> impl Iterator<Item = CardRow<'a>> {
        tags.iter().filter_map(|tag| {
            Some(CardRow {
                tag,
                holder: self.0.holder(&tag.number)?,
            })
        })
    }
}

fn card(tag: &Tag, holder: Option<&DoorsThing>) -> Value {
    let active = holder.is_some() && !tag.blocked;
    json!({
        "id": card_id(tag),
        "last_used_at": null,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "assigned": holder.is_some(),
        "assigned_at": holder.map(|_| LONG_AGO),
        "activated_at": active.then_some(LONG_AGO),
        "deactivated_at": null,
        "activated": active,
        "assigned_by_id": null,
        "user_id": holder.filter(|holder| !is_guest(holder)).map(|holder| number(holder.id())),
        "token": tag.number,
        "uid": uid(tag),
        "type": "mifare_desfire",
        "model": "card-white-2.0",
        "frequency": "HF",
        "color": "white",
        "form_factor": "card",
        "third_party": false,
    })
}

fn card_id(tag: &Tag) -> u64 {
    let given = tag.id.as_deref().and_then(|id| id.parse().ok());
    given.unwrap_or_else(|| number_from(&format!("card {}", tag.number)))
}

/// Returns the number of the chip, which differs from the printed number.
fn uid(tag: &Tag) -> String {
    format!("{:08X}", number_from(&format!("uid {}", tag.number)))
}

/// Returns a number derived from `text`. The same text always has the same number.
fn number_from(text: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let bytes = *hash.first_chunk::<4>().unwrap_or(&[0; 4]);
    u64::from(u32::from_be_bytes(bytes)) + 1
}
