//! Marks the people whose access differs from the desired access as due, and counts the differences.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::compare::doors::DoorsSnapshot;
use crate::compare::facts::FactIndex;
use crate::compare::foreign::Foreign;
use crate::compare::joins::{Joins, joins};
use crate::compare::judge::{Verdict, judge};
use crate::compare::people::PersonCow;
use crate::compare::unconfirmed::{of_person, of_stranger};
use crate::compare::{CompareContext, Group};
use crate::settle::COUNTED;
use doorstep_cloud::store::dues::Due;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::guard::removal::change_of;
use doorstep_core::decide::guard::{UnconfirmedChange, Waiting};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Mode;

/// The people who are due, and the changes that the guard must judge first.
#[derive(Default)]
pub struct Marked {
    /// People who are due regardless of the guard.
    pub dues: Vec<Due>,
    /// People who are due if the guard releases any of these changes.
    pub perhaps: Vec<(Due, Vec<UnconfirmedChange>)>,
    /// Unconfirmed changes.
    pub waiting: Vec<Waiting>,
    /// The facts whose confirmed state the unconfirmed changes rest on.
    pub confirmed: BTreeSet<FactId>,
}

/// Decides for all people, counts the differences and returns who is due.
pub fn due(
    ground: CompareContext<'_>,
    known: &FactIndex,
    seen: &DoorsSnapshot,
    people: &[Person],
    report: &mut Report,
) -> Marked {
    let mut marking = Marking { ground, seen, marked: Marked::default() };
    let foreign = tracing::info_span!("decide").in_scope(|| {
        judge(ground, known, seen, people, |verdict| {
            count(&verdict, ground.mode, report);
            marking.verdict(&verdict, report);
        })
    });
    report.foreign += foreign.len();
    marking.strangers(foreign);
    marking.joins(joins(ground, known, seen, people));
    marking.marked
}

struct Marking<'a> {
    ground: CompareContext<'a>,
    seen: &'a DoorsSnapshot,
    marked: Marked,
}

impl Marking<'_> {
    fn verdict(&mut self, verdict: &Verdict<'_>, report: &mut Report) {
        let somebody = verdict.somebody;
        let changes = self.changes(verdict);
        if let Some(person) = somebody.known {
            report.problems.extend(person.problems.iter().map(|problem| format!("person {}: {problem}", person.id)));
            let changed = self.changed_accounts(person, &somebody.person);
            if self.must_be_settled(person, verdict) || somebody.moved || !changed.is_empty() {
                self.marked.dues.push(self.due(person, verdict, &changed));
                let moved = person.profiles.iter().filter(|_| somebody.moved);
                self.marked.dues.extend(moved.map(|name| Due::at(self.ground.now, Subject::Profile(name.clone()))));
            } else if !changes.is_empty() {
                self.marked.perhaps.push((self.due(person, verdict, &changed), changes.clone()));
            }
        }
        if !somebody.joined.is_empty() {
            self.newcomers(verdict, &changes);
        }
    }

    /// Returns the due item of a stored person, with the groups, accounts and cards to read.
    fn due(&self, person: &Person, verdict: &Verdict<'_>, changed: &BTreeSet<String>) -> Due {
        let (groups, take_over) = self.groups(verdict);
        let (cards, adopt) = cards(verdict);
        let look_at = changed.union(&verdict.linked).chain(&cards).cloned().collect();
        let due = Due::at(self.ground.now, Subject::Person(person.id.clone())).with_groups(groups, take_over);
        due.with_a_look_at(look_at).with_cards(adopt)
    }

    /// Records the unconfirmed changes of one person and returns them.
    fn changes(&mut self, verdict: &Verdict<'_>) -> Vec<UnconfirmedChange> {
        self.marked.confirmed.extend(verdict.confirmed.iter().cloned());
        if self.ground.mode == Mode::Observe {
            return Vec::new();
        }
        let waiting = of_person(verdict);
        let changes = waiting.iter().map(|one| one.change.clone()).collect();
        self.marked.waiting.extend(waiting);
        changes
    }

    /// Returns the groups to read, and whether their existing members become claims.
    fn groups(&self, verdict: &Verdict<'_>) -> (Vec<Group>, bool) {
        let new = |group: &&Group| self.seen.new.contains(*group);
        let adopt = verdict.groups.iter().any(|group| new(&group));
        (verdict.groups.iter().filter(|group| !adopt || new(group)).cloned().collect(), adopt)
    }

    /// Marks the new profiles that open a group now or later, or that join a stored person. A profile may block what
    /// another profile of the same person opens.
    fn newcomers(&mut self, verdict: &Verdict<'_>, changes: &[UnconfirmedChange]) {
        let (somebody, now) = (verdict.somebody, self.ground.now);
        let mut stretches = verdict.desired.values().flatten();
        let awaited = stretches.any(|stretch| stretch.window.until.is_none_or(|until| until > now));
        if !awaited && verdict.problems.is_empty() && verdict.judged.is_unchanged() && somebody.known.is_none() {
            return;
        }
        let new = verdict.groups.iter().chain(verdict.desired.keys()).filter(|group| self.seen.new.contains(*group));
        let groups: BTreeSet<Group> = new.cloned().collect();
        let groups: Vec<Group> = groups.into_iter().collect();
        for name in &somebody.joined {
            let due = Due::at(now, Subject::Profile(name.clone())).with_groups(groups.clone(), !groups.is_empty());
            let (cards, adopt) = cards(verdict);
            let due = due.with_a_look_at(verdict.linked.union(&cards).cloned().collect()).with_cards(adopt);
            match changes {
                [] => self.marked.dues.push(due),
                changes => self.marked.perhaps.push((due, changes.to_vec())),
            }
        }
    }

    /// Returns the door systems where a person with claims has an account that differs from the stored one: suspended,
    /// resumed, or with another address.
    fn changed_accounts(&self, person: &Person, now: &PersonCow<'_>) -> BTreeSet<String> {
        // A changed account always makes a projected copy of the person.
        if matches!(now, PersonCow::Stored(_)) {
            return BTreeSet::new();
        }
        let changed = person.accounts.iter().filter(|(doors, linked)| {
            let known = &linked.account;
            let now = self.seen.accounts.get(*doors).and_then(|accounts| accounts.get(&known.id));
            person.claims_at(doors) && now.is_some_and(|now| now.standing != known.standing || now.email != known.email)
        });
        changed.map(|(doors, _)| doors.clone()).collect()
    }

    /// Returns whether settle must serve the person. A person with a problem is always served again, because the door
    /// system may have solved it without telling us.
    fn must_be_settled(&self, person: &Person, verdict: &Verdict<'_>) -> bool {
        let to_do = match self.ground.mode {
            Mode::Observe => false,
            Mode::GrantOnly | Mode::Full => has_sure_work(verdict) || !verdict.barred.is_empty() || person.has_begun(),
        };
        let troubles = verdict.judged.troubles().map(|(doors, trouble)| format!("{doors}: {trouble}"));
        let mut found = verdict.problems.iter().cloned().chain(troubles.filter(|_| self.ground.mode != Mode::Observe));
        let new_problem = found.any(|problem| !person.problems.contains(&problem));
        let problems = person.problems.iter().any(|problem| !problem.ends_with(COUNTED));
        to_do || new_problem || problems || person.failures == 0 && person.next != verdict.next
    }

    /// Marks the foreign accounts that are to leave a group which is exclusively ours.
    fn strangers(&mut self, foreign: Vec<Foreign>) {
        let mut goes: BTreeMap<_, Vec<Waiting>> = BTreeMap::new();
        for foreign in foreign.into_iter().filter(|foreign| foreign.goes) {
            goes.entry((foreign.doors.clone(), foreign.account.clone())).or_default().push(of_stranger(&foreign));
        }
        for ((doors, id), waiting) in goes {
            let changes: Vec<UnconfirmedChange> = waiting.iter().map(|one| one.change.clone()).collect();
            let groups = changes
                .iter()
                .filter_map(UnconfirmedChange::group)
                .map(|group| (doors.clone(), group.clone()))
                .collect();
            let due = Due::at(self.ground.now, Subject::Account { doors, id }).with_groups(groups, false);
            self.marked.waiting.extend(waiting);
            self.marked.perhaps.push((due, changes));
        }
    }

    /// Marks the profiles that would join or leave a person. The people stay as they are until the guard has judged it.
    fn joins(&mut self, joins: Joins) {
        // Observe mode judges nothing. The confirmed state must be kept, or the change would count as confirmed.
        self.marked.confirmed.extend(joins.profiles);
        if self.ground.mode == Mode::Observe {
            return;
        }
        for one in &joins.waiting {
            self.marked.perhaps.push((Due::at(self.ground.now, one.who.clone()), vec![one.change.clone()]));
        }
        self.marked.waiting.extend(joins.waiting);
    }
}

