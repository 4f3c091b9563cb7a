//! Members who have no card number any more when they are asked for by their id. One is confirmed so; of many at once it
//! is believed as little as of a list: a property was renamed, or a right is missing.

use std::sync::Arc;

use jiff::Timestamp;

use crate::comparison::numbers::{NUMBERS, lost_all_numbers, with_numbers_of};
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::guard::credibility::lost_half;
use doorstep_core::model::error::Result;
use doorstep_core::model::record::Record;

/// The same record with the numbers before beside it, where so many lost theirs that it is not confirmed: what follows
/// is inferred then, and nothing else.
pub async fn unconfirmed(
    environment: &Environment,
    site: &str,
    old: &Record,
    new: &Record,
    now: Timestamp,
) -> Result<Option<Record>> {
    // Numbers that were not confirmed to be gone before are not by being gone still.
    let before = old.vouched.as_ref().filter(|before| lost_all_numbers(before, &new.fact));
    let before = before.or(Some(&old.fact).filter(|_| !old.gone)).filter(|before| lost_all_numbers(before, &new.fact));
    let Some(before) = before.filter(|_| !new.gone) else { return Ok(None) };
    let others = environment.store.count_lost_numbers(site, &new.fact.name(), now).await?;
    let known = environment.store.platform_read(site).await?.counts.get(NUMBERS).copied().unwrap_or_default();
    if !lost_half(known, others + 1) {
        return Ok(None);
    }
    let mut vouched = new.fact.as_ref().clone();
    with_numbers_of(&mut vouched, before);
    Ok(Some(Record { vouched: Some(Arc::new(vouched)), ..new.clone() }))
}
