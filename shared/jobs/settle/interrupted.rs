//! The result of changes that a run began and did not finish: pure. It follows from what the door
//! system holds now.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::accounts::AFTER_AN_INTERRUPTION;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::group::our_member;
use doorstep_core::model::account::{GroupMember, GroupRef};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::intent::{Intent, IntentKind};
use doorstep_core::model::person::Person;

/// Finishes or drops the intents on groups that were read. Returns an audit entry for each change
/// that was made. An intent stays if its group could not be read, or if it grants access to a new
/// account that was not searched for yet. An intent on the account itself stays for
/// `accounts::link`.
pub fn finish(
    person: &mut Person,
    held: &ActualGroups,
    systems: &BTreeMap<DoorsName, DoorsContext>,
    now: Timestamp,
) -> Vec<AuditEntry> {
    let mut actions = Vec::new();
    let intents = std::mem::take(&mut person.intents);
    for intent in intents {
        let Some(group) = intent.group.clone() else {
            person.intents.push(intent);
            continue;
        };
        let linked = person.accounts.contains_key(&intent.doors);
        if matches!(intent.action, IntentKind::Grant { account: None, .. }) && !linked {
            person.intents.push(intent);
            continue;
        }
        let ends = systems
            .get(&intent.doors)
            .map(|system| system.capabilities.ends_by_itself);
        match (held.get(&GroupRef::new(&intent.doors, &group)), ends) {
            (Some(rows), Some(ends)) => actions.extend(one(person, &intent, rows, ends, now)),
            _ => person.intents.push(intent),
        }
    }
    actions
}

/// Finishes or drops one intent on a group whose members are `rows`. `ends` says whether
/// memberships end by themselves.
fn one(
    person: &mut Person,
    intent: &Intent,
    rows: &GroupRows,
    ends: bool,
    now: Timestamp,
) -> Option<AuditEntry> {
    let group = intent.group.as_ref()?;
    let linked = person
        .accounts
        .get(&intent.doors)
        .map(|linked| linked.account.id.clone());
    let (account, what, because) = match &intent.action {
        IntentKind::Grant {
            account,
            until,
            replaces,
            because,
        } => {
            let account = account.clone().or(linked)?;
            let rows = rows.of_account(&account);
            let old = |row: &GroupMember| replaces.iter().any(|old| old == row.handle());
            let new: Vec<GroupMember> = rows.iter().filter(|row| !old(row)).cloned().collect();
            our_member(&new, *until, ends)?;
            let surplus = rows
                .iter()
                .filter(|row| old(row))
                .map(|row| row.handle().to_owned())
                .collect();
            person
                .claims
                .retain(|claim| claim.doors != intent.doors || claim.group != *group);
            person.claims.push(Claim {
                doors: intent.doors.clone(),
                group: group.clone(),
                account: account.clone(),
                since: now,
                until: *until,
                because: because.to_string(),
                surplus,
                ..Claim::default()
            });
            (account, AuditAction::Granted, because.into())
        }
        IntentKind::Revoke {
            account,
            handle,
            because,
        } => {
            if rows
                .of_account(account)
                .iter()
                .any(|row| handle.is_empty() || row.handle() == handle)
            {
                return None;
            }
            let because = because.of(person.claim(&intent.doors, group));
            // The claim lists what else must be removed. It ends with the last of that.
            let here = |claim: &Claim| claim.doors == intent.doors && claim.group == *group;
            person
                .claims
                .retain(|claim| !here(claim) || !claim.surplus.is_empty());
            (account.clone(), AuditAction::Revoked, because)
        }
        IntentKind::Create { .. }
        | IntentKind::Suspend
        | IntentKind::Resume
        | IntentKind::Delete => return None,
    };
    let entry = AuditEntry::new(what, &intent.doors, &account, because);
    Some(entry.in_group(group).answered(AFTER_AN_INTERRUPTION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::account::{AccountId, GroupId};
    use doorstep_core::model::reasons::{Reasons, RevokeCause};

    fn row(handle: &str, until: &str) -> GroupMember {
        GroupMember {
            account: AccountId("7".into()),
            handle: Some(handle.into()),
            from: None,
            until: until.parse().ok(),
        }
    }

    #[test]
    fn a_renewal_that_stopped_half_way_is_seen_and_what_it_left_is_noted() {
        let (old, new) = (
            row("1", "2026-03-02T09:15:00Z"),
            row("2", "2026-03-02T10:15:00Z"),
        );
        let action = IntentKind::Grant {
            account: Some(AccountId("7".into())),
            until: new.until,
            replaces: vec!["1".into()],
            because: Reasons::default(),
        };
        let group = GroupId("g".into());
        let intent = Intent {
            doors: "main".into(),
            group: Some(group.clone()),
            action,
        };
        let mut person = Person {
            id: "p".into(),
            ..Person::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        assert!(
            one(
                &mut person,
                &intent,
                &GroupRows::of(vec![old.clone()]),
                true,
                now
            )
            .is_none()
        );
        assert!(person.claims.is_empty(), "the new line was never made");
        let seen = one(
            &mut person,
            &intent,
            &GroupRows::of(vec![old, new.clone()]),
            true,
            now,
        );
        assert_eq!(seen.map(|action| action.what), Some(AuditAction::Granted));
        let claim = person
            .claim(&DoorsName::from("main"), &group)
            .expect("the new line is ours");
        assert_eq!(
            (claim.until, claim.surplus.as_slice()),
            (new.until, ["1".to_owned()].as_slice())
        );
    }

    #[test]
    fn a_revoke_that_was_done_unseen_forgets_no_older_membership_of_ours() {
        let (old, new) = (
            row("1", "2026-03-02T10:15:00Z"),
            row("2", "2026-03-02T09:15:00Z"),
        );
        let (account, group) = (old.account.clone(), GroupId("g".into()));
        let action = IntentKind::Revoke {
            account: account.clone(),
            handle: "2".into(),
            because: RevokeCause::Ended.into(),
        };
        let intent = Intent {
            doors: "main".into(),
            group: Some(group.clone()),
            action,
        };
        for surplus in [vec!["1".to_owned()], Vec::new()] {
            let mut person = Person {
                id: "p".into(),
                ..Person::default()
            };
            person.claims.push(Claim {
                doors: "main".into(),
                group: group.clone(),
                account: account.clone(),
                since: Timestamp::UNIX_EPOCH,
                until: new.until,
                because: "b".into(),
                basis: Vec::new(),
                cause: None,
                surplus: surplus.clone(),
            });
            let rows = GroupRows::of(vec![old.clone()]);
            let seen = one(&mut person, &intent, &rows, true, Timestamp::UNIX_EPOCH);
            assert_eq!(seen.map(|action| action.what), Some(AuditAction::Revoked));
            assert_eq!(
                person
                    .claim(&DoorsName::from("main"), &group)
                    .map(|claim| claim.surplus.clone()),
                Some(surplus).filter(|s| !s.is_empty())
            );
        }
    }
}
