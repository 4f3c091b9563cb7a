//! Marks the people whose access differs from the desired access as due, and counts the
//! differences.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::compare::CompareContext;
use crate::compare::address_changes::{AddressChanges, address_changes};
use crate::compare::decide::{Compared, compare_people};
use crate::compare::foreign::ForeignMember;
use crate::compare::people::PersonCow;
use crate::compare::unconfirmed::{of_foreign, of_person};
use doorstep_cloud::store::dues::Due;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::entitlement::is_awaited_anywhere;
use doorstep_core::decide::guard::removal::change_of;
use doorstep_core::decide::guard::{UnconfirmedChange, WaitingChange};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Mode;

/// The people who are due, and the changes that the guard must judge first.
#[derive(Default)]
pub struct MarkedPeople {
    /// People who are due regardless of the guard.
    pub dues: Vec<Due>,
    /// People who are due if the guard releases a change.
    pub conditional: Vec<ConditionalDue>,
    /// Unconfirmed changes.
    pub waiting: Vec<WaitingChange>,
    /// The facts whose confirmed state the unconfirmed changes rest on.
    pub confirmed: BTreeSet<FactId>,
    /// The foreign members of the groups.
    pub foreign: Vec<ForeignMember>,
}

/// A due item that counts if the guard releases any of these changes.
pub struct ConditionalDue {
    /// The due item.
    pub due: Due,
    /// The changes.
    pub changes: Vec<UnconfirmedChange>,
}

/// Decides for all people, counts the differences and returns who is due.
pub fn due(context: CompareContext<'_>, report: &mut Report) -> MarkedPeople {
    let mut marking = Marking {
        context,
        marked: MarkedPeople::default(),
    };
    let foreign = tracing::info_span!("decide").in_scope(|| {
        compare_people(context, |compared| {
            count(&compared, context.mode, report);
            marking.mark(&compared, report);
        })
    });
    report.foreign += foreign.len();
    marking.mark_foreign(&foreign);
    marking.marked.foreign = foreign;
    marking.mark_address_changes(address_changes(context));
    marking.marked
}

struct Marking<'a> {
    context: CompareContext<'a>,
    marked: MarkedPeople,
}

