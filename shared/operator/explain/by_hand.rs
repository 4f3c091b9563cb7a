//! Memberships that were added by hand: what the last reconcile saw, or what the door system says.

use super::shape::SeenByHand;
use super::{Book, Reach};
use crate::last_read::LastRead;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::group::is_valid;
use doorstep_core::model::account::{AccountId, GroupMember, GroupRef};
use doorstep_core::model::error::Result;
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;
use doorstep_vendors::access::Share;

/// Returns whether the account was added to the group by hand, because no claim shows it. Returns
/// `None` where that is not known: a door system that does not answer, or one that no reconcile read.
pub(super) async fn by_hand(
    environment: &Environment,
    book: &Book,
    person: &Person,
    at: &GroupRef,
) -> Result<Option<SeenByHand>> {
    let Some(linked) = person.accounts.get(&at.doors) else {
        return Ok(None);
    };
    let account = &linked.account.id;
    match book.reach {
        Reach::Table if book.protects(&at.doors, linked) => Ok(None),
        Reach::Table => observed(environment, &book.site, at, account).await,
        Reach::Doors => Ok(read(environment, book, at, account).await),
    }
}

/// Asks the door system.
async fn read(
    environment: &Environment,
    book: &Book,
    at: &GroupRef,
    account: &AccountId,
) -> Option<SeenByHand> {
    let (reader, _) = environment
        .doors(&book.site, &at.doors, Share::Settle)
        .await
        .ok()?;
    let rows = reader.rows(&at.group).await.ok()?;
    let theirs = |row: &GroupMember| row.account == *account && is_valid(row, book.now);
    Some(SeenByHand {
        at: book.now,
        inside: rows.iter().any(theirs),
    })
}

/// Returns what the last reconcile saw.
async fn observed(
    environment: &Environment,
    site: &Site,
    group: &GroupRef,
    account: &AccountId,
) -> Result<Option<SeenByHand>> {
    let Some(last) = LastRead::of(environment, &site.id).await? else {
        return Ok(None);
    };
    let seen = |at| SeenByHand {
        at,
        inside: last.by_hand(&group.doors, &group.group, account).is_some(),
    };
    Ok(last.at(&group.doors).map(seen))
}
