//! The callers that share a vendor's rate limit with settle, and that settle does not see.

use async_trait::async_trait;
use jiff::SignedDuration;

use crate::store::Store;
use crate::store::runs::Lease;
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::time::SharedTime;
use doorstep_vendors::vendor_http::OtherCallers;

/// How much longer than it says a lease counts here. The clocks of two functions may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// The reconcile of one site. It takes a lease before it begins, and calls the doors only
/// [`doorstep_core::budgets::vendor_http::ANNOUNCED`] after that.
///
/// A free lease therefore says that no reconcile calls the doors for that time, whatever the clocks
/// of the two functions say: the table orders the write and the read.
pub struct ReconcileOfSite {
    store: Store,
    time: SharedTime,
    site: SiteId,
}

impl ReconcileOfSite {
    /// Returns the reconcile of `site`. `time` is the clock of settle.
    pub fn new(store: Store, time: SharedTime, site: SiteId) -> Self {
        ReconcileOfSite { store, time, site }
    }
}

#[async_trait]
impl OtherCallers for ReconcileOfSite {
    /// A lease that cannot be read counts as taken.
    async fn are_silent(&self) -> bool {
        let Ok(read) = self.store.runs(&self.site).await else {
            return false;
        };
        let now = self.time.now();
        let ends = |lease: Lease| lease.until.saturating_add(CLOCKS_DIFFER);
        read.runs
            .lease
            .is_none_or(|lease| ends(lease).is_ok_and(|end| end <= now))
    }
}
