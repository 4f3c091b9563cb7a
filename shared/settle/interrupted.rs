//! What became of door changes that were begun and whose end nobody saw: pure. What the door system holds now tells.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::moves::HeldRows;
use super::scene::Terms;
use crate::audit::{Deed, Happened};
use crate::diff::our_line;
use crate::doors::{AccountId, GroupId, Row};
use crate::person::{Claim, Deed as Begun, Intent, Person};

/// Finishes or drops the intents on groups that were read. Gives a record for each change that was made; an intent on
/// a group that could not be read, or at doors where the account is not known for sure (`barred`), stays.
pub fn finish(
    person: &mut Person,
    held: &HeldRows,
    terms: &BTreeMap<String, Terms>,
    barred: &BTreeSet<String>,
    now: Timestamp,
) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let intents = std::mem::take(&mut person.intents);
    for intent in intents {
        let Some(group) = intent.group.clone().filter(|_| !barred.contains(&intent.doors)) else {
            person.intents.push(intent);
            continue;
        };
        let ends = terms.get(&intent.doors).map(|terms| terms.ends_by_itself);
        match (held.get(&(intent.doors.clone(), group.clone())), ends) {
            (Some(rows), Some(ends)) => deeds.extend(one(person, &intent, &group, rows, ends, now)),
            _ => person.intents.push(intent),
        }
    }
    deeds
}

fn one(
    person: &mut Person,
    intent: &Intent,
    group: &GroupId,
    rows: &[Row],
    ends: bool,
    now: Timestamp,
) -> Option<Deed> {
    let of = |id: &AccountId| rows.iter().filter(|row| row.account == *id).cloned().collect::<Vec<Row>>();
    let linked = person.accounts.get(&intent.doors).map(|linked| linked.account.id.clone());
    let (account, what) = match &intent.deed {
        Begun::Grant { account, until } => {
            let account = account.clone().or(linked)?;
            our_line(&of(&account), *until, ends)?;
            person.claims.retain(|claim| claim.doors != intent.doors || claim.group != *group);
            person.claims.push(Claim {
                doors: intent.doors.clone(),
                group: group.clone(),
                account: account.clone(),
                since: now,
                until: *until,
                because: intent.because.clone(),
            });
            (account, Happened::Granted)
        }
        Begun::Revoke { account, handle } => {
            if of(account).iter().any(|row| row.handle == *handle) {
                return None;
            }
            person.claims.retain(|claim| claim.doors != intent.doors || claim.group != *group);
            (account.clone(), Happened::Revoked)
        }
        Begun::Create { .. } => return None,
    };
    Some(Deed {
        doors: intent.doors.clone(),
        account,
        group: Some(group.clone()),
        what,
        because: intent.because.clone(),
        answer: "seen done after an interruption".to_owned(),
    })
}
