//! Sandboxes of push platforms. They hold a world, and send the updates of the published contract.
//! They have no interface to call.

mod entity;
mod world;

pub use entity::{ANDCARDS, DESKWORKS};
pub use world::PushWorld;

use jiff::Timestamp;
use serde_json::Value;

use super::answer::{self, Answer};
use super::ask::Ask;
use super::post::Post;
use super::table::Shelf;
use super::world::World;

impl World for PushWorld {
    fn show(&self) -> Value {
        PushWorld::show(self)
    }

    fn serve(&mut self, _ask: &Ask) -> Answer {
        answer::refused(404, "this platform has no read API: it pushes updates")
    }

    fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        Ok(PushWorld::change(self, body, now)?
            .iter()
            .map(Post::of)
            .collect())
    }

    fn roster(&mut self, parts: usize, now: Timestamp) -> Result<Vec<Post>, String> {
        Ok(PushWorld::roster(self, parts, now)
            .iter()
            .map(Post::of)
            .collect())
    }

    fn save(&mut self, shelf: &Shelf<'_>) {
        PushWorld::save(self, shelf);
    }
}
