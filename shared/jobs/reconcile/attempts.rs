//! Collects access attempts from door systems that must be polled. Each reconcile reads a limited
//! number of pages and continues where the last one stopped. A person who was refused recently is
//! due at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Report;
use crate::compare::account_list::AccountList;
use crate::compare::doors::DoorsSnapshot;
use crate::entries::TRIGGERS_WITHIN;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::address;
use doorstep_cloud::store::attempts::AttemptsRead;
use doorstep_cloud::store::dues::Due;
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::subject::Subject;
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::doors::DoorsVendor;
use doorstep_vendors::doors::attempts::{
    AttemptPage, Cursor, ListedAttempt as Shown, ReadAttempts,
};

/// The limit of pages per reconcile and door system. The next reconcile continues.
const MOST_PAGES: usize = 20;
/// The limit of unnamed tags to look up per page.
const MOST_TAGS: usize = 20;
/// How far back the first read of a new site begins.
const FIRST: SignedDuration = SignedDuration::from_hours(24);
/// The overlap between two reads. The clocks of two locks differ.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);
/// How often a read begins further back, by `SWEEP`. A lock that lost its hub reports its entries
/// late.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(24);
const SWEEP: SignedDuration = SignedDuration::from_hours(48);
/// The longest time by which the clock of a lock may be ahead of ours. Later entries are ignored.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How often the names of locks are read. They change rarely.
const LOCKS_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What a collection found.
pub struct Collected {
    /// Whether a person was refused and is due now.
    pub is_due: bool,
    /// The problem of the webhook of each door system that answered.
    pub webhooks: BTreeMap<DoorsName, Option<String>>,
}

/// Collects the access attempts of every door system that was reached, and checks the webhooks of
/// the door systems that post them. A failure is a problem in the report.
pub async fn collect(
    environment: &Environment,
    site: &Site,
    snapshot: &DoorsSnapshot,
    report: &mut Report,
) -> Collected {
    let (mut dues, mut webhooks) = (Vec::new(), BTreeMap::new());
    for (name, config) in &site.doors {
        let (Some(reader), Some(accounts)) =
            (snapshot.readers.get(name), snapshot.accounts.get(name))
        else {
            continue;
        };
        let reading = AttemptsReading {
            environment,
            site,
            name,
            config,
            reader: reader.attempts(),
            accounts,
        };
        match reading.all(&mut dues).await {
            Ok(trouble) => {
                let problem = trouble.as_ref().map(|trouble| format!("{name}: {trouble}"));
                report.problems.extend(problem);
                webhooks.insert(name.clone(), trouble);
            }
            Err(error) => report
                .problems
                .push(format!("{name}: who came and went: {error}")),
        }
    }
    let is_due = !dues.is_empty() && put_dues(environment, site, &dues).await;
    Collected { is_due, webhooks }
}

async fn put_dues(environment: &Environment, site: &Site, dues: &[Due]) -> bool {
    let kept = environment.store.put_dues(&site.id, dues).await;
    kept.inspect_err(|error| tracing::warn!(site = site.id.as_str(), %error, "the people of refused access attempts could not be marked as due"))
        .is_ok()
}

struct AttemptsReading<'a> {
    environment: &'a Environment,
    site: &'a Site,
    name: &'a DoorsName,
    config: &'a DoorsConfig,
    reader: &'a dyn ReadAttempts,
    accounts: &'a AccountList,
}

