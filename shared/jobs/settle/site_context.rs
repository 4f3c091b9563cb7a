//! The context of one site during settle: the rules, the meaning of their names, and the door
//! systems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, join4, try_join_all};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::neighbours::neighbours;
use super::new_account_gate::NewAccountGate;
use super::phase::Phase;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::load::Neighbours;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::entitlement::{Before, Rules};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::decide::guard::baseline::{Baseline, CatalogueBefore, Catalogues, OlderFiles};
use doorstep_core::model::account::{AccountId, Group};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::record::{FactRecord, Kept};
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::{ReadDoors, WriteDoors};

/// Longest time ahead for which a schedule is set.
const FAR: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// The writers of each door system. They are kept apart from [`SiteContext`], so that only the code
/// that applies actions can write.
pub type Writers = BTreeMap<DoorsName, Arc<dyn WriteDoors>>;

/// The door systems that one run has connected to, each with one reader and one writer. These cache
/// what they found out, such as the role that new accounts get.
#[derive(Default)]
pub struct Connections(Mutex<BTreeMap<DoorsName, Connection>>);

type Connection = (Arc<dyn ReadDoors>, Arc<dyn WriteDoors>);

impl Connections {
    async fn to(
        &self,
        environment: &Environment,
        site: &Site,
        name: &DoorsName,
    ) -> Result<Connection> {
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

/// What one batch of a run is about.
#[derive(Debug, Clone, Copy)]
pub struct BatchScope {
    /// The part of everyone's actions that the batch applies.
    pub phase: Phase,
    /// The instant for which the batch decides.
    pub now: Timestamp,
    /// So many people may need a new account that only released ones get one.
    pub many_new: bool,
}

/// The context of one site for one batch.
pub struct SiteContext {
    /// The environment: store, queue, schedules, vendors and clock.
    pub environment: Environment,
    /// The part of everyone's actions that the batch applies.
    pub phase: Phase,
    /// The instant for which the batch decides.
    pub now: Timestamp,
    /// The site file.
    pub site: Site,
    /// The rules with their names resolved to groups and catalogue entries.
    pub resolved: Resolved,
    /// The platform's catalogue.
    pub catalogue: Catalogue,
    /// The context of each door system that can be reached.
    pub systems: BTreeMap<DoorsName, DoorsContext>,
    /// Other sites of the stack that share a door system, by door system.
    pub neighbours: Neighbours,
    /// The reader of each reachable door system.
    pub readers: BTreeMap<DoorsName, Arc<dyn ReadDoors>>,
    /// The error of each door system that cannot be reached.
    pub unreachable: BTreeMap<DoorsName, Error>,
    /// The platform has been unreadable for so long that its last answers may open nothing new.
    pub stale: bool,
    /// The last confirmed state, for changes that are not confirmed.
    pub baseline: Baseline,
    /// Everything was compared at least once by the site file in force, and the guard judged the
    /// result.
    pub compared: bool,
    /// The changes that wait for an approval, once they were loaded.
    pub held: OnceCell<BTreeSet<UnconfirmedChange>>,
    /// Only released people get a new account: there may be too many of them.
    pub many_new: bool,
    /// Whether new accounts must be counted first, once that was loaded.
    pub gate: OnceCell<NewAccountGate>,
    /// People who get a new account in this batch without being counted, by door system and person.
    pub makes: Mutex<BTreeSet<(DoorsName, PersonId)>>,
    /// Set once the reconcile that counts new accounts was requested.
    pub asked: OnceCell<()>,
    scheduled: Mutex<BTreeSet<Minute>>,
}

impl SiteContext {
    /// Loads the context. Asks a door system for its groups if they are not stored yet.
    pub async fn set(
        environment: &Environment,
        stored: &SiteVersion,
        site: Site,
        batch: BatchScope,
        connections: &Connections,
    ) -> Result<(SiteContext, Writers)> {
        let BatchScope {
            phase,
            now,
            many_new,
        } = batch;
        let sides = join_all(
            site.doors
                .keys()
                .map(|name| side(environment, &site, name, connections)),
        );
        let store = &environment.store;
        let (sides, known, before, read) = join4(
            sides,
            catalogue(environment, &site.id),
            store.resolved(&site.id),
            store.platform_read(&site.id),
        )
        .await;
        let ((catalogue, changed), before, read) = (known?, before?, read?);
        let older = store
            .files(&site.id, read.unfinished_from(stored.n)..stored.n)
            .await?;
        let (mut systems, mut readers) = (BTreeMap::new(), BTreeMap::new());
        let (mut unreachable, mut writers) = (BTreeMap::new(), Writers::new());
        for (name, side) in site.doors.keys().zip(sides) {
            match side {
                Ok((side, reader, writer)) => {
                    systems.insert(name.clone(), side);
                    readers.insert(name.clone(), reader);
                    writers.insert(name.clone(), writer);
                }
                Err(error) => {
                    unreachable.insert(name.clone(), error);
                }
            }
        }
        let groups = systems
            .iter()
            .map(|(name, side): (&DoorsName, &DoorsContext)| {
                (name.clone(), side.doors_read.groups.clone())
            });
        let groups: BTreeMap<DoorsName, Vec<Group>> = groups.collect();
        let resolved = resolve(&site, &catalogue, &groups, before.as_ref());
        let older = OlderFiles {
            files: older,
            replaced: stored.replaced(),
        };
        let catalogues = Catalogues {
            now: &catalogue,
            before: changed,
        };
        let baseline = Baseline::of(&site, &groups, before.as_ref(), older, catalogues);
        for (rule, resolved) in site.rules.iter().zip(&resolved.rules) {
            if let Some(systems) = systems.get_mut(&rule.doors) {
                systems.ruled.extend(resolved.groups.iter().cloned());
            }
        }
        let neighbours = neighbours(environment, &site, &mut systems).await?;
        let stale = read.is_stale(environment.time.now());
        let environment = environment.clone();
        let (scheduled, gate, asked, held) = (
            Mutex::default(),
            OnceCell::new(),
            OnceCell::new(),
            OnceCell::new(),
        );
        let compared = read.compared == Some(stored.n);
        Ok((
            SiteContext {
                environment,
                phase,
                now,
                site,
                resolved,
                catalogue,
                systems,
                neighbours,
                readers,
                unreachable,
                stale,
                baseline,
                compared,
                held,
                many_new,
                gate,
                makes: Mutex::default(),
                asked,
                scheduled,
            },
            writers,
        ))
    }

    /// Returns the rules with everything that evaluation needs.
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            site: &self.site,
            resolved: &self.resolved,
            catalogue: &self.catalogue,
        }
    }

