//! What a settle of one site stands on: the rules, what their names mean, and the door systems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, join4, try_join_all};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::doubts::NewAccountGate;
use super::shared::neighbours;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::load::Neighbours;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_cloud::store::sites::DoorsRead;
use doorstep_core::decide::entitlement::{Before, Rules};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::decide::guard::former::{Baseline, CatalogueBefore};
use doorstep_core::model::account::{Account, AccountId, Group, GroupId};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::{Kept, Record};
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{DoorsConfig, Foreign, Site, WithoutAccess};
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::{ReadDoors, WriteDoors};

/// Alarms are set at most so far ahead.
const FAR: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// What holds at one door system, for those who decide.
#[derive(Debug, Clone)]
pub struct DoorsContext {
    /// Its part of the site file.
    pub config: DoorsConfig,
    /// What is known of it.
    pub seen: DoorsRead,
    /// Membership ends by itself there.
    pub ends_by_itself: bool,
    /// Its groups that a rule opens.
    pub ruled: BTreeSet<GroupId>,
    /// Guests' accounts can be suspended there.
    pub guests_rest: bool,
    /// Somebody can have one card only there.
    pub one_card: bool,
    /// Each active account takes one of a limited number of seats there.
    pub counts_seats: bool,
}

impl DoorsContext {
    /// What holds at the doors that `read` reads. Which groups are ruled is not known yet.
    pub fn of(config: DoorsConfig, seen: DoorsRead, read: &dyn ReadDoors) -> Self {
        DoorsContext {
            config,
            seen,
            ends_by_itself: read.ends_by_itself(),
            ruled: BTreeSet::new(),
            guests_rest: read.guests_rest(),
            one_card: read.one_card(),
            counts_seats: read.counts_seats(),
        }
    }

    /// Whether this account is never revoked.
    pub fn protects(&self, id: &AccountId, account: Option<&Account>) -> bool {
        let listed = |email: &str| self.config.protects(email);
        self.seen.protected.contains(id) || account.and_then(|a| a.email.as_deref()).is_some_and(listed)
    }

    /// What becomes of somebody's account when they have no access left.
    pub fn without_access(&self, person: &Person) -> WithoutAccess {
        if person.is_guest() { self.config.guest_accounts } else { self.config.without_access }
    }

    /// Whether a group is ours alone.
    pub fn is_exclusive(&self, group: &GroupId) -> bool {
        self.config.foreign == Foreign::Remove && self.ruled.contains(group)
    }

    /// Whether the door system has such a group, as far as is known.
    pub fn has(&self, group: &GroupId) -> bool {
        self.seen.groups.iter().any(|known| known.id == *group)
    }
}

/// Who may write to each door system. Kept apart from [`SiteContext`], so that only what applies a diff is handed it.
pub type Writers = BTreeMap<String, Arc<dyn WriteDoors>>;

/// The door systems that one run has reached, each by one reader and one writer: what these found out by themselves
/// (which role new accounts get) need not be asked again.
#[derive(Default)]
pub struct Connections(Mutex<BTreeMap<String, Connection>>);

type Connection = (Arc<dyn ReadDoors>, Arc<dyn WriteDoors>);

impl Connections {
    async fn to(&self, environment: &Environment, site: &Site, name: &str) -> Result<Connection> {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all().get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let (read, write) = environment.doors(site, name, Share::Settle).await?;
        let new: Connection = (Arc::from(read), Arc::from(write));
        all().insert(name.to_owned(), new.clone());
        Ok(new)
    }
}

