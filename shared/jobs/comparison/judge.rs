//! Decides for all people at once: facts × rules, compared with the state of the doors. Pure. It finds and links
//! accounts as settle would, but only in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::accounts::{Directory, Owners};
use super::doors::DoorsSnapshot;
use super::facts::FactIndex;
use super::foreign::{Foreign, Ours, foreign};
use super::people::{ProjectedPerson, everybody};
use super::{CompareContext, Group};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{CardBook, Number};
use doorstep_core::decide::entitlement::{Desired, PersonFacts, RuleIndex, derive_by, desired};
use doorstep_core::decide::guard::former::Certainty;
use doorstep_core::decide::guard::removal::{Evidence, doubt_of, tag_of};
use doorstep_core::decide::guard::{UnconfirmedChange, Waiting};
use doorstep_core::decide::guest_seats::resume_at;
use doorstep_core::decide::identity::AccountConflict;
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision, PersonView, concerned,
    decide_person,
};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;

/// The result for one person.
pub struct Verdict<'a> {
    /// The person, with the accounts that are linked or that were found.
    pub somebody: &'a ProjectedPerson<'a>,
    /// The name of the person at the platform.
    pub name: Option<String>,
    /// Problems of the facts about the person.
    pub problems: Vec<String>,
    /// The groups that the person may be in.
    pub desired: Desired,
    /// The next instant at which any access of the person begins or ends.
    pub next: Option<Timestamp>,
    /// The groups that were compared.
    pub groups: BTreeSet<Group>,
    /// The actions that would be applied.
    pub judged: PersonDecision,
    /// The removals that are unconfirmed, including those of the aftermath.
    pub unsure: Unsure,
    /// The facts whose confirmed state the unconfirmed removals rest on.
    pub vouched: Vec<FactId>,
    /// The actions that would follow after the person has left the groups.
    pub aftermath: PersonDecision,
    /// Door systems at which an account of the person was found.
    pub linked: BTreeSet<String>,
    /// Door systems whose cards are being taken over.
    pub new_cards: &'a BTreeSet<String>,
    /// Door systems at which the person's account is ambiguous, with the reason. The person gets no access there.
    pub barred: BTreeMap<String, AccountConflict>,
}

/// Removals that are not planned, with their certainty.
pub type Unsure = BTreeMap<UnconfirmedChange, Certainty>;

