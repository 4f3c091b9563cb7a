//! The audit chain in the table: whatever is done to it there is found out, and a day in it is
//! found without reading it.

use jiff::{SignedDuration, Timestamp};

use super::{NOON, empty};
use doorstep_cloud::store::{Store, Write, WriteStep, key};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;

/// More than are read at a time.
const RECORDS: u64 = 1_050;

fn minute(n: u64) -> Timestamp {
    let noon: Timestamp = NOON.parse().expect("an instant");
    noon.checked_add(SignedDuration::from_mins(i64::try_from(n).expect("few")))
        .expect("time")
}

/// A chain of one record for each minute.
async fn chain() -> Store {
    let store = empty().await;
    let (mut chain, mut ada) = (
        store.chain(&SiteId::from("s")).await.expect("it reads"),
        Person::new("ada".into(), None),
    );
    let mut writes = Vec::new();
    for n in 1..=RECORDS {
        let action = AuditEntry::new(
            AuditAction::Invited,
            &DoorsName::from("main"),
            &AccountId(n.to_string()),
            "booking 1",
        );
        writes.extend(
            chain
                .join(&SiteId::from("s"), &mut ada, minute(n), &[action])
                .expect("it joins"),
        );
        if writes.len() > 60 || n == RECORDS {
            store
                .write_all(WriteStep::Commit, std::mem::take(&mut writes))
                .await
                .expect("it writes");
        }
    }
    store
}

#[tokio::test]
async fn b8_whatever_is_done_to_a_chain_in_the_table_is_found_out() {
    let store = chain().await;
    let verdict = store
        .verify_audit(&SiteId::from("s"), None)
        .await
        .expect("it reads");
    assert_eq!(
        (verdict.whole, verdict.records, verdict.head.seq),
        (true, RECORDS, RECORDS)
    );
    let at = key::audit(&SiteId::from("s"), 1_020);
    let kept = store
        .get(&at)
        .await
        .expect("it reads")
        .expect("a record")
        .body;
    for (spoiled, wrong) in [
        (
            Write::put(
                at.clone(),
                kept.replace("\"account\":\"1020\"", "\"account\":\"7\""),
            ),
            1_020,
        ),
        (
            Write::put(
                at.clone(),
                kept.replace("\"group\":null", "\"group\":null,\"more\":1"),
            ),
            1_020,
        ),
        (Write::delete(at.clone()), 1_020),
        (Write::delete(key::audit(&SiteId::from("s"), 1)), 1),
    ] {
        store.write(spoiled).await.expect("it writes");
        let verdict = store
            .verify_audit(&SiteId::from("s"), None)
            .await
            .expect("it reads");
        assert_eq!(verdict.broken.map(|broken| broken.seq), Some(wrong));
        store
            .write(Write::put(at.clone(), kept.clone()))
            .await
            .expect("it writes");
    }
    let noted = verdict.head;
    let store = chain().await;
    store
        .write(Write::delete(key::audit(&SiteId::from("s"), RECORDS)))
        .await
        .expect("it writes");
    assert!(
        store
            .verify_audit(&SiteId::from("s"), None)
            .await
            .expect("it reads")
            .whole,
        "an end that is gone tells nothing"
    );
    let verdict = store
        .verify_audit(&SiteId::from("s"), Some(noted))
        .await
        .expect("it reads");
    assert_eq!(
        verdict.broken.map(|broken| broken.seq),
        Some(RECORDS),
        "but the noted position shows it"
    );
}

#[tokio::test]
async fn b13_a_stretch_of_a_chain_is_found_by_a_few_batches_of_reads() {
    let store = chain().await;
    for n in [1, 2, 525, 1_024, RECORDS] {
        assert_eq!(
            store.audit_place(&SiteId::from("s"), minute(n)).await,
            Ok(n)
        );
    }
    assert_eq!(
        store.audit_place(&SiteId::from("s"), minute(0)).await,
        Ok(1)
    );
    assert_eq!(
        store
            .audit_place(&SiteId::from("s"), minute(RECORDS + 1))
            .await,
        Ok(RECORDS + 1)
    );
    assert_eq!(
        empty()
            .await
            .audit_place(&SiteId::from("s"), minute(1))
            .await,
        Ok(1),
        "of nothing it is the first"
    );
    let between = store
        .audit_between(&SiteId::from("s"), minute(100), minute(103))
        .await
        .expect("it reads");
    assert_eq!(
        between.iter().map(|record| record.seq).collect::<Vec<_>>(),
        [100, 101, 102]
    );
    let after = store
        .audit_between(&SiteId::from("s"), minute(RECORDS + 60), Timestamp::MAX)
        .await;
    assert_eq!(after, Ok(Vec::new()), "nothing was written that late");
    let all = store
        .audit_between(&SiteId::from("s"), Timestamp::MIN, Timestamp::MAX)
        .await
        .expect("it reads");
    assert_eq!(all.len(), usize::try_from(RECORDS).expect("few"));
}
