//! Events at Kisi's locks, given through the `_change` call, and the event bodies that Kisi would
//! post. The integrations decide which webhook takes which event.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::list::{PageRequest, among, fuzzy};
use super::wire::{LONG_AGO, number};
use super::{IDS, KisiWorld, is_guest};
use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::doors::DoorsThing;
use crate::sandbox::locks::{self, Lock};
use crate::sandbox::object::{Object, list, object};

/// The event type of an unlock.
const UNLOCK: &str = "lock.unlock";

/// Returns an id for a lock that a world gives by name only. The same name always has the same id.
fn id_of(name: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let [a, b, c, ..] = hash;
    (1_000_000 + u64::from(u32::from_be_bytes([0, a, b, c]))).to_string()
}

/// Returns an event's id. The same event always has the same id.
fn uuid_from(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(hash.first_chunk::<16>().unwrap_or(&[0; 16]));
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// The actor of an event.
struct Actor {
    kind: Value,
    id: Value,
    name: Value,
    email: Value,
}

impl KisiWorld {
    pub(super) fn locks(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 50, 250)?;
        let all = locks::listed(&self.0.top, &id_of).into_iter();
        let all: Vec<Lock> = all
            .filter(|lock| among(ask, &lock.id) && fuzzy(ask, &[&lock.name]))
            .collect();
        Ok(page.of(&all, |lock| shown(lock, ask.of.as_deref())))
    }

    /// Applies the `events` of a `_change`, and returns the bodies to post, in order.
    pub(super) fn happen(&mut self, body: Value, now: Timestamp) -> Result<Vec<Value>, String> {
        let mut body = object(body, "a change")?;
        self.0.change_by_hand(&mut body)?;
        let events = list(
            body.0.remove("events").unwrap_or_else(|| json!([])),
            "events",
        )?;
        if let Some(other) = body.0.keys().next() {
            return Err(format!(
                "there are only events and members here, not {other}: replace the _world instead"
            ));
        }
        let mut posted = Vec::new();
        let before = self.0.top.list("events").len();
        for (place, event) in events.into_iter().enumerate() {
            posted.push(self.event(&object(event, "an event")?, now, before + place)?);
        }
        let mut all = self.0.top.list("events").to_vec();
        all.extend(posted.iter().cloned());
        self.0.change_top().set("events", all);
        posted.retain(|event| self.posts(event["type"].as_str().unwrap_or_default()));
        Ok(posted)
    }

    /// Returns an event as Kisi posts it `[D]`.
    fn event(&self, given: &Object, now: Timestamp, place: usize) -> Result<Value, String> {
        let kind = given.text("type").unwrap_or(UNLOCK);
        let actor = self.actor(given)?;
        let success = given.or("success", true);
        if !success.is_boolean() {
            return Err("events: success must be true or false".into());
        }
        let at = match given.text("at").map(str::parse::<Timestamp>) {
            None => now,
            Some(Ok(at)) => at,
            Some(Err(_)) => return Err("events: at must be RFC 3339".into()),
        };
        let (object_type, id, name) = self.object(given, kind)?;
        let uuid = uuid_from(&format!("event {place} {at} {kind} {id}"));
        let words: Vec<&str> = kind.split('.').collect();
        let refused = success == json!(false);
        Ok(json!({
            "uuid": given.or("uuid", uuid),
            "type": kind,
            "actor_type": actor.kind, "actor_id": actor.id, "actor_name": actor.name, "actor_email": actor.email,
            "authenticated_by_type": null, "authenticated_by_id": null,
            "authorized_by_type": null, "authorized_by_id": null, "authorized_by_role_id": null,
            "object_type": object_type, "object_id": id, "object_name": name, "object": {},
            "action": words.last(),
            "created_at": at.to_string(),
            "message": null,
            "success": success,
            "code": given.or_null("error_code"),
            "sequence": format!("{place}"),
            "organization_id": 1,
            "place_id": given.or_null("place_id"),
            "error_code": given.or("error_code", if refused { json!("fcd8ef") } else { Value::Null }),
            "error_message": null,
            "details": {}, "via": {},
        }))
    }

    /// Returns the actor, found by id or address; an empty actor if `user` is missing.
    fn actor(&self, given: &Object) -> Result<Actor, String> {
        let user = match given.0.get("user") {
            None | Some(Value::Null) => {
                return Ok(Actor {
                    kind: Value::Null,
                    id: Value::Null,
                    name: Value::Null,
                    email: Value::Null,
                });
            }
            Some(Value::String(user)) => user.trim().to_owned(),
            Some(Value::Number(user)) => user.to_string(),
            Some(_) => return Err("events: user must be an id or an address".into()),
        };
        let is_them = |thing: &&DoorsThing| {
            thing.id() == user
                || thing
                    .0
                    .text("email")
                    .is_some_and(|email| email.eq_ignore_ascii_case(&user))
        };
        let person = self
            .0
            .users
            .iter()
            .find(is_them)
            .ok_or("events: a user is not among users")?;
        Ok(Actor {
            kind: json!(if is_guest(person) { "Guest" } else { "User" }),
            id: number(person.id()),
            name: person.0.or_null("name"),
            email: person.0.or_null("email"),
        })
    }

    /// Returns type, id and name of the event's object.
    fn object(&self, given: &Object, kind: &str) -> Result<(String, Value, Value), String> {
        if kind != UNLOCK {
            let word = kind.split('.').next().unwrap_or_default();
            let usual = word.split('_').map(capital).collect::<String>();
            return Ok((usual, given.or("object_id", 1), json!("")));
        }
        let lock = given
            .0
            .get("lock")
            .and_then(|lock| locks::named(&self.0.top, lock, IDS.sound, &id_of));
        let lock = lock.ok_or("events: lock must be the id or the name of a lock")?;
        Ok(("Lock".to_owned(), number(&lock.id), json!(lock.name)))
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Returns a lock as Kisi shows it `[D]`.
fn shown(lock: &Lock, place: Option<&str>) -> Value {
    let place = place.map_or(json!(1), number);
    json!({
        "id": number(&lock.id),
        "resource_type": "Lock",
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
        "configured": true,
        "description": null,
        "first_to_arrive_required_until": null,
        "first_to_arrive_satisfied": true,
        "latitude": null,
        "locked_down": false,
        "locked_down_since": null,
        "longitude": null,
        "name": lock.name,
        "on_scheduled_unlock": false,
        "online": true,
        "open": false,
        "order_id": null,
        "unlocked": false,
        "geofence_restriction_enabled": false,
        "geofence_restriction_radius": 0,
        "reader_restriction_enabled": false,
        "time_restriction_enabled": false,
        "time_restriction_time_zone": null,
        "place_id": place,
        "place": { "id": place, "name": "Place", "latitude": null, "longitude": null },
        "floor_id": null,
        "groups_count": 0,
        "unlocked_until": null,
    })
}
