//! Past access at an instant, by the audit records: pure.

use jiff::Timestamp;

use super::shape::Evidence;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::audit::{AuditAction, Record};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::DoorsName;

/// Whether a person had a group at an instant, with the records around it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastHold<'r> {
    /// Whether the person had the group.
    pub has: bool,
    /// The source of that conclusion.
    pub evidence: Evidence,
    /// The last change before the instant.
    pub last: Option<&'r Record>,
    /// The first change after the instant.
    pub next: Option<&'r Record>,
}

/// Returns whether a record is about this group.
pub fn is_about(record: &Record, doors: &DoorsName, group: &GroupId) -> bool {
    record.action.doors == *doors && record.action.group.as_ref() == Some(group)
}

/// Returns the state of one group at `at`, by one person's records, oldest first, and the present
/// claim.
pub fn held<'r>(
    records: &'r [Record],
    claim: Option<&Claim>,
    doors: &DoorsName,
    group: &GroupId,
    at: Timestamp,
) -> PastHold<'r> {
    let moved = |record: &&Record| {
        is_about(record, doors, group)
            && matches!(
                record.action.what,
                AuditAction::Granted | AuditAction::Revoked
            )
    };
    let last = records.iter().filter(moved).rfind(|record| record.at <= at);
    let next = records.iter().filter(moved).find(|record| record.at > at);
    let claimed = claim.is_some_and(|claim| claim.since <= at);
    let (has, evidence) = match (last, next) {
        (Some(last), _) if last.action.what == AuditAction::Granted => (true, Evidence::Records),
        (Some(_), _) if claimed => (true, Evidence::Claim),
        (Some(_), _) => (false, Evidence::Records),
        // A person who was removed was a member before: added by hand, or adopted.
        (None, Some(next)) if next.action.what == AuditAction::Revoked => (true, Evidence::Records),
        (None, _) if claimed => (true, Evidence::Claim),
        (None, _) => (false, Evidence::Records),
    };
    PastHold {
        has,
        evidence,
        last,
        next,
    }
}

/// Returns the record by which the account was suspended or deleted at `at`; `None` where it was
/// active.
pub fn suspended<'r>(
    records: &'r [Record],
    doors: &DoorsName,
    at: Timestamp,
) -> Option<&'r Record> {
    let moved = |record: &&Record| {
        let stands = matches!(
            record.action.what,
            AuditAction::Suspended
                | AuditAction::Resumed
                | AuditAction::Deleted
                | AuditAction::Invited
        );
        record.action.doors == *doors && record.action.group.is_none() && stands && record.at <= at
    };
    let last = records.iter().rfind(moved);
    last.filter(|record| {
        matches!(
            record.action.what,
            AuditAction::Suspended | AuditAction::Deleted
        )
    })
}

/// Returns the kind for a word.
pub fn kind_of(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.word() == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::account::AccountId;
    use doorstep_core::model::audit::{AuditEntry, Head};
    use doorstep_core::model::ids::PersonId;
    use doorstep_core::model::ids::SiteId;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-02T{text}:00Z")
            .parse()
            .expect("an instant")
    }

    fn records(told: &[(&str, AuditAction, bool)]) -> Vec<Record> {
        let mut head = Head::default();
        let each = told.iter().map(|(when, what, of_group)| {
            let group = GroupId("5".into());
            let action =
                AuditEntry::new(*what, &DoorsName::from("main"), &AccountId("7".into()), "b");
            let action = AuditEntry {
                group: of_group.then(|| group.clone()),
                ..action
            };
            let (record, next) =
                head.record(&SiteId::from("s"), &PersonId::from("p"), at(when), action);
            head = next;
            record
        });
        each.collect()
    }

    #[test]
    fn records_tell_what_was_held_before_between_and_after_them() {
        let group = GroupId("5".into());
        let told = records(&[
            ("09:00", AuditAction::Granted, true),
            ("09:05", AuditAction::Refused, true),
            ("10:00", AuditAction::Revoked, true),
        ]);
        let had = |when: &str| held(&told, None, &DoorsName::from("main"), &group, at(when)).has;
        assert_eq!(
            ["08:59", "09:00", "09:30", "10:00", "11:00"].map(had),
            [false, true, true, false, false]
        );
        assert!(!held(&told, None, &DoorsName::from("other"), &group, at("09:30")).has);
        let taken = records(&[("10:00", AuditAction::Revoked, true)]);
        assert!(
            held(&taken, None, &DoorsName::from("main"), &group, at("09:00")).has,
            "a removed person was a member"
        );
        let claim = Claim {
            doors: "main".into(),
            group: group.clone(),
            since: at("12:00"),
            ..Claim::default()
        };
        let adopted = |when: &str| {
            held(
                &told,
                Some(&claim),
                &DoorsName::from("main"),
                &group,
                at(when),
            )
        };
        assert_eq!((adopted("11:00").has, adopted("12:00").has), (false, true));
        assert_eq!(adopted("12:00").evidence, Evidence::Claim);
    }

    #[test]
    fn an_account_that_was_suspended_opened_nothing() {
        let told = records(&[
            ("08:00", AuditAction::Invited, false),
            ("09:00", AuditAction::Suspended, false),
            ("10:00", AuditAction::Resumed, false),
        ]);
        let slept = |when: &str| suspended(&told, &DoorsName::from("main"), at(when)).is_some();
        assert_eq!(
            ["07:00", "08:30", "09:00", "09:59", "10:00"].map(slept),
            [false, false, true, true, false]
        );
    }
}
