//! The source of Doorstep's own ids: random, or given where a run must be reproducible.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use doorstep_core::model::ids::PersonId;

/// A source of unique ids that say nothing about their person.
#[derive(Clone)]
pub struct IdSource(Arc<dyn Fn() -> PersonId + Send + Sync>);

impl IdSource {
    /// Creates a source from `give`, which must never return an id twice.
    pub fn from_fn(give: impl Fn() -> PersonId + Send + Sync + 'static) -> Self {
        IdSource(Arc::new(give))
    }

    /// Returns a new id.
    pub fn next(&self) -> PersonId {
        (self.0)()
    }
}

impl Default for IdSource {
    fn default() -> Self {
        IdSource::from_fn(|| Uuid::new_v4().simple().to_string().into())
    }
}

impl fmt::Debug for IdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
