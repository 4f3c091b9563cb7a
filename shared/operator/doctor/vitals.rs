//! The observations of the doctor: one small call to each service that a site needs.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Uri;
use jiff::{SignedDuration, Timestamp};

use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::address;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_cloud::trigger_queue::QueueDepth;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::account::{Group, GroupId};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::person::Person;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_jobs::settle::catalogue;
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::{ReadDoors, Seats};
use doorstep_vendors::platform::{Hearing, PlatformVendor, Span, standard_webhooks};

/// The observations of one site.
pub struct Vitals {
    /// The site, as its file defines it.
    pub site: Site,
    /// The version in force.
    pub stored: SiteVersion,
    /// The instant of the examination.
    pub now: Timestamp,
    /// The platform.
    pub platform: PlatformVitals,
    /// The door systems, by name.
    pub doors: BTreeMap<DoorsName, DoorsVitals>,
    /// Names of the site file that match nothing.
    pub names: Vec<String>,
    /// People with a problem: a change that fails, or facts that allow no decision.
    pub troubled: Vec<Troubled>,
    /// How many people have claims at doors that the site file does not name, by the name of the
    /// doors.
    pub out_of_reach: BTreeMap<DoorsName, usize>,
    /// The open holds.
    pub holds: Vec<Hold>,
    /// The number of verified deliveries that could not be parsed.
    pub unread: usize,
    /// The number of people or things that are overdue by more than two minutes.
    pub overdue: usize,
    /// The state of the trigger queue, or the error of reading it.
    pub queue: Result<QueueDepth>,
    /// The number of the site's schedules, or the error of reading them.
    pub schedules: Result<usize>,
    /// The number of minutes in the next hour at which someone is due.
    pub due_soon: usize,
    /// Items of the table that cannot be parsed.
    pub unreadable: Vec<String>,
    /// How far this machine's clock is ahead of AWS's; `None` where AWS did not answer.
    pub ahead: Option<SignedDuration>,
}

/// A person with a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubled {
    /// The id of the person.
    pub person: PersonId,
    /// The e-mail address of the person.
    pub email: Option<String>,
    /// The problems.
    pub problems: Vec<String>,
}