impl Marking<'_> {
    fn mark(&mut self, compared: &Compared<'_>, report: &mut Report) {
        let projected = compared.projected;
        let changes = self.unconfirmed(compared);
        if let Some(person) = projected.stored {
            report.problems.extend(
                person
                    .problems
                    .iter()
                    .map(|problem| format!("person {}: {problem}", person.id)),
            );
            let changed = self.changed_accounts(person, &projected.person);
            let due = || self.due(person, compared, &changed);
            if self.must_be_settled(person, compared) || projected.moved || !changed.is_empty() {
                let moved = person.profiles.iter().filter(|_| projected.moved);
                let moved =
                    moved.map(|name| Due::at(self.context.now, Subject::Profile(name.clone())));
                let dues: Vec<Due> = [due()].into_iter().chain(moved).collect();
                self.marked.dues.extend(dues);
            } else if !changes.is_empty() {
                let due = due();
                self.marked.conditional.push(ConditionalDue {
                    due,
                    changes: changes.clone(),
                });
            }
        }
        if !projected.joined.is_empty() {
            self.mark_new(compared, &changes);
        }
    }

    /// Returns the due item of a stored person, with the groups, accounts and cards to read.
    fn due(&self, person: &Person, compared: &Compared<'_>, changed: &BTreeSet<DoorsName>) -> Due {
        let (groups, take_over) = self.groups(compared);
        let cards = self.cards(compared);
        let refetch_at = changed
            .union(&compared.result.links.found)
            .chain(&cards.doors)
            .cloned()
            .collect();
        let due = Due::at(self.context.now, Subject::Person(person.id.clone()))
            .with_groups(groups, take_over);
        due.with_refetch_at(refetch_at).with_cards(cards.take_over)
    }

    /// Records the unconfirmed changes of one person and returns them.
    fn unconfirmed(&mut self, compared: &Compared<'_>) -> Vec<UnconfirmedChange> {
        self.marked
            .confirmed
            .extend(compared.result.confirmed.iter().cloned());
        if self.context.mode == Mode::Observe {
            return Vec::new();
        }
        let waiting = of_person(compared);
        let changes = waiting.iter().map(|one| one.change.clone()).collect();
        self.marked.waiting.extend(waiting);
        changes
    }

    /// Returns the groups to read, and whether their existing members become claims.
    fn groups(&self, compared: &Compared<'_>) -> (Vec<GroupRef>, bool) {
        let groups = &compared.result.groups;
        let is_new = |group: &&GroupRef| self.context.doors.new_groups.contains(*group);
        let adopt = groups.iter().any(|group| is_new(&group));
        (
            groups
                .iter()
                .filter(|group| !adopt || is_new(group))
                .cloned()
                .collect(),
            adopt,
        )
    }

    /// Marks the profiles that are not assigned to a person yet. Profiles without access now or
    /// later are left out.
    fn mark_new(&mut self, compared: &Compared<'_>, changes: &[UnconfirmedChange]) {
        let (Compared { projected, result }, now) = (compared, self.context.now);
        let is_idle = !is_awaited_anywhere(&result.desired, now) && result.problems.is_empty();
        if is_idle && result.decision.is_unchanged() && projected.stored.is_none() {
            return;
        }
        let concerned = result.groups.iter().chain(result.desired.keys());
        let new = concerned.filter(|group| self.context.doors.new_groups.contains(*group));
        let groups: BTreeSet<GroupRef> = new.cloned().collect();
        let groups: Vec<GroupRef> = groups.into_iter().collect();
        let cards = self.cards(compared);
        let refetch_at: BTreeSet<DoorsName> =
            result.links.found.union(&cards.doors).cloned().collect();
        for name in &projected.joined {
            let due = Due::at(now, Subject::Profile(name.clone()))
                .with_groups(groups.clone(), !groups.is_empty());
            let due = due
                .with_refetch_at(refetch_at.clone())
                .with_cards(cards.take_over);
            match changes {
                [] => self.marked.dues.push(due),
                changes => self.marked.conditional.push(ConditionalDue {
                    due,
                    changes: changes.to_vec(),
                }),
            }
        }
    }

    /// Returns where the person's cards must be read.
    fn cards(&self, compared: &Compared<'_>) -> CardReads {
        let mut cards = CardReads::default();
        for (doors, here) in compared
            .result
            .decision
            .by_doors
            .iter()
            .filter(|(_, here)| here.concerns_cards())
        {
            cards.doors.insert(doors.clone());
            cards.take_over |=
                !here.adopt_cards.is_empty() && self.context.doors.takes_over_cards(doors);
        }
        cards
    }

    /// Returns the door systems where a person with claims has an account that differs from the
    /// stored one: suspended, resumed, or with another address.
    fn changed_accounts(&self, person: &Person, now: &PersonCow<'_>) -> BTreeSet<DoorsName> {
        // A changed account always makes a projected copy of the person.
        if matches!(now, PersonCow::Stored(_)) {
            return BTreeSet::new();
        }
        let changed = person.accounts.iter().filter(|(doors, linked)| {
            let known = &linked.account;
            let now = self
                .context
                .doors
                .accounts
                .get(*doors)
                .and_then(|accounts| accounts.get(&known.id));
            person.claims_at(doors)
                && now.is_some_and(|now| now.standing != known.standing || now.email != known.email)
        });
        changed.map(|(doors, _)| doors.clone()).collect()
    }

    /// Returns whether settle must serve the person. A person with a problem is always served
    /// again, because the door system may have solved it without telling us.
    fn must_be_settled(&self, person: &Person, compared: &Compared<'_>) -> bool {
        let to_do = match self.context.mode {
            Mode::Observe => false,
            Mode::GrantOnly | Mode::Full => {
                has_sure_work(compared)
                    || !compared.result.links.conflicts.is_empty()
                    || person.has_begun()
            }
        };
        let of_cards = compared
            .result
            .decision
            .card_problems()
            .filter(|_| self.context.mode != Mode::Observe);
        let mut found = compared.result.problems.iter().cloned().chain(of_cards);
        let new_problem = found.any(|problem| !person.problems.contains(&problem));
        let problems = person.problems.iter().any(|problem| !problem.is_counted());
        to_do
            || new_problem
            || problems
            || person.failures == 0 && person.next != compared.result.next
    }

    /// Marks the foreign accounts that are to leave a group which is exclusively ours.
    fn mark_foreign(&mut self, foreign: &[ForeignMember]) {
        let mut goes: BTreeMap<_, Vec<WaitingChange>> = BTreeMap::new();
        for foreign in foreign.iter().filter(|foreign| foreign.goes) {
            goes.entry((foreign.doors.clone(), foreign.account.clone()))
                .or_default()
                .push(of_foreign(foreign));
        }
        for ((doors, id), waiting) in goes {
            let changes: Vec<UnconfirmedChange> =
                waiting.iter().map(|one| one.change.clone()).collect();
            let groups = changes
                .iter()
                .filter_map(UnconfirmedChange::group)
                .map(|group| GroupRef::new(&doors, group))
                .collect();
            let due = Due::at(self.context.now, Subject::Account { doors, id })
                .with_groups(groups, false);
            self.marked.waiting.extend(waiting);
            self.marked
                .conditional
                .push(ConditionalDue { due, changes });
        }
    }

    /// Marks the profiles that would join or leave a person. The people stay as they are until the
    /// guard has judged it.
    fn mark_address_changes(&mut self, changes: AddressChanges) {
        // Observe mode judges nothing. The confirmed state must be kept, or the change would count
        // as confirmed.
        self.marked.confirmed.extend(changes.profiles);
        if self.context.mode == Mode::Observe {
            return;
        }
        for one in &changes.waiting {
            let due = Due::at(self.context.now, one.who.clone());
            self.marked.conditional.push(ConditionalDue {
                due,
                changes: vec![one.change.clone()],
            });
        }
        self.marked.waiting.extend(changes.waiting);
    }
}

