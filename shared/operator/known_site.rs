//! Everything that the table has of one site, loaded at once. No vendor is asked.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt;
use futures_util::future::{try_join, try_join_all, try_join3, try_join4};
use jiff::Timestamp;

use crate::last_read::LastRead;
use crate::view::KnownRules;
use crate::zone::zone_name;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::people::People;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::decide::entitlement::PersonFacts;
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::account::{Group, GroupRef};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::Resolved;
use doorstep_jobs::compare::facts::FactIndex;
use doorstep_jobs::compare::people::ProjectedPerson;

/// The rules, the facts, the people and the last reads of one site.
pub(crate) struct KnownSite {
    /// The version in force.
    pub stored: SiteVersion,
    /// The site as it acts.
    pub site: Site,
    /// The rules, with the ids of their names.
    pub rules: KnownRules,
    /// The facts.
    pub facts: FactIndex,
    /// Since when the present content of each fact is known. Facts that are gone are included.
    pub since: HashMap<FactId, Timestamp>,
    /// The people with readable items.
    pub people: Vec<Person>,
    /// The number of people with unreadable items.
    pub unreadable: usize,
    /// The last read of each door system.
    pub doors: BTreeMap<DoorsName, DoorsRead>,
    /// The changes that wait for an approval, each with its hold.
    pub held: BTreeMap<UnconfirmedChange, Hold>,
    /// What the last reconcile saw at the doors; `None` where none read them yet.
    pub last_read: Option<LastRead>,
    /// Whether the platform could not be read for a day.
    pub stale: bool,
}

impl KnownSite {
    /// Loads the site whose file in force is `stored`.
    pub(crate) async fn of(
        environment: &Environment,
        stored: SiteVersion,
        now: Timestamp,
    ) -> Result<Self> {
        let site = stored.site()?;
        let (store, id) = (&environment.store, &site.id);
        // Boxed, because each request to the table is a large future, and all of them run at once.
        let of_kind = |kind: Kind| store.facts_of(id, kind).boxed();
        let all_facts = try_join_all(Kind::ALL.into_iter().map(of_kind));
        let reads = try_join4(
            doors_reads(environment, &site),
            store.resolved(id),
            store.platform_read(id),
            LastRead::of(environment, id),
        )
        .boxed();
        let people_and_holds = try_join(store.all_people(id), held(environment, id)).boxed();
        let (records, (doors, before, read, last_read), (people, held)) =
            try_join3(all_facts, reads, people_and_holds).await?;
        let (mut facts, mut since) = (FactIndex::default(), HashMap::new());
        for record in records.iter().flatten() {
            facts.put(record);
            since.insert(record.fact.name(), record.since.unwrap_or(record.read));
        }
        set_aside(environment, id, &people, &mut facts).await?;
        Ok(KnownSite {
            rules: rules(&site, &facts, &doors, before.as_ref()),
            facts,
            since,
            unreadable: people.unreadable.len(),
            people: people.known,
            doors,
            held,
            last_read,
            stale: read.is_stale(now),
            stored,
            site,
        })
    }

    /// Returns what applies to everyone at the site, and what keeps the answer from being complete.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut remarks = self.stored.remarks(&self.site.id);
        if self.stale {
            remarks.push(Problem::PlatformUnread.to_string());
        }
        let unclear = self.rules.resolved().problems.iter();
        remarks.extend(unclear.map(ToString::to_string));
        if self.unreadable > 0 {
            remarks.push(format!(
                "{} people of this site cannot be read from the table and are left out: see `doorstep doctor`",
                self.unreadable
            ));
        }
        remarks
    }

    /// Returns a group, as the last read of its door system had it.
    pub(crate) fn group(&self, at: &GroupRef) -> Option<&Group> {
        let mut groups = self.doors.get(&at.doors)?.groups.iter();
        groups.find(|known| known.id == at.group)
    }

    /// Returns the zone's IANA name.
    pub(crate) fn timezone(&self) -> String {
        zone_name(&self.site.timezone)
    }
}

/// Returns a person's name at the platform, or else at one of the door systems.
pub(crate) fn name_of(projected: &ProjectedPerson<'_>, facts: &PersonFacts) -> Option<String> {
    let accounts = || projected.person.accounts.values();
    let named = || accounts().find_map(|linked| linked.account.called());
    facts.name().map(str::to_owned).or_else(named)
}

async fn doors_reads(
    environment: &Environment,
    site: &Site,
) -> Result<BTreeMap<DoorsName, DoorsRead>> {
    let each = site.doors.iter().map(async |(name, config)| {
        let read = environment.store.doors_read(&site.id, name).await?;
        let read = read.filter(|read| read.is_of(config));
        Ok::<_, Error>(read.map(|read| (name.clone(), read)))
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

async fn held(
    environment: &Environment,
    site: &SiteId,
) -> Result<BTreeMap<UnconfirmedChange, Hold>> {
    let holds = environment.store.open_holds(site).await?;
    let each = holds.into_iter().map(async |hold| {
        let waiting = environment.store.waiting(&hold).await?.into_iter();
        let changes = waiting.map(|waiting| (waiting.change, hold.clone()));
        Ok::<_, Error>(changes.collect::<Vec<_>>())
    });
    Ok(try_join_all(each).await?.into_iter().flatten().collect())
}

/// Sets the profiles of unreadable people aside, so that they do not count as new people.
async fn set_aside(
    environment: &Environment,
    site: &SiteId,
    people: &People,
    facts: &mut FactIndex,
) -> Result<()> {
    if people.unreadable.is_empty() {
        return Ok(());
    }
    let names = facts.profiles().map(|(name, _)| name).collect();
    let theirs = environment
        .store
        .profiles_of(site, &people.unreadable, names);
    facts.set_aside(theirs.await?);
    Ok(())
}

fn rules(
    site: &Site,
    facts: &FactIndex,
    doors: &BTreeMap<DoorsName, DoorsRead>,
    before: Option<&Resolved>,
) -> KnownRules {
    let groups = doors.iter();
    let groups = groups
        .map(|(name, read)| (name.clone(), read.groups.clone()))
        .collect();
    let catalogue = Catalogue::without_passes(facts.facts());
    KnownRules::from_known(site, catalogue, &groups, before)
}
