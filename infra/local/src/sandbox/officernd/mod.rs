//! OfficeRnD's interface: tokens, one organisation, lists and single things. It is read-only. Only
//! the control calls change the platform.

mod change;
mod entity;
mod event;
mod list;
mod token;
mod wire;
mod world;

use entity::{ENTITIES, OfficerndEntity};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::ask::Ask;
use super::post::Post;
use super::quirks;
use super::table::Shelf;
use super::world::World;
pub use world::OfficerndWorld;

/// The call that a path means.
enum OfficerndCall {
    Token,
    Organization,
    List(usize),
    One(usize, String),
}

/// Returns the path pattern of a call; `None` for unknown paths.
pub fn pattern(ask: &Ask) -> Option<String> {
    let name = |kind: usize| ENTITIES.get(kind).map_or("", |entity| entity.name);
    Some(match call(ask)? {
        OfficerndCall::Token => "/oauth/token".to_owned(),
        OfficerndCall::Organization => "/api/v1/organizations/{slug}".to_owned(),
        OfficerndCall::List(kind) => format!("/api/v2/organizations/{{slug}}/{}", name(kind)),
        OfficerndCall::One(kind, _) => {
            format!("/api/v2/organizations/{{slug}}/{}/{{id}}", name(kind))
        }
    })
}

fn call(ask: &Ask) -> Option<OfficerndCall> {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["oauth", "token"] => Some(OfficerndCall::Token),
        ["api", "v1", "organizations", slug] if !slug.is_empty() => {
            Some(OfficerndCall::Organization)
        }
        ["api", "v2", "organizations", slug, name] if !slug.is_empty() => {
            Some(OfficerndCall::List(entity::find(name)?))
        }
        ["api", "v2", "organizations", slug, name, id] if !slug.is_empty() && !id.is_empty() => {
            Some(OfficerndCall::One(entity::find(name)?, (*id).to_owned()))
        }
        _ => None,
    }
}

impl World for OfficerndWorld {
    fn show(&self) -> Value {
        OfficerndWorld::show(self)
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        let Some(call) = call(ask) else {
            return error(404, "Cannot find this path", "Not Found");
        };
        match (call, ask.method.as_str()) {
            (OfficerndCall::Token, "POST") => token::give(ask, &self.top.texts("ungranted")),
            (OfficerndCall::Organization, "GET") => with_limits(self.organization(ask)),
            (OfficerndCall::List(kind), "GET") => with_limits(self.list(kind, ask)),
            (OfficerndCall::One(kind, id), "GET") => with_limits(self.one(kind, &id, ask)),
            _ => error(405, "Method not allowed", "Method Not Allowed"),
        }
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        Ok(OfficerndWorld::change(self, body, now)?
            .iter()
            .map(Post::of)
            .collect())
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        OfficerndWorld::save(self, shelf);
    }
}

impl OfficerndWorld {
    fn organization(&self, ask: &Ask) -> Answer {
        if token::scopes(ask).is_none() {
            return unauthorized();
        }
        if quirks::on(&self.top, "region-refused") {
            return error(403, "Insufficient scope", "Forbidden");
        }
        let slug = ask.segments.get(3).map_or("", String::as_str);
        let mut body = json!({ "_id": format!("org-{slug}"), "slug": slug, "name": self.top.or("name", slug) });
        if let Some(region) = self.top.0.get("regionInfo") {
            body["regionInfo"] = region.clone();
        }
        answer::json(200, &body)
    }

    fn list(&self, kind: usize, ask: &Ask) -> Answer {
        let entity = match allowed(kind, ask) {
            Ok(entity) => entity,
            Err(refusal) => return refusal,
        };
        match list::page(self, kind, entity, ask) {
            Ok(mut page) if quirks::on(&self.top, "bare-array") => {
                answer::json(200, &page["results"].take())
            }
            Ok(page) => answer::json(200, &page),
            Err(why) => error(400, &why, "Bad Request"),
        }
    }

    fn one(&self, kind: usize, id: &str, ask: &Ask) -> Answer {
        if let Err(refusal) = allowed(kind, ask) {
            return refusal;
        }
        if let Some((name, _)) = ask.query.first() {
            return error(
                400,
                &format!("property {name} should not exist"),
                "Bad Request",
            );
        }
        match self.visible(kind, id, ask.now) {
            Some(item) => {
                answer::json(200, &Value::Object(wire::object(self, kind, item, ask.now)))
            }
            None => error(404, "The requested resource was not found", "Not Found"),
        }
    }
}

/// Returns the kind, if the request's token may read it.
fn allowed(kind: usize, ask: &Ask) -> Result<&'static OfficerndEntity, Answer> {
    let scopes = token::scopes(ask).ok_or_else(unauthorized)?;
    let entity = ENTITIES
        .get(kind)
        .ok_or_else(|| error(404, "Cannot find this path", "Not Found"))?;
    match scopes.split_whitespace().any(|scope| scope == entity.scope) {
        true => Ok(entity),
        false => Err(error(403, "Insufficient scope", "Forbidden")),
    }
}

fn unauthorized() -> Answer {
    error(401, "Unauthorized", "Unauthorized")
}

/// Returns an error in OfficeRnD's format `[C]`.
fn error(status: u16, message: &str, error: &str) -> Answer {
    answer::json(
        status,
        &json!({ "statusCode": status, "message": message, "error": error }),
    )
}

/// Adds the rate limit headers `[C]`. The sandbox never counts them down. Only `_faults` throttles.
fn with_limits(answer: Answer) -> Answer {
    const LIMITS: [(&str, &str); 6] = [
        ("x-ratelimit-limit-read-minute", "400"),
        ("x-ratelimit-remaining-read-minute", "399"),
        ("x-ratelimit-reset-read-minute", "60"),
        ("x-ratelimit-limit-read-day", "20000"),
        ("x-ratelimit-remaining-read-day", "19999"),
        ("x-ratelimit-reset-read-day", "86400"),
    ];
    LIMITS.into_iter().fold(answer, |answer, (name, value)| {
        answer::with(answer, name, value)
    })
}
