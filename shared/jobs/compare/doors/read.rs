//! Reads every ruled group and every account of every door system, and resolves the names of the
//! site file there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::DoorsSnapshot;
use super::survey::{credible, groups_of_ours, members_and_problem, survey, taken_over};
use crate::compare::SourceRead;
use crate::compare::account_list::links;
use crate::compare::facts::FactIndex;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::load::{Neighbours, in_service, of_everyone};
use doorstep_cloud::other_sites::register::RuledDoors;
use doorstep_cloud::store::people::People;
use doorstep_core::budgets::vendor_http::ANNOUNCED;
use doorstep_core::decide::cards::CardBook;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::actual_groups::GroupRows;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::Kept;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::{ReadDoors, Seats};

/// Reads the groups, their members and all accounts, including protected accounts. A door system
/// that does not answer keeps its last known state.
///
/// # Errors
/// [`Error::Retry`] if our table is unavailable.
pub async fn read(
    environment: &Environment,
    site: &Site,
    facts: &FactIndex,
    all_people: &People,
) -> Result<DoorsSnapshot> {
    let people = all_people.known.as_slice();
    let snapshot = DoorsSnapshot {
        catalogue: Catalogue::of(facts.facts()),
        ..DoorsSnapshot::default()
    };
    let mut reading = DoorsReading {
        environment,
        site,
        people,
        snapshot,
    };
    wait_until_announced(environment, site).await?;
    for (name, config) in &site.doors {
        reading.open(name, config).await?;
    }
    let before = environment.store.resolved(&site.id).await?;
    reading.resolve(before.as_ref());
    reading.read_members().await;
    let numbered = facts
        .profiles()
        .any(|(_, profile)| !profile.cards.is_empty());
    reading
        .read_cards(|doors| numbered || people.iter().any(|person| person.has_cards_at(doors)))
        .await;
    // The names are resolved again, because only the read of the groups shows their problems.
    reading.resolve(before.as_ref());
    reading.find_other_sites().await?;
    reading.find_unreadable(&all_people.unreadable).await?;
    Ok(reading.snapshot)
}

/// Waits until settle has stopped to use the whole rate limit of a door system. The lease of this
/// reconcile announced it, and most of the time the read of the platform took longer.
async fn wait_until_announced(environment: &Environment, site: &Site) -> Result<()> {
    if !site
        .doors
        .values()
        .any(|config| config.kind.has_known_limit())
    {
        return Ok(());
    }
    let begun = environment.store.runs(&site.id).await?.runs.at;
    let waited = begun
        .and_then(|begun| Duration::try_from(environment.time.now().duration_since(begun)).ok());
    let left = ANNOUNCED.saturating_sub(waited.unwrap_or(ANNOUNCED));
    if !left.is_zero() {
        environment.time.pass(left).await;
    }
    Ok(())
}

/// A read of all door systems in progress.
struct DoorsReading<'a> {
    environment: &'a Environment,
    site: &'a Site,
    people: &'a [Person],
    snapshot: DoorsSnapshot,
}

