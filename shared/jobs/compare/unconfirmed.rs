//! Collects the unconfirmed changes of all decisions for the guard, which judges them as one set.
//! Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::CompareContext;
use super::decide::{Compared, compare_people};
use super::doors::DoorsSnapshot;
use super::foreign::ForeignMember;
use doorstep_core::decide::group::is_valid;
use doorstep_core::decide::guard::baseline::Certainty;
use doorstep_core::decide::guard::judge::{CurrentMembers, Holders};
use doorstep_core::decide::guard::removal::{change_of, is_foreign, tag_of};
use doorstep_core::decide::guard::{UnconfirmedChange, WaitingChange};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::actual_groups::GroupRows;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;

/// Returns the unconfirmed changes of one person.
pub fn of_person(compared: &Compared<'_>) -> Vec<WaitingChange> {
    let Compared { projected, result } = compared;
    if result.decision.actions().next().is_none() {
        return Vec::new();
    }
    let first = projected.person.profiles.first();
    let who = match (projected.stored, first) {
        (Some(stored), _) => Subject::Person(stored.id.clone()),
        (None, Some(profile)) => Subject::Profile(profile.clone()),
        (None, None) => return Vec::new(),
    };
    let creating = result
        .decision
        .by_doors
        .iter()
        .filter(|(_, here)| here.creates());
    let made = creating.filter_map(|(doors, _)| {
        Some(WaitingChange::new(
            UnconfirmedChange::Made {
                doors: doors.clone(),
                profile: first?.clone(),
            },
            who.clone(),
        ))
    });
    let taken = result.actions().filter_map(|(doors, action)| {
        let change = change_of(&projected.person, doors, action)?;
        let unconfirmed = *result.uncertain.get(&change)? == Certainty::Unconfirmed;
        let (foreign, tag) = (is_foreign(action), tag_of(action));
        Some(WaitingChange {
            foreign,
            unconfirmed,
            tag,
            ..WaitingChange::new(change, who.clone())
        })
    });
    made.chain(taken).collect()
}

/// Returns the removals that a snapshot which is rejected would cause, for the operator to look at.
/// The facts of the context are those of that snapshot. Changes in `waiting` are left out.
pub fn if_confirmed(context: CompareContext<'_>, waiting: &[WaitingChange]) -> Vec<WaitingChange> {
    let waiting: BTreeSet<&UnconfirmedChange> = waiting.iter().map(|one| &one.change).collect();
    let mut found = Vec::new();
    compare_people(context, |compared| {
        let unconfirmed = of_person(&compared)
            .into_iter()
            .filter(|one| one.unconfirmed);
        found.extend(unconfirmed.filter(|one| !waiting.contains(&one.change)));
    });
    found
}

/// Returns the removal of a foreign account that belongs to no stored person.
pub fn of_foreign(foreign: &ForeignMember) -> WaitingChange {
    let ForeignMember {
        doors,
        account,
        group,
        goes: _,
    } = foreign;
    let change = UnconfirmedChange::Leaves {
        doors: doors.clone(),
        group: group.clone(),
        account: account.clone(),
    };
    let who = Subject::Account {
        doors: doors.clone(),
        id: account.clone(),
    };
    WaitingChange {
        foreign: true,
        ..WaitingChange::new(change, who)
    }
}

/// Returns the accounts in each group whose membership is valid at `now`.
pub fn inside(snapshot: &DoorsSnapshot, now: Timestamp) -> CurrentMembers {
    let valid = |members: &GroupRows| -> BTreeSet<AccountId> {
        members
            .iter()
            .filter(|member| is_valid(member, now))
            .map(|member| member.account.clone())
            .collect()
    };
    snapshot
        .members
        .iter()
        .map(|(at, members)| (at.clone(), valid(members)))
        .collect()
}

/// Returns the accounts that hold a card of ours at each door system.
pub fn holders(people: &[Person]) -> Holders {
    let mut holders = Holders::new();
    for (doors, linked) in people.iter().flat_map(|person| &person.accounts) {
        if !linked.cards.is_empty() {
            holders
                .entry(doors.clone())
                .or_default()
                .insert(linked.account.id.clone());
        }
    }
    holders
}
