//! The groups and accounts of one door system, and whether they are accepted.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compare::account_list::{AccountList, LinkedAccounts};
use doorstep_core::decide::credibility::{Loss, LossLimit};
use doorstep_core::model::account::{Account, Group, GroupId, GroupMember};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::site::DoorsConfig;
use doorstep_vendors::doors::{ReadDoors, Seats};

/// Returns the groups of the last read that matter: those that were taken over, and those in which
/// a person has a claim.
pub(super) fn groups_of_ours(
    before: &DoorsRead,
    people: &[Person],
    name: &DoorsName,
) -> Vec<Group> {
    let claims = people
        .iter()
        .flat_map(|person| &person.claims)
        .filter(|claim| claim.doors == *name);
    let claimed: BTreeSet<&GroupId> = claims.map(|claim| &claim.group).collect();
    let ours = before
        .groups
        .iter()
        .filter(|group| before.taken.contains(&group.id) || claimed.contains(&group.id));
    ours.cloned().collect()
}

/// Adds every group of `ours` that the list lacks and that exists when it is read by its id.
/// Without this, its members would be removed, or forgotten and left in the group.
async fn with_unlisted(
    reader: &dyn ReadDoors,
    mut groups: Vec<Group>,
    ours: Vec<Group>,
) -> Result<Vec<Group>> {
    for group in ours {
        let is_listed = groups.iter().any(|listed| listed.id == group.id);
        if !is_listed && !reader.is_gone(&group.id).await? {
            groups.push(Group {
                problem: None,
                ..group
            });
        }
    }
    Ok(groups)
}

/// The answers of one door system.
pub(super) struct Survey {
    pub now: DoorsRead,
    pub accounts: AccountList,
    pub seats: Option<Seats>,
}

pub(super) async fn survey(
    reader: &dyn ReadDoors,
    config: &DoorsConfig,
    links: &LinkedAccounts<'_>,
    ours: Vec<Group>,
) -> Result<Survey> {
    let groups = with_unlisted(reader, reader.groups().await?, ours).await?;
    let accounts = AccountList::of(reader.accounts().await?, links);
    let is_protected = |account: &&Arc<Account>| {
        account
            .email
            .as_deref()
            .is_some_and(|email| config.protects(email))
    };
    let protected = accounts
        .iter()
        .filter(is_protected)
        .map(|account| account.id.clone())
        .collect();
    let count = Some(accounts.iter().len());
    let now = DoorsRead {
        of: config.identity(),
        groups,
        protected,
        accounts: count,
        ..DoorsRead::default()
    };
    Ok(Survey {
        now,
        accounts,
        seats: reader.seats().await?,
    })
}

/// Rejects a list that lost half or all of its groups. The claims in a group that seems to be gone
/// would be forgotten, and the access would stay open for ever.
pub(super) fn credible(mut now: DoorsRead, before: Option<&DoorsRead>) -> Result<DoorsRead> {
    let Some(before) = before else { return Ok(now) };
    let lost = before
        .groups
        .iter()
        .filter(|old| !now.groups.iter().any(|new| new.id == old.id))
        .count();
    let loss = Loss {
        known: before.groups.len(),
        lost,
    };
    let limit = if now.groups.is_empty() {
        LossLimit::HalfOrAll
    } else {
        LossLimit::Half
    };
    if !loss.is_credible(limit) {
        return Err(Error::permanent(format!(
            "the list of groups {loss} and is rejected"
        )));
    }
    now.taken.clone_from(&before.taken);
    now.cards_taken = before.cards_taken;
    now.shared.clone_from(&before.shared);
    now.registered.clone_from(&before.registered);
    Ok(now)
}

/// Marks all groups as taken over. The stored state of the door system is unreadable, so an account
/// that was added by hand must stay foreign.
pub(super) fn taken_over(now: DoorsRead) -> DoorsRead {
    let taken = now.groups.iter().map(|group| group.id.clone()).collect();
    DoorsRead {
        taken,
        cards_taken: true,
        ..now
    }
}

pub(super) async fn members_and_problem(
    reader: &dyn ReadDoors,
    doors_read: &mut DoorsRead,
    group: &GroupId,
) -> Result<Vec<GroupMember>> {
    let Some(listed) = doors_read
        .groups
        .iter_mut()
        .find(|listed| listed.id == *group)
    else {
        return Ok(Vec::new());
    };
    let problem = reader.group_problem(group).await?;
    listed.problem = problem.or(listed.problem.take());
    reader.rows(group).await
}
