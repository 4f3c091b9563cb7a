//! The cards that one round has read. Cards are read only for people whose cards may have to
//! change. While the stored cards match the platform's numbers, only reconcile checks for changes
//! by hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::accounts::{AFTER_AN_INTERRUPTION, reader};
use super::evaluate::Evaluation;
use super::failure::Failure;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{CardBook, Number, same_number};
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::decide::person::desired_cards;
use doorstep_core::model::account::{AccountId, Card};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Wrong;
use doorstep_vendors::doors::ReadDoors;

/// The number of people from which all cards are read at once.
const MANY: usize = 10;

/// The cards of each door system, as far as they were read in this round.
#[derive(Default)]
pub struct Books {
    /// The cards by door system.
    pub by_doors: BTreeMap<DoorsName, CardBook>,
    /// Door systems where all cards were requested, with the result.
    whole: BTreeMap<DoorsName, Result<()>>,
    /// Cards that this round assigns. A later read must not make them free again.
    given: Vec<(DoorsName, Card, AccountId)>,
}

impl Books {
    /// Reads all cards of a door system if many people need theirs, or if it cannot search for
    /// single cards.
    pub async fn open(context: &SiteContext, evaluations: &[Evaluation]) -> Books {
        let mut wanted: BTreeMap<DoorsName, usize> = BTreeMap::new();
        for evaluation in evaluations {
            for doors in doors_to_refetch(context, evaluation, &evaluation.state.person) {
                *wanted.entry(doors).or_default() += 1;
            }
        }
        let mut books = Books::default();
        for (doors, people) in wanted {
            if let Ok(reader) = reader(context, &doors)
                && (people >= MANY || !reader.finds_cards())
            {
                books.read_all(reader, &doors).await;
            }
        }
        books
    }

    async fn read_all(&mut self, reader: &dyn ReadDoors, doors: &DoorsName) {
        let book = reader.cards().await.map(CardBook::of);
        let read = book.map(|book| drop(self.by_doors.insert(doors.to_owned(), book)));
        self.whole.insert(doors.to_owned(), read);
    }

    /// Reads the cards that concern one person, unless they were read already.
    async fn fetch(
        &mut self,
        context: &SiteContext,
        doors: &DoorsName,
        linked: &Linked,
        numbers: &[Number],
    ) -> Result<()> {
        let reader = reader(context, doors)?;
        if !self.whole.contains_key(doors) && !reader.finds_cards() {
            self.read_all(reader, doors).await;
        }
        if let Some(read) = self.whole.get(doors) {
            return read.clone();
        }
        let ours = linked.cards.iter().map(|ours| &ours.number);
        let begun = linked.card_intents.iter().map(|intent| &intent.number);
        let asked: BTreeSet<&String> = numbers
            .iter()
            .map(|number| &number.number)
            .chain(ours)
            .chain(begun)
            .collect();
        let asked: Vec<String> = asked.into_iter().cloned().collect();
        let cards = reader.cards_about(&asked, &linked.account).await?;
        let book = self.by_doors.entry(doors.to_owned()).or_default();
        book.add(cards);
        self.given
            .iter()
            .filter(|(at, ..)| at == doors)
            .for_each(|(_, card, to)| book.hand(card, to));
        Ok(())
    }

    /// Reads the cards that concern one person at these door systems. Returns the door systems
    /// where that succeeded.
    pub async fn fetch_cards(
        &mut self,
        context: &SiteContext,
        work: &mut PersonWork,
        numbers: &[Number],
        doors: BTreeSet<DoorsName>,
    ) -> BTreeSet<DoorsName> {
        let mut read_at = BTreeSet::new();
        for doors in doors {
            let Some(linked) = work.person.accounts.get(&doors) else {
                continue;
            };
            match self.fetch(context, &doors, linked, numbers).await {
                Ok(()) => drop(read_at.insert(doors)),
                Err(error) => work.failures.push(Failure::at(&doors.clone(), error)),
            }
        }
        read_at
    }

