//! One run of settle for one site. Due people are served batch by batch, and a batch reuses what an
//! earlier batch has read.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::batch::{Batcher, DueStage};
use super::doors_cache::DoorsCache;
use super::identity::{self, ResolvedDues};
use super::new_account_gate::NewcomerCount;
use super::phase::Phase;
use super::round::settle_people;
use super::site_context::{BatchScope, Connections, SiteContext};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::account::Standing;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::PersonId;
use doorstep_core::model::person::Person;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;

/// One run of settle for one site. Between batches it keeps the batcher, what was read, and the
/// connections.
pub struct SettleRun<'a> {
    environment: &'a Environment,
    stored: &'a SiteVersion,
    site: &'a Site,
    /// Chooses the next batch.
    pub batcher: Batcher,
    cache: DoorsCache,
    connections: Connections,
    newcomers: NewcomerCount,
}

impl<'a> SettleRun<'a> {
    /// Returns a run that has served no one yet.
    pub fn new(environment: &'a Environment, stored: &'a SiteVersion, site: &'a Site) -> Self {
        let bulk = site
            .doors
            .values()
            .all(|config| config.kind.has_bulk_calls());
        let (cache, connections) = (DoorsCache::default(), Connections::default());
        SettleRun {
            environment,
            stored,
            site,
            batcher: Batcher::new(bulk),
            cache,
            connections,
            newcomers: NewcomerCount::default(),
        }
    }

    /// Loads the stage of every due item that the batcher needs. Counts whether too many people at
    /// once may need a new account.
    pub async fn get_to_know(&mut self, dues: &[Due]) -> Result<()> {
        self.newcomers
            .add(self.environment, self.site, dues)
            .await?;
        let unknown = self.batcher.unknown(dues);
        if unknown.is_empty() {
            return Ok(());
        }
        let ready = self.with_accounts(&unknown).await?;
        let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
        for person in &ready {
            ids.insert(&person.id);
            names.extend(person.profiles.iter());
        }
        let known: Vec<(Due, DueStage)> = unknown
            .into_iter()
            .map(|due| {
                let is_ready = due.refetch_at.is_empty()
                    && match &due.subject {
                        Subject::Person(id) => ids.contains(id),
                        Subject::Profile(name) => names.contains(name),
                        Subject::Account { .. } | Subject::Refetch { .. } => false,
                    };
                (
                    due.clone(),
                    if is_ready {
                        DueStage::Ready
                    } else {
                        DueStage::New
                    },
                )
            })
            .collect();
        known
            .iter()
            .for_each(|(due, stage)| self.batcher.note(due, *stage));
        Ok(())
    }

    /// Returns the people of these due items who have an active account at every door system.
    async fn with_accounts(&self, dues: &[&Due]) -> Result<Vec<Person>> {
        let (store, site) = (&self.environment.store, &self.site.id);
        let (mut ids, mut names): (BTreeSet<PersonId>, BTreeSet<FactId>) = Default::default();
        for due in dues {
            match &due.subject {
                Subject::Person(id) => drop(ids.insert(id.clone())),
                Subject::Profile(name) => drop(names.insert(name.clone())),
                Subject::Account { .. } | Subject::Refetch { .. } => {}
            }
        }
        ids.extend(
            store
                .ids_of_profiles(site, &names.into_iter().collect::<Vec<_>>())
                .await?,
        );
        let people = store
            .people(site, &ids.into_iter().collect::<Vec<_>>())
            .await?;
        let has_all = |person: &Person| {
            let mut accounts = self
                .site
                .doors
                .keys()
                .map(|doors| person.accounts.get(doors));
            accounts.all(|linked| {
                linked.is_some_and(|linked| linked.account.standing == Standing::Active)
            })
        };
        Ok(people.into_iter().filter(has_all).collect())
    }

    /// Serves one batch of due items in one phase. Returns the due items that remain.
    pub async fn serve(
        &mut self,
        phase: Phase,
        batch: Vec<Due>,
        now: Timestamp,
    ) -> Result<Vec<Due>> {
        let began = self.environment.time.now();
        let scope = BatchScope {
            phase,
            now,
            many_new: self.newcomers.are_many(),
        };
        let (context, writers) = SiteContext::set(
            self.environment,
            self.stored,
            self.site.clone(),
            scope,
            &self.connections,
        )
        .await?;
        let ResolvedDues { people, later } =
            identity::work_items(self.environment, &self.site.id, batch.clone()).await?;
        self.cache.newcomers = if phase == Phase::Accounts {
            self.batcher.newcomers()
        } else {
            0
        };
        let mut left = settle_people(&context, &writers, people, &mut self.cache).await?;
        let took = began.duration_until(self.environment.time.now());
        self.batcher.served(
            phase,
            &batch,
            &left,
            Duration::try_from(took).unwrap_or_default(),
        );
        left.extend(later);
        Ok(left)
    }
}
