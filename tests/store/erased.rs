//! What is gone is erased some days later, by the table itself.

use jiff::Timestamp;

use super::empty;
use doorstep_core::model::fact::{Fact, FactId, Kind, Plan, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_local::cloud::dynamodb::VARIABLE;

fn read_on(day: u8, name: &str, source: Source) -> FactRecord {
    let read: Timestamp = format!("2026-03-{day:02}T12:00:00Z")
        .parse()
        .expect("an instant");
    let what = What::Plan(Plan {
        name: name.into(),
        location: None,
    });
    FactRecord::new(
        Fact {
            id: "1".into(),
            what,
            changed: None,
        },
        read,
        source,
    )
}

#[tokio::test]
async fn l2_what_is_gone_stays_gone_for_late_reads_and_may_come_back() {
    let store = empty().await;
    let name = FactId::new(Kind::Plan, "1");
    let known = async || {
        store
            .fact(&SiteId::from("s"), &name)
            .await
            .expect("it reads")
            .map(|record| record.gone)
    };
    store
        .keep_fact(&SiteId::from("s"), &read_on(1, "Hot desk", Source::Refetch))
        .await
        .expect("it is kept");
    store
        .keep_fact(
            &SiteId::from("s"),
            &read_on(1, "Hot desk", Source::Refetch).gone(day(2), Source::Refetch),
        )
        .await
        .expect("it is kept");
    assert_eq!(known().await, Some(true));
    store
        .keep_fact(&SiteId::from("s"), &read_on(1, "Hot desk", Source::Refetch))
        .await
        .expect("a late read changes nothing");
    assert_eq!(known().await, Some(true));
    store
        .keep_fact(&SiteId::from("s"), &read_on(3, "Hot desk", Source::Refetch))
        .await
        .expect("it is back");
    assert_eq!(known().await, Some(false));
}

fn day(day: u8) -> Timestamp {
    format!("2026-03-{day:02}T12:00:00Z")
        .parse()
        .expect("an instant")
}

#[tokio::test]
async fn l2_what_is_gone_is_erased_after_some_days_unless_a_human_may_have_to_judge_it() {
    let machine = super::machine().await;
    let store = machine.environment().store.clone();
    let known = async |site: &str| {
        let name = FactId::new(Kind::Plan, "1");
        store
            .fact(&SiteId::from(site), &name)
            .await
            .expect("it reads")
            .map(|record| record.gone)
    };
    for (site, source) in [("looked", Source::Refetch), ("inferred", Source::Read)] {
        let old = read_on(1, "Hot desk", Source::Refetch);
        store
            .keep_fact(&SiteId::from(site), &old)
            .await
            .expect("it is kept");
        store
            .keep_fact(
                &SiteId::from(site),
                &old.gone(day(2), source).after(Some(&old)),
            )
            .await
            .expect("it is kept");
        assert_eq!(known(site).await, Some(true));
    }
    machine.move_clock(day(12)).await.expect("forward");
    machine.cloud().table.forget_expired();
    // At DynamoDB Local nothing expires.
    let looked = std::env::var_os(VARIABLE).is_some().then_some(true);
    assert_eq!(
        (known("looked").await, known("inferred").await),
        (looked, Some(true))
    );
}