    /// Returns whether a door system gets no more calls in this run: it hung, throttled or failed,
    /// or no time is left.
    pub fn is_closed(&self, doors: &DoorsName) -> bool {
        let now = self.environment.time.now();
        let out_of_time = self
            .environment
            .deadline
            .left(now)
            .is_some_and(|left| left.is_zero());
        out_of_time
            || self
                .site
                .doors
                .get(doors)
                .is_some_and(|config| self.environment.doors_turn(config).is_closed(now))
    }

    /// Schedules a trigger at `minute`, once a run. Reconcile sets the schedules of minutes that
    /// are years away, a day ahead: dates such as 9999 are placeholders.
    pub async fn schedule(&self, minute: Minute) -> Result<()> {
        let far = self
            .environment
            .time
            .now()
            .checked_add(FAR)
            .is_ok_and(|far| minute.start() > far);
        if far || self.scheduled().contains(&minute) {
            return Ok(());
        }
        // The minute is recorded only after the schedule was set: a person whose round failed is
        // served again in the same run.
        self.environment
            .schedules
            .set(&self.site.id, minute)
            .await?;
        self.scheduled().insert(minute);
        Ok(())
    }

    /// Records that a person gets a new account, unless `most` others get one in this batch.
    /// Returns whether it was recorded.
    pub fn makes(&self, doors: &DoorsName, person: &PersonId, most: usize) -> bool {
        let mut makes = self.makes.lock().unwrap_or_else(PoisonError::into_inner);
        let one = (doors.to_owned(), person.to_owned());
        let others = makes
            .iter()
            .filter(|other| other.0 == *doors && **other != one)
            .count();
        if others < most {
            makes.insert(one);
        }
        others < most
    }

    fn scheduled(&self) -> MutexGuard<'_, BTreeSet<Minute>> {
        self.scheduled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads the platform's catalogue without passes, which may be many. The second value is the
/// catalogue before the changes that only full reads found.
pub async fn catalogue(
    environment: &Environment,
    site: &SiteId,
) -> Result<(Catalogue, Option<CatalogueBefore>)> {
    let records = try_join_all(Catalogue::KINDS.map(|kind| environment.store.facts_of(site, kind)))
        .await?
        .concat();
    let live = || {
        records
            .iter()
            .filter(|record| !record.gone)
            .map(|record| record.fact.as_ref())
    };
    let before: Vec<Before> = records.iter().filter_map(FactRecord::before).collect();
    Ok((
        Catalogue::without_passes(live()),
        CatalogueBefore::of(live(), &before),
    ))
}

type DoorsClients = (DoorsContext, Arc<dyn ReadDoors>, Arc<dyn WriteDoors>);

async fn side(
    environment: &Environment,
    site: &Site,
    name: &DoorsName,
    connections: &Connections,
) -> Result<DoorsClients> {
    let config = site
        .doors
        .get(name)
        .cloned()
        .ok_or_else(|| Error::permanent(format!("there are no doors {name}")))?;
    let (read, write) = connections.to(environment, site, name).await?;
    let kept = environment.store.doors_read_kept(&site.id, name).await?;
    let lost = kept == Kept::Unreadable;
    let doors_read = match kept
        .readable()
        .filter(|doors_read| doors_read.is_of(&config))
    {
        Some(doors_read) => doors_read,
        None => {
            let doors_read = survey(&config, read.as_ref()).await?;
            // The next reconcile replaces a stored read that is unreadable.
            if !lost {
                environment
                    .store
                    .keep_doors_read(&site.id, name, &doors_read)
                    .await?;
            }
            doors_read
        }
    };
    Ok((
        DoorsContext::new(config, doors_read, read.capabilities()),
        read,
        write,
    ))
}

/// Asks a door system for its groups and for the accounts of the protected people.
async fn survey(config: &DoorsConfig, read: &dyn ReadDoors) -> Result<DoorsRead> {
    let (groups, protected) = (read.groups().await?, protected(config, read).await?);
    Ok(DoorsRead {
        of: config.identity(),
        groups,
        protected,
        ..DoorsRead::default()
    })
}

/// Returns the accounts of the protected people.
async fn protected(config: &DoorsConfig, read: &dyn ReadDoors) -> Result<BTreeSet<AccountId>> {
    let mut accounts = BTreeSet::new();
    for email in &config.protected {
        accounts.extend(
            read.find(email)
                .await?
                .into_iter()
                .map(|account| account.id),
        );
    }
    Ok(accounts)
}
