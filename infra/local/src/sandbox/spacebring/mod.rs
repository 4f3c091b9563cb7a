//! Spacebring's interface, as its OpenAPI document describes it. It is read-only. Only the control
//! calls change the platform.
//!
//! Choices where Spacebring's behaviour is unknown `[?]`: an unknown id is 404; a thing that was
//! removed is found by its id, with its `deleteDate` (`deleted-404`: it is not); an unknown
//! parameter is 400; so is a page size out of bounds, where the document does not say that it is
//! cut; a page token counts only with the filters that it came with. The document has no field for
//! the rule of a series, so a world gives it as `recurrence`, and the occurrences that do not take
//! place as `exdates`.

mod call;
mod change;
mod event;
mod ledger;
mod list;
mod occurrence;
mod query;
mod usual;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use call::{Call, call};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::ask::Ask;
use super::object::Object;
use super::platform_tables::PlatformTables;
use super::post::Post;
use super::quirks;
use super::rate::Rate;
use super::table::Shelf;
use super::world::World;

pub use call::pattern;

/// The lists of a world, in the order of webhooks after a `_change` of several.
const LISTS: &[&str] = &[
    "locations",
    "floors",
    "plans",
    "resources",
    "companies",
    "memberships",
    "subscriptions",
    "assignments",
    "bookings",
    "visits",
    "dayPasses",
];

/// Most calls in one second. `[D]`
const CALLS_A_SECOND: usize = 10;

/// One network.
pub struct SpacebringWorld {
    things: PlatformTables,
    rate: Rate,
}

impl World for SpacebringWorld {
    fn show(&self) -> Value {
        self.things.show()
    }

    fn serve(&mut self, ask: &Ask) -> Answer {
        if quirks::on(&self.things.top, "rate-limit") && !self.rate.admits(ask.now) {
            let refused = error(429, "Too many requests", "TooManyRequests");
            return answer::with(refused, "retry-after", "1");
        }
        if !has_credentials(ask) {
            return error(401, "Unauthorized", "Unauthorized");
        }
        let Some(call) = call(ask) else {
            return error(404, "Not found", "NotFound");
        };
        if ask.method != "GET" {
            let refusal = error(405, "Method not allowed", "MethodNotAllowed");
            return answer::allowing(refusal, "GET");
        }
        if let Err(why) = query::check(&self.things, &call, ask) {
            return error(400, &why, "ValidationError");
        }
        match call {
            Call::List(list) => match list::page(&self.things, list, ask) {
                Ok(page) => answer::json(200, &page),
                Err(why) => error(400, &why, "ValidationError"),
            },
            Call::One(list, id) => self.one(list, &id, ask.now),
            Call::Networks => answer::json(200, &json!({ "networks": [self.network()] })),
            Call::Balances(holder) => {
                let balances = ledger::balances(&self.things, &holder, ask.now);
                answer::json(200, &json!({ "balances": balances }))
            }
        }
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        let events = self.things.change(body, now)?;
        Ok(events.iter().map(Post::of).collect())
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        self.things.save(shelf);
    }
}

impl SpacebringWorld {
    /// Creates a world from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, now: Timestamp) -> Result<SpacebringWorld, String> {
        Ok(SpacebringWorld {
            things: PlatformTables::given(given, now)?,
            rate: Rate::new(CALLS_A_SECOND),
        })
    }

    /// Loads a stored world.
    pub fn load(shelf: &Shelf<'_>) -> SpacebringWorld {
        SpacebringWorld {
            things: PlatformTables::load(LISTS, shelf),
            rate: Rate::new(CALLS_A_SECOND),
        }
    }

    /// Removes a stored world.
    pub fn erase(shelf: &Shelf<'_>) {
        PlatformTables::erase(LISTS, shelf);
    }

    fn network(&self) -> Value {
        let title = self.things.top.or("name", "Sandbox network");
        json!({ "id": wire::network(&self.things), "title": title })
    }

    fn one(&self, list: &call::List, id: &str, now: Timestamp) -> Answer {
        let shows_deleted = !quirks::on(&self.things.top, "deleted-404");
        let found = match list.world {
            "bookings" => occurrence::one(&self.things, id, now),
            name => self.things.one(name, id, now).cloned(),
        };
        match found.filter(|item| shows_deleted || !is_deleted(item)) {
            Some(item) => {
                let shown = wire::shown(&self.things, list.world, &item, now);
                answer::json(200, &json!({ list.one: shown }))
            }
            None => error(404, "Not found", "NotFound"),
        }
    }
}

/// Returns whether a thing was removed. Its record is kept.
fn is_deleted(item: &Object) -> bool {
    item.text("deleteDate").is_some()
}

/// Returns whether the request has the credentials of an API client. `[D]`
fn has_credentials(ask: &Ask) -> bool {
    let decoded = ask
        .credentials("Basic")
        .and_then(|pair| STANDARD.decode(pair).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.is_some_and(|text| {
        text.split_once(':')
            .is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty())
    })
}

/// Returns an error as the document describes it. `[D]`
fn error(status: u16, message: &str, kind: &str) -> Answer {
    answer::json(status, &json!({ "message": message, "type": kind }))
}
