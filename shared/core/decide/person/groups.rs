//! The part of a decision that concerns the groups of one door system.

use std::borrow::Cow;

use super::{AtDoors, DoorsDecision};
use crate::decide::action::Action;
use crate::decide::entitlement::{OpenInterval, open_at};
use crate::decide::group::{ActualMembership, EndDirection, GroupDecision, decide_group};
use crate::model::account::{AccountId, GroupMember, GroupRef};
use crate::model::actual_groups::GroupRows;
use crate::model::claim::Claim;
use crate::model::reasons::RevokeCause;
use crate::site::Mode;

/// One group with its desired interval, its claim and the account to compare.
struct AtGroup<'a> {
    at: &'a GroupRef,
    desired: Option<&'a OpenInterval>,
    claim: Option<&'a Claim>,
    account: Option<&'a AccountId>,
}

impl<'a> AtDoors<'a> {
    /// Decides for one group with these members.
    pub(super) fn decide_group(
        self,
        at: &'a GroupRef,
        members: &GroupRows,
        decision: &mut DoorsDecision,
    ) {
        let claim = self.view.person.claim(self.doors, &at.group);
        let linked = self.linked.map(|linked| &*linked.account);
        let account = claim
            .map(|claim| &claim.account)
            .or(linked.map(|account| &account.id));
        let group = AtGroup {
            at,
            desired: open_at(self.view.desired.access, at, self.view.context.now),
            claim,
            account,
        };
        let members = account
            .map(|account| members.of_account(account))
            .unwrap_or_default();
        let (surplus, members) = without_surplus(members, claim);
        let protected = account.is_some_and(|id| self.context.protects(id, linked));
        let later_only = protected || self.view.context.mode == Mode::GrantOnly;
        let ends = if later_only {
            EndDirection::LaterOnly
        } else {
            EndDirection::Follow
        };
        let claimed_end = claim.and_then(|claim| claim.until);
        let outlived = surplus
            .iter()
            .filter(|member| ends.allow(member.until, claimed_end));
        decision.actions.extend(outlived.map(|row| Action::Tidy {
            group: at.group.clone(),
            row: row.clone(),
        }));
        let elsewhere =
            account.map(|account| self.view.actual.others.ends(self.doors, &at.group, account));
        let actual = ActualMembership {
            members: &members,
            ends_by_itself: self.context.capabilities.ends_by_itself,
            protected,
            exclusive: self.context.is_exclusive(&at.group),
            taken_over: !self.context.doors_read.taken.contains(&at.group)
                || self.view.scope.adopt.contains(at),
            ends,
            elsewhere: &elsewhere.unwrap_or_default(),
        };
        match decide_group(group.desired, claim, actual, self.view.context.now) {
            // The claim lists the older members that are still to be removed.
            GroupDecision::Disown if !surplus.is_empty() => {}
            decided => self.add(&group, decided, decision),
        }
    }

    /// Adds the decision about one group, as far as the mode and the age of the facts allow it.
    fn add(self, group: &AtGroup<'_>, decided: GroupDecision, decision: &mut DoorsDecision) {
        let id = || group.at.group.clone();
        let is_unreadable =
            |account: &AccountId| self.view.actual.others.is_unreadable(self.doors, account);
        match decided {
            GroupDecision::Nothing => {}
            GroupDecision::Grant { .. } if self.view.context.stale => {}
            GroupDecision::Grant { until, replaces } => {
                let because = group
                    .desired
                    .map(|interval| interval.because.shortened())
                    .unwrap_or_default();
                decision.actions.push(Action::Grant {
                    group: id(),
                    until,
                    replaces,
                    because,
                });
            }
            GroupDecision::Revoke { .. } if self.view.context.mode == Mode::GrantOnly => {}
            // The person of another site who has this account cannot be read. The membership may
            // belong to that person.
            GroupDecision::Revoke { .. } if group.account.is_some_and(is_unreadable) => {}
            GroupDecision::Revoke {
                member: row,
                foreign,
            } => {
                let cause = if foreign {
                    RevokeCause::Foreign
                } else {
                    self.why_revoked(group)
                };
                decision.actions.push(Action::Revoke {
                    group: id(),
                    row,
                    because: cause.into(),
                });
            }
            GroupDecision::Adopt { until } => decision.adopt.extend(self.adopted(group, until)),
            GroupDecision::Disown => decision.disown.push(id()),
        }
    }

    /// Returns the claim that an adoption stores. If there is a claim already, it moves to the
    /// member of another site that serves it too.
    fn adopted(self, group: &AtGroup<'_>, until: Option<jiff::Timestamp>) -> Option<Claim> {
        if let Some(claim) = group.claim {
            return Some(Claim {
                until,
                ..claim.clone()
            });
        }
        Some(Claim {
            doors: self.doors.to_owned(),
            group: group.at.group.clone(),
            account: group.account?.clone(),
            since: self.view.context.now,
            until,
            because: format!("adopted: {}", group.desired?.because),
            ..Claim::default()
        })
    }

    fn why_revoked(self, group: &AtGroup<'_>) -> RevokeCause {
        let mut intervals = self.view.desired.access.get(group.at).into_iter().flatten();
        let now = self.view.context.now;
        let is_over =
            intervals.any(|interval| interval.window.until.is_some_and(|until| until <= now));
        if is_over {
            RevokeCause::Ended
        } else {
            RevokeCause::Unfounded
        }
    }
}

/// Separates the older members that Doorstep's member replaced from all other members of the
/// account. Such members are rare; without any, nothing is copied.
fn without_surplus<'r>(
    members: &'r [GroupMember],
    claim: Option<&Claim>,
) -> (Vec<GroupMember>, Cow<'r, [GroupMember]>) {
    match claim.filter(|claim| !claim.surplus.is_empty()) {
        Some(claim) => {
            let is_old =
                |member: &GroupMember| claim.surplus.iter().any(|old| old == member.handle());
            let (surplus, others) = members.iter().cloned().partition(is_old);
            (surplus, Cow::Owned(others))
        }
        None => (Vec::new(), Cow::Borrowed(members)),
    }
}