/// One site, ready to be settled.
pub struct SiteContext {
    /// Everything outside.
    pub environment: Environment,
    /// The site file.
    pub site: Site,
    /// What its names stand for.
    pub resolved: Resolved,
    /// The platform's catalogue.
    pub catalogue: Catalogue,
    /// What holds at each door system that can be reached.
    pub terms: BTreeMap<String, DoorsContext>,
    /// Other sites of the stack that share a door system, by door system.
    pub neighbours: Neighbours,
    /// Who reads each of them.
    pub readers: BTreeMap<String, Arc<dyn ReadDoors>>,
    /// Why the others cannot.
    pub shut: BTreeMap<String, Error>,
    /// The platform has not been readable for so long that nothing new is opened from what it last said.
    pub stale: bool,
    /// What was so before, as far as nobody vouched for the change.
    pub former: Baseline,
    /// By the file in force everything was compared at least once, and what follows from it judged.
    pub compared: bool,
    /// What waits for a human, once that was looked up.
    pub held: OnceCell<BTreeSet<UnconfirmedChange>>,
    /// Nobody gets a new account that was not released: there may be too many.
    pub crowded: bool,
    /// Whether new accounts must be counted first, once that was looked up.
    pub crowd: OnceCell<NewAccountGate>,
    /// Who gets a new account in this slice without being counted, by door system and person.
    pub makes: Mutex<BTreeSet<(String, String)>>,
    /// That they be counted was asked for.
    pub asked: OnceCell<()>,
    alarmed: Mutex<BTreeSet<Timestamp>>,
}

