//! Lines in ruled groups that are not ours: pure.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{Directory, Owners};
use super::doors::Seen;
use super::facts::Known;
use super::{Ground, Group};
use crate::diff::is_valid;
use crate::doors::{AccountId, GroupId};
use crate::person::email_key;
use crate::site::Mode;

/// An account in a ruled group that nobody but a hand can have put there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign {
    /// Door system.
    pub doors: String,
    /// Account.
    pub account: AccountId,
    /// Group.
    pub group: GroupId,
    /// Nobody whom we know has it, and the group is ours alone: it would be taken out.
    pub goes: bool,
}

/// The accounts whose lines in a group are claimed, or would be.
pub type Ours = BTreeMap<Group, BTreeSet<AccountId>>;

/// Every such line, but those of protected people.
pub fn foreign(
    ground: Ground<'_>,
    known: &Known,
    seen: &Seen,
    directory: &Directory<'_>,
    owners: &Owners,
    ours: &Ours,
) -> Vec<Foreign> {
    let addresses: BTreeSet<String> =
        known.profiles().filter_map(|(_, profile)| profile.email.as_deref().and_then(email_key)).collect();
    // Whoever is behind an account that nobody linked may be somebody whom the platform knows, who must not be taken
    // for a stranger. An account that is missing from the list of all is left alone: nobody knows who it is.
    let is_strange = |doors: &str, id: &AccountId| {
        let account = directory.account(doors, id).filter(|_| !owners.has(doors, id));
        account.is_some_and(|account| {
            let email = account.email.as_deref().and_then(email_key);
            let protected = ground.terms.get(doors).is_some_and(|terms| terms.protects(id, Some(account)));
            !protected && email.is_none_or(|email| !addresses.contains(&email))
        })
    };
    let mut found = Vec::new();
    for (at, rows) in &seen.held {
        let (doors, group): &Group = at;
        let Some(terms) = ground.terms.get(doors).filter(|terms| terms.ruled.contains(group)) else { continue };
        let claimed = ours.get(at);
        for row in rows.iter().filter(|row| is_valid(row, ground.now)) {
            if claimed.is_some_and(|claimed| claimed.contains(&row.account)) || terms.protects(&row.account, None) {
                continue;
            }
            let goes = terms.is_exclusive(group) && ground.mode == Mode::Full && is_strange(doors, &row.account);
            found.push(Foreign { doors: doors.clone(), account: row.account.clone(), group: group.clone(), goes });
        }
    }
    found
}
