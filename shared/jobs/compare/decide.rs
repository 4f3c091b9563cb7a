//! Decides for all people at once: facts × rules, compared with the state of the doors. Pure. It
//! finds and links accounts as settle would, but only in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::CompareContext;
use super::accounts::AccountIndex;
use super::foreign::{ForeignMember, Ours, foreign};
use super::link::{LinkOutcome, Seeker};
use super::people::{AddressSource, ProjectedPerson, Projection};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::{CardBook, Number};
use doorstep_core::decide::entitlement::{
    ClosedEntitlement, Desired, PersonFacts, RuleIndex, derive_by, desired,
};
use doorstep_core::decide::guard::baseline::Certainty;
use doorstep_core::decide::guard::removal::{RemovalEvidence, change_of, tag_of};
use doorstep_core::decide::guard::{UnconfirmedChange, WaitingChange};
use doorstep_core::decide::guest_seats::resume_at;
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DesiredState, PersonDecision, PersonView, concerned,
    decide_person,
};
use doorstep_core::model::account::{AccountId, GroupRef};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::subject::Subject;

/// One compared person.
pub struct Compared<'a> {
    /// The person, with the accounts that are linked or that were found.
    pub projected: &'a ProjectedPerson<'a>,
    /// The result.
    pub result: PersonComparison,
}

/// The result of comparing one person.
pub struct PersonComparison {
    /// The name of the person at the platform.
    pub name: Option<String>,
    /// Problems of the facts about the person.
    pub problems: Vec<Problem>,
    /// The groups that the person may be in.
    pub desired: Desired,
    /// What the person could open if the site were not closed.
    pub closed: Vec<ClosedEntitlement>,
    /// The next instant at which any access of the person begins or ends.
    pub next: Option<Timestamp>,
    /// The groups that were compared.
    pub groups: BTreeSet<GroupRef>,
    /// What would be done.
    pub decision: PersonDecision,
    /// The actions that would follow after the person has left the groups.
    pub aftermath: PersonDecision,
    /// The removals that are unconfirmed, including those of the aftermath.
    pub uncertain: Uncertain,
    /// The facts whose confirmed state the unconfirmed removals rest on.
    pub confirmed: Vec<FactId>,
    /// What became of the person's accounts.
    pub links: LinkOutcome,
}

impl PersonComparison {
    /// Iterates over all actions, including those that would follow, each with its door system.
    pub fn actions(&self) -> impl Iterator<Item = (&DoorsName, &Action)> {
        self.decision.actions().chain(self.aftermath.actions())
    }
}

/// Removals that are not planned, with their certainty.
pub type Uncertain = BTreeMap<UnconfirmedChange, Certainty>;

/// Decides for all people and passes each result to `each`. Returns the foreign members of the
/// groups.
pub fn compare_people(
    context: CompareContext<'_>,
    mut each: impl FnMut(Compared<'_>),
) -> Vec<ForeignMember> {
    let mut projection = Projection::of(AddressSource::Confirmed, context.people, context.facts);
    let mut comparer = Comparer::of(context);
    let mut ours = Ours::none(&context.doors.members);
    for place in 0..projection.people.len() {
        let Some(result) = comparer.compare(&mut projection, place) else {
            continue;
        };
        let Some(projected) = projection.people.get(place) else {
            continue;
        };
        comparer.reserve_cards(&projected.person, &result.decision);
        // The groups that were compared include every group with a claim.
        let adopted = result
            .decision
            .by_doors
            .values()
            .flat_map(|here| &here.adopt);
        ours.note(
            &result.groups,
            projected.person.claims.iter().chain(adopted),
        );
        each(Compared { projected, result });
    }
    foreign(context, &comparer.directory, &mut projection, &ours)
}

/// Returns all removals from the people at these indexes, planned or not.
pub fn removals(
    context: CompareContext<'_>,
    projection: &mut Projection<'_>,
    places: &BTreeSet<usize>,
) -> Vec<(usize, WaitingChange)> {
    let comparer = Comparer::of(context);
    let mut taken = Vec::new();
    for &place in places {
        let Some(result) = comparer.compare(projection, place) else {
            continue;
        };
        let Some(projected) = projection.people.get(place) else {
            continue;
        };
        let Some(who) = projected
            .stored
            .map(|stored| Subject::Person(stored.id.clone()))
        else {
            continue;
        };
        for (doors, action) in result.actions() {
            let change = change_of(&projected.person, doors, action);
            let waiting = change.map(|change| WaitingChange {
                tag: tag_of(action),
                ..WaitingChange::new(change, who.clone())
            });
            taken.extend(waiting.map(|waiting| (place, waiting)));
        }
    }
    taken
}

/// The name, the card numbers and the desired access of one person.
#[derive(Clone, Copy)]
struct Wishes<'v> {
    name: Option<&'v str>,
    numbers: &'v [Number],
    desired: &'v Desired,
}