/// Where a person's cards must be read.
#[derive(Default)]
struct CardReads {
    /// The door systems.
    doors: BTreeSet<DoorsName>,
    /// Whether the cards that the account has already become Doorstep's.
    take_over: bool,
}

/// Returns whether the person has work that needs no approval.
fn has_sure_work(compared: &Compared<'_>) -> bool {
    compared
        .result
        .decision
        .by_doors
        .iter()
        .any(|(doors, here)| {
            let waits = |action: &Action| match action {
                // Without an account, removals are the only other work at this door system.
                Action::Create => true,
                Action::Grant { .. } | Action::Tag(_) => here.creates(),
                _ => is_unsure(compared, doors, action),
            };
            let claims = !here.adopt.is_empty() || !here.disown.is_empty();
            let cards = !here.adopt_cards.is_empty() || !here.disown_cards.is_empty();
            claims || cards || here.actions.iter().any(|action| !waits(action))
        })
}

/// Returns whether the removal that an action makes is unconfirmed.
fn is_unsure(compared: &Compared<'_>, doors: &DoorsName, step: &Action) -> bool {
    change_of(&compared.projected.person, doors, step)
        .is_some_and(|change| compared.result.uncertain.contains_key(&change))
}

/// Counts the differences. Unconfirmed removals are counted after the guard has judged them.
fn count(compared: &Compared<'_>, mode: Mode, report: &mut Report) {
    for (doors, step) in compared.result.decision.actions() {
        let waits = mode == Mode::Full && is_unsure(compared, doors, step);
        match step {
            Action::Grant { .. } => report.granted += 1,
            Action::Revoke { because, .. } => {
                report.revoked += usize::from(!waits && !because.is_foreign())
            }
            Action::Tidy { .. } | Action::Create => {}
            Action::Resume | Action::Rename(_) | Action::Suspend | Action::Delete => {}
            Action::Tag(_) => report.tagged += 1,
            Action::Untag(_) => report.untagged += usize::from(!waits),
        }
    }
}
