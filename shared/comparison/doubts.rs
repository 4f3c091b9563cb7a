//! What nobody vouched for among what was judged: the guard judges it once more, as a set. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Ground;
use super::doors::Seen;
use super::facts::Known;
use super::foreign::Foreign;
use super::judge::{Verdict, judge};
use crate::diff::is_valid;
use crate::doors::AccountId;
use crate::guard::former::Sureness;
use crate::guard::judge::Inside;
use crate::guard::{Doubt, Waiting};
use crate::ledger::dues::Subject;
use crate::person::Person;
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

/// What would be taken from people by a snapshot that is not believed, if `known` is what it says: for a human to look at.
/// What waits already is left out.
pub fn if_believed(
    ground: Ground<'_>,
    known: &Known,
    seen: &Seen,
    people: &[Person],
    waits: &[Waiting],
) -> Vec<Waiting> {
    let waits: BTreeSet<&Doubt> = waits.iter().map(|one| &one.doubt).collect();
    let mut found = Vec::new();
    judge(ground, known, seen, people, |verdict| {
        found.extend(of_person(&verdict).into_iter().filter(|one| one.doubted && !waits.contains(&one.doubt)));
    });
    found
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
