//! The interface of every sandbox.

use jiff::Timestamp;
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::doors::MembershipChange;
use super::post::Post;
use super::table::Shelf;

/// The contents of one organisation's or place's sandbox, and the vendor's answers from them.
pub trait World: Send {
    /// Returns the contents as `_world` shows them.
    fn show(&self) -> Value;
    /// Answers one call.
    fn serve(&mut self, ask: &Ask) -> Answer;
    /// Applies a `_change`. Returns the webhooks that the vendor would post, in order.
    ///
    /// # Errors
    /// A message for the author of the change. Nothing has changed then.
    fn change(&mut self, _body: Value, _now: Timestamp) -> Result<Vec<Post>, String> {
        Err("nothing happens here by itself: replace the _world instead".into())
    }
    /// Returns a snapshot of everything, in this many push updates.
    ///
    /// # Errors
    /// A message for the caller.
    fn roster(&mut self, _parts: usize, _now: Timestamp) -> Result<Vec<Post>, String> {
        Err("only push platforms send a roster: andcards and deskworks".into())
    }
    /// Returns who was added to groups and removed from them since the last call. Only door systems
    /// have any.
    fn membership_changes(&mut self) -> Vec<MembershipChange> {
        Vec::new()
    }
    /// Writes what changed since the last write.
    fn save(&mut self, shelf: &Shelf<'_>);
}
