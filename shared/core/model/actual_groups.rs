//! The actual members of the groups that were read, indexed by account.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use crate::model::account::{AccountId, GroupMember, GroupRef};

/// The members of every group that was read.
pub type ActualGroups = BTreeMap<GroupRef, GroupRows>;

/// The members of one group. Large groups are searched for one account after another, so an index
/// by digest finds where an account's members begin without comparing the ids of other accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupRows {
    /// The members, grouped by account.
    rows: Vec<GroupMember>,
    /// The digest of each account id, and the index of its first member.
    begins: Vec<(u32, u32)>,
}

impl GroupRows {
    /// Groups a whole list by account, and builds the index.
    pub fn of(mut rows: Vec<GroupMember>) -> Self {
        rows.sort_by(|a, b| a.account.cmp(&b.account));
        rows.shrink_to_fit();
        let mut begins = Vec::with_capacity(rows.len());
        let mut before = None;
        for (place, row) in (0..).zip(&rows) {
            if before.replace(&row.account) != Some(&row.account) {
                begins.push((digest(&row.account), place));
            }
        }
        begins.sort_unstable();
        GroupRows { rows, begins }
    }

    /// Returns whether the group is empty.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the members of one account, in the order of the list.
    pub fn of_account(&self, account: &AccountId) -> &[GroupMember] {
        self.rows.get(self.places_of(account)).unwrap_or_default()
    }

    /// Returns the range of one account's members among all members.
    pub fn places_of(&self, account: &AccountId) -> Range<usize> {
        let digest = digest(account);
        let first = self.begins.partition_point(|(other, _)| *other < digest);
        let alike = self
            .begins
            .iter()
            .skip(first)
            .take_while(|(other, _)| *other == digest);
        let rest = |place: &u32| self.rows.get(*place as usize..).unwrap_or_default();
        let theirs = |place: &u32| {
            rest(place)
                .iter()
                .take_while(|row| row.account == *account)
                .count()
        };
        let found = alike.map(|(_, place)| *place as usize..*place as usize + theirs(place));
        found
            .into_iter()
            .find(|places| !places.is_empty())
            .unwrap_or_default()
    }

    /// Returns whether the group has this member. Where the door system names members by account,
    /// any member of the account is it.
    pub fn has(&self, member: &GroupMember) -> bool {
        self.of_account(&member.account)
            .iter()
            .any(|row| member.handle.is_none() || row.handle() == member.handle())
    }

    /// Returns every member, grouped by account.
    pub fn iter(&self) -> std::slice::Iter<'_, GroupMember> {
        self.rows.iter()
    }
}

/// Returns a digest of an account id. It is stable within one process.
fn digest(account: &AccountId) -> u32 {
    let mut hasher = DefaultHasher::new();
    account.hash(&mut hasher);
    // The upper 32 bits separate ids well enough.
    (hasher.finish() >> 32) as u32
}

impl<'a> IntoIterator for &'a GroupRows {
    type Item = &'a GroupMember;
    type IntoIter = std::slice::Iter<'a, GroupMember>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_lines_are_found_among_all_in_their_order() {
        let row = |account: &str, handle: &str| {
            let account = AccountId(account.into());
            GroupMember {
                account,
                handle: Some(handle.into()),
                from: None,
                until: None,
            }
        };
        let rows = GroupRows::of(vec![
            row("b", "1"),
            row("a", "2"),
            row("b", "0"),
            row("c", "3"),
        ]);
        let handles = |account: &str| -> Vec<&str> {
            rows.of_account(&AccountId(account.into()))
                .iter()
                .map(|row| row.handle())
                .collect()
        };
        assert_eq!(handles("b"), ["1", "0"]);
        assert_eq!((handles("a"), handles("c")), (vec!["2"], vec!["3"]));
        assert!(handles("").is_empty() && handles("aa").is_empty() && handles("d").is_empty());
        assert_eq!(rows.iter().count(), 4);
    }
}