    /// Records the cards that a person is about to get, so that no later person of this round gets
    /// the same.
    pub fn note(&mut self, person: &Person, decision: &PersonDecision) {
        for (doors, step) in decision.actions() {
            if let (Action::Tag(change), Some(linked)) = (step, person.accounts.get(doors))
                && let Some(book) = self.by_doors.get_mut(doors)
            {
                let (card, to) = (change.card.clone(), linked.account.id.clone());
                book.hand(&card, &to);
                self.given.push((doors.clone(), card, to));
            }
        }
    }
}

/// Returns the door systems where this person's cards must be read.
pub fn doors_to_refetch(
    context: &SiteContext,
    evaluation: &Evaluation,
    person: &Person,
) -> BTreeSet<DoorsName> {
    let known = person
        .accounts
        .iter()
        .filter(|(doors, _)| context.systems.contains_key(*doors));
    let needs = known.filter(|(doors, linked)| {
        let wanted = desired_cards(
            person,
            &evaluation.numbers,
            &evaluation.desired,
            doors,
            context.now,
        );
        let has = |number: &Number| {
            linked
                .cards
                .iter()
                .any(|ours| same_number(&ours.number, &number.number))
        };
        let as_wanted = wanted.len() == linked.cards.len() && wanted.iter().all(has);
        let asked = evaluation.refetch_at.contains(*doors) && !linked.cards.is_empty();
        let troubled = person
            .problems
            .iter()
            .any(|problem| problem.is_at(doors) && problem.is_about_card());
        !as_wanted || asked || troubled || !linked.card_intents.is_empty()
    });
    needs.map(|(doors, _)| doors.clone()).collect()
}

/// Finishes or drops the intents on cards that were read. Returns an audit entry for each change
/// that was made.
pub fn finish_cards(
    person: &mut Person,
    read_at: &BTreeSet<DoorsName>,
    books: &Books,
    now: Timestamp,
) -> Vec<AuditEntry> {
    let mut actions = Vec::new();
    for doors in read_at {
        let (Some(linked), Some(book)) =
            (person.accounts.get_mut(doors), books.by_doors.get(doors))
        else {
            continue;
        };
        for intent in std::mem::take(&mut linked.card_intents) {
            if book.is_held(&intent.number, &linked.account.id) == intent.theirs {
                linked.note_card(&intent.number, intent.theirs, &intent.because, now);
                let done = card_action(doors, &linked.account.id, intent.theirs, &intent.because);
                actions.push(done.answered(AFTER_AN_INTERRUPTION));
            }
        }
    }
    actions
}

/// Returns the audit entry of a card that was assigned or taken back.
pub fn card_action(
    doors: &DoorsName,
    account: &AccountId,
    theirs: bool,
    because: &str,
) -> AuditEntry {
    let what = if theirs {
        AuditAction::Tagged
    } else {
        AuditAction::Untagged
    };
    AuditEntry::new(what, doors, account, because)
}

/// Applies the card changes that concern only the store.
pub fn adopt_and_forget(person: &mut Person, decision: &PersonDecision, now: Timestamp) {
    for (doors, here) in &decision.by_doors {
        let Some(linked) = person.accounts.get_mut(doors) else {
            continue;
        };
        here.adopt_cards
            .iter()
            .for_each(|card| linked.note_card(&card.number, true, &card.because, now));
        here.disown_cards
            .iter()
            .for_each(|number| linked.note_card(number, false, "", now));
    }
}

/// Marks people for another round who want a card that another person gives back in this round.
pub fn wait_for_each_other(works: &mut [PersonWork]) {
    let given_back = works
        .iter()
        .flat_map(|work| work.decision.actions())
        .filter_map(|(doors, step)| match step {
            Action::Untag(change) => Some((doors.clone(), change.number.clone())),
            _ => None,
        });
    let given_back: Vec<(DoorsName, String)> = given_back.collect();
    for work in works {
        work.more |= work.decision.troubles().any(|(doors, trouble)| {
            let same = |(at, number): &(DoorsName, String)| {
                at == doors && same_number(number, &trouble.number)
            };
            trouble.what == Wrong::OfAnother && given_back.iter().any(same)
        });
    }
}
