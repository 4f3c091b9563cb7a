//! One person's share of a round: the decision, what came of it, and what must be stored.

use std::collections::BTreeSet;

use super::failure::Failure;
use doorstep_cloud::store::Write;
use doorstep_cloud::store::holds::Release;
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::audit::AuditEntry;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::Person;
use doorstep_core::model::shared_group::Neighbour;

/// One person's actions, and their results.
#[derive(Default)]
pub struct PersonWork {
    /// The person. Claims and links change with each applied action.
    pub person: Person,
    /// The decision, without what is withheld.
    pub decision: PersonDecision,
    /// The name for new accounts.
    pub name: String,
    /// The audit entries of what was done.
    pub actions: Vec<AuditEntry>,
    /// Further writes of the person's transaction.
    pub writes: Vec<Write>,
    /// The failures.
    pub failures: Vec<Failure>,
    /// Cards that could not be assigned or taken back: door system and number.
    pub kept: Vec<(DoorsName, String)>,
    /// Unconfirmed changes that are applied because they were released.
    pub released: Vec<Release>,
    /// Door systems where the new account waits to be counted or approved.
    pub uncounted: Vec<DoorsName>,
    /// The actions require another round.
    pub more: bool,
    /// Door systems where an earlier run began to create the account, and none is found.
    pub tried: BTreeSet<DoorsName>,
    /// Some of the work is left for another phase.
    pub left: bool,
    /// What other sites of the stack hold of the person's accounts.
    pub others: OtherSites,
    /// The other sites to trigger afterwards, each with the account to check.
    pub messages: Vec<(Neighbour, AccountId)>,
}

impl PersonWork {
    /// Returns a person's work without any action yet.
    pub fn of(person: Person, name: &str) -> Self {
        PersonWork {
            person,
            name: name.to_owned(),
            ..PersonWork::default()
        }
    }

    /// Records that the store failed. The person's round fails.
    pub fn store_failed(&mut self, error: Error) {
        self.failures.push(Failure::of_store(error));
    }
}