/// Returns the door systems where the person's cards must be read, and whether existing cards become ours there.
fn cards(verdict: &Verdict<'_>) -> (BTreeSet<String>, bool) {
    let concerned = verdict.judged.by_doors.iter().filter(|(_, here)| here.concerns_cards());
    let mut adopting = concerned.clone().filter(|(_, here)| !here.adopt_cards.is_empty());
    let new = adopting.any(|(doors, _)| verdict.new_cards.contains(doors));
    (concerned.map(|(doors, _)| doors.clone()).collect(), new)
}

/// Returns whether the person has work that needs no approval.
fn has_sure_work(verdict: &Verdict<'_>) -> bool {
    verdict.judged.by_doors.iter().any(|(doors, here)| {
        let waits = |action: &Action| match action {
            // Without an account, removals are the only other work at this door system.
            Action::Create => true,
            Action::Grant { .. } | Action::Tag(_) => here.creates(),
            _ => is_unsure(verdict, doors, action),
        };
        let claims = !here.adopt.is_empty() || !here.disown.is_empty();
        let cards = !here.adopt_cards.is_empty() || !here.disown_cards.is_empty();
        claims || cards || here.actions.iter().any(|action| !waits(action))
    })
}

/// Returns whether the removal that an action makes is unconfirmed.
fn is_unsure(verdict: &Verdict<'_>, doors: &str, step: &Action) -> bool {
    change_of(&verdict.somebody.person, doors, step).is_some_and(|change| verdict.unsure.contains_key(&change))
}

/// Counts the differences. Unconfirmed removals are counted after the guard has judged them.
fn count(verdict: &Verdict<'_>, mode: Mode, report: &mut Report) {
    for (doors, step) in verdict.judged.actions() {
        let waits = mode == Mode::Full && is_unsure(verdict, doors, step);
        match step {
            Action::Grant { .. } => report.granted += 1,
            Action::Revoke { foreign: false, .. } => report.revoked += usize::from(!waits),
            Action::Revoke { .. } | Action::Tidy { .. } | Action::Create => {}
            Action::Resume | Action::Rename(_) | Action::Suspend | Action::Delete => {}
            Action::Tag(_) => report.tagged += 1,
            Action::Untag(_) => report.untagged += usize::from(!waits),
        }
    }
}