impl Troubled {
    fn of(person: &Person) -> Option<Self> {
        let Person {
            id,
            email,
            problems,
            ..
        } = person;
        (!problems.is_empty()).then(|| Troubled {
            person: id.clone(),
            email: email.clone(),
            problems: problems.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The state of the platform.
pub struct PlatformVitals {
    /// The name of the platform in reports.
    pub word: &'static str,
    /// Whether there is a secret that can verify its deliveries.
    pub verifies: Result<bool>,
    /// Whether it accepts the credentials; `None` for a platform without a read API.
    pub answers: Option<Result<()>>,
    /// The state of its webhooks.
    pub hearing: Result<Hearing>,
    /// The state of its last reads.
    pub read: PlatformRead,
}

/// The state of one door system.
pub struct DoorsVitals {
    /// Whether it accepts the credentials.
    pub answers: Result<()>,
    /// Groups in rules that open nothing: name and reason.
    pub shut: Vec<(String, String)>,
    /// The seats.
    pub seats: Option<Seats>,
    /// The protected people without an account, by their number in the file.
    pub missing: Vec<usize>,
    /// The problem of the webhook that posts access attempts.
    pub hearing: Option<String>,
    /// The last complete read; `None` before the first one.
    pub read: Option<DoorsRead>,
}

/// A due item older than this is overdue.
const LATE: SignedDuration = SignedDuration::from_mins(2);
/// How far ahead due people are compared with the schedules.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// Takes the observations of a site.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site; [`Error::Retry`] where Doorstep's table is not
/// available.
pub async fn take(environment: &Environment, site: &SiteId) -> Result<Vitals> {
    let environment = &Environment {
        store: environment.store.with_own_unreadable(),
        ..environment.clone()
    };
    let (now, store) = (environment.time.now(), &environment.store);
    let stored = in_force(environment, site).await?;
    let site = stored.file()?;
    let platform = platform(environment, &site, now).await?;
    let (mut doors, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for (name, config) in &site.doors {
        let found = of_doors(environment, &site, name, config).await?;
        groups.extend(found.1.map(|found| (name.clone(), found)));
        doors.insert(name.clone(), found.0);
    }
    let before = store.resolved(&site.id).await?;
    let resolved = resolve(
        &site,
        &catalogue(environment, &site.id).await?.0,
        &groups,
        before.as_ref(),
    );
    for (name, doors) in &mut doors {
        if let Some(groups) = groups.get(name).filter(|_| doors.answers.is_ok()) {
            doors.shut = shut(environment, &site, name, groups, &resolved).await;
        }
    }
    let all_people = store.all_people(&site.id).await?.known;
    let dues = store.due_until(&site.id, later(now, SOON)).await?;
    // Every fact is read once, so that facts that cannot be parsed are noted.
    for kind in Kind::ALL {
        store.facts_of(&site.id, kind).await?;
    }
    let minutes: BTreeSet<Minute> = dues
        .iter()
        .map(|due| due.minute)
        .filter(|minute| minute.start() > now)
        .collect();
    Ok(Vitals {
        overdue: dues
            .iter()
            .filter(|due| now.duration_since(due.minute.start()) > LATE)
            .count(),
        due_soon: minutes.len(),
        troubled: all_people.iter().filter_map(Troubled::of).collect(),
        out_of_reach: out_of_reach(&site, &all_people),
        holds: store.open_holds(&site.id).await?,
        unread: store.unreadable_deliveries(&site.id).await?.len(),
        queue: environment.triggers.waiting().await,
        schedules: environment
            .schedules
            .of(&site.id)
            .await
            .map(|schedules| schedules.len()),
        ahead: ahead(environment).await,
        names: resolved.problems.iter().map(ToString::to_string).collect(),
        unreadable: store.unreadable().problems(),
        site,
        stored,
        now,
        platform,
        doors,
    })
}

/// Counts the people with claims at each door system that the file does not name.
fn out_of_reach(site: &Site, all_people: &[Person]) -> BTreeMap<DoorsName, usize> {
    let mut counts = BTreeMap::new();
    for person in all_people {
        let at: BTreeSet<&DoorsName> = person.claims.iter().map(|claim| &claim.doors).collect();
        for doors in at
            .into_iter()
            .filter(|doors| !site.doors.contains_key(*doors))
        {
            *counts.entry(doors.clone()).or_default() += 1;
        }
    }
    counts
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

async fn platform(
    environment: &Environment,
    site: &Site,
    now: Timestamp,
) -> Result<PlatformVitals> {
    let kind = site.platform.kind;
    let told = kind.vendor().contract().is_some();
    let verifies = environment
        .secrets
        .webhook(&site.platform.secret)
        .await
        .map(|found| {
            found.is_some_and(|found| match told {
                true => found
                    .webhook_secrets
                    .iter()
                    .any(standard_webhooks::is_secret),
                false => found.verify_anything(),
            })
        });
    let mut vitals = PlatformVitals {
        word: kind.word(),
        verifies,
        answers: None,
        hearing: Ok(Hearing::default()),
        read: environment.store.platform_read(&site.id).await?,
    };
    if told {
        return Ok(vitals);
    }
    let reader = match environment.platform(site).await {
        Ok(reader) => reader,
        Err(error) => {
            vitals.answers = Some(Err(error));
            return Ok(vitals);
        }
    };
    let span = Span {
        changed_since: None,
        checkins_from: now,
    };
    vitals.answers = match reader.kinds().first() {
        Some(kind) => Some(reader.read(*kind, &span).await.map(drop)),
        None => None,
    };
    if matches!(vitals.answers, Some(Ok(()))) {
        let locations = site.platform.locations.as_deref();
        vitals.hearing = reader
            .hearing(&site.id)
            .await
            .map(|hearing| hearing.at(locations));
    }
    Ok(vitals)
}

async fn of_doors(
    environment: &Environment,
    site: &Site,
    name: &DoorsName,
    config: &DoorsConfig,
) -> Result<(DoorsVitals, Option<Vec<Group>>)> {
    let read = environment
        .store
        .doors_read(&site.id, name)
        .await?
        .filter(|read| read.is_of(config));
    let mut vitals = DoorsVitals {
        answers: Ok(()),
        shut: Vec::new(),
        seats: None,
        missing: Vec::new(),
        hearing: None,
        read,
    };
    let found = async {
        let (reader, _) = environment.doors(site, name, Share::Reconcile).await?;
        let groups = reader.groups().await?;
        vitals.seats = reader.seats().await?;
        vitals.missing = missing(reader.as_ref(), config).await?;
        // A problem with access attempts is no problem with access.
        let trouble = reader
            .attempts()
            .webhook_trouble(&address(&site.id, config.kind, name))
            .await;
        vitals.hearing = trouble.unwrap_or_else(|error| Some(format!("cannot be read: {error}")));
        Ok::<_, Error>(groups)
    };
    match found.await {
        Ok(groups) => Ok((vitals, Some(groups))),
        Err(error) => {
            vitals.answers = Err(error);
            Ok((vitals, None))
        }
    }
}

/// Returns the protected people without an account, by their number in the file.
async fn missing(reader: &dyn ReadDoors, config: &DoorsConfig) -> Result<Vec<usize>> {
    let mut missing = Vec::new();
    for (number, email) in (1..).zip(&config.protected) {
        if reader.find(email).await?.is_empty() {
            missing.push(number);
        }
    }
    Ok(missing)
}

/// Returns the groups in rules that open nothing.
async fn shut(
    environment: &Environment,
    site: &Site,
    name: &DoorsName,
    groups: &[Group],
    resolved: &Resolved,
) -> Vec<(String, String)> {
    let ruled = site
        .rules
        .iter()
        .zip(&resolved.rules)
        .filter(|(rule, _)| rule.doors == *name);
    let ruled: BTreeSet<&GroupId> = ruled.flat_map(|(_, resolved)| &resolved.groups).collect();
    let Ok((reader, _)) = environment.doors(site, name, Share::Reconcile).await else {
        return Vec::new();
    };
    let mut shut = Vec::new();
    for group in groups.iter().filter(|group| ruled.contains(&group.id)) {
        let asked = reader.group_problem(&group.id).await;
        let problem = asked.unwrap_or_else(|error| Some(format!("cannot be read: {error}")));
        shut.extend(
            problem
                .or_else(|| group.problem.clone())
                .map(|problem| (group.name.clone(), problem)),
        );
    }
    shut
}

/// Returns how far this machine's clock is ahead of AWS's, by the `Date` header of an answer.
async fn ahead(environment: &Environment) -> Option<SignedDuration> {
    let settings = &environment.settings;
    let url: Uri = settings
        .endpoint
        .as_deref()
        .unwrap_or(&settings.trigger_queue_url)
        .parse()
        .ok()?;
    let origin = format!("{}://{}/", url.scheme_str()?, url.authority()?);
    let answer = environment
        .http
        .send(http::Request::get(origin).body(Bytes::new()).ok()?)
        .await
        .ok()?;
    let date = answer.headers().get(http::header::DATE)?.to_str().ok()?;
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(environment.time.now().duration_since(theirs))
}
