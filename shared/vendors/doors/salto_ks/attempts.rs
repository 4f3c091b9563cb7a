//! SALTO KS's entries and locks: the source of access attempts.
//!
//! - There is no webhook, so the list is read page by page. A page names the next one in
//!   `continuation_token`, which is sent back unchanged in a header. An empty page is not the end;
//!   a missing token is the end `[D]`.
//! - `lock_opened` is an opened lock, `lock_rejected` a refusal `[M]`. A refusal names no person,
//!   only the number of the tag `[M]`. Other entries, such as an office switched to stay open, are
//!   no access attempts.
//! - If the filter is refused (1102), the list is read from its newest entry backwards, without a
//!   filter.
//! - Entries are kept for 90 days `[D]`. A lock without its hub reports them late `[I]`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::SaltoKs;
use super::client::V1_1;
use super::wire::Identified;
use crate::doors::attempts::{AttemptPage, Cursor, ListedAttempt, ReadAttempts};
use doorstep_core::model::access_attempt::{AccessAttempt, kept};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;

/// The number of entries on a page.
const PAGE: &str = "100";
/// The most pages that are read backwards if the filter is refused.
const MOST_UNFILTERED: usize = 20;
/// The longest continuation token that is sent back, in bytes.
const LONGEST_TOKEN: usize = 8 << 10;
/// The longest accepted id, in bytes. SALTO KS's have 36.
const LONGEST_ID: usize = 100;

#[derive(Deserialize)]
struct EntryPage {
    #[serde(default, deserialize_with = "null_is_none")]
    items: Vec<SaltoEntry>,
    continuation_token: Option<String>,
}

#[derive(Deserialize)]
struct SaltoEntry {
    id: String,
    event_category: Option<String>,
    event_detail: Option<String>,
    utc_date_time: String,
    lock_id: Option<String>,
    lock_customer_reference: Option<String>,
    user_id: Option<String>,
    access_by: Option<String>,
    access_detail: Option<String>,
}

#[derive(Deserialize)]
struct SaltoLock {
    id: String,
    customer_reference: Option<String>,
}

impl Identified for SaltoLock {
    fn name(&self) -> &str {
        &self.id
    }
}

impl SaltoEntry {
    fn at(&self) -> Option<Timestamp> {
        instant(&self.utc_date_time)
    }

    /// Translates an entry. Returns `None` for an entry that is no access attempt, or has no usable
    /// id, lock or instant.
    fn seen(self, doors: &DoorsName) -> Option<ListedAttempt> {
        let category = self.event_category.as_deref().unwrap_or_default();
        let opened = match category {
            "lock_opened" => true,
            // Other words for a refusal are not known `[?]`.
            _ if ["rejected", "denied", "refused"]
                .iter()
                .any(|word| category.ends_with(word)) =>
            {
                false
            }
            _ => return None,
        };
        let by_tag = self.access_by.as_deref() == Some("tag");
        let tag = self
            .access_detail
            .filter(|number| by_tag && !number.trim().is_empty());
        let account = self.user_id.filter(|id| !id.is_empty());
        if opened && account.is_none() && tag.is_none() {
            // The door was opened from inside by its handle.
            return None;
        }
        let attempt = AccessAttempt {
            at: instant(&self.utc_date_time)?,
            doors: doors.to_owned(),
            id: Some(self.id).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)?,
            lock: self
                .lock_id
                .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)?,
            lock_name: self.lock_customer_reference.as_deref().and_then(kept),
            account: account.map(AccountId),
            refused: (!opened).then(|| {
                self.event_detail
                    .as_deref()
                    .and_then(kept)
                    .unwrap_or("rejected".to_owned())
            }),
        };
        Some(ListedAttempt {
            tag: tag.filter(|_| attempt.account.is_none()),
            attempt,
        })
    }
}

