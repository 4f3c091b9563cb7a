//! The refetches that are left for later: for the next run, after a pause, or at the end of a
//! membership.

use jiff::{SignedDuration, Timestamp};

use super::Refetcher;
use crate::settle::origin::Origin;
use doorstep_cloud::store::dues::Due;
use doorstep_core::budgets::refetch::{AGAIN_AFTER, LONGEST_PAUSE};
use doorstep_core::decide::entitlement::days::end_of;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Id, Kind, Membership, What};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_vendors::platform::found::Unreadable;

impl Refetcher<'_> {
    /// Leaves each of these things to the next run.
    pub(super) async fn refetch_next(&self, names: &[FactId], origin: &Origin) -> Result<()> {
        let now = self.environment.time.now();
        let look = |about: &FactId| {
            let hint = ChangeHint {
                about: about.clone(),
                reaches: None,
                removed: false,
            };
            Due::at(
                now,
                Subject::Refetch {
                    hint,
                    refetches: 0,
                    delivery: origin.delivery.clone(),
                },
            )
            .asked_at(origin.sent_at)
        };
        self.environment
            .store
            .put_dues(&self.site.id, &names.iter().map(look).collect::<Vec<_>>())
            .await
    }

    /// Schedules another fetch, unless there were enough. Returns whether it did.
    pub(super) async fn refetch_again(
        &self,
        hint: &ChangeHint,
        refetches: u8,
        origin: &Origin,
    ) -> Result<bool> {
        let Some(minutes) = AGAIN_AFTER.get(usize::from(refetches)) else {
            return Ok(false);
        };
        let waited = refetches
            .checked_sub(1)
            .and_then(|last| AGAIN_AFTER.get(usize::from(last)))
            .unwrap_or(&0);
        self.refetch_later(
            hint,
            refetches + 1,
            origin,
            SignedDuration::from_mins(minutes - waited),
        )
        .await?;
        Ok(true)
    }

    /// Keeps the known fact. The thing may be corrected in a moment; until then each reconcile
    /// reports it.
    pub(super) async fn cannot_read(
        &self,
        hint: &ChangeHint,
        refetches: u8,
        origin: &Origin,
        what: &Unreadable,
    ) -> Result<()> {
        let (site, about, field) = (&self.site.id, &hint.about, what.field.as_str());
        tracing::warn!(site = site.as_str(), %about, field, "a thing of the platform cannot be read; its known fact stays in force");
        self.refetch_again(hint, refetches, origin).await.map(drop)
    }

    pub(super) async fn could_not(
        &self,
        hint: &ChangeHint,
        refetches: u8,
        origin: &Origin,
        error: &Error,
    ) -> Result<()> {
        tracing::warn!(site = self.site.id.as_str(), about = %hint.about, %error, "cannot refetch from the platform");
        let asked = match error {
            Error::Retry { after, .. } => {
                after.and_then(|after| SignedDuration::try_from(after).ok())
            }
            Error::Permanent(_) | Error::Invalid(_) | Error::Held(_) => None,
        };
        let minute = SignedDuration::from_mins(1);
        self.refetch_later(
            hint,
            refetches,
            origin,
            asked.map_or(minute, |asked| asked.clamp(minute, LONGEST_PAUSE)),
        )
        .await
    }

    pub(super) async fn refetch_later(
        &self,
        hint: &ChangeHint,
        refetches: u8,
        origin: &Origin,
        wait: SignedDuration,
    ) -> Result<()> {
        let now = self.environment.time.now();
        let at = Minute::not_before(now.checked_add(wait).unwrap_or(now));
        let due = Due::at(
            at.start(),
            Subject::Refetch {
                hint: hint.clone(),
                refetches,
                delivery: origin.delivery.clone(),
            },
        );
        self.environment.schedules.set(&self.site.id, at).await?;
        self.environment.store.put_dues(&self.site.id, &[due]).await
    }

    /// Schedules a fetch at the end of a membership whose successor does not exist yet, before that
    /// end revokes anything.
    pub(super) async fn refetch_at_its_end(&self, fact: &Fact, origin: &Origin) -> Result<()> {
        let known = async |location: Id| {
            let name = FactId::new(Kind::Location, location);
            self.environment.store.fact(&self.site.id, &name).await
        };
        let location = match &fact.what {
            What::Membership(Membership {
                awaits_next: true,
                location: Some(location),
                ..
            }) => known(location.clone()).await?,
            _ => None,
        };
        let location = location.as_ref().map(|record| record.fact.as_ref());
        let Some(due) = end_refetch(
            self.site,
            location,
            fact,
            self.environment.time.now(),
            origin,
        ) else {
            return Ok(());
        };
        self.environment
            .schedules
            .set(&self.site.id, due.minute)
            .await?;
        self.environment.store.put_dues(&self.site.id, &[due]).await
    }
}

/// Returns the refetch of a membership at its end, if a successor is expected and does not exist
/// yet. `location` is the location of the membership.
pub fn end_refetch(
    site: &Site,
    location: Option<&Fact>,
    fact: &Fact,
    now: Timestamp,
    origin: &Origin,
) -> Option<Due> {
    let What::Membership(Membership {
        awaits_next: true,
        until: Some(until),
        ..
    }) = &fact.what
    else {
        return None;
    };
    let catalogue = Catalogue::without_passes(location);
    let zone = catalogue.zone_of(
        location.map(|location| location.id.as_str()),
        &site.timezone,
    );
    let end = end_of(*until, &zone).filter(|end| *end > now)?;
    let hint = ChangeHint {
        about: fact.name(),
        reaches: None,
        removed: false,
    };
    Some(Due::at(
        end,
        Subject::Refetch {
            hint,
            refetches: 0,
            delivery: origin.delivery.clone(),
        },
    ))
}
