//! Collects the unconfirmed changes of all decisions for the guard, which judges them as one set. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::CompareContext;
use super::doors::DoorsSnapshot;
use super::facts::FactIndex;
use super::foreign::Foreign;
use super::judge::{Verdict, judge};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::group::is_valid;
use doorstep_core::decide::guard::baseline::Certainty;
use doorstep_core::decide::guard::judge::{Holders, Inside};
use doorstep_core::decide::guard::removal::{change_of, is_foreign, tag_of};
use doorstep_core::decide::guard::{UnconfirmedChange, Waiting};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::actual_groups::GroupRows;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;

/// Returns the unconfirmed changes of one person.
pub fn of_person(verdict: &Verdict<'_>) -> Vec<Waiting> {
    if verdict.judged.actions().next().is_none() {
        return Vec::new();
    }
    let person = &verdict.somebody.person;
    let first = person.profiles.first();
    let who = match (verdict.somebody.known, first) {
        (Some(known), _) => Subject::Person(known.id.clone()),
        (None, Some(profile)) => Subject::Profile(profile.clone()),
        (None, None) => return Vec::new(),
    };
    let made = verdict.judged.actions().filter(|(_, step)| **step == Action::Create).filter_map(|(doors, _)| {
        Some(Waiting::new(UnconfirmedChange::Made { doors: doors.clone(), profile: first?.clone() }, who.clone()))
    });
    let taken = verdict.judged.actions().chain(verdict.aftermath.actions()).filter_map(|(doors, step)| {
        let change = change_of(person, doors, step)?;
        let unconfirmed = *verdict.unsure.get(&change)? == Certainty::Doubted;
        let (foreign, tag) = (is_foreign(step), tag_of(step));
        Some(Waiting { foreign, unconfirmed, tag, ..Waiting::new(change, who.clone()) })
    });
    made.chain(taken).collect()
}

/// Returns the removals that a snapshot which is not believed would cause, for the operator to look at. `known` holds
/// the facts of that snapshot. Changes in `waits` are left out.
pub fn if_believed(
    ground: CompareContext<'_>,
    known: &FactIndex,
    seen: &DoorsSnapshot,
    people: &[Person],
    waits: &[Waiting],
) -> Vec<Waiting> {
    let waits: BTreeSet<&UnconfirmedChange> = waits.iter().map(|one| &one.change).collect();
    let mut found = Vec::new();
    judge(ground, known, seen, people, |verdict| {
        found.extend(of_person(&verdict).into_iter().filter(|one| one.unconfirmed && !waits.contains(&one.change)));
    });
    found
}

/// Returns the removal of a foreign account that belongs to no stored person.
pub fn of_stranger(foreign: &Foreign) -> Waiting {
    let Foreign { doors, account, group, goes: _ } = foreign;
    let change = UnconfirmedChange::Leaves { doors: doors.clone(), group: group.clone(), account: account.clone() };
    let who = Subject::Account { doors: doors.clone(), id: account.clone() };
    Waiting { foreign: true, ..Waiting::new(change, who) }
}

/// Returns the accounts in each group whose membership is valid at `now`.
pub fn inside(seen: &DoorsSnapshot, now: Timestamp) -> Inside {
    let valid = |rows: &GroupRows| -> BTreeSet<AccountId> {
        rows.iter().filter(|row| is_valid(row, now)).map(|row| row.account.clone()).collect()
    };
    seen.held.iter().map(|(at, rows)| (at.clone(), valid(rows))).collect()
}

/// Returns the accounts that hold a card of ours at each door system.
pub fn holders(people: &[Person]) -> Holders {
    let mut holders = Holders::new();
    for (doors, linked) in people.iter().flat_map(|person| &person.accounts) {
        if !linked.cards.is_empty() {
            holders.entry(doors.clone()).or_default().insert(linked.account.id.clone());
        }
    }
    holders
}
