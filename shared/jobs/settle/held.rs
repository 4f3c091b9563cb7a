//! Who is in the groups that were read, found by account.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use doorstep_core::model::account::{AccountId, GroupId, GroupMember};

/// Everybody in the groups that were read.
pub type ActualGroups = BTreeMap<(String, GroupId), GroupRows>;

/// Everybody in one group. Large groups are asked for one account after another, so where an account's lines begin is
/// found without reading others' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupRows {
    /// Account by account.
    rows: Vec<GroupMember>,
    /// What an account's id comes to, and where its lines begin.
    begins: Vec<(u32, u32)>,
}

impl GroupRows {
    /// Of a whole list.
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

    /// Nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines of one account, in the order of the list.
    pub fn of_account(&self, account: &AccountId) -> &[GroupMember] {
        self.rows.get(self.places_of(account)).unwrap_or_default()
    }

    /// Where they are among all.
    pub fn places_of(&self, account: &AccountId) -> Range<usize> {
        let digest = digest(account);
        let first = self.begins.partition_point(|(other, _)| *other < digest);
        let alike = self.begins.iter().skip(first).take_while(|(other, _)| *other == digest);
        let rest = |place: &u32| self.rows.get(*place as usize..).unwrap_or_default();
        let theirs = |place: &u32| rest(place).iter().take_while(|row| row.account == *account).count();
        let found = alike.map(|(_, place)| *place as usize..*place as usize + theirs(place));
        found.into_iter().find(|places| !places.is_empty()).unwrap_or_default()
    }

    /// Every line, account by account.
    pub fn iter(&self) -> std::slice::Iter<'_, GroupMember> {
        self.rows.iter()
    }
}

/// The same for the same id, within one process.
fn digest(account: &AccountId) -> u32 {
    let mut hasher = DefaultHasher::new();
    account.hash(&mut hasher);
    // Half of it tells enough apart.
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
            GroupMember { account, handle: Some(handle.into()), from: None, until: None }
        };
        let rows = GroupRows::of(vec![row("b", "1"), row("a", "2"), row("b", "0"), row("c", "3")]);
        let handles = |account: &str| -> Vec<&str> {
            rows.of_account(&AccountId(account.into())).iter().map(|row| row.handle()).collect()
        };
        assert_eq!(handles("b"), ["1", "0"]);
        assert_eq!((handles("a"), handles("c")), (vec!["2"], vec!["3"]));
        assert!(handles("").is_empty() && handles("aa").is_empty() && handles("d").is_empty());
        assert_eq!(rows.iter().count(), 4);
    }
}
