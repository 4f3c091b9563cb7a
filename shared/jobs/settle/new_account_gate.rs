//! The check for too many new accounts at once. No one should be invited by mistake, and a thousand
//! people even less.

use std::collections::{BTreeMap, BTreeSet};

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

/// Returns whether so many due people may need a new account that this run creates none. Reconcile,
/// which sees everyone at once, counts them first.
pub async fn are_many_new(environment: &Environment, site: &Site, dues: &[Due]) -> Result<bool> {
    if dues.len() <= MOST_NEW {
        return Ok(false);
    }
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
    let nobodies = names.len() - known.len();
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
    Ok(nobodies + people.iter().filter(lacks).count() > MOST_NEW)
}