static NONE: BTreeSet<DoorsName> = BTreeSet::new();

/// The indexes that every person's comparison uses.
struct Comparer<'a> {
    context: CompareContext<'a>,
    directory: AccountIndex<'a>,
    rules: RuleIndex<'a>,
    /// The cards, with those that a decision of this comparison assigns.
    books: BTreeMap<DoorsName, CardBook>,
    /// Door systems whose cards were read.
    read: BTreeSet<DoorsName>,
}

impl<'a> Comparer<'a> {
    fn of(context: CompareContext<'a>) -> Self {
        let (directory, rules) = (
            AccountIndex::of(context.doors),
            RuleIndex::of(context.rules()),
        );
        let books = context.doors.cards.clone();
        let read = books.keys().cloned().collect();
        Comparer {
            context,
            directory,
            rules,
            books,
            read,
        }
    }

    fn compare(&self, projection: &mut Projection<'_>, place: usize) -> Option<PersonComparison> {
        let CompareContext { baseline, now, .. } = self.context;
        let projected = projection.people.get_mut(place)?;
        self.directory.refresh_all(&mut projected.person);
        let facts = self
            .context
            .facts
            .facts_of(projected.person.profiles.iter());
        let derived = derive_by(&self.rules, &facts, now);
        let desired = desired(&derived.entitlements);
        let (name, numbers) = (facts.name().map(str::to_owned), facts.cards());
        let wishes = Wishes {
            name: name.as_deref(),
            numbers: &numbers,
            desired: &desired,
        };
        let first = self.decide(&projected.person, wishes);
        let grants = first
            .1
            .actions()
            .filter(|(_, action)| matches!(action, Action::Grant { .. }));
        let needs = grants.map(|(doors, _)| doors.clone()).collect();
        let seeker = Seeker {
            place,
            name: name.as_deref().unwrap_or_default(),
            needs: &needs,
        };
        let links =
            projection.link_accounts(seeker, &self.directory, self.context.doors.contexts.keys());
        let person = &projection.people.get(place)?.person;
        let again = !links.found.is_empty();
        let (groups, mut decision) = if again {
            self.decide(person, wishes)
        } else {
            first
        };
        decision.retain_actions(|doors, action| {
            !links.conflicts.contains_key(doors) || action.takes_out()
        });
        let mut uncertain = self.uncertain(person, &facts, &desired, &decision);
        let (after, aftermath) = self.aftermath(person, wishes, &decision);
        uncertain.extend(self.uncertain(
            after.as_ref().unwrap_or(person),
            &facts,
            &desired,
            &aftermath,
        ));
        let confirmed = facts
            .confirmed
            .keys()
            .filter(|_| !uncertain.is_empty())
            .cloned()
            .collect();
        let boundary = baseline.next_boundary(self.context.rules(), &facts, &desired, now);
        let resumed = resume_at(person, &desired, &self.context.doors.contexts, now);
        let next = boundary.into_iter().chain(resumed).min();
        Some(PersonComparison {
            name,
            problems: derived.problems,
            desired,
            closed: derived.closed,
            next,
            groups,
            decision,
            aftermath,
            uncertain,
            confirmed,
            links,
        })
    }

    /// Records the cards that the decision assigns, so that two people never get the same card in
    /// one comparison.
    fn reserve_cards(&mut self, person: &Person, decision: &PersonDecision) {
        for (doors, action) in decision.actions() {
            if let (Action::Tag(change), Some(book)) = (action, self.books.get_mut(doors)) {
                let unmade = AccountId(format!("to be made for {:?}", person.profiles));
                let account = person.accounts.get(doors).map(|linked| &linked.account.id);
                book.hand(&change.card, account.unwrap_or(&unmade));
            }
        }
    }

