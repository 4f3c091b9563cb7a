//! Members without any card number when they are fetched by id. A single loss counts as confirmed.
//! Many losses at once are rejected, as with a list that shrank: a property was renamed, or a
//! permission is missing.

use std::sync::Arc;

use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_core::decide::credibility::card_numbers::{
    NUMBERS, lost_all_numbers, with_numbers_of,
};
use doorstep_core::decide::credibility::{Loss, LossLimit};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::record::FactRecord;

/// Returns the new record with the earlier card numbers as its last confirmed state, if so many
/// members lost theirs that the loss is unconfirmed. Only what follows from this loss is then
/// inferred. Returns `None` if the loss is confirmed.
pub async fn unconfirmed(
    environment: &Environment,
    site: &SiteId,
    old: &FactRecord,
    new: &FactRecord,
    now: Timestamp,
) -> Result<Option<FactRecord>> {
    // A loss that was unconfirmed stays unconfirmed while the numbers are still missing.
    let before = old
        .confirmed
        .as_ref()
        .filter(|before| lost_all_numbers(before, &new.fact));
    let before = before
        .or(Some(&old.fact).filter(|_| !old.gone))
        .filter(|before| lost_all_numbers(before, &new.fact));
    let Some(before) = before.filter(|_| !new.gone) else {
        return Ok(None);
    };
    let others = environment
        .store
        .count_lost_numbers(site, &new.fact.name(), now)
        .await?;
    let known = environment
        .store
        .platform_read(site)
        .await?
        .counts
        .get(NUMBERS)
        .copied()
        .unwrap_or_default();
    if (Loss {
        known,
        lost: others + 1,
    })
    .is_credible(LossLimit::Half)
    {
        return Ok(None);
    }
    let mut confirmed = new.fact.as_ref().clone();
    with_numbers_of(&mut confirmed, before);
    Ok(Some(FactRecord {
        confirmed: Some(Arc::new(confirmed)),
        ..new.clone()
    }))
}
