//! Who is in the groups that were read, found by account.

use std::collections::BTreeMap;

use crate::doors::{AccountId, GroupId, Row};

/// Everybody in the groups that were read.
pub type HeldRows = BTreeMap<(String, GroupId), GroupRows>;

/// Everybody in one group. Large groups are asked for one account after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupRows(Vec<Row>);

impl GroupRows {
    /// Of a whole list.
    pub fn of(mut rows: Vec<Row>) -> Self {
        rows.sort_by(|a, b| a.account.cmp(&b.account));
        GroupRows(rows)
    }

    /// Nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines of one account, in the order of the list.
    pub fn of_account(&self, account: &AccountId) -> &[Row] {
        let first = self.0.partition_point(|row| row.account < *account);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|row| row.account == *account)).unwrap_or_default()
    }

    /// Every line, account by account.
    pub fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a GroupRows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

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
            Row { account, handle: handle.into(), from: None, until: None }
        };
        let rows = GroupRows::of(vec![row("b", "1"), row("a", "2"), row("b", "0"), row("c", "3")]);
        let handles = |account: &str| -> Vec<&str> {
            rows.of_account(&AccountId(account.into())).iter().map(|row| row.handle.as_str()).collect()
        };
        assert_eq!(handles("b"), ["1", "0"]);
        assert_eq!((handles("a"), handles("c")), (vec!["2"], vec!["3"]));
        assert!(handles("").is_empty() && handles("aa").is_empty() && handles("d").is_empty());
        assert_eq!(rows.iter().count(), 4);
    }
}
