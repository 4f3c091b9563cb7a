//! Finds foreign members of ruled groups. Pure.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

use super::CompareContext;
use super::accounts::AccountIndex;
use super::doors::DoorsSnapshot;
use super::people::Projection;
use doorstep_core::decide::group::is_valid;
use doorstep_core::decide::identity::address_of;
use doorstep_core::model::account::{AccountId, GroupId, GroupMember, GroupRef};
use doorstep_core::model::actual_groups::ActualGroups;
use doorstep_core::model::claim::Claim;
use doorstep_core::model::email::compared_email;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;

/// An account in a ruled group that was added by hand: no site claims it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignMember {
    /// Door system.
    pub doors: DoorsName,
    /// Account.
    pub account: AccountId,
    /// Group.
    pub group: GroupId,
    /// Whether the account is to be removed: no stored person owns it, and the group is exclusively
    /// ours.
    pub goes: bool,
}

/// The members of the groups that are claimed, or would become claims.
pub struct Ours<'a> {
    actual: &'a ActualGroups,
    /// One flag per member, by its index in the group.
    flags: HashMap<&'a GroupRef, Vec<bool>>,
}

impl<'a> Ours<'a> {
    /// Returns an empty index.
    pub fn none(actual: &'a ActualGroups) -> Self {
        Ours {
            actual,
            flags: HashMap::new(),
        }
    }

    /// Marks the members that these claims cover in these groups.
    pub fn note<'c>(
        &mut self,
        groups: impl IntoIterator<Item = &'c GroupRef>,
        claims: impl Iterator<Item = &'c Claim> + Clone,
    ) {
        for at in groups {
            let Some((at, members)) = self.actual.get_key_value(at) else {
                continue;
            };
            let flags = self
                .flags
                .entry(at)
                .or_insert_with(|| vec![false; members.iter().len()]);
            for claim in claims
                .clone()
                .filter(|claim| claim.doors == at.doors && claim.group == at.group)
            {
                flags
                    .get_mut(members.places_of(&claim.account))
                    .unwrap_or_default()
                    .fill(true);
            }
        }
    }

    fn has(&self, at: &GroupRef, place: usize) -> bool {
        self.flags
            .get(at)
            .and_then(|flags| flags.get(place))
            .copied()
            .unwrap_or_default()
    }
}

/// Returns every foreign member, except protected ones.
pub fn foreign(
    context: CompareContext<'_>,
    directory: &AccountIndex<'_>,
    projection: &mut Projection<'_>,
    ours: &Ours<'_>,
) -> Vec<ForeignMember> {
    let addresses: LazyCell<HashSet<Cow<'_, str>>, _> = LazyCell::new(|| {
        context
            .facts
            .profiles()
            .filter_map(|(_, profile)| address_of(profile))
            .collect()
    });
    // An account that is not linked may belong to a person whom the platform knows, found by
    // address. It is not removed. An account that the list of all accounts lacks is kept too,
    // because its address is unknown.
    let mut is_unknown = |doors: &DoorsName, id: &AccountId| {
        let account = directory
            .account(doors, id)
            .filter(|_| !projection.has_owner(doors, id));
        account.is_some_and(|account| {
            let email = account.email.as_deref().and_then(compared_email);
            let protected = context
                .doors
                .contexts
                .get(doors)
                .is_some_and(|doors_context| doors_context.protects(id, Some(account)));
            !protected && email.is_none_or(|email| !addresses.contains(&email))
        })
    };
    let mut found = Vec::new();
    for (at, members) in &context.doors.members {
        let GroupRef { doors, group } = at;
        let Some(doors_context) = context
            .doors
            .contexts
            .get(doors)
            .filter(|doors_context| doors_context.ruled.contains(group))
        else {
            continue;
        };
        for (place, member) in members
            .iter()
            .enumerate()
            .filter(|(_, member)| is_valid(member, context.now))
        {
            let may_be_ours = context.doors.is_of_unreadable(doors, &member.account);
            if ours.has(at, place)
                || may_be_ours
                || doors_context.protects(&member.account, None)
                || is_claimed_elsewhere(context.doors, at, member)
            {
                continue;
            }
            let goes = doors_context.is_exclusive(group)
                && context.mode == Mode::Full
                && is_unknown(doors, &member.account);
            found.push(ForeignMember {
                doors: doors.clone(),
                account: member.account.clone(),
                group: group.clone(),
                goes,
            });
        }
    }
    found
}

/// Returns whether another site of the stack claims the membership.
fn is_claimed_elsewhere(
    snapshot: &DoorsSnapshot,
    GroupRef { doors, group }: &GroupRef,
    member: &GroupMember,
) -> bool {
    let by_itself = snapshot
        .contexts
        .get(doors)
        .is_some_and(|doors_context| doors_context.capabilities.ends_by_itself);
    let ends = snapshot.others.ends(doors, group, &member.account);
    let is_claimed = ends
        .into_iter()
        .any(|until| !by_itself || until == member.until);
    snapshot.others.is_unreadable(doors, &member.account) || is_claimed
}
