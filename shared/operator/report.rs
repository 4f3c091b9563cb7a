//! The entry report for the operator: access attempts for each person, door and day. The table
//! alone gives the names, at the time of the report. A forgotten person appears as an account id
//! only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::What;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;

/// Maximum number of people that are looked up at the same time.
const AT_ONCE: usize = 16;
/// Default length of the report.
const USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The requested report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportQuery {
    /// The first local day (from its begin) or instant; by default a week before `until`.
    #[serde(default)]
    pub from: Option<String>,
    /// The last local day (to its end) or instant; by default now.
    #[serde(default)]
    pub until: Option<String>,
    /// The address of the only person to report.
    #[serde(default)]
    pub email: Option<String>,
    /// The id of the only person to report, for a person without an address.
    #[serde(default)]
    pub person: Option<PersonId>,
}

/// The access attempts of one person at one door on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportRow {
    /// The local day.
    pub day: Date,
    /// The person's name at the platform, or else at the door system.
    #[serde(default)]
    pub name: Option<String>,
    /// The person's e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The door system.
    pub doors: DoorsName,
    /// The account; `None` if the door system recognised none.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The lock's id.
    pub lock: String,
    /// The lock's name.
    #[serde(default)]
    pub lock_name: Option<String>,
    /// When the lock first opened for the person, in local time with its offset.
    #[serde(default)]
    pub first: Option<String>,
    /// When the lock last opened for the person.
    #[serde(default)]
    pub last: Option<String>,
    /// How often the lock opened.
    pub opened: usize,
    /// How often the lock refused.
    pub refused: usize,
    /// The reasons of the refusals, each once.
    pub reasons: BTreeSet<String>,
    /// Each attempt, in order.
    pub times: Vec<ReportedAttempt>,
}

/// One access attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedAttempt {
    /// The instant.
    pub at: Timestamp,
    /// Why the lock did not open; `None` if it opened.
    #[serde(default)]
    pub refused: Option<String>,
}

/// Returns the entry report.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site and for invalid days.
pub async fn entries(
    environment: &Environment,
    site: &SiteId,
    wanted: &ReportQuery,
) -> Result<Vec<ReportRow>> {
    let site = in_force(environment, site).await?.site()?;
    entries_of(environment, &site, wanted).await
}

/// Returns the entry report of a site that was read already.
pub(crate) async fn entries_of(
    environment: &Environment,
    site: &Site,
    wanted: &ReportQuery,
) -> Result<Vec<ReportRow>> {
    let now = environment.time.now();
    let (from, until) = wanted.span(&site.timezone, now)?;
    let mut attempts = environment
        .store
        .attempts(&site.id, from..until, now, site.entries.keep_days)
        .await?;
    if let Some(theirs) = wanted.accounts(environment, &site.id).await? {
        attempts.retain(|one| {
            one.account
                .as_ref()
                .is_some_and(|id| theirs.contains(&(one.doors.clone(), id.clone())))
        });
    }
    let people = people(environment, &site.id, &attempts).await?;
    let mut locks = BTreeMap::new();
    for (name, config) in &site.doors {
        locks.insert(
            name.clone(),
            environment
                .store
                .attempts_read(&site.id, name, &config.identity())
                .await?
                .locks,
        );
    }
    Ok(rows(&attempts, &people, &locks, &site.timezone))
}

impl ReportQuery {
    /// Returns the accounts of the only person to report; `None` for everyone.
    async fn accounts(&self, environment: &Environment, site: &SiteId) -> Result<Option<Accounts>> {
        let id = match (&self.email, &self.person) {
            (None, None) => return Ok(None),
            (Some(email), _) => {
                let key =
                    email_key(email).ok_or_else(|| Error::invalid("not an e-mail address"))?;
                environment.store.id_of_email(site, &key).await?
            }
            (None, Some(id)) => Some(id.clone()),
        };
        accounts_of(environment, site, id).await.map(Some)
    }

    /// Returns the begin and the end of the report.
    fn span(&self, zone: &TimeZone, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
        let until = match self
            .until
            .as_deref()
            .map(|text| bound(text, zone, 1))
            .transpose()?
        {
            Some(until) => until,
            None => now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now),
        };
        let from = match self
            .from
            .as_deref()
            .map(|text| bound(text, zone, 0))
            .transpose()?
        {
            Some(from) => from,
            None => until.checked_sub(USUAL).unwrap_or(until),
        };
        if from >= until {
            return Err(Error::invalid(
                "the last day is before the first: write the earlier day as the first",
            ));
        }
        Ok((from, until))
    }
}

