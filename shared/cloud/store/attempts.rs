//! Access attempts in the table: one item for each, in one partition a day. The table deletes them
//! when they expire.

use std::collections::BTreeMap;
use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Store, Write, body, key};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_vendors::doors::attempts::Cursor;

/// Maximum number of days that are read at the same time.
const AT_ONCE: usize = 8;

/// The read state of a door system's list of access attempts, and the names of its locks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptsRead {
    /// The identity of the door system; see [`doorstep_core::site::DoorsConfig::identity`].
    #[serde(default)]
    pub of: String,
    /// The cursor of the last read; `None` if the list was never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Cursor>,
    /// The time of the latest access attempt of this read so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// When the list was last read from further back, for locks that report late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept: Option<Timestamp>,
    /// The names of the locks by id.
    #[serde(default)]
    pub locks: BTreeMap<String, String>,
    /// When the names were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_read: Option<Timestamp>,
}

impl Store {
    /// Stores access attempts for `days`. Equal ones become one. Older ones are not stored. Safe to
    /// repeat.
    pub async fn keep_attempts(
        &self,
        site: &SiteId,
        attempts: &[AccessAttempt],
        days: u32,
        now: Timestamp,
    ) -> Result<()> {
        let for_days = SignedDuration::from_hours(i64::from(days) * 24);
        let mut writes = BTreeMap::new();
        for attempt in attempts {
            let expires = attempt
                .at
                .saturating_add(for_days)
                .unwrap_or(Timestamp::MAX);
            if expires > now {
                let at = key::attempt(site, attempt);
                writes.insert(at.clone(), Write::put(at, body(attempt)?).expires(expires));
            }
        }
        let mut writes: Vec<Write> = writes.into_values().collect();
        // A single write needs no right to `BatchWriteItem`.
        match writes.pop() {
            Some(only) if writes.is_empty() => self.write(only).await,
            last => {
                self.write_many(writes.into_iter().chain(last).collect())
                    .await
            }
        }
    }

    /// Loads the access attempts within `span`, in order. Leaves out those that are older than
    /// `days` at the instant `now`: they have expired and are not yet deleted.
    pub async fn attempts(
        &self,
        site: &SiteId,
        span: Range<Timestamp>,
        now: Timestamp,
        days: u32,
    ) -> Result<Vec<AccessAttempt>> {
        let kept_since = now
            .saturating_sub(SignedDuration::from_hours(i64::from(days) * 24))
            .unwrap_or(Timestamp::MIN);
        let (from, until) = (span.start.max(kept_since), span.end);
        let last = date(
            until.min(
                now.saturating_add(SignedDuration::from_hours(24))
                    .unwrap_or(now),
            ),
        );
        let dates: Vec<Date> = date(from)
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= last)
            .collect();
        let reads = stream::iter(dates).map(|day| async move {
            let pk = key::attempts(site, day);
            let items = self.list_from(&pk, &key::instant(from)).await?;
            Ok::<_, Error>(self.readable_of::<AccessAttempt>(&pk, &items))
        });
        let read: Vec<AccessAttempt> = reads.buffered(AT_ONCE).try_concat().await?;
        Ok(read
            .into_iter()
            .filter(|attempt| attempt.at >= from && attempt.at < until)
            .collect())
    }

    /// Loads the read state of a door system's access attempts. If it is of another door system,
    /// returns an empty one.
    pub async fn attempts_read(
        &self,
        site: &SiteId,
        doors: &DoorsName,
        of: &str,
    ) -> Result<AttemptsRead> {
        let at = key::read(site, &format!("entries#{doors}"));
        let known: Option<AttemptsRead> = self.kept(&at).await?;
        let known = known.filter(|known| known.of == of);
        Ok(known.unwrap_or_else(|| AttemptsRead {
            of: of.to_owned(),
            ..AttemptsRead::default()
        }))
    }

    /// Stores the read state of a door system's access attempts.
    pub async fn keep_attempts_read(
        &self,
        site: &SiteId,
        doors: &DoorsName,
        read: &AttemptsRead,
    ) -> Result<()> {
        self.write(Write::put(
            key::read(site, &format!("entries#{doors}")),
            body(read)?,
        ))
        .await
    }
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
