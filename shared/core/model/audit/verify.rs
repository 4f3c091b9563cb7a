//! Verifies an audit chain: each position occurs once, and each record is unchanged and linked to
//! the one before it. The verifier takes one record after another, so the length of the chain has
//! no limit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Head, Record};
use crate::model::ids::SiteId;

/// The first position at which a chain is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBreak {
    /// The position.
    pub seq: u64,
    /// What is wrong there.
    pub why: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether nothing is wrong.
    pub whole: bool,
    /// How many records are right, from the first on.
    pub records: u64,
    /// The last right record. A person who notes it elsewhere can show later that nothing up to it
    /// was rewritten.
    pub head: Head,
    /// The first position that is wrong.
    pub broken: Option<ChainBreak>,
}

/// A verifier of one chain, record by record. It stops at the first record that is wrong.
#[derive(Debug, Clone)]
pub struct Verifier {
    site: SiteId,
    known: Option<Head>,
    head: Head,
    broken: Option<ChainBreak>,
}

impl Verifier {
    /// Creates a verifier at the beginning of the chain. `known` is a position and its hash that a
    /// person noted earlier.
    pub fn of(site: &SiteId, known: Option<Head>) -> Self {
        Verifier {
            site: site.to_owned(),
            known,
            head: Head::default(),
            broken: None,
        }
    }

    /// Verifies the next item of the chain, as stored or as exported. Returns whether everything is
    /// right so far.
    pub fn next(&mut self, item: &Value) -> bool {
        if self.broken.is_some() {
            return false;
        }
        match self.wrong(item) {
            Ok(head) => self.head = head,
            Err(why) => {
                self.broken = Some(ChainBreak {
                    seq: self.head.seq + 1,
                    why,
                })
            }
        }
        self.broken.is_none()
    }

    fn wrong(&self, item: &Value) -> Result<Head, String> {
        let seq = self.head.seq + 1;
        let found = item.get("seq").and_then(Value::as_u64);
        if found != Some(seq) {
            return Err(match found {
                Some(found) if found > seq => {
                    format!("this record is missing: the next one is {found}")
                }
                Some(found) => format!("the record here has the number {found}"),
                None => "the item here is not a record".to_owned(),
            });
        }
        let record: Record = serde_json::from_value(item.clone()).map_err(|_| {
            "this record cannot be read: a key is missing, or its value is impossible".to_owned()
        })?;
        if record.site != self.site {
            return Err(format!("this record is of another site, {}", record.site));
        }
        if record.previous != self.head.hash {
            return Err(
                "it does not follow from the record before, which was changed, replaced or removed"
                    .to_owned(),
            );
        }
        if record.digest() != record.hash {
            return Err("its content was changed: the hash differs".to_owned());
        }
        if serde_json::to_value(&record).ok().as_ref() != Some(item) {
            return Err("it has an added field that the hash does not cover".to_owned());
        }
        match &self.known {
            Some(known) if known.seq == seq && known.hash != record.hash => Err(
                "it is not the record that was noted earlier: the chain was rewritten".to_owned(),
            ),
            _ => Ok(Head {
                seq,
                hash: record.hash,
            }),
        }
    }

    /// Returns the result, after the last record. `last` is the expected number of records, if that
    /// is known.
    pub fn end(mut self, last: Option<u64>) -> Verdict {
        let wanted = last
            .into_iter()
            .chain(self.known.as_ref().map(|known| known.seq))
            .max()
            .unwrap_or(0);
        if self.broken.is_none() && self.head.seq < wanted {
            let why = format!("the chain ends before this record, and it had {wanted} records");
            self.broken = Some(ChainBreak {
                seq: self.head.seq + 1,
                why,
            });
        }
        Verdict {
            whole: self.broken.is_none(),
            records: self.head.seq,
            head: self.head,
            broken: self.broken,
        }
    }
}