/// Decides for all people and passes each result to `each`. Returns the foreign members of the groups.
pub fn judge(
    ground: CompareContext<'_>,
    known: &FactIndex,
    seen: &DoorsSnapshot,
    people: &[Person],
    mut each: impl FnMut(Verdict<'_>),
) -> Vec<Foreign> {
    let mut everybody = everybody(people, known);
    let directory = Directory::of(seen);
    let book = RuleIndex::of(ground.rules());
    let mut owners = Owners::default();
    let mut ours = Ours::none(&seen.held);
    let untaken = ground.terms.iter().filter(|(_, terms)| !terms.seen.cards_taken).map(|(doors, _)| doors.clone());
    let new_cards: BTreeSet<String> = untaken.filter(|doors| seen.cards.contains_key(doors)).collect();
    let looked: BTreeSet<String> = seen.cards.keys().cloned().collect();
    let mut books = seen.cards.clone();
    for place in 0..everybody.len() {
        let bench = Bench { ground, known, seen, directory: &directory, book: &book, books: &books, looked: &looked };
        let Some(found) = bench.one(&mut everybody, place, &mut owners) else { continue };
        let Some(somebody) = everybody.get(place) else { continue };
        note_cards(&mut books, &somebody.person, &found.judged);
        // The groups that were compared include every group with a claim.
        let adopted = found.judged.by_doors.values().flat_map(|here| &here.adopt);
        ours.note(&found.groups, somebody.person.claims.iter().chain(adopted));
        let Found { name, problems, desired, next, groups, judged, unsure, vouched, aftermath, linked, barred } = found;
        let new_cards = &new_cards;
        each(Verdict {
            somebody,
            name,
            problems,
            desired,
            next,
            groups,
            judged,
            unsure,
            vouched,
            aftermath,
            linked,
            new_cards,
            barred,
        });
    }
    foreign(ground, known, seen, &directory, |doors, id| owners.has(&everybody, doors, id), &ours)
}

/// Returns all removals from the people at these indexes, planned or not.
pub fn removals(
    ground: CompareContext<'_>,
    known: &FactIndex,
    seen: &DoorsSnapshot,
    everybody: &mut [ProjectedPerson<'_>],
    places: &BTreeSet<usize>,
) -> Vec<(usize, Waiting)> {
    let (directory, book) = (Directory::of(seen), RuleIndex::of(ground.rules()));
    let (mut owners, books) = (Owners::default(), &seen.cards);
    let looked: BTreeSet<String> = seen.cards.keys().cloned().collect();
    let mut taken = Vec::new();
    for &place in places {
        let bench = Bench { ground, known, seen, directory: &directory, book: &book, books, looked: &looked };
        let Some(found) = bench.one(everybody, place, &mut owners) else { continue };
        let Some(somebody) = everybody.get(place) else { continue };
        let Some(who) = somebody.known.map(|known| Subject::Person(known.id.clone())) else { continue };
        for (doors, step) in found.judged.actions().chain(found.aftermath.actions()) {
            let doubt = doubt_of(&somebody.person, doors, step);
            let waiting = doubt.map(|doubt| Waiting { tag: tag_of(step), ..Waiting::new(doubt, who.clone()) });
            taken.extend(waiting.map(|waiting| (place, waiting)));
        }
    }
    taken
}

/// Records the cards that the decision assigns, so that two people never get the same card in one comparison.
fn note_cards(books: &mut BTreeMap<String, CardBook>, person: &Person, judged: &PersonDecision) {
    for (doors, step) in judged.actions() {
        if let (Action::Tag(change), Some(book)) = (step, books.get_mut(doors)) {
            let nobody = AccountId(format!("to be made for {:?}", person.profiles));
            let account = person.accounts.get(doors).map(|linked| &linked.account.id);
            book.hand(&change.card, account.unwrap_or(&nobody));
        }
    }
}

/// The name, the card numbers and the desired access of one person.
#[derive(Clone, Copy)]
struct Facts<'v> {
    name: Option<&'v str>,
    numbers: &'v [Number],
    desired: &'v Desired,
}

/// The parts of a [`Verdict`] that own their data.
struct Found {
    name: Option<String>,
    problems: Vec<String>,
    desired: Desired,
    next: Option<Timestamp>,
    groups: BTreeSet<Group>,
    judged: PersonDecision,
    unsure: Unsure,
    vouched: Vec<FactId>,
    aftermath: PersonDecision,
    linked: BTreeSet<String>,
    barred: BTreeMap<String, AccountConflict>,
}

fn revoked((doors, step): (&String, &Action)) -> Option<Group> {
    match step {
        Action::Revoke { group, .. } => Some((doors.clone(), group.clone())),
        _ => None,
    }
}

static EMPTY: BTreeSet<String> = BTreeSet::new();

struct Bench<'a, 's> {
    ground: CompareContext<'a>,
    known: &'a FactIndex,
    seen: &'a DoorsSnapshot,
    directory: &'a Directory<'s>,
    book: &'a RuleIndex<'a>,
    books: &'a BTreeMap<String, CardBook>,
    looked: &'a BTreeSet<String>,
}

impl Bench<'_, '_> {
    fn one(&self, everybody: &mut [ProjectedPerson<'_>], place: usize, owners: &mut Owners) -> Option<Found> {
        let somebody = everybody.get_mut(place)?;
        self.directory.refresh_all(&mut somebody.person);
        let dossier = self.known.dossier(somebody.person.profiles.iter());
        let derived = derive_by(self.book, &dossier, self.ground.now);
        let desired = desired(&derived.entitlements);
        let (name, numbers) = (dossier.name().map(str::to_owned), dossier.cards());
        let facts = Facts { name: name.as_deref(), numbers: &numbers, desired: &desired };
        let first = self.judged(&somebody.person, facts);
        let wants = first.1.actions().filter(|(_, step)| matches!(step, Action::Grant { .. }));
        let wants: BTreeSet<String> = wants.map(|(doors, _)| doors.clone()).collect();
        let (linked, barred) = self.link(everybody, place, owners, &wants, name.as_deref().unwrap_or_default());
        let person = &everybody.get(place)?.person;
        let again = !linked.is_empty();
        let (groups, mut judged) = if again { self.judged(person, facts) } else { first };
        judged.retain_actions(|doors, step| !barred.contains_key(doors) || step.takes_out());
        let mut unsure = self.unsure(person, (&dossier, &desired), &judged);
        let (after, aftermath) = self.aftermath(person, facts, &judged);
        unsure.extend(self.unsure(after.as_ref().unwrap_or(person), (&dossier, &desired), &aftermath));
        let vouched = dossier.vouched.keys().filter(|_| !unsure.is_empty()).cloned().collect();
        let problems = derived.problems;
        let (former, rules, now) = (self.ground.former, self.ground.rules(), self.ground.now);
        let next = former.next_boundary(rules, &dossier, &desired, now);
        let next = next.into_iter().chain(resume_at(person, &desired, self.ground.terms, now)).min();
        Some(Found { name, problems, desired, next, groups, judged, unsure, vouched, aftermath, linked, barred })
    }

    fn unsure(&self, person: &Person, known: (&PersonFacts, &Desired), decision: &PersonDecision) -> Unsure {
        let ((dossier, desired), CompareContext { former, now, .. }) = (known, self.ground);
        let evidence = Evidence { former, rules: self.ground.rules(), dossier, desired, person, now };
        let graded = decision
            .actions()
            .filter_map(|(doors, step)| Some((doubt_of(person, doors, step)?, evidence.sureness(doors, step))));
        graded.filter(|(_, sure)| *sure != Certainty::Planned).collect()
    }

    fn judged(&self, person: &Person, facts: Facts<'_>) -> (BTreeSet<Group>, PersonDecision) {
        let groups = concerned(person, facts.desired, self.ground.now, self.directory.groups_of(person));
        let judged = decide_person(self.view(person, facts, &groups));
        (groups, judged)
    }

    fn view<'v>(&'v self, person: &'v Person, facts: Facts<'v>, groups: &'v BTreeSet<Group>) -> PersonView<'v> {
        let CompareContext { terms: doors, mode, stale, now, .. } = self.ground;
        let cards = ActualCards { books: self.books, read: self.looked };
        PersonView {
            person,
            desired: DesiredState { access: facts.desired, name: facts.name, cards: facts.numbers },
            actual: ActualState { groups: &self.seen.held, cards, others: &self.seen.others },
            // `DoorsContext` says whose cards were never compared.
            scope: CompareScope { groups, adopt: &self.seen.new, adopt_cards: &EMPTY },
            context: DecisionContext { doors, mode, stale, now },
        }
    }

    /// Returns the actions that follow in later evaluations, and the person without the groups that they left, if
    /// anything follows. Settle takes cards back only in the evaluation after the person left the last group, and
    /// suspends or deletes an account only in the one after that.
    fn aftermath(
        &self,
        person: &Person,
        facts: Facts<'_>,
        judged: &PersonDecision,
    ) -> (Option<Person>, PersonDecision) {
        let revoked: BTreeSet<Group> = judged.actions().filter_map(revoked).collect();
        let untags = |step: &Action| matches!(step, Action::Untag(_));
        if revoked.is_empty() && !judged.actions().any(|(_, step)| untags(step)) {
            return (None, PersonDecision::default());
        }
        let mut person = person.clone();
        person.claims.retain(|claim| !revoked.contains(&(claim.doors.clone(), claim.group.clone())));
        // Actions in the remaining groups are discarded here. They count only as a reason to keep cards and accounts.
        let groups = concerned(&person, facts.desired, self.ground.now, []);
        let groups: BTreeSet<Group> = groups.difference(&revoked).cloned().collect();
        let after = decide_person(self.view(&person, facts, &groups));
        let mut bare = person.clone();
        bare.accounts.iter_mut().for_each(|(_, linked)| linked.cards.clear());
        let mut view = self.view(&bare, facts, &groups);
        view.actual.cards.read = &EMPTY;
        let last = decide_person(view);
        let is_new = |doors: &str, step: &Action| {
            let now = judged.by_doors.get(doors);
            untags(step) && !now.is_some_and(|here| here.actions.contains(step))
        };
        let mut aftermath = PersonDecision::default();
        aftermath.add_actions(&after, is_new);
        aftermath.add_actions(&last, |_, step| matches!(step, Action::Suspend | Action::Delete));
        (Some(person), aftermath)
    }

    /// Finds the person's account at each door system where the person needs one, or where an account with the person's
    /// address is in a group.
    fn link(
        &self,
        everybody: &mut [ProjectedPerson<'_>],
        place: usize,
        owners: &mut Owners,
        wants: &BTreeSet<String>,
        name: &str,
    ) -> (BTreeSet<String>, BTreeMap<String, AccountConflict>) {
        let (mut linked, mut barred) = (BTreeSet::new(), BTreeMap::new());
        for doors in self.ground.terms.keys() {
            let Some(somebody) = everybody.get_mut(place).filter(|s| !s.person.profiles.is_empty()) else { break };
            if let Some(link) = somebody.person.accounts.get(doors) {
                if !wants.contains(doors) || self.directory.has(doors, link) {
                    continue;
                }
                somebody.person.to_mut().accounts.remove(doors);
            }
            let candidates = self.directory.of_address(doors, &somebody.person);
            let inside = candidates.iter().any(|account| !self.directory.groups(doors, &account.id).is_empty());
            if !inside && !wants.contains(doors) {
                continue;
            }
            match owners.link(everybody, place, doors, name, candidates) {
                Ok(true) => drop(linked.insert(doors.clone())),
                Ok(false) => {}
                Err(error) => drop(barred.insert(doors.clone(), error)),
            }
        }
        (linked, barred)
    }
}