/// Parses an instant, or a local day, to whose begin `later` days are added.
fn bound(text: &str, zone: &TimeZone, later: i64) -> Result<Timestamp> {
    let day = || -> Option<Timestamp> {
        let day = text
            .parse::<Date>()
            .ok()?
            .checked_add(jiff::Span::new().days(later))
            .ok()?;
        Some(day.to_zoned(zone.clone()).ok()?.timestamp())
    };
    // Instants first, because an instant begins with a day.
    let found = text.parse::<Timestamp>().ok().or_else(day);
    found.ok_or_else(|| {
        Error::invalid("write days such as 2026-03-02, or instants such as 2026-03-02T09:00:00Z")
    })
}

type Accounts = BTreeSet<(DoorsName, AccountId)>;

/// Returns the accounts of a person. An unknown person has none, and the report has no rows.
async fn accounts_of(
    environment: &Environment,
    site: &SiteId,
    id: Option<PersonId>,
) -> Result<Accounts> {
    let person = match id {
        Some(id) => environment.store.person(site, &id).await?,
        None => None,
    };
    let linked = person.into_iter().flat_map(|person| person.accounts);
    Ok(linked
        .map(|(doors, linked)| (doors, linked.account.id.clone()))
        .collect())
}

/// The person as the report shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct AttemptHolder {
    name: Option<String>,
    email: Option<String>,
}

type HolderNames = BTreeMap<(DoorsName, AccountId), AttemptHolder>;

async fn people(
    environment: &Environment,
    site: &SiteId,
    attempts: &[AccessAttempt],
) -> Result<HolderNames> {
    let accounts: Accounts = attempts
        .iter()
        .filter_map(|one| Some((one.doors.clone(), one.account.clone()?)))
        .collect();
    let found = stream::iter(accounts).map(|(doors, id)| async move {
        let who = who(environment, site, &doors, &id).await?;
        Ok::<_, Error>(((doors, id), who))
    });
    found.buffer_unordered(AT_ONCE).try_collect().await
}

async fn who(
    environment: &Environment,
    site: &SiteId,
    doors: &DoorsName,
    id: &AccountId,
) -> Result<AttemptHolder> {
    let person = match environment.store.id_of_account(site, doors, id).await? {
        // A person with an unreadable item has no name. The others keep theirs.
        Some(person) => environment.store.people(site, &[person]).await?.pop(),
        None => None,
    };
    let Some(person) = person else {
        return Ok(AttemptHolder::default());
    };
    let name = match profile_name(environment, site, &person).await? {
        None => person
            .accounts
            .get(doors)
            .map(|linked| linked.account.name.to_string()),
        name => name,
    };
    Ok(AttemptHolder {
        name: name.filter(|name| !name.is_empty()),
        email: person.email,
    })
}

async fn profile_name(
    environment: &Environment,
    site: &SiteId,
    person: &Person,
) -> Result<Option<String>> {
    for profile in person.profiles.iter() {
        let record = environment.store.fact(site, profile).await?;
        if let Some(What::Member(profile) | What::Visitor(profile)) =
            record.as_ref().map(|record| &record.fact.what)
        {
            return Ok(Some(profile.name.to_string()));
        }
    }
    Ok(None)
}

/// Returns a local time with its offset, as the report writes it.
pub(crate) fn local_text(at: &Zoned) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Groups access attempts by day, person and door. Pure.
fn rows(
    attempts: &[AccessAttempt],
    people: &HolderNames,
    locks: &BTreeMap<DoorsName, BTreeMap<String, String>>,
    zone: &TimeZone,
) -> Vec<ReportRow> {
    let mut rows: BTreeMap<_, ReportRow> = BTreeMap::new();
    for one in attempts {
        let at = one.at.to_zoned(zone.clone());
        let who = one
            .account
            .as_ref()
            .and_then(|id| people.get(&(one.doors.clone(), id.clone())));
        let AttemptHolder { name, email } = who.cloned().unwrap_or_default();
        let lock_name = one
            .lock_name
            .as_ref()
            .or_else(|| locks.get(&one.doors)?.get(&one.lock));
        let key = (
            at.date(),
            name.clone(),
            email.clone(),
            one.account.clone(),
            one.doors.clone(),
            one.lock.clone(),
        );
        let row = rows.entry(key).or_insert_with(|| ReportRow {
            day: at.date(),
            name,
            email,
            doors: one.doors.clone(),
            account: one.account.clone(),
            lock: one.lock.clone(),
            lock_name: None,
            first: None,
            last: None,
            opened: 0,
            refused: 0,
            reasons: BTreeSet::new(),
            times: Vec::new(),
        });
        // A row has the latest name of its lock.
        row.lock_name = lock_name.cloned().or(row.lock_name.take());
        row.times.push(ReportedAttempt {
            at: one.at,
            refused: one.refused.clone(),
        });
        match &one.refused {
            Some(reason) => {
                row.refused += 1;
                row.reasons.insert(reason.clone());
            }
            None => {
                let local = local_text(&at);
                row.first.get_or_insert_with(|| local.clone());
                row.last = Some(local);
                row.opened += 1;
            }
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
