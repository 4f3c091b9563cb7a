//! Nexudus' interface: tokens, lists and single things. It is read-only. Only the control calls change the platform.
//! Paths may begin with `/api`, as the vendor's do, or leave it out.

mod entity;
mod event;
mod list;
mod relation;
mod token;
mod wire;
mod world;

use entity::ENTITIES;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::ask::Ask;
use super::quirks;
use super::table::Shelf;
use super::vendor::{self, Post};
pub use world::World;

/// How long a changed thing cannot be read by its id with the quirk `just-changed-500`.
const SHAKY: SignedDuration = SignedDuration::from_mins(1);

/// The call that a path means.
enum Call {
    Token,
    List(usize),
    One(usize, String),
}

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    let path = |kind: usize| ENTITIES.get(kind).map_or("", |entity| entity.path);
    Some(match call(ask)? {
        Call::Token => "/api/token".to_owned(),
        Call::List(kind) => format!("/api/{}", path(kind)),
        Call::One(kind, _) => format!("/api/{}/{{id}}", path(kind)),
    })
}

/// Returns the path with `/api` added or removed. Faults may write it either way.
pub fn other_path(path: &str) -> String {
    match path.strip_prefix("/api/") {
        Some(rest) => format!("/{rest}"),
        None => format!("/api{path}"),
    }
}

fn call(ask: &Ask) -> Option<Call> {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let parts = parts.strip_prefix(&["api"]).unwrap_or(&parts);
    match parts {
        ["token"] => Some(Call::Token),
        [area, list] => Some(Call::List(entity::at(area, list)?)),
        [area, list, id] if !id.is_empty() => Some(Call::One(entity::at(area, list)?, (*id).to_owned())),
        _ => None,
    }
}

impl vendor::World for World {
    fn show(&self) -> Value {
        World::show(self)
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        let Some(call) = call(ask) else { return self.error(404, "No HTTP resource was found") };
        match (call, ask.method.as_str()) {
            (Call::Token, "POST") if quirks::on(&self.top, "no-tokens") => {
                self.error(404, "No HTTP resource was found")
            }
            (Call::Token, "POST") => token::give(ask),
            (Call::List(_) | Call::One(..), "GET") if !token::may(ask) => {
                self.error(401, "Authorization has been denied for this request.")
            }
            (Call::List(kind), "GET") => match list::page(self, kind, ask) {
                Ok(page) => answer::json(200, &page),
                Err(why) => self.error(400, &why),
            },
            (Call::One(kind, id), "GET") => self.one(kind, &id, ask.now),
            _ => self.error(405, "The requested resource does not support this method."),
        }
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        World::change(self, body, now)
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        World::save(self, shelf);
    }
}

impl World {
    /// Returns one thing. An unknown id answers 500 and not 404 `[D]``[C]`.
    fn one(&self, kind: usize, id: &str, now: Timestamp) -> Answer {
        let changed = |at: &str| at.parse::<Timestamp>().is_ok_and(|at| now.duration_since(at) < SHAKY);
        let shaky = quirks::on(&self.top, "just-changed-500");
        match self.seen(kind, id, now) {
            Some(item) if !(shaky && item.text("UpdatedOn").is_some_and(changed)) => {
                answer::json(200, &Value::Object(wire::whole(self, kind, item, now)))
            }
            _ => self.error(500, "An error has occurred."),
        }
    }

    /// Returns an error in Nexudus' format. With the quirk `error-in-200` its status is a success `[D]`.
    fn error(&self, status: u16, message: &str) -> Answer {
        let body = json!({ "Status": status, "Message": message, "Value": null, "WasSuccessful": false, "Errors": [] });
        answer::json(if quirks::on(&self.top, "error-in-200") { 200 } else { status }, &body)
    }
}
