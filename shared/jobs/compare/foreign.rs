//! Finds foreign members of ruled groups. Pure.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

use super::accounts::Directory;
use super::doors::DoorsSnapshot;
use super::facts::FactIndex;
use super::{CompareContext, Group};
use doorstep_core::decide::group::is_valid;
use doorstep_core::model::account::{AccountId, GroupId, GroupMember};
use doorstep_core::model::actual_groups::ActualGroups;
use doorstep_core::model::person::{Claim, compared_email};
use doorstep_core::site::Mode;

/// An account in a ruled group that was added by hand: no site claims it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign {
    /// Door system.
    pub doors: String,
    /// Account.
    pub account: AccountId,
    /// Group.
    pub group: GroupId,
    /// Whether the account is to be removed: no stored person owns it, and the group is exclusively ours.
    pub goes: bool,
}

/// The members of the groups that are claimed, or would become claims.
pub struct Ours<'a> {
    held: &'a ActualGroups,
    /// One flag per member, by its index in the group.
    lines: HashMap<&'a Group, Vec<bool>>,
}

impl<'a> Ours<'a> {
    /// Returns an empty index.
    pub fn none(held: &'a ActualGroups) -> Self {
        Ours { held, lines: HashMap::new() }
    }

    /// Marks the members that these claims cover in these groups.
    pub fn note<'c>(
        &mut self,
        groups: impl IntoIterator<Item = &'c Group>,
        claims: impl Iterator<Item = &'c Claim> + Clone,
    ) {
        for at in groups {
            let Some((at, rows)) = self.held.get_key_value(at) else { continue };
            let lines = self.lines.entry(at).or_insert_with(|| vec![false; rows.iter().len()]);
            for claim in claims.clone().filter(|claim| claim.doors == at.0 && claim.group == at.1) {
                lines.get_mut(rows.places_of(&claim.account)).unwrap_or_default().fill(true);
            }
        }
    }

    fn has(&self, at: &Group, place: usize) -> bool {
        self.lines.get(at).and_then(|lines| lines.get(place)).copied().unwrap_or_default()
    }
}

/// Returns every foreign member, except protected ones. `is_owned` returns whether a person owns an account.
pub fn foreign(
    ground: CompareContext<'_>,
    known: &FactIndex,
    seen: &DoorsSnapshot,
    directory: &Directory<'_>,
    mut is_owned: impl FnMut(&str, &AccountId) -> bool,
    ours: &Ours<'_>,
) -> Vec<Foreign> {
    let addresses: LazyCell<HashSet<Cow<'_, str>>, _> = LazyCell::new(|| {
        known.profiles().filter_map(|(_, profile)| profile.email.as_deref().and_then(compared_email)).collect()
    });
    // An account that is not linked may belong to a person whom the platform knows, found by address. It is not
    // removed. An account that the list of all accounts lacks is kept too, because its address is unknown.
    let mut is_strange = |doors: &str, id: &AccountId| {
        let account = directory.account(doors, id).filter(|_| !is_owned(doors, id));
        account.is_some_and(|account| {
            let email = account.email.as_deref().and_then(compared_email);
            let protected = ground.terms.get(doors).is_some_and(|terms| terms.protects(id, Some(account)));
            !protected && email.is_none_or(|email| !addresses.contains(&email))
        })
    };
    let mut found = Vec::new();
    for (at, rows) in &seen.held {
        let (doors, group): &Group = at;
        let Some(terms) = ground.terms.get(doors).filter(|terms| terms.ruled.contains(group)) else { continue };
        for (place, row) in rows.iter().enumerate().filter(|(_, row)| is_valid(row, ground.now)) {
            let may_be_ours = seen.is_of_unreadable(doors, &row.account);
            if ours.has(at, place)
                || may_be_ours
                || terms.protects(&row.account, None)
                || is_claimed_elsewhere(seen, at, row)
            {
                continue;
            }
            let goes = terms.is_exclusive(group) && ground.mode == Mode::Full && is_strange(doors, &row.account);
            found.push(Foreign { doors: doors.clone(), account: row.account.clone(), group: group.clone(), goes });
        }
    }
    found
}

/// Returns whether another site of the stack claims the membership.
fn is_claimed_elsewhere(seen: &DoorsSnapshot, (doors, group): &Group, row: &GroupMember) -> bool {
    let by_itself = seen.terms.get(doors).is_some_and(|terms| terms.capabilities.ends_by_itself);
    let ends = seen.others.ends(doors, group, &row.account);
    seen.others.is_unreadable(doors, &row.account) || ends.into_iter().any(|until| !by_itself || until == row.until)
}