/// Verifies an exported chain, oldest record first.
pub fn verify(site: &SiteId, items: &[Value], known: Option<Head>) -> Verdict {
    let mut verifier = Verifier::of(site, known);
    for item in items {
        if !verifier.next(item) {
            break;
        }
    }
    verifier.end(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::account::{AccountId, GroupId};
    use crate::model::audit::{AuditAction, AuditEntry, KEYS};
    use crate::model::fact::{FactId, Kind};
    use crate::model::ids::PersonId;

    fn chain(n: usize) -> Vec<Value> {
        let mut head = Head::default();
        let mut items = Vec::new();
        for place in 0..n {
            let due = (place % 2 == 1).then(|| "2026-03-02T09:00:00Z".parse().expect("an instant"));
            let action = AuditEntry {
                doors: "main".into(),
                account: AccountId(place.to_string()),
                group: Some(GroupId("5".into())),
                what: AuditAction::Granted,
                because: "membership \"s\" — größer/🔑\u{1}\t by rule 1 (line 9)".into(),
                facts: vec![
                    FactId::new(Kind::Membership, "s"),
                    FactId::new(Kind::Pass, "größer/🔑"),
                ],
                answer: "done".into(),
                due,
                delay: due.map(|_| "main: busy".into()),
            };
            let at = "2026-03-02T09:00:01.5Z".parse().expect("an instant");
            let (record, next) =
                head.record(&SiteId::from("riverside"), &PersonId::from("p"), at, action);
            items.push(serde_json::to_value(record).expect("JSON"));
            head = next;
        }
        items
    }

    fn broken(items: &[Value]) -> (u64, String) {
        let verdict = verify(&SiteId::from("riverside"), items, None);
        assert!(!verdict.whole);
        let broken = verdict.broken.expect("a place");
        assert_eq!(verdict.records + 1, broken.seq);
        (broken.seq, broken.why)
    }

    #[test]
    fn a_chain_as_it_was_written_is_whole() {
        let items = chain(5);
        let verdict = verify(&SiteId::from("riverside"), &items, None);
        assert_eq!(
            (verdict.whole, verdict.records, verdict.broken),
            (true, 5, None)
        );
        assert_eq!(items[4]["hash"], verdict.head.hash.as_str());
        assert!(verify(&SiteId::from("riverside"), &[], None).whole);
    }

    #[test]
    fn whatever_is_done_to_a_chain_is_seen_at_its_first_place() {
        let change = |place: usize, key: &str, value: Value| {
            let mut items = chain(5);
            items[place][key] = value;
            broken(&items)
        };
        assert!(
            change(2, "because", "x".into())
                .1
                .contains("content was changed")
        );
        assert_eq!(change(2, "account", "x".into()).0, 3);
        assert!(
            change(2, "facts", json!([["pass", "s"]]))
                .1
                .contains("content was changed")
        );
        assert!(
            change(2, "facts", json!([]))
                .1
                .contains("content was changed")
        );
        assert!(
            change(2, "due", "2026-03-02T09:00:00Z".into())
                .1
                .contains("content was changed")
        );
        assert!(change(2, "more", 1.into()).1.contains("added"));
        assert!(
            change(2, "what", "opened".into())
                .1
                .contains("cannot be read")
        );
        assert!(change(2, "site", "other".into()).1.contains("another site"));
        assert_eq!(
            change(0, "seq", 7.into()),
            (1, "this record is missing: the next one is 7".into())
        );
        let mut gap = chain(5);
        gap.remove(1);
        assert_eq!(
            broken(&gap),
            (2, "this record is missing: the next one is 3".into())
        );
        let mut twice = chain(5);
        twice.insert(2, twice[1].clone());
        assert!(broken(&twice).1.contains("has the number 2"));
        // A record that was rewritten with a right hash of its own does not fit the record that
        // follows it.
        let mut anew = chain(5);
        let mut record: Record = serde_json::from_value(anew[1].clone()).expect("a record");
        record.action.answer = "nothing".into();
        record.hash = record.digest();
        anew[1] = serde_json::to_value(record).expect("JSON");
        assert_eq!(broken(&anew).0, 3);
    }

    #[test]
    fn an_end_that_was_cut_off_or_a_chain_made_anew_is_seen_by_a_person_who_noted_a_place() {
        let items = chain(5);
        let noted = verify(&SiteId::from("riverside"), &items[..4], None).head;
        assert!(verify(&SiteId::from("riverside"), &items, Some(noted.clone())).whole);
        assert!(
            verify(&SiteId::from("riverside"), &items[..2], None).whole,
            "nothing in it shows that more existed"
        );
        let cut = verify(&SiteId::from("riverside"), &items[..2], Some(noted.clone()));
        assert_eq!(cut.broken.map(|broken| broken.seq), Some(3));
        let known = Head {
            hash: "0".repeat(64),
            ..noted
        };
        let verdict = verify(&SiteId::from("riverside"), &items, Some(known));
        assert!(
            verdict
                .broken
                .is_some_and(|broken| broken.seq == 4 && broken.why.contains("rewritten"))
        );
        let mut verifier = Verifier::of(&SiteId::from("riverside"), None);
        assert!(items.iter().all(|item| verifier.next(item)));
        assert!(!verifier.end(Some(6)).whole);
    }

    #[test]
    fn keys_are_hashed_in_the_order_that_is_promised() {
        let record: Record = serde_json::from_value(chain(2)[1].clone()).expect("a record");
        let text = serde_json::to_string(&record).expect("JSON");
        let places: Vec<usize> = KEYS
            .iter()
            .map(|key| text.find(&format!("\"{key}\":")).expect("it is there"))
            .collect();
        assert!(places.is_sorted(), "{text}");
        assert_eq!(
            serde_json::to_value(&record)
                .expect("JSON")
                .as_object()
                .map(|keys| keys.len()),
            Some(KEYS.len())
        );
    }

    /// The record was written before the keys `facts` and `due` existed.
    #[test]
    fn a_record_of_an_earlier_version_is_still_right() {
        let old = r#"{"seq":1,"at":"2026-03-02T08:00:00Z","site":"riverside","person":"p","doors":"main","account":"7","group":null,"what":"invited","because":"b","answer":"made","previous":"","hash":""}"#;
        let mut record: Record = serde_json::from_str(old).expect("a record");
        assert_eq!(
            serde_json::to_string(&record).expect("JSON"),
            old,
            "nothing is added"
        );
        record.hash = record.digest();
        assert!(
            verify(
                &SiteId::from("riverside"),
                &[serde_json::to_value(record).expect("JSON")],
                None
            )
            .whole
        );
    }
}
