//! Where ids of our own come from: chance; where one run must come out as another did, whatever it is given.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// Gives ids that nobody has had before, and that say nothing of whose they are.
#[derive(Clone)]
pub struct Ids(Arc<dyn Fn() -> String + Send + Sync>);

impl Ids {
    /// Ids from `give`, which must not give one twice.
    pub fn from_fn(give: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Ids(Arc::new(give))
    }

    /// A new one.
    pub fn next(&self) -> String {
        (self.0)()
    }
}

impl Default for Ids {
    fn default() -> Self {
        Ids::from_fn(|| Uuid::new_v4().simple().to_string())
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
