//! Takes somebody out of what a platform told. It tells of them no more by then: what is left of them is in rosters and
//! letters that newer ones outdate.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Contract, Entity};
use crate::error::{Error, Result};
use crate::fact::FactId;
use crate::ledger::Ledger;

/// Forgets whatever was told of these profiles. Safe to repeat.
///
/// # Errors
/// [`Error::Later`] where the table is away, or something was told anew meanwhile.
pub async fn forget(contract: &Contract, ledger: &Ledger, site: &str, profiles: &BTreeSet<FactId>) -> Result<usize> {
    let mut erased = 0;
    for letter in ledger.letters(site).await? {
        let data = letter.data.as_deref().and_then(|data| serde_json::from_str::<Value>(data).ok());
        let entity = contract.entity(&letter.entity);
        if data.zip(entity).is_some_and(|(data, entity)| tells_of(entity, &data, profiles)) {
            ledger.forget_letter(site, &letter).await?;
            erased += 1;
        }
    }
    for head in ledger.rosters(site).await?.heads {
        let text = ledger.roster_text(site, &head).await?;
        let unreadable = |_| Error::report("a roster in the table cannot be read");
        let mut lists: Value = serde_json::from_str(&text).map_err(unreadable)?;
        let taken = take_out(contract, &mut lists, profiles);
        if taken > 0 {
            ledger.rewrite_roster(site, &head, &lists.to_string()).await?;
            erased += taken;
        }
    }
    Ok(erased)
}

/// Takes everything out of a roster's lists that tells of one of them.
fn take_out(contract: &Contract, lists: &mut Value, profiles: &BTreeSet<FactId>) -> usize {
    let mut taken = 0;
    for entity in contract.entities {
        let Some(Value::Array(items)) = lists.get_mut(entity.list) else { continue };
        let before = items.len();
        items.retain(|item| !tells_of(entity, item, profiles));
        taken += before - items.len();
    }
    taken
}

fn tells_of(entity: &Entity, item: &Value, profiles: &BTreeSet<FactId>) -> bool {
    (entity.read)(item).is_ok_and(|thing| thing.facts().iter().any(|fact| profiles.contains(&fact.name())))
}