/// Parses an instant with a zone, or without one `[M]`: then it is UTC, as the field's name says.
fn instant(text: &str) -> Option<Timestamp> {
    let civil = || {
        Some(
            text.parse::<DateTime>()
                .ok()?
                .to_zoned(TimeZone::UTC)
                .ok()?
                .timestamp(),
        )
    };
    text.parse().ok().or_else(civil)
}

fn null_is_none<'de, D: Deserializer<'de>>(items: D) -> Result<Vec<SaltoEntry>, D::Error> {
    Ok(Option::deserialize(items)?.unwrap_or_default())
}

#[async_trait]
impl ReadAttempts for SaltoKs {
    async fn locks(&self) -> Result<BTreeMap<String, String>> {
        let locks: Vec<SaltoLock> = self.0.list(V1_1, &["locks"], None).await?;
        Ok(locks
            .into_iter()
            .filter_map(|lock| Some((lock.id, kept(&lock.customer_reference?)?)))
            .collect())
    }

    /// The filter's literal is the one of the vendor's own client `[D]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the token is refused: the caller starts again at `since`.
    async fn page(&self, doors: &DoorsName, from: &Cursor) -> Result<Option<AttemptPage>> {
        let since = from.since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let filter = format!("utc_date_time ge DateTime'{since}'");
        let query = [
            ("$filter", filter.as_str()),
            ("$orderby", "utc_date_time"),
            ("$top", PAGE),
        ];
        let answer = self
            .0
            .page(V1_1, &["entries"], &query, from.token.as_deref())
            .await?;
        if from.token.is_some()
            && (answer.is_status(StatusCode::BAD_REQUEST) || answer.is_bad_filter())
        {
            return Err(Error::invalid(
                "SALTO KS rejects its own token for the next page of entries",
            ));
        }
        if answer.is_bad_filter() {
            let attempts = self.unfiltered(doors, from.since).await?;
            return Ok(Some(AttemptPage {
                attempts,
                next: None,
            }));
        }
        let EntryPage {
            items,
            continuation_token,
        } = answer.done()?.json()?;
        let next = sendable(continuation_token)?;
        Ok(Some(AttemptPage {
            attempts: items
                .into_iter()
                .filter_map(|entry| entry.seen(doors))
                .collect(),
            next,
        }))
    }

    async fn holder_of_tag(&self, number: &str) -> Result<Option<AccountId>> {
        Ok(self
            .tags_numbered(number)
            .await?
            .into_iter()
            .find_map(|card| card.holder))
    }
}

impl SaltoKs {
    /// Fetches all access attempts since `since`, oldest first, without a filter: from the newest
    /// entry backwards, over a bounded number of pages. A page that is not in this order does not
    /// end the read, because no source says that the order is kept `[?]`.
    async fn unfiltered(&self, doors: &DoorsName, since: Timestamp) -> Result<Vec<ListedAttempt>> {
        let query = [("$orderby", "utc_date_time desc"), ("$top", PAGE)];
        let (mut seen, mut token): (Vec<ListedAttempt>, Option<String>) = (Vec::new(), None);
        for _ in 0..MOST_UNFILTERED {
            let answer = self
                .0
                .page(V1_1, &["entries"], &query, token.as_deref())
                .await?;
            let EntryPage {
                items,
                continuation_token,
            } = answer.done()?.json()?;
            let ends = (
                items.first().and_then(SaltoEntry::at),
                items.last().and_then(SaltoEntry::at),
            );
            let is_past =
                matches!(ends, (Some(first), Some(last)) if last < since && last <= first);
            seen.extend(
                items
                    .into_iter()
                    .filter_map(|entry| entry.seen(doors))
                    .filter(|one| one.attempt.at >= since),
            );
            token = sendable(continuation_token)?;
            if is_past || token.is_none() {
                break;
            }
        }
        seen.sort_by_key(|one| one.attempt.at);
        Ok(seen)
    }
}

