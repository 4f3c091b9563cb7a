//! The checks at the end of every journey: nothing is left to do, nothing is lost, and every change
//! at a door has one audit record.

use std::collections::BTreeMap;

use super::{Doors, State, World};
use doorstep_core::model::audit::Record;
use doorstep_jobs::reconcile::Report;

impl World {
    /// Ends a journey in which nothing was missed: even the first reconcile finds nothing to do.
    pub async fn ends_well(&self) -> Report {
        self.machine.quiet().await;
        let before = self.state().await;
        let first = self.reconcile().await;
        let missed = (first.granted, first.revoked, first.tagged, first.untagged);
        assert_eq!(missed, (0, 0, 0, 0), "nothing was missed: {first:?}");
        assert_eq!(
            self.state().await,
            before,
            "the reconcile changed something"
        );
        self.ends_in_order().await
    }

    /// Ends a journey in which something was missed: one reconcile corrects it.
    pub async fn ends_in_order(&self) -> Report {
        self.reconcile().await;
        let healed = self.state().await;
        let second = self.reconcile().await;
        let left = (
            second.granted,
            second.revoked,
            second.tagged,
            second.untagged,
        );
        assert_eq!(left, (0, 0, 0, 0), "the second diff is empty: {second:?}");
        assert_eq!(
            self.state().await,
            healed,
            "the second reconcile changed something"
        );
        assert!(
            self.machine.cloud().triggers.is_empty(),
            "the line is empty"
        );
        assert!(
            self.machine.cloud().triggers.dead().is_empty(),
            "no bell was given up"
        );
        assert!(
            self.machine.cloud().rights.missing().is_empty(),
            "{:?}",
            self.machine.cloud().rights.missing()
        );
        self.check_books().await;
        self.check_notices().await;
        self.assert_every_kind_is_broken_somewhere().await;
        second
    }

    /// Checks that the audit chain, read from the start, leads to the state of the doors: one
    /// record for each change.
    pub async fn check_books(&self) {
        let records: Vec<Record> = self
            .audit()
            .await
            .into_iter()
            .map(|record| serde_json::from_value(record).expect("a record"))
            .collect();
        check_chain(&records);
        let mut expected = self.before.clone();
        for record in records.iter().skip(self.from) {
            self.replay(&mut expected, record);
        }
        expected.inside.retain(|_, lines| *lines > 0);
        let held = self.state().await;
        expected.tags.retain(|_, tags| *tags > 0);
        assert_eq!(
            held.inside, expected.inside,
            "groups, beside what was written down"
        );
        assert_eq!(
            held.tags, expected.tags,
            "cards, beside what was written down"
        );
        let ids = |state: &State| state.accounts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            ids(&held),
            ids(&expected),
            "accounts, beside what was written down"
        );
        check_addresses(&held);
        if !self.shaken && self.from == 0 && self.doors == Doors::Kisi {
            let calls = self.calls("kisi").await;
            let granted = records
                .iter()
                .filter(|record| what(record) == "granted")
                .count() as u64;
            assert_eq!(
                calls.get("POST /role_assignments").copied().unwrap_or(0),
                granted,
                "one record for each call"
            );
        }
    }

    fn replay(&self, state: &mut State, record: &Record) {
        let account = record.action.account.0.to_lowercase();
        // Kisi numbers guests and users separately. The sandbox shows both in one list.
        let account = account.trim_start_matches("guest:").to_owned();
        let Some(group) = &record.action.group else {
            match what(record).as_str() {
                "invited" => assert!(
                    state.accounts.insert(account, None).is_none(),
                    "made twice: {record:?}"
                ),
                "deleted" => {
                    assert!(
                        state.accounts.remove(&account).is_some(),
                        "deleted twice: {record:?}"
                    );
                }
                "tagged" => *state.tags.entry(account).or_default() += 1,
                "untagged" => {
                    let tags = state.tags.get_mut(&account).filter(|tags| **tags > 0);
                    *tags.unwrap_or_else(|| panic!("taken back twice: {record:?}")) -= 1;
                }
                _ => {}
            }
            return;
        };
        let lines = state
            .inside
            .entry((account, group.0.to_lowercase()))
            .or_default();
        match what(record).as_str() {
            // Kisi's dates cannot be changed: another end is another member in place of the first.
            "granted" if self.doors == Doors::Kisi => *lines = 1,
            "granted" => {
                assert_eq!(*lines, 0, "granted twice: {record:?}");
                *lines = 1;
            }
            "revoked" => {
                assert!(*lines > 0, "revoked twice: {record:?}");
                *lines = 0;
            }
            _ => {}
        }
    }

    /// Checks that every audit record was published, unless a function crashed in between.
    async fn check_notices(&self) {
        if self.shaken {
            return;
        }
        let count = |kinds: Vec<String>| {
            kinds
                .into_iter()
                .fold(BTreeMap::<String, usize>::new(), |mut counts, kind| {
                    *counts.entry(kind).or_default() += 1;
                    counts
                })
        };
        let published = self
            .machine
            .cloud()
            .bus
            .published()
            .into_iter()
            .map(|event| event.kind);
        let published = count(published.filter(|kind| !kind.contains('.')).collect());
        let written = self
            .audit()
            .await
            .iter()
            .map(|record| record["what"].as_str().unwrap_or("").to_owned())
            .collect();
        assert_eq!(
            published,
            count(written),
            "notices, beside what was written down"
        );
    }
}

fn what(record: &Record) -> String {
    serde_json::to_value(record.action.what)
        .ok()
        .and_then(|what| Some(what.as_str()?.to_owned()))
        .unwrap_or_default()
}

fn check_chain(records: &[Record]) {
    let mut previous = String::new();
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record.seq, place as u64 + 1, "no record is missing");
        assert_eq!(
            record.previous, previous,
            "record {} follows the one before",
            record.seq
        );
        assert_eq!(
            record.hash,
            record.digest(),
            "record {} is as it was written",
            record.seq
        );
        assert!(
            !record.action.because.is_empty(),
            "record {} has a cause",
            record.seq
        );
        previous.clone_from(&record.hash);
    }
}

fn check_addresses(state: &State) {
    let mut seen = std::collections::BTreeSet::new();
    for address in state.accounts.values().flatten() {
        assert!(seen.insert(address), "two accounts of {address}");
    }
}
