//! Nexudus' interface: tokens, lists and single things. It is read-only. Only the control calls
//! change the platform. Paths may begin with `/api`, as the vendor's do, or leave it out.

mod change;
mod entity;
mod event;
mod id;
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
use super::post::Post;
use super::quirks;
use super::table::Shelf;
use super::world::World;
pub use world::NexudusWorld;

/// How long a changed thing cannot be read by its id with the quirk `just-changed-500`.
const SHAKY: SignedDuration = SignedDuration::from_mins(1);

/// The call that a path means.
enum NexudusCall {
    Token,
    List(usize),
    One(usize, String),
}

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    let path = |kind: usize| ENTITIES.get(kind).map_or("", |entity| entity.path);
    Some(match call(ask)? {
        NexudusCall::Token => "/api/token".to_owned(),
        NexudusCall::List(kind) => format!("/api/{}", path(kind)),
        NexudusCall::One(kind, _) => format!("/api/{}/{{id}}", path(kind)),
    })
}

/// Returns the path with `/api` added or removed. Faults may write it either way.
pub fn other_path(path: &str) -> String {
    match path.strip_prefix("/api/") {
        Some(rest) => format!("/{rest}"),
        None => format!("/api{path}"),
    }
}

fn call(ask: &Ask) -> Option<NexudusCall> {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let parts = parts.strip_prefix(&["api"]).unwrap_or(&parts);
    match parts {
        ["token"] => Some(NexudusCall::Token),
        [area, list] => Some(NexudusCall::List(entity::at(area, list)?)),
        [area, list, id] if !id.is_empty() => {
            Some(NexudusCall::One(entity::at(area, list)?, (*id).to_owned()))
        }
        _ => None,
    }
}

impl World for NexudusWorld {
    fn show(&self) -> Value {
        NexudusWorld::show(self)
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        let Some(call) = call(ask) else {
            return self.error(404, "No HTTP resource was found");
        };
        match (call, ask.method.as_str()) {
            (NexudusCall::Token, "POST") if quirks::on(&self.top, "no-tokens") => {
                self.error(404, "No HTTP resource was found")
            }
            (NexudusCall::Token, "POST") => token::give(ask),
            (NexudusCall::List(_) | NexudusCall::One(..), "GET") if !token::may(ask) => {
                self.error(401, "Authorization has been denied for this request.")
            }
            (NexudusCall::List(kind), "GET") => match list::page(self, kind, ask) {
                Ok(page) => answer::json(200, &page),
                Err(why) => self.error(400, &why),
            },
            (NexudusCall::One(kind, id), "GET") => self.one(kind, &id, ask.now),
            _ => self.error(405, "The requested resource does not support this method."),
        }
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        NexudusWorld::change(self, body, now)
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        NexudusWorld::save(self, shelf);
    }
}

impl NexudusWorld {
    /// Returns one thing. An unknown id answers 500 and not 404 `[D]``[C]`.
    fn one(&self, kind: usize, id: &str, now: Timestamp) -> Answer {
        let changed = |at: &str| {
            at.parse::<Timestamp>()
                .is_ok_and(|at| now.duration_since(at) < SHAKY)
        };
        let shaky = quirks::on(&self.top, "just-changed-500");
        match self.visible(kind, id, now) {
            Some(item) if !(shaky && item.text("UpdatedOn").is_some_and(changed)) => {
                answer::json(200, &Value::Object(wire::whole(self, kind, item, now)))
            }
            _ => self.error(500, "An error has occurred."),
        }
    }

    /// Returns an error in Nexudus' format. With the quirk `error-in-200` its status is a success
    /// `[D]`.
    fn error(&self, status: u16, message: &str) -> Answer {
        let body = json!({ "Status": status, "Message": message, "Value": null, "WasSuccessful": false, "Errors": [] });
        answer::json(
            if quirks::on(&self.top, "error-in-200") {
                200
            } else {
                status
            },
            &body,
        )
    }
}