/// Returns the continuation token; `None` at the end of the list.
fn sendable(token: Option<String>) -> Result<Option<String>> {
    let token = token.filter(|token| !token.is_empty());
    if token
        .as_ref()
        .is_some_and(|token| token.len() > LONGEST_TOKEN)
    {
        return Err(Error::permanent(
            "SALTO KS's token for the next page of entries is too long",
        ));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::doors::salto_ks;
    use crate::doors::script::{DoorsScript, ScriptStep, on};

    const LIST: &str = "GET /v1.1/sites/s1/entries?$filter=utc_date_time ge DateTime'2026-03-02T09:00:00Z'\
                        &$orderby=utc_date_time&$top=100";

    fn entry(more: Value) -> Value {
        let mut entry = json!({ "id": "e1", "event_category": "lock_opened", "event_detail": null,
            "utc_date_time": "2026-03-02T09:30:00Z", "local_date_time": "2026-03-02T09:30:00", "lock_id": "l1",
            "lock_customer_reference": "Front door", "user_id": "u1", "user_first_name": "Ada",
            "exit_requested": false, "access_by": "tag", "access_detail": "0123" });
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry
    }

    fn seen(more: Value) -> Option<ListedAttempt> {
        serde_json::from_value::<SaltoEntry>(entry(more))
            .unwrap()
            .seen(&DoorsName::from("main"))
    }

    #[test]
    fn what_was_measured_is_reported_in_our_words() {
        let opened = seen(json!({})).unwrap().attempt;
        assert_eq!(
            (opened.lock.as_str(), opened.lock_name.as_deref()),
            ("l1", Some("Front door"))
        );
        assert_eq!(
            (opened.account, opened.refused),
            (Some(AccountId("u1".into())), None)
        );
        let rejected = seen(json!({ "event_category": "lock_rejected", "user_id": null })).unwrap();
        assert_eq!(rejected.attempt.refused.as_deref(), Some("rejected"));
        assert_eq!(
            (rejected.attempt.account, rejected.tag.as_deref()),
            (None, Some("0123"))
        );
        let detail = json!({ "event_category": "access_denied", "event_detail": "time_schedule" });
        assert_eq!(
            seen(detail).unwrap().attempt.refused.as_deref(),
            Some("time_schedule")
        );
        let local = seen(json!({ "utc_date_time": "2026-03-02T09:30:00" }))
            .unwrap()
            .attempt
            .at;
        assert_eq!(local, "2026-03-02T09:30:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_no_opening_is_left_out() {
        for other in [
            json!({ "event_category": "easy_office_mode", "event_detail": "start" }),
            json!({ "event_category": null }),
            json!({ "access_by": "inside_handle", "access_detail": "", "user_id": null }),
            json!({ "lock_id": null }),
            json!({ "utc_date_time": "yesterday" }),
            json!({ "id": "" }),
        ] {
            assert!(seen(other.clone()).is_none(), "{other}");
        }
    }

    async fn page(
        steps: impl IntoIterator<Item = ScriptStep>,
        token: Option<&str>,
    ) -> Result<Option<AttemptPage>> {
        let token_step = on("POST /connect/token").with(
            json!({ "grant_type": "password", "scope": "user_api.full_access",
            "username": "system", "password": "word" }),
        );
        let token_step = token_step.says(200, json!({ "access_token": "t", "expires_in": 3600 }));
        let script = DoorsScript::new([token_step].into_iter().chain(steps));
        let (reader, _) = salto_ks::connect(Some("s1"), script.access("salto-ks"));
        let from = Cursor {
            since: "2026-03-02T09:00:00Z".parse().unwrap(),
            token: token.map(str::to_owned),
        };
        let page = reader
            .attempts()
            .page(&DoorsName::from("main"), &from)
            .await;
        script.is_over();
        if let Some(token) = token {
            assert_eq!(script.header(1, "CLP-Continuation-Token"), token);
        }
        page
    }

    #[tokio::test]
    async fn a_page_goes_on_where_its_token_says() {
        let items = json!({ "items": [entry(json!({}))], "continuation_token": "more" });
        let first = page([on(LIST).says(200, items)], None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (first.attempts.len(), first.next.as_deref()),
            (1, Some("more"))
        );
        let empty = json!({ "items": null, "continuation_token": "yet more" });
        let second = page([on(LIST).says(200, empty)], Some("more"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (second.attempts.len(), second.next.as_deref()),
            (0, Some("yet more")),
            "empty is not the end"
        );
        let last = page(
            [on(LIST).says(200, json!({ "items": [] }))],
            Some("yet more"),
        )
        .await
        .unwrap()
        .unwrap();
        assert!(last.next.is_none(), "a missing token is");
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_and_a_stale_token_is_distinguished() {
        let invalid = || on(LIST).says(400, json!({ "ErrorCode": "1100", "Message": "Ada" }));
        assert!(matches!(
            page([invalid()], Some("old")).await,
            Err(Error::Invalid(_))
        ));
        let other = page([invalid()], None).await.unwrap_err();
        assert!(
            matches!(other, Error::Permanent(_)) && !other.to_string().contains("Ada"),
            "{other}"
        );
        assert!(page([on(LIST).says(403, json!({}))], None).await.is_err());
        let long = json!({ "items": [], "continuation_token": "x".repeat(9000) });
        assert!(page([on(LIST).says(200, long)], None).await.is_err());
    }

    /// Without a filter the list is read backwards, until it is older than the wanted instant.
    #[tokio::test]
    async fn a_filter_that_is_refused_is_left_out() {
        const BACKWARDS: &str = "GET /v1.1/sites/s1/entries?$orderby=utc_date_time desc&$top=100";
        let at = |id: &str, at: &str| {
            entry(json!({ "id": id, "utc_date_time": format!("2026-03-02T{at}:00Z") }))
        };
        let refused = || {
            on(LIST).says(
                400,
                json!({ "ErrorCode": "1102", "Message": "Invalid filter" }),
            )
        };
        let newer = json!({ "items": [at("e3", "09:50"), at("e2", "09:20")], "continuation_token": "more" });
        let older = json!({ "items": [at("e1", "09:10"), at("e0", "08:59")], "continuation_token": "yet more" });
        let steps = [
            refused(),
            on(BACKWARDS).says(200, newer),
            on(BACKWARDS).says(200, older),
        ];
        let read = page(steps, None).await.unwrap().unwrap();
        let ids: Vec<&str> = read
            .attempts
            .iter()
            .map(|one| one.attempt.id.as_str())
            .collect();
        assert_eq!((ids, read.next), (vec!["e1", "e2", "e3"], None));
        let within = on(LIST).says(
            200,
            json!({ "ErrorCode": 1102, "Message": "Invalid filter" }),
        );
        let all = on(BACKWARDS).says(200, json!({ "items": [at("e1", "09:10")] }));
        assert_eq!(
            page([within, all], None)
                .await
                .unwrap()
                .unwrap()
                .attempts
                .len(),
            1
        );
        assert!(
            matches!(page([refused()], Some("old")).await, Err(Error::Invalid(_))),
            "begun again, without a token"
        );
    }

    #[tokio::test]
    async fn a_tag_is_a_person_s_only_by_its_exact_number() {
        let tag = |number: &str| json!({ "id": number, "tag_number": number, "site_user": { "user": { "id": "u1" } } });
        for (given, found) in [("0123", true), ("01234", false)] {
            let token = on("POST /connect/token")
                .says(200, json!({ "access_token": "t", "expires_in": 3600 }));
            let token = token.with(
                json!({ "grant_type": "password", "scope": "user_api.full_access",
                "username": "system", "password": "word" }),
            );
            let list = on("GET /v1.1/sites/s1/tags?$filter=tag_number eq '0123'");
            let script =
                DoorsScript::new([token, list.says(200, json!({ "items": [tag(given)] }))]);
            let (reader, _) = salto_ks::connect(Some("s1"), script.access("salto-ks"));
            let holder = reader.attempts().holder_of_tag("0123").await.unwrap();
            script.is_over();
            assert_eq!(holder, found.then(|| AccountId("u1".into())));
        }
    }
}
