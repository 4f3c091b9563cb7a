//! What the table has of one person, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::Book;
use super::shape::Tense;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{ClosedEntitlement, Entitlement, PersonFacts, derive};
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::PersonId;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::record::FactRecord;
use doorstep_jobs::settle::load_facts;

/// The most records of one person that are searched for facts that are gone.
const MOST_RECORDS: usize = 50;

/// The data of one person.
pub(crate) struct PersonContext {
    pub(super) person: Person,
    pub(super) person_facts: PersonFacts,
    /// The person's entitlements around the instant.
    pub(super) entitlements: Vec<Entitlement>,
    /// What would be open if the site were not closed.
    pub(super) closed: Vec<ClosedEntitlement>,
    /// The problems of the person's facts, if the person was never settled.
    pub(super) problems: Vec<Problem>,
    /// The facts that the explanation names, as they are stored. Facts that are gone are included.
    pub(super) facts: BTreeMap<FactId, FactRecord>,
    /// The person's audit records, oldest first.
    pub(super) done: Vec<Record>,
    /// The person's changes that wait for an approval, each with its hold.
    pub(super) held: Vec<(UnconfirmedChange, Hold)>,
}

impl PersonContext {
    pub(super) async fn of(environment: &Environment, book: &Book, person: Person) -> Result<Self> {
        let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
        let (person_facts, _) = load_facts(environment, &book.site.id, &profiles).await?;
        let derived = derive(book.rules.by(&book.site), &person_facts, book.at);
        let done = match person.id.is_empty() {
            true => Vec::new(),
            false => environment.store.audit_of(&book.site.id, &person).await?,
        };
        let mut spoken: BTreeSet<FactId> = profiles.into_iter().collect();
        spoken.extend(
            derived
                .entitlements
                .iter()
                .flat_map(|one| one.because.iter().cloned()),
        );
        spoken.extend(
            person
                .claims
                .iter()
                .flat_map(|claim| claim.basis.iter().map(|basis| basis.fact.clone())),
        );
        spoken.extend(
            done.iter()
                .rev()
                .take(MOST_RECORDS)
                .flat_map(|record| record.action.facts.iter().cloned()),
        );
        let spoken: Vec<FactId> = spoken.into_iter().collect();
        let facts = environment.store.facts(&book.site.id, &spoken).await?;
        let facts = facts
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect();
        let problems = if person.id.is_empty() {
            derived.problems
        } else {
            Vec::new()
        };
        let held = held(environment, book, &person).await?;
        Ok(PersonContext {
            person,
            person_facts,
            entitlements: derived.entitlements,
            closed: derived.closed,
            problems,
            facts,
            done,
            held,
        })
    }

    pub(super) fn id(&self) -> Option<PersonId> {
        Some(self.person.id.clone()).filter(|id| !id.is_empty())
    }
}

/// Loads the person's changes that wait for an approval. Holds are few, so all are read.
async fn held(
    environment: &Environment,
    book: &Book,
    person: &Person,
) -> Result<Vec<(UnconfirmedChange, Hold)>> {
    if book.tense() != Tense::Present {
        return Ok(Vec::new());
    }
    let theirs = |change: &UnconfirmedChange| match change {
        UnconfirmedChange::Leaves { doors, account, .. }
        | UnconfirmedChange::Card { doors, account, .. }
        | UnconfirmedChange::Rests { doors, account } => {
            let linked = person
                .accounts
                .get(doors)
                .is_some_and(|linked| linked.account.id == *account);
            linked
                || person
                    .claims
                    .iter()
                    .any(|claim| claim.doors == *doors && claim.account == *account)
        }
        UnconfirmedChange::Made { profile, .. } | UnconfirmedChange::Moves { profile, .. } => {
            person.profiles.contains(profile)
        }
    };
    let mut held = Vec::new();
    for hold in environment.store.open_holds(&book.site.id).await? {
        let waiting = environment.store.waiting(&hold).await?;
        let changes = waiting
            .into_iter()
            .map(|waiting| waiting.change)
            .filter(theirs);
        held.extend(changes.map(|change| (change, hold.clone())));
    }
    Ok(held)
}
