//! Removes e-mail addresses from the texts of a record. A sender chooses the ids of its deliveries
//! and things, and some senders choose an address. The chain can never be changed, so an address in
//! it could never be erased.

use std::borrow::Cow;

/// The text that replaces a word that looks like an address.
const REDACTED: &str = "[address]";

/// Returns `text` with `REDACTED` in place of each word that looks like an e-mail address.
pub fn without_addresses(text: &str) -> Cow<'_, str> {
    if !text.contains(['@', '%']) {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(|c: char| c.is_whitespace() || ",;\"'()<>[]{}".contains(c));
    let shown = words.map(|word| {
        let end = word
            .trim_end_matches(|c: char| c.is_whitespace() || ",;\"'()<>[]{}".contains(c))
            .len();
        match word.split_at_checked(end) {
            Some((word, rest)) if is_address(word) => Cow::Owned(format!("{REDACTED}{rest}")),
            _ => Cow::Borrowed(word),
        }
    });
    Cow::Owned(shown.collect())
}

/// Returns whether a word has text on both sides of an at sign. The at sign may be escaped as in
/// URLs (`%40`).
fn is_address(word: &str) -> bool {
    let plain = word.replace("%40", "@");
    plain.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.trim_end_matches(['.', ':']).is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::AccountId;
    use crate::model::audit::{AuditAction, AuditEntry};
    use crate::model::fact::{FactId, Kind};
    use crate::model::ids::DoorsName;
    use crate::model::reasons::{Reason, Reasons};

    #[test]
    fn words_that_look_like_addresses_are_left_out_and_all_others_stay() {
        for (text, shown) in [
            (
                "membership ada@example.test by rule 1 (line 23)",
                "membership [address] by rule 1 (line 23)",
            ),
            ("delivery msg_ada@example.test", "delivery [address]"),
            (
                "no longer so: booking <b%40example.test>, rule 2",
                "no longer so: booking <[address]>, rule 2",
            ),
            ("Ada@Example.test: done", "[address] done"),
            (
                "booking b1 by rule 2 (line 27)",
                "booking b1 by rule 2 (line 27)",
            ),
            ("at 10 % @ noon", "at 10 % @ noon"),
        ] {
            assert_eq!(without_addresses(text), shown);
        }
    }

    #[test]
    fn no_address_is_in_a_record_by_the_id_of_a_fact() {
        let facts: Vec<FactId> = ["b 100%", "ada@example.test", "<b%40example.test>", "a"]
            .map(|id| FactId::new(Kind::Membership, id))
            .into();
        let because = &Reasons::from_iter([Reason {
            facts,
            rule: 1,
            line: 23,
        }]);
        let entry = AuditEntry::new(
            AuditAction::Granted,
            &DoorsName::from("main"),
            &AccountId("7".into()),
            because,
        );
        assert_eq!(
            entry.facts,
            ["a", "b 100%"].map(|id| FactId::new(Kind::Membership, id))
        );
        let record = serde_json::to_string(&entry).expect("JSON");
        assert!(!record.contains("example.test"), "{record}");
        assert!(
            record.contains(r#""facts":[["membership","a"],["membership","b 100%"]]"#),
            "{record}"
        );
        assert_eq!(
            serde_json::from_str::<AuditEntry>(&record).expect("an entry"),
            entry
        );
    }
}
