//! The people of one batch who are not settled yet, and how often their rounds failed: pure.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::commit::outcome::RoundOutcome;
use super::identity::WorkItem;
use doorstep_cloud::store::dues::Due;
use doorstep_core::budgets::rounds::{AFTERCARE, TRIES_AGAIN};
use doorstep_core::model::ids::PersonId;

/// The people of one batch who are not settled yet, with their failures so far.
pub struct Attempts {
    items: BTreeMap<PersonId, WorkItem>,
    open: Vec<PersonId>,
    failures: BTreeMap<PersonId, u32>,
    left: BTreeSet<PersonId>,
    rounds: u32,
}

/// The due items of a batch after its last round.
pub struct Served {
    /// The due items that are done with.
    pub done: Vec<Due>,
    /// The due items of people with work for another phase.
    pub left: Vec<Due>,
}

impl Attempts {
    /// Returns the attempts of a batch before its first round. Everyone is open.
    pub fn new(items: BTreeMap<PersonId, WorkItem>) -> Self {
        let open = items.keys().cloned().collect();
        Attempts {
            items,
            open,
            failures: BTreeMap::new(),
            left: BTreeSet::new(),
            rounds: 0,
        }
    }

    /// Returns whether no one is open, or the rounds are used up.
    pub fn are_over(&self) -> bool {
        self.open.is_empty() || self.rounds > TRIES_AGAIN + AFTERCARE
    }

    /// Returns whether the next round is the first one.
    pub fn is_first_round(&self) -> bool {
        self.rounds == 0
    }

    /// Returns the ids of the people whom the next round settles.
    pub fn open(&self) -> &[PersonId] {
        &self.open
    }

    /// Returns what is to be done for this person, and why.
    pub fn item(&self, person: &PersonId) -> Option<&WorkItem> {
        self.items.get(person)
    }

    /// Returns whether the next round is this person's last try of this run.
    pub fn is_last_try(&self, person: &PersonId) -> bool {
        self.failures
            .get(person)
            .is_some_and(|times| *times >= TRIES_AGAIN)
    }

    /// Records the outcomes of one round. Failed people, and people who need a follow-up, stay
    /// open.
    pub fn note(&mut self, outcomes: Vec<(PersonId, RoundOutcome)>) {
        self.rounds += 1;
        self.open.clear();
        for (person, outcome) in outcomes {
            match outcome {
                RoundOutcome::Settled | RoundOutcome::GaveUp => {}
                RoundOutcome::Left => drop(self.left.insert(person)),
                RoundOutcome::Again => self.open.push(person),
                RoundOutcome::Failed => {
                    *self.failures.entry(person.clone()).or_default() += 1;
                    self.open.push(person);
                }
            }
        }
    }

    /// Returns the due items of the batch, after its last round.
    pub fn served(self) -> Served {
        let (left, done): (Vec<_>, Vec<_>) = self
            .items
            .into_iter()
            .partition(|(id, _)| self.left.contains(id));
        let dues =
            |people: Vec<(PersonId, WorkItem)>| people.into_iter().flat_map(|(_, item)| item.dues);
        let left: Vec<Due> = dues(left).collect();
        // One due item may concern two people.
        let marks: HashSet<&str> = left.iter().map(Due::mark).collect();
        let done = dues(done)
            .filter(|due| !marks.contains(due.mark()))
            .collect();
        Served { done, left }
    }
}
