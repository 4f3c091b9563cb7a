//! What the last reconcile saw at the doors. The table has it, so no vendor is asked.

use std::collections::HashMap;

use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::observed::{ForeignAccount, Observed, ObservedDoors};
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};

/// What the last reconcile saw at the doors of one site.
pub(crate) struct LastRead {
    observed: Observed,
    /// The places of each account in the list of memberships that were added by hand.
    accounts: HashMap<DoorsName, HashMap<AccountId, Vec<usize>>>,
    /// When the last reconcile ended.
    ended: Option<Timestamp>,
}

impl LastRead {
    /// Loads it; `None` where no reconcile read a vendor yet.
    pub(crate) async fn of(environment: &Environment, site: &SiteId) -> Result<Option<Self>> {
        let Some(observed) = environment.store.observed(site).await?.observed else {
            return Ok(None);
        };
        let ended = environment.store.runs(site).await?.runs.ended_at;
        Ok(Some(LastRead {
            accounts: accounts(&observed),
            observed,
            ended,
        }))
    }

    /// Returns as of when a door system was seen; `None` if it was never read. A door system that
    /// cannot be read since was seen before that.
    pub(crate) fn at(&self, doors: &DoorsName) -> Option<Timestamp> {
        let here = self.here(doors)?;
        let last = self.ended.unwrap_or(self.observed.at);
        Some(here.failing.unwrap_or(last.max(self.observed.at)))
    }

    /// Iterates over the accounts that were added by hand to groups of one door system.
    pub(crate) fn foreign(&self, doors: &DoorsName) -> impl Iterator<Item = &ForeignAccount> {
        let here = self.here(doors).into_iter();
        here.flat_map(|here| &here.foreign)
    }

    /// Returns the membership of an account that was added by hand.
    pub(crate) fn by_hand(
        &self,
        doors: &DoorsName,
        group: &GroupId,
        account: &AccountId,
    ) -> Option<&ForeignAccount> {
        let places = self.accounts.get(doors)?.get(account)?;
        let foreign = &self.here(doors)?.foreign;
        let mut theirs = places.iter().filter_map(|place| foreign.get(*place));
        theirs.find(|one| one.group == *group)
    }

    /// Returns whether a membership that a claim is about was removed by hand at the last reconcile.
    /// A site that may act can have added the person again since.
    pub(crate) fn removed(&self, claim: &Claim) -> bool {
        let mut removed = self
            .here(&claim.doors)
            .into_iter()
            .flat_map(|here| &here.removed);
        removed.any(|one| one.group == claim.group && one.account == claim.account)
    }

    /// Returns how many memberships made by hand were not stored.
    pub(crate) fn left_out(&self, doors: &DoorsName) -> usize {
        self.here(doors).map_or(0, |here| here.left_out)
    }

    fn here(&self, doors: &DoorsName) -> Option<&ObservedDoors> {
        self.observed.doors.get(doors)
    }
}

fn accounts(observed: &Observed) -> HashMap<DoorsName, HashMap<AccountId, Vec<usize>>> {
    let mut all: HashMap<DoorsName, HashMap<AccountId, Vec<usize>>> = HashMap::new();
    for (doors, here) in &observed.doors {
        let accounts = all.entry(doors.clone()).or_default();
        for (place, one) in here.foreign.iter().enumerate() {
            accounts.entry(one.account.clone()).or_default().push(place);
        }
    }
    all
}