impl DoorsReading<'_> {
    /// Reads the groups and accounts of one door system.
    async fn open(&mut self, name: &DoorsName, config: &DoorsConfig) -> Result<()> {
        let kept = self
            .environment
            .store
            .doors_read_kept(&self.site.id, name)
            .await?;
        let lost = kept == Kept::Unreadable;
        let before = kept.readable().filter(|before| before.is_of(config));
        let reader = match self
            .environment
            .doors(self.site, name, Share::Reconcile)
            .await
        {
            Ok((reader, _)) => reader,
            Err(error) => {
                self.unreachable(name, &error);
                return Ok(());
            }
        };
        let read = self
            .survey(name, config, reader.as_ref(), before.as_ref())
            .await;
        let read = read.map(|now| if lost { taken_over(now) } else { now });
        if let Some(snapshot) = read.or(before) {
            let context = DoorsContext::new(config.clone(), snapshot, reader.capabilities());
            self.snapshot.contexts.insert(name.to_owned(), context);
        }
        self.snapshot.readers.insert(name.to_owned(), reader);
        Ok(())
    }

    /// Fetches the groups and accounts of one door system. Returns `None` if they could not be read
    /// or are not accepted.
    async fn survey(
        &mut self,
        name: &DoorsName,
        config: &DoorsConfig,
        reader: &dyn ReadDoors,
        before: Option<&DoorsRead>,
    ) -> Option<DoorsRead> {
        let of_ours = before
            .map(|before| groups_of_ours(before, self.people, name))
            .unwrap_or_default();
        let read = match survey(reader, config, &links(self.people, name), of_ours).await {
            Ok(read) => read,
            Err(error) => {
                self.unreachable(name, &error);
                return None;
            }
        };
        match credible(read.now, before) {
            Ok(now) => {
                self.snapshot
                    .accounts
                    .insert(name.to_owned(), read.accounts);
                self.snapshot.reads.insert(
                    name.to_owned(),
                    SourceRead {
                        complete: true,
                        records: 0,
                    },
                );
                self.add_seats(name, read.seats);
                Some(now)
            }
            Err(error) => {
                self.snapshot
                    .notices
                    .push(Notice::ReadRefused(format!("{name}: {error}")));
                self.unread(name, &error);
                None
            }
        }
    }

    /// Adds the seats, with remarks and notices about them. A shortage of seats is for the operator and blocks
    /// nothing.
    fn add_seats(&mut self, name: &DoorsName, seats: Option<Seats>) {
        self.snapshot.seats.insert(name.to_owned(), seats);
        let Some((seats, shortage)) = seats.and_then(|seats| Some((seats, seats.shortage()?)))
        else {
            return;
        };
        self.snapshot.remarks.push(format!("{name}: {shortage}"));
        self.snapshot.notices.push(Notice::SeatsShort {
            doors: name.to_owned(),
            seats,
        });
    }

    fn unreachable(&mut self, name: &DoorsName, error: &Error) {
        self.snapshot
            .notices
            .push(Notice::unreachable(name, &error.to_string()));
        self.unread(name, error);
    }

    fn unread(&mut self, name: &DoorsName, error: &Error) {
        self.incomplete(name, format!("{name}: {error}"));
        self.snapshot.reads.insert(
            name.to_owned(),
            SourceRead {
                complete: false,
                records: 0,
            },
        );
    }

    fn incomplete(&mut self, name: &DoorsName, problem: String) {
        self.snapshot
            .incomplete
            .entry(name.to_owned())
            .or_insert_with(|| problem.clone());
        self.snapshot.problems.push(problem);
    }

    fn resolve(&mut self, before: Option<&Resolved>) {
        let snapshot = &mut self.snapshot;
        snapshot.resolved = resolve(self.site, &snapshot.catalogue, &snapshot.groups(), before);
        for (rule, resolved) in self.site.rules.iter().zip(&snapshot.resolved.rules) {
            if let Some(doors_context) = snapshot.contexts.get_mut(&rule.doors) {
                doors_context.ruled.extend(resolved.groups.iter().cloned());
            }
        }
    }

    /// Reads the members of every group that a rule names or that has a claim. A group that no rule
    /// names any more may still have members that Doorstep added.
    async fn read_members(&mut self) {
        let claims = self.people.iter().flat_map(|person| &person.claims);
        let claimed: BTreeSet<GroupRef> = claims
            .map(|claim| GroupRef::new(&claim.doors, &claim.group))
            .collect();
        let names: Vec<DoorsName> = self.snapshot.accounts.keys().cloned().collect();
        for name in names {
            let Some(context) = self.snapshot.contexts.get(&name) else {
                continue;
            };
            let claimed = claimed
                .iter()
                .filter(|at| at.doors == name)
                .map(|at| at.group.clone());
            let groups: BTreeSet<GroupId> = context.ruled.iter().cloned().chain(claimed).collect();
            for group in groups {
                self.read_group(&name, group).await;
            }
        }
    }

    async fn read_group(&mut self, name: &DoorsName, group: GroupId) {
        let snapshot = &mut self.snapshot;
        let (Some(reader), Some(context)) =
            (snapshot.readers.get(name), snapshot.contexts.get_mut(name))
        else {
            return;
        };
        let Some(read) = snapshot.reads.get_mut(name) else {
            return;
        };
        match members_and_problem(reader.as_ref(), &mut context.doors_read, &group).await {
            Ok(members) => {
                let at = GroupRef::new(name, &group);
                read.records += members.len();
                if context.ruled.contains(&group) && !context.doors_read.taken.contains(&group) {
                    snapshot.new_groups.insert(at.clone());
                }
                snapshot.members.insert(at, GroupRows::of(members));
            }
            Err(error) => {
                read.complete = false;
                self.incomplete(name, format!("{name}: group {group}: {error}"));
            }
        }
    }

    /// Reads the cards of every door system for which `wanted` returns true.
    async fn read_cards(&mut self, wanted: impl Fn(&DoorsName) -> bool) {
        let snapshot = &mut self.snapshot;
        for name in snapshot.accounts.keys().filter(|name| wanted(name)) {
            let (Some(reader), Some(read)) =
                (snapshot.readers.get(name), snapshot.reads.get_mut(name))
            else {
                continue;
            };
            match reader.cards().await {
                Ok(cards) => {
                    read.records += cards.len();
                    snapshot.cards.insert(name.clone(), CardBook::of(cards));
                }
                Err(error) => {
                    read.complete = false;
                    snapshot.problems.push(format!("{name}: its tags: {error}"));
                }
            }
        }
    }

    /// Finds the other sites that share a group, and loads their claims.
    async fn find_other_sites(&mut self) -> Result<()> {
        let store = &self.environment.store;
        let mut neighbours = Neighbours::new();
        for (name, doors_context) in &mut self.snapshot.contexts {
            let at = Neighbour {
                site: self.site.id.clone(),
                doors: name.clone(),
            };
            let ruled = RuledDoors {
                at,
                config: &doors_context.config,
                groups: &doors_context.ruled,
            };
            let found = ruled.others(store, &doors_context.doors_read).await?;
            doors_context.doors_read.shared.extend(found);
            let shared = in_service(store, &doors_context.doors_read.shared).await?;
            if !shared.is_empty() {
                neighbours.insert(name.clone(), shared);
            }
        }
        let accounts = if neighbours.is_empty() {
            BTreeMap::new()
        } else {
            self.snapshot.accounts_seen()
        };
        self.snapshot.others = of_everyone(store, &neighbours, &accounts).await?;
        self.snapshot.neighbours = neighbours;
        Ok(())
    }

    /// Finds the accounts of people who cannot be read.
    async fn find_unreadable(&mut self, ids: &BTreeSet<PersonId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for (doors, accounts) in self.snapshot.accounts_seen() {
            let at = Neighbour {
                site: self.site.id.clone(),
                doors: doors.clone(),
            };
            let theirs = self
                .environment
                .store
                .accounts_of(&at, ids, accounts)
                .await?;
            self.snapshot
                .of_unreadable
                .insert(doors, theirs.into_iter().collect());
        }
        Ok(())
    }
}
