//! Confirms removals: an answer alone is no proof that a member is gone.
//!
//! Doorstep forgets its claim once a member is removed. If the door system answered the removal and
//! did nothing, the access would stay open, and the member would later count as added by hand. The
//! group is therefore read again after members were removed, once for all of them.

use crate::settle::accounts::reader;
use crate::settle::site_context::SiteContext;
use doorstep_core::model::account::{GroupId, GroupMember};
use doorstep_core::model::actual_groups::GroupRows;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_vendors::doors::GroupAddition;

/// The change of one group that a door system was asked for.
#[derive(Clone, Copy)]
pub(super) struct AskedChange<'a> {
    /// The door system.
    pub doors: &'a DoorsName,
    /// The group.
    pub group: &'a GroupId,
    /// The accounts to add.
    pub add: &'a [GroupAddition],
    /// The members to remove.
    pub remove: &'a [GroupMember],
}

impl<'a> AskedChange<'a> {
    /// Returns the results, in their order, with an error for each removal that the group does not
    /// show. Such a change stays an intent, and the next round reads and decides again.
    pub async fn confirm(
        self,
        context: &SiteContext,
        mut results: Vec<Result<()>>,
    ) -> Vec<Result<()>> {
        let removed = |(result, members): &(&mut Result<()>, &[GroupMember])| {
            result.is_ok() && !members.is_empty()
        };
        let mut answered: Vec<_> = results
            .iter_mut()
            .zip(self.removals())
            .filter(removed)
            .collect();
        if answered.is_empty() {
            return results;
        }
        let rows = match reader(context, self.doors) {
            Ok(reader) => reader.rows(self.group).await.map(GroupRows::of),
            Err(error) => Err(error),
        };
        for (result, members) in &mut answered {
            match &rows {
                Ok(rows) if members.iter().any(|member| rows.has(member)) => {
                    **result = Err(not_made());
                }
                Ok(_) => {}
                Err(error) => **result = Err(unconfirmed(error)),
            }
        }
        results
    }

    /// Returns the members that each item of the change removes.
    fn removals(self) -> impl Iterator<Item = &'a [GroupMember]> {
        let replaced = self.add.iter().map(|entry| entry.replaces.as_slice());
        replaced.chain(self.remove.iter().map(std::slice::from_ref))
    }
}

fn not_made() -> Error {
    Error::retry("the door system answered a removal, but still lists the member; removing again")
}

/// Returns the error of a removal after which the group could not be read. A pause that the door
/// system asked for is kept.
fn unconfirmed(error: &Error) -> Error {
    match error {
        Error::Retry { .. } => error.clone(),
        _ => Error::retry(format!("a removal cannot be confirmed: {}", error.why())),
    }
}