    fn uncertain(
        &self,
        person: &Person,
        facts: &PersonFacts,
        desired: &Desired,
        decision: &PersonDecision,
    ) -> Uncertain {
        let CompareContext { baseline, now, .. } = self.context;
        let evidence = RemovalEvidence {
            baseline,
            rules: self.context.rules(),
            person_facts: facts,
            desired,
            person,
            now,
        };
        let grade = |(doors, action): (&DoorsName, &Action)| {
            Some((
                change_of(person, doors, action)?,
                evidence.certainty(doors, action),
            ))
        };
        decision
            .actions()
            .filter_map(grade)
            .filter(|(_, certainty)| *certainty != Certainty::Planned)
            .collect()
    }

    fn decide(&self, person: &Person, wishes: Wishes<'_>) -> (BTreeSet<GroupRef>, PersonDecision) {
        let groups = concerned(
            person,
            wishes.desired,
            self.context.now,
            self.directory.groups_of(person),
        );
        let decision = decide_person(self.view(person, wishes, &groups));
        (groups, decision)
    }

    fn view<'v>(
        &'v self,
        person: &'v Person,
        wishes: Wishes<'v>,
        groups: &'v BTreeSet<GroupRef>,
    ) -> PersonView<'v> {
        let doors = self.context.doors;
        let cards = ActualCards {
            books: &self.books,
            read: &self.read,
        };
        PersonView {
            person,
            desired: DesiredState {
                access: wishes.desired,
                name: wishes.name,
                cards: wishes.numbers,
            },
            actual: ActualState {
                groups: &doors.members,
                cards,
                others: &doors.others,
            },
            // `DoorsContext` says whose cards were never compared.
            scope: CompareScope {
                groups,
                adopt: &doors.new_groups,
                adopt_cards: &NONE,
            },
            context: self.context.for_decisions(),
        }
    }

    /// Returns the actions that follow in later evaluations, and the person without the groups that
    /// they left, if anything follows. Settle takes cards back only in the evaluation after the
    /// person left the last group, and suspends or deletes an account only in the one after that.
    fn aftermath(
        &self,
        person: &Person,
        wishes: Wishes<'_>,
        decision: &PersonDecision,
    ) -> (Option<Person>, PersonDecision) {
        let revoked: BTreeSet<GroupRef> = decision
            .actions()
            .filter_map(|(doors, action)| revoked(doors, action))
            .collect();
        let untags = |action: &Action| matches!(action, Action::Untag(_));
        if revoked.is_empty() && !decision.actions().any(|(_, action)| untags(action)) {
            return (None, PersonDecision::default());
        }
        let mut person = person.clone();
        person
            .claims
            .retain(|claim| !revoked.contains(&GroupRef::new(&claim.doors, &claim.group)));
        // Actions in the remaining groups are discarded here. They count only as a reason to keep
        // cards and accounts.
        let groups = concerned(&person, wishes.desired, self.context.now, []);
        let groups: BTreeSet<GroupRef> = groups.difference(&revoked).cloned().collect();
        let after = decide_person(self.view(&person, wishes, &groups));
        let mut bare = person.clone();
        bare.accounts
            .iter_mut()
            .for_each(|(_, linked)| linked.cards.clear());
        let mut view = self.view(&bare, wishes, &groups);
        view.actual.cards.read = &NONE;
        let last = decide_person(view);
        let is_new = |doors: &DoorsName, action: &Action| {
            let now = decision.by_doors.get(doors);
            untags(action) && !now.is_some_and(|here| here.actions.contains(action))
        };
        let mut aftermath = PersonDecision::default();
        aftermath.add_actions(&after, is_new);
        aftermath.add_actions(&last, |_, action| {
            matches!(action, Action::Suspend | Action::Delete)
        });
        (Some(person), aftermath)
    }
}

fn revoked(doors: &DoorsName, action: &Action) -> Option<GroupRef> {
    match action {
        Action::Revoke { group, .. } => Some(GroupRef::new(doors, group)),
        _ => None,
    }
}
