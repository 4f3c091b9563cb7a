//! Marks due whoever is not as they should be, and counts it.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::comparison::doors::Seen;
use crate::comparison::facts::Known;
use crate::comparison::foreign::Foreign;
use crate::comparison::judge::{Verdict, judge};
use crate::comparison::{Ground, Group};
use crate::entitlement::next_boundary;
use crate::ledger::dues::{Due, Subject};
use crate::person::Person;
use crate::settle::{Judged, Move};
use crate::site::Mode;

/// Judges everybody, counts what is missing, and gives who is due.
pub fn due(ground: Ground<'_>, known: &Known, seen: &Seen, people: &[Person], report: &mut Report) -> Vec<Due> {
    let mut marking = Marking { ground, seen, dues: Vec::new() };
    let foreign = tracing::info_span!("decide").in_scope(|| {
        judge(ground, known, seen, people, |verdict| {
            count(&verdict.judged, report);
            marking.verdict(&verdict, report);
        })
    });
    report.foreign += foreign.len();
    marking.strangers(foreign);
    marking.dues
}

struct Marking<'a> {
    ground: Ground<'a>,
    seen: &'a Seen,
    dues: Vec<Due>,
}

impl Marking<'_> {
    fn verdict(&mut self, verdict: &Verdict<'_>, report: &mut Report) {
        let groups = self.groups(verdict);
        let somebody = verdict.somebody;
        if let Some(person) = somebody.known {
            report.problems.extend(person.problems.iter().map(|problem| format!("person {}: {problem}", person.id)));
            let changed = self.changed_accounts(person);
            if self.must_be_settled(person, verdict) || somebody.moved || !changed.is_empty() {
                let due = Due::at(self.ground.now, Subject::Person(person.id.clone())).with_groups(groups.0, groups.1);
                let (cards, adopt) = cards(verdict);
                let look_at = changed.union(&verdict.linked).chain(&cards).cloned().collect();
                self.dues.push(due.with_a_look_at(look_at).with_cards(adopt));
                let moved = person.profiles.iter().filter(|_| somebody.moved);
                self.dues.extend(moved.map(|name| Due::at(self.ground.now, Subject::Profile(name.clone()))));
            }
        }
        self.newcomers(verdict);
    }

    /// Groups to look at, and whether what is held there becomes theirs.
    fn groups(&self, verdict: &Verdict<'_>) -> (Vec<Group>, bool) {
        let new = |group: &&Group| self.seen.new.contains(*group);
        let adopt = verdict.groups.iter().any(|group| new(&group));
        (verdict.groups.iter().filter(|group| !adopt || new(group)).cloned().collect(), adopt)
    }

    /// Profiles that may open something or will, or that join somebody whom we know: what one of them is may shut what
    /// another one opens.
    fn newcomers(&mut self, verdict: &Verdict<'_>) {
        let (somebody, now) = (verdict.somebody, self.ground.now);
        let mut stretches = verdict.desired.values().flatten();
        let awaited = stretches.any(|stretch| stretch.window.until.is_none_or(|until| until > now));
        if !awaited && verdict.problems.is_empty() && verdict.judged.is_empty() && somebody.known.is_none() {
            return;
        }
        let new = verdict.groups.iter().chain(verdict.desired.keys()).filter(|group| self.seen.new.contains(*group));
        let groups: BTreeSet<Group> = new.cloned().collect();
        let groups: Vec<Group> = groups.into_iter().collect();
        for name in &somebody.joined {
            let due = Due::at(now, Subject::Profile(name.clone())).with_groups(groups.clone(), !groups.is_empty());
            let (cards, adopt) = cards(verdict);
            self.dues.push(due.with_a_look_at(verdict.linked.union(&cards).cloned().collect()).with_cards(adopt));
        }
    }

    /// Door systems where somebody with access has an account that is not as we know it: suspended or woken, or with
    /// another address.
    fn changed_accounts(&self, person: &Person) -> BTreeSet<String> {
        let changed = person.accounts.iter().filter(|(doors, linked)| {
            let known = &linked.account;
            let now = self.seen.accounts.get(*doors).and_then(|accounts| accounts.get(&known.id));
            person.claims_at(doors) && now.is_some_and(|now| now.standing != known.standing || now.email != known.email)
        });
        changed.map(|(doors, _)| doors.clone()).collect()
    }

    /// Whoever has a problem is looked at again: it may have been solved at the door system, where nobody tells us.
    fn must_be_settled(&self, person: &Person, verdict: &Verdict<'_>) -> bool {
        let to_do = match self.ground.mode {
            Mode::Observe => false,
            Mode::GrantOnly | Mode::Full => {
                !verdict.judged.is_empty() || !verdict.barred.is_empty() || person.has_begun()
            }
        };
        let troubles = verdict.judged.troubles.iter().map(|(doors, trouble)| format!("{doors}: {trouble}"));
        let mut found = verdict.problems.iter().cloned().chain(troubles.filter(|_| self.ground.mode != Mode::Observe));
        let new_problem = found.any(|problem| !person.problems.contains(&problem));
        let next = next_boundary(&verdict.desired, self.ground.now);
        to_do || new_problem || !person.problems.is_empty() || person.failures == 0 && person.next != next
    }

    /// Whoever must go from a group that is ours alone, and is nobody whom we know.
    fn strangers(&mut self, foreign: Vec<Foreign>) {
        let mut goes: BTreeMap<_, Vec<Group>> = BTreeMap::new();
        for Foreign { doors, account, group, .. } in foreign.into_iter().filter(|foreign| foreign.goes) {
            goes.entry((doors.clone(), account)).or_default().push((doors, group));
        }
        self.dues.extend(goes.into_iter().map(|((doors, id), groups)| {
            Due::at(self.ground.now, Subject::Account { doors, id }).with_groups(groups, false)
        }));
    }
}

/// Door systems where their cards must be looked at, and whether cards that they have become ours there.
fn cards(verdict: &Verdict<'_>) -> (BTreeSet<String>, bool) {
    let new = verdict.judged.adopt_cards.iter().any(|(doors, ..)| verdict.new_cards.contains(doors));
    let doors = verdict.judged.card_doors().chain(verdict.judged.troubles.iter().map(|(doors, _)| doors));
    (doors.cloned().collect(), new)
}

fn count(judged: &Judged, report: &mut Report) {
    for (_, step) in &judged.moves {
        match step {
            Move::Grant { .. } => report.granted += 1,
            Move::Revoke { foreign: false, .. } => report.revoked += 1,
            Move::Revoke { .. } | Move::Tidy { .. } | Move::Create => {}
            Move::Resume | Move::Rename(_) | Move::Suspend | Move::Delete => {}
            Move::Tag(_) => report.tagged += 1,
            Move::Untag(_) => report.untagged += 1,
        }
    }
}
