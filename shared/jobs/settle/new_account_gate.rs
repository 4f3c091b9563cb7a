//! The check for too many new accounts at once. No one should be invited by mistake, and a thousand
//! people even less.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_core::decide::guard::MOST_NEW;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;

/// The state of the limit on new accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewAccountGate {
    /// There are few: the number in the last 24 hours, by door system.
    Few(BTreeMap<DoorsName, usize>),
    /// Many wait for an approval, or are about to be counted.
    Known,
    /// Many are new, and no reconcile was requested to count them.
    New,
}

/// The due people of one run who may need a new account, counted as the run reads them.
#[derive(Default)]
pub struct NewcomerCount {
    /// The marks of the due items that were added.
    seen: HashSet<String>,
    /// Due items that are not counted yet.
    waiting: Vec<Due>,
    /// The people counted so far who lack an account.
    lacking: usize,
}

impl NewcomerCount {
    /// Adds due items, each once. Too few people for the limit cost no read.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable.
    pub async fn add(
        &mut self,
        environment: &Environment,
        site: &Site,
        dues: &[Due],
    ) -> Result<()> {
        if self.are_many() {
            return Ok(());
        }
        for due in dues {
            if self.seen.insert(due.mark().to_owned()) {
                self.waiting.push(due.clone());
            }
        }
        if self.lacking + self.waiting.len() > MOST_NEW {
            self.lacking += lacking(environment, site, &self.waiting).await?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// Returns whether so many due people may need a new account that this run creates none.
    /// Reconcile, which sees everyone at once, counts them first.
    pub fn are_many(&self) -> bool {
        self.lacking > MOST_NEW
    }
}

/// Returns how many people of these due items lack an account.
async fn lacking(environment: &Environment, site: &Site, dues: &[Due]) -> Result<usize> {
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for due in dues {
        match &due.subject {
            Subject::Person(id) => drop(ids.insert(id.clone())),
            Subject::Profile(name) => drop(names.insert(name.clone())),
            Subject::Account { .. } | Subject::Refetch { .. } => {}
        }
    }
    let known = environment
        .store
        .ids_of_profiles(&site.id, &names.iter().cloned().collect::<Vec<_>>())
        .await?;
    let without_person = names.len() - known.len();
    ids.extend(known);
    let people = environment
        .store
        .people(&site.id, &ids.into_iter().collect::<Vec<_>>())
        .await?;
    let lacks = |person: &&Person| {
        site.doors
            .keys()
            .any(|doors| !person.accounts.contains_key(doors))
    };
    Ok(without_person + people.iter().filter(lacks).count())
}