impl SiteContext {
    /// Sets the scene. Asks a door system for its groups where nobody did before.
    pub async fn set(
        environment: &Environment,
        stored: &SiteVersion,
        site: Site,
        crowded: bool,
        connections: &Connections,
    ) -> Result<(SiteContext, Writers)> {
        let sides = join_all(site.doors.keys().map(|name| side(environment, &site, name, connections)));
        let store = &environment.store;
        let (sides, known, before, read) =
            join4(sides, catalogue(environment, &site.id), store.resolved(&site.id), store.platform_read(&site.id))
                .await;
        let ((catalogue, changed), before, read) = (known?, before?, read?);
        let older = store.files(&site.id, read.unfinished_from(stored.n)..stored.n).await?;
        let (mut terms, mut readers) = (BTreeMap::new(), BTreeMap::new());
        let (mut shut, mut writers) = (BTreeMap::new(), Writers::new());
        for (name, side) in site.doors.keys().zip(sides) {
            match side {
                Ok((side, reader, writer)) => {
                    terms.insert(name.clone(), side);
                    readers.insert(name.clone(), reader);
                    writers.insert(name.clone(), writer);
                }
                Err(error) => {
                    shut.insert(name.clone(), error);
                }
            }
        }
        let groups =
            terms.iter().map(|(name, side): (&String, &DoorsContext)| (name.clone(), side.seen.groups.clone()));
        let groups: BTreeMap<String, Vec<Group>> = groups.collect();
        let resolved = resolve(&site, &catalogue, &groups, before.as_ref());
        let former = Baseline::of(&site, &groups, before.as_ref(), (older, stored.replaced()), (&catalogue, changed));
        for (rule, resolved) in site.rules.iter().zip(&resolved.rules) {
            if let Some(terms) = terms.get_mut(&rule.doors) {
                terms.ruled.extend(resolved.groups.iter().cloned());
            }
        }
        let neighbours = neighbours(environment, &site, &mut terms).await?;
        let stale = read.is_stale(environment.time.now());
        let environment = environment.clone();
        let (alarmed, crowd, asked, held) = (Mutex::default(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        let compared = read.compared == Some(stored.n);
        Ok((
            SiteContext {
                environment,
                site,
                resolved,
                catalogue,
                terms,
                neighbours,
                readers,
                shut,
                stale,
                former,
                compared,
                held,
                crowded,
                crowd,
                makes: Mutex::default(),
                asked,
                alarmed,
            },
            writers,
        ))
    }

    /// The rules with everything that they need.
    pub fn rules(&self) -> Rules<'_> {
        Rules { site: &self.site, resolved: &self.resolved, catalogue: &self.catalogue }
    }

    /// Whether a door system is not asked any more in this run: it hung, throttled or failed, or no time is left.
    pub fn is_closed(&self, doors: &str) -> bool {
        let now = self.environment.time.now();
        let out_of_time = self.environment.deadline.left(now).is_some_and(|left| left.is_zero());
        out_of_time
            || self.site.doors.get(doors).is_some_and(|config| self.environment.doors_turn(config).is_closed(now))
    }

    /// Sees to it that the line is rung at `minute`, once a run. Minutes that are years away are left to the reconcile,
    /// which sets alarms a day ahead: dates such as 9999 are no dates.
    pub async fn alarm(&self, minute: Timestamp) -> Result<()> {
        let far = self.environment.time.now().checked_add(FAR).is_ok_and(|far| minute > far);
        if far || self.alarmed().contains(&minute) {
            return Ok(());
        }
        // Only one that was set need not be set again: whoever failed is served once more in the same run.
        self.environment.schedules.set(&self.site.id, minute).await?;
        self.alarmed().insert(minute);
        Ok(())
    }

    /// Notes that a person gets a new account, unless `most` others get one in this slice. Whether it is noted.
    pub fn makes(&self, doors: &str, person: &str, most: usize) -> bool {
        let mut makes = self.makes.lock().unwrap_or_else(PoisonError::into_inner);
        let one = (doors.to_owned(), person.to_owned());
        let others = makes.iter().filter(|other| other.0 == doors && **other != one).count();
        if others < most {
            makes.insert(one);
        }
        others < most
    }

    fn alarmed(&self) -> MutexGuard<'_, BTreeSet<Timestamp>> {
        self.alarmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The platform's catalogue as it is known, without its passes, which may be many; and as it was before what only full reads told of.
pub async fn catalogue(environment: &Environment, site: &str) -> Result<(Catalogue, Option<CatalogueBefore>)> {
    let records = try_join_all(Catalogue::KINDS.map(|kind| environment.store.facts_of(site, kind))).await?.concat();
    let live = || records.iter().filter(|record| !record.gone).map(|record| record.fact.as_ref());
    let before: Vec<Before> = records.iter().filter_map(Record::before).collect();
    Ok((Catalogue::without_passes(live()), CatalogueBefore::of(live(), &before)))
}

type Side = (DoorsContext, Arc<dyn ReadDoors>, Arc<dyn WriteDoors>);

async fn side(environment: &Environment, site: &Site, name: &str, connections: &Connections) -> Result<Side> {
    let config = site.doors.get(name).cloned().ok_or_else(|| Error::permanent(format!("there are no doors {name}")))?;
    let (read, write) = connections.to(environment, site, name).await?;
    let kept = environment.store.doors_read_kept(&site.id, name).await?;
    let lost = kept == Kept::Unreadable;
    let seen = match kept.readable().filter(|seen| seen.is_of(&config)) {
        Some(seen) => seen,
        None => {
            let seen = survey(&config, read.as_ref()).await?;
            // One that cannot be read is for the next reconcile to put right.
            if !lost {
                environment.store.keep_doors_read(&site.id, name, &seen).await?;
            }
            seen
        }
    };
    Ok((DoorsContext::of(config, seen, read.as_ref()), read, write))
}

/// Asks a door system for its groups and for the accounts of the protected people.
async fn survey(config: &DoorsConfig, read: &dyn ReadDoors) -> Result<DoorsRead> {
    let (groups, protected) = (read.groups().await?, protected(config, read).await?);
    Ok(DoorsRead { of: config.identity(), groups, protected, ..DoorsRead::default() })
}

/// The accounts of the protected people.
async fn protected(config: &DoorsConfig, read: &dyn ReadDoors) -> Result<BTreeSet<AccountId>> {
    let mut accounts = BTreeSet::new();
    for email in &config.protected {
        accounts.extend(read.find(email).await?.into_iter().map(|account| account.id));
    }
    Ok(accounts)
}
