//! What nobody vouched for among what was judged: the guard judges it once more, as a set. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::doors::Seen;
use super::foreign::Foreign;
use super::judge::Verdict;
use crate::diff::is_valid;
use crate::doors::AccountId;
use crate::guard::former::Sureness;
use crate::guard::judge::Inside;
use crate::guard::{Doubt, Waiting};
use crate::ledger::dues::Subject;
use crate::settle::{GroupRows, Move};

/// What nobody vouched for of one person.
pub fn of_person(verdict: &Verdict<'_>) -> Vec<Waiting> {
    if verdict.judged.moves.is_empty() {
        return Vec::new();
    }
    let first = verdict.somebody.person.profiles.first();
    let who = match (verdict.somebody.known, first) {
        (Some(known), _) => Subject::Person(known.id.clone()),
        (None, Some(profile)) => Subject::Profile(profile.clone()),
        (None, None) => return Vec::new(),
    };
    let waits = |doubt, foreign, doubted| Waiting { doubt, who: who.clone(), foreign, doubted };
    let moves = verdict.judged.moves.iter().filter_map(|(doors, step)| match step {
        Move::Revoke { group, row, foreign, .. } => {
            let sure = verdict.unsure.get(&(doors.clone(), group.clone()))?;
            let (doors, group, account) = (doors.clone(), group.clone(), row.account.clone());
            Some(waits(Doubt::Leaves { doors, group, account }, *foreign, *sure == Sureness::Doubted))
        }
        Move::Create => Some(waits(Doubt::Made { doors: doors.clone(), profile: first?.clone() }, false, false)),
        _ => None,
    });
    moves.collect()
}

/// Somebody whom nobody knows, and who would be removed.
pub fn of_stranger(foreign: &Foreign) -> Waiting {
    let Foreign { doors, account, group, goes: _ } = foreign;
    let doubt = Doubt::Leaves { doors: doors.clone(), group: group.clone(), account: account.clone() };
    let who = Subject::Account { doors: doors.clone(), id: account.clone() };
    Waiting { doubt, who, foreign: true, doubted: false }
}

/// Who is in which group at `now`.
pub fn inside(seen: &Seen, now: Timestamp) -> Inside {
    let valid = |rows: &GroupRows| -> BTreeSet<AccountId> {
        rows.iter().filter(|row| is_valid(row, now)).map(|row| row.account.clone()).collect()
    };
    seen.held.iter().map(|(at, rows)| (at.clone(), valid(rows))).collect()
}
