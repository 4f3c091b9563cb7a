//! Whether settle may use the whole rate limit of a door system: the lease of the reconcile says it.

use jiff::{SignedDuration, Timestamp};

use super::{NOON, machine};
use doorstep_cloud::other_callers::ReconcileOfSite;
use doorstep_cloud::store::runs::{Lease, Runs};
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::vendor_http::OtherCallers;

/// The clocks of two functions may differ by minutes: a lease that has just expired may still run.
#[tokio::test]
async fn settle_has_the_whole_limit_only_while_no_reconcile_of_the_site_has_a_lease() {
    let machine = machine().await;
    let environment = machine.environment();
    let (store, site) = (environment.store.clone(), SiteId::from("riverside"));
    let others = ReconcileOfSite::new(store.clone(), environment.time.clone(), site.clone());
    assert!(others.are_silent().await, "it was never reconciled");
    let noon: Timestamp = NOON.parse().expect("an instant");
    for (minutes, silent) in [(15, false), (-1, false), (-6, true)] {
        let until = noon + SignedDuration::from_mins(minutes);
        let holder = "a message".to_owned();
        let lease = Some(Lease { holder, until });
        let read = store.runs(&site).await.expect("the table answers");
        let runs = Runs {
            lease,
            ..read.runs.clone()
        };
        let kept = store.keep_runs(&site, &read, runs).await;
        kept.expect("no one else writes");
        assert_eq!(others.are_silent().await, silent, "{minutes} minutes");
    }
}
