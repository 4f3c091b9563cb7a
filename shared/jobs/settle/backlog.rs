//! The due items of one site, as one run reads them: part by part, earliest first.
//!
//! A run that listed everything due before each batch would read a backlog of `n` people `n` times.
//! It reads each due item about once instead, and holds at most [`MOST_KNOWN`] people.

use std::collections::HashSet;

use jiff::Timestamp;

use doorstep_cloud::store::Store;
use doorstep_cloud::store::dues::Due;
use doorstep_core::budgets::run::MOST_KNOWN;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::subject::Subject;

/// The due items that were read and are not served yet.
#[derive(Default)]
pub struct Backlog {
    people: Vec<Due>,
    refetches: Vec<Due>,
    /// The sort key up to which the items were read; `None` before the first read.
    read_to: Option<String>,
}

impl Backlog {
    /// Reads on until enough people are known, or until everything due is.
    ///
    /// If no one is known, it reads from the beginning. It then finds what was written again, or
    /// written with an earlier minute, after its part was read.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable.
    pub async fn read_on(&mut self, store: &Store, site: &SiteId, until: Timestamp) -> Result<()> {
        if self.people.is_empty() {
            *self = Backlog::default();
        }
        loop {
            let wanted = MOST_KNOWN.saturating_sub(self.people.len());
            if wanted == 0 {
                break;
            }
            let page = store
                .due_page(site, until, self.read_to.take(), wanted)
                .await?;
            let (refetches, people): (Vec<Due>, Vec<Due>) = page
                .dues
                .into_iter()
                .partition(|due| matches!(due.subject, Subject::Refetch { .. }));
            self.refetches.extend(refetches);
            self.people.extend(people);
            self.read_to = page.read_to;
            if page.is_last {
                break;
            }
        }
        Ok(())
    }

    /// Returns the people who are due, earliest first.
    pub fn people(&self) -> &[Due] {
        &self.people
    }

    /// Returns the things that are due to be refetched.
    pub fn refetches(self) -> Vec<Due> {
        self.refetches
    }

    /// Removes the items with these marks.
    pub fn served(&mut self, marks: &HashSet<String>) {
        self.people.retain(|due| !marks.contains(due.mark()));
    }
}