impl AttemptsReading<'_> {
    /// Reads everything new at this door system. Returns the problem of its webhook, if there is
    /// one.
    async fn all(&self, dues: &mut Vec<Due>) -> Result<Option<String>> {
        let (store, now) = (&self.environment.store, self.environment.time.now());
        let mut read = store
            .attempts_read(&self.site.id, self.name, &self.config.identity())
            .await?;
        if self.config.kind.webhook().is_none() {
            self.pages(&mut read, dues, now).await?;
        }
        if read
            .locks_read
            .is_none_or(|at| now.duration_since(at) >= LOCKS_EVERY)
        {
            read.locks = self.reader.locks().await?;
            read.locks_read = Some(now);
            store
                .keep_attempts_read(&self.site.id, self.name, &read)
                .await?;
        }
        self.reader
            .webhook_trouble(&address(&self.site.id, self.config.kind, self.name))
            .await
    }

    async fn pages(
        &self,
        read: &mut AttemptsRead,
        dues: &mut Vec<Due>,
        now: Timestamp,
    ) -> Result<()> {
        let store = &self.environment.store;
        let mut mark = read.mark.clone().unwrap_or_else(|| Cursor {
            since: before(now, FIRST),
            token: None,
        });
        let days = self.site.entries.keep_days;
        let known = store
            .attempts(&self.site.id, mark.since..Timestamp::MAX, now, days)
            .await?;
        let mut known: BTreeSet<String> = known
            .into_iter()
            .filter(|one| one.doors == *self.name)
            .map(|one| one.id)
            .collect();
        for _ in 0..MOST_PAGES {
            let Some(page) = self.page(&mut mark).await? else {
                return Ok(());
            };
            let new = page
                .attempts
                .into_iter()
                .filter(|shown| shown.attempt.at <= now.saturating_add(AHEAD).unwrap_or(now));
            let new: Vec<Shown> = new
                .filter(|shown| known.insert(shown.attempt.id.clone()))
                .collect();
            let new = self.named(new).await?;
            read.newest = new
                .iter()
                .map(|attempt| attempt.at.min(now))
                .chain(read.newest)
                .max();
            self.mark_due(&new, dues, now).await?;
            store.keep_attempts(&self.site.id, &new, days, now).await?;
            let last = page.next.is_none();
            if !last && page.next == mark.token {
                return Err(Error::retry("the list of entries repeats a page"));
            }
            mark.token = page.next;
            if last {
                mark.since = next_start(read, mark.since, now);
            }
            read.mark = Some(mark.clone());
            store
                .keep_attempts_read(&self.site.id, self.name, read)
                .await?;
            if last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads the next page. If the door system no longer knows the page token, it reads the first
    /// page again.
    async fn page(&self, mark: &mut Cursor) -> Result<Option<AttemptPage>> {
        match self.reader.page(self.name, mark).await {
            Err(Error::Invalid(_)) if mark.token.take().is_some() => {
                self.reader.page(self.name, mark).await
            }
            page => page,
        }
    }

    /// Adds the account to each attempt that names a tag and no account.
    async fn named(&self, shown: Vec<Shown>) -> Result<Vec<AccessAttempt>> {
        let mut holders: BTreeMap<String, Option<AccountId>> = BTreeMap::new();
        let mut attempts = Vec::new();
        for Shown { mut attempt, tag } in shown {
            if let Some(number) = tag {
                if !holders.contains_key(&number) && holders.len() < MOST_TAGS {
                    let holder = self.reader.holder_of_tag(&number).await?;
                    holders.insert(number.clone(), holder);
                }
                attempt.account = attempt.account.or(holders.get(&number).cloned().flatten());
            }
            attempts.push(attempt);
        }
        Ok(attempts)
    }

    async fn mark_due(
        &self,
        new: &[AccessAttempt],
        dues: &mut Vec<Due>,
        now: Timestamp,
    ) -> Result<()> {
        let lately = new
            .iter()
            .filter(|one| one.refused.is_some() && now.duration_since(one.at) <= TRIGGERS_WITHIN);
        for account in lately
            .filter_map(|one| one.account.as_ref())
            .collect::<BTreeSet<_>>()
        {
            let Some(person) = self.person_of(account).await? else {
                continue;
            };
            let doors = BTreeSet::from([self.name.to_owned()]);
            dues.push(Due::at(now, Subject::Person(person.clone())).with_refetch_at(doors));
        }
        Ok(())
    }

    async fn person_of(&self, id: &AccountId) -> Result<Option<PersonId>> {
        let (store, site) = (&self.environment.store, &self.site.id);
        if let Some(person) = store.id_of_account(site, self.name, id).await? {
            return Ok(Some(person));
        }
        let email = self
            .accounts
            .get(id)
            .and_then(|account| account.email.as_deref())
            .and_then(email_key);
        match email {
            Some(email) => store.id_of_email(site, &email).await,
            None => Ok(None),
        }
    }
}

/// Returns where the next read begins, after a read that reached the end of the list.
fn next_start(read: &mut AttemptsRead, since: Timestamp, now: Timestamp) -> Timestamp {
    let newest = read.newest.take();
    if read
        .swept
        .is_none_or(|at| now.duration_since(at) >= SWEEP_EVERY)
    {
        let first = read.swept.replace(now).is_none();
        if !first {
            return before(now, SWEEP);
        }
    }
    since.max(newest.map_or(since, |newest| before(newest, OVERLAP)))
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_read_begins_a_little_before_the_latest_and_once_a_day_further_back() {
        let mut read = AttemptsRead {
            newest: Some(at("2026-03-02T11:00:00Z")),
            ..AttemptsRead::default()
        };
        let first = next_start(
            &mut read,
            at("2026-03-01T12:00:00Z"),
            at("2026-03-02T12:00:00Z"),
        );
        assert_eq!(first, at("2026-03-02T10:00:00Z"));
        let quiet = next_start(&mut read, first, at("2026-03-02T12:15:00Z"));
        assert_eq!(quiet, first, "nothing happened: nothing moves");
        read.newest = Some(at("2026-03-03T11:59:00Z"));
        assert_eq!(
            next_start(&mut read, quiet, at("2026-03-03T12:00:00Z")),
            at("2026-03-01T12:00:00Z"),
            "the sweep"
        );
        read.newest = Some(at("2026-03-03T11:59:00Z"));
        let after = next_start(
            &mut read,
            at("2026-03-01T12:00:00Z"),
            at("2026-03-03T12:15:00Z"),
        );
        assert_eq!(after, at("2026-03-03T10:59:00Z"));
    }
}
