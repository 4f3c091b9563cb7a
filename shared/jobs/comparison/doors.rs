//! Reads every ruled group and every account of every door system, and resolves the names of the site file there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::facts::FactIndex;
use super::seen_accounts::{Accounts, Links, links};
use super::{Group, Read};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::load::{Neighbours, in_service, of_everyone};
use doorstep_cloud::other_sites::register::RuledDoors;
use doorstep_cloud::store::people::People;
use doorstep_core::decide::cards::CardBook;
use doorstep_core::decide::credibility::{Loss, LossLimit};
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::model::account::{Account, AccountId, GroupId, GroupMember};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::person::Person;
use doorstep_core::model::record::Kept;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::{ReadDoors, Seats};

/// The state of all door systems: the groups that a rule names or that a person has a claim in, and all accounts.
#[derive(Default)]
pub struct DoorsSnapshot {
    /// The members of each group that could be read. A group that no longer exists has no members.
    pub held: ActualGroups,
    /// Groups that are read for the first time. Existing memberships of entitled people become claims.
    pub new: BTreeSet<Group>,
    /// Every account of the door systems whose accounts could be read.
    pub accounts: BTreeMap<String, Accounts>,
    /// Every card of the door systems whose cards were read. Cards are read only where a person has a card number.
    pub cards: BTreeMap<String, CardBook>,
    /// What the names of the site file resolve to.
    pub resolved: Resolved,
    /// The platform's catalogue, which the names were resolved with.
    pub catalogue: Catalogue,
    /// The context of each door system that is known.
    pub terms: BTreeMap<String, DoorsContext>,
    /// The reader of each door system that answers.
    pub readers: BTreeMap<String, Box<dyn ReadDoors>>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// Door systems whose groups or accounts could not be read completely.
    pub shut: BTreeSet<String>,
    /// Findings of a successful read that the operator should look at.
    pub remarks: Vec<String>,
    /// How each door system was read.
    pub reads: BTreeMap<String, Read>,
    /// Notices to publish: those of the problems and remarks that the operator may act on.
    pub notices: Vec<Notice>,
    /// What other sites of the stack claim there.
    pub others: OtherSites,
    /// These sites, by the door system that they share.
    pub neighbours: Neighbours,
    /// Accounts of people who cannot be read, by door system.
    of_unreadable: BTreeMap<String, BTreeSet<AccountId>>,
}

/// Reads the groups, their members and all accounts, including protected accounts. A door system that does not answer
/// keeps its last known state.
///
/// # Errors
/// [`Error::Retry`] if our table is unavailable.
pub async fn read(
    environment: &Environment,
    site: &Site,
    known: &FactIndex,
    everybody: &People,
) -> Result<DoorsSnapshot> {
    let people = everybody.known.as_slice();
    let mut seen = DoorsSnapshot { catalogue: Catalogue::of(known.facts()), ..DoorsSnapshot::default() };
    for (name, config) in &site.doors {
        seen.open(environment, site, (name, config), people).await?;
    }
    let before = environment.store.resolved(&site.id).await?;
    seen.resolve(site, before.as_ref());
    // A group that no rule names any more may still have members that Doorstep added.
    let claims = people.iter().flat_map(|person| &person.claims);
    let claimed: BTreeSet<Group> = claims.map(|claim| (claim.doors.clone(), claim.group.clone())).collect();
    seen.rows(&claimed).await;
    let numbered = known.profiles().any(|(_, profile)| !profile.cards.is_empty());
    seen.cards(|doors| numbered || people.iter().any(|person| person.has_cards_at(doors))).await;
    // The names are resolved again, because only the read of the groups shows their problems.
    seen.resolve(site, before.as_ref());
    seen.find_other_sites(environment, site).await?;
    seen.find_unreadable(environment, site, &everybody.unreadable).await?;
    Ok(seen)
}

impl DoorsSnapshot {
    /// Returns the groups of every door system that is known.
    pub fn groups(&self) -> BTreeMap<String, Vec<doorstep_core::model::account::Group>> {
        self.terms.iter().map(|(name, terms)| (name.clone(), terms.seen.groups.clone())).collect()
    }

    /// Returns the name of a group, or its id if the group is unknown.
    pub fn name_of(&self, doors: &str, group: &GroupId) -> String {
        let groups = self.terms.get(doors).map_or(&[][..], |terms| &terms.seen.groups);
        groups.iter().find(|known| known.id == *group).map_or_else(|| group.0.clone(), |known| known.name.clone())
    }

    /// Returns whether an account belongs to a person who cannot be read. Which of its access is ours is then unknown.
    pub fn is_of_unreadable(&self, doors: &str, account: &AccountId) -> bool {
        self.of_unreadable.get(doors).is_some_and(|accounts| accounts.contains(account))
    }

    /// Finds the accounts of people who cannot be read.
    async fn find_unreadable(&mut self, environment: &Environment, site: &Site, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        for (doors, accounts) in self.accounts_seen() {
            let at = Neighbour { site: site.id.clone(), doors: doors.clone() };
            let theirs = environment.store.accounts_of(&at, ids, accounts).await?;
            self.of_unreadable.insert(doors, theirs.into_iter().collect());
        }
        Ok(())
    }

    /// Returns every account of the lists and the groups, by door system.
    fn accounts_seen(&self) -> BTreeMap<String, Vec<AccountId>> {
        let mut seen: BTreeMap<String, Vec<AccountId>> = BTreeMap::new();
        for (doors, accounts) in &self.accounts {
            let listed = accounts.iter().map(|account| account.id.clone());
            seen.entry(doors.clone()).or_default().extend(listed);
        }
        for ((doors, _), rows) in &self.held {
            seen.entry(doors.clone()).or_default().extend(rows.iter().map(|row| row.account.clone()));
        }
        seen
    }

    /// Reads the groups and accounts of one door system.
    async fn open(
        &mut self,
        environment: &Environment,
        site: &Site,
        (name, config): (&str, &DoorsConfig),
        people: &[Person],
    ) -> Result<()> {
        let kept = environment.store.doors_read_kept(&site.id, name).await?;
        let lost = kept == Kept::Unreadable;
        let before = kept.readable().filter(|before| before.is_of(config));
        let reader = match environment.doors(site, name, Share::Reconcile).await {
            Ok((reader, _)) => reader,
            Err(error) => {
                self.shut(name, &error);
                return Ok(());
            }
        };
        let of_ours = before.as_ref().map(|before| groups_of_ours(before, people, name)).unwrap_or_default();
        let known = match survey(reader.as_ref(), config, &links(people, name), of_ours).await {
            Ok(read) => match believable(read.now, before.as_ref()) {
                Ok(now) => {
                    let now = if lost { taken_over(now) } else { now };
                    self.accounts.insert(name.to_owned(), read.accounts);
                    self.reads.insert(name.to_owned(), Read { complete: true, records: 0 });
                    self.seats(name, read.seats);
                    Some(now)
                }
                Err(error) => {
                    self.incredible(name, &error);
                    before
                }
            },
            Err(error) => {
                self.shut(name, &error);
                before
            }
        };
        if let Some(seen) = known {
            self.terms.insert(name.to_owned(), DoorsContext::new(config.clone(), seen, reader.capabilities()));
        }
        self.readers.insert(name.to_owned(), reader);
        Ok(())
    }

    /// Adds remarks and notices about the seats. A shortage of seats is for the operator and blocks nothing.
    fn seats(&mut self, name: &str, seats: Option<Seats>) {
        let Some((seats, shortage)) = seats.and_then(|seats| Some((seats, seats.shortage()?))) else { return };
        self.remarks.push(format!("{name}: {shortage}"));
        self.notices.push(Notice::SeatsShort { doors: name.to_owned(), seats });
    }

    fn incredible(&mut self, name: &str, error: &Error) {
        self.notices.push(Notice::ReadRefused(format!("{name}: {error}")));
        self.unread(name, error);
    }

    fn shut(&mut self, name: &str, error: &Error) {
        self.notices.push(Notice::unreachable(name, &error.to_string()));
        self.unread(name, error);
    }

    fn unread(&mut self, name: &str, error: &Error) {
        self.problems.push(format!("{name}: {error}"));
        self.shut.insert(name.to_owned());
        self.reads.insert(name.to_owned(), Read { complete: false, records: 0 });
    }

    fn resolve(&mut self, site: &Site, before: Option<&Resolved>) {
        self.resolved = resolve(site, &self.catalogue, &self.groups(), before);
        for (rule, resolved) in site.rules.iter().zip(&self.resolved.rules) {
            if let Some(terms) = self.terms.get_mut(&rule.doors) {
                terms.ruled.extend(resolved.groups.iter().cloned());
            }
        }
    }

    /// Finds the other sites that share a group, and loads their claims.
    async fn find_other_sites(&mut self, environment: &Environment, site: &Site) -> Result<()> {
        let mut neighbours = Neighbours::new();
        for (name, terms) in &mut self.terms {
            let at = Neighbour { site: site.id.clone(), doors: name.clone() };
            let ruled = RuledDoors { at, config: &terms.config, groups: &terms.ruled };
            let found = ruled.others(&environment.store, &terms.seen).await?;
            terms.seen.shared.extend(found);
            let shared = in_service(&environment.store, &terms.seen.shared).await?;
            if !shared.is_empty() {
                neighbours.insert(name.clone(), shared);
            }
        }
        let accounts = if neighbours.is_empty() { BTreeMap::new() } else { self.accounts_seen() };
        self.others = of_everyone(&environment.store, &neighbours, &accounts).await?;
        self.neighbours = neighbours;
        Ok(())
    }

    /// Reads the cards of every door system for which `wanted` returns true.
    async fn cards(&mut self, wanted: impl Fn(&str) -> bool) {
        for name in self.accounts.keys().filter(|name| wanted(name)) {
            let (Some(reader), Some(read)) = (self.readers.get(name), self.reads.get_mut(name)) else { continue };
            match reader.cards().await {
                Ok(cards) => {
                    read.records += cards.len();
                    self.cards.insert(name.clone(), CardBook::of(cards));
                }
                Err(error) => {
                    read.complete = false;
                    self.problems.push(format!("{name}: its tags: {error}"));
                }
            }
        }
    }

    /// Reads the members of every group that a rule names or that has a claim.
    async fn rows(&mut self, claimed: &BTreeSet<Group>) {
        for (name, terms) in self.terms.iter_mut().filter(|(name, _)| self.accounts.contains_key(*name)) {
            let (Some(reader), Some(read)) = (self.readers.get(name), self.reads.get_mut(name)) else { continue };
            let claimed = claimed.iter().filter(|(doors, _)| doors == name).map(|(_, group)| group.clone());
            let groups: BTreeSet<GroupId> = terms.ruled.iter().cloned().chain(claimed).collect();
            for group in groups {
                match rows_and_problem(reader.as_ref(), &mut terms.seen, &group).await {
                    Ok(rows) => {
                        read.records += rows.len();
                        if terms.ruled.contains(&group) && !terms.seen.taken.contains(&group) {
                            self.new.insert((name.clone(), group.clone()));
                        }
                        self.held.insert((name.clone(), group), GroupRows::of(rows));
                    }
                    Err(error) => {
                        read.complete = false;
                        self.shut.insert(name.clone());
                        self.problems.push(format!("{name}: group {group}: {error}"));
                    }
                }
            }
        }
    }
}

/// Returns the groups of the last read that matter: those that were taken over, and those in which a person has a
/// claim.
fn groups_of_ours(before: &DoorsRead, people: &[Person], name: &str) -> Vec<doorstep_core::model::account::Group> {
    let claims = people.iter().flat_map(|person| &person.claims).filter(|claim| claim.doors == name);
    let claimed: BTreeSet<&GroupId> = claims.map(|claim| &claim.group).collect();
    let ours = before.groups.iter().filter(|group| before.taken.contains(&group.id) || claimed.contains(&group.id));
    ours.cloned().collect()
}

/// Adds every group of `ours` that the list lacks and that exists when it is read by its id. Without this, its members
/// would be removed, or forgotten and left in the group.
async fn with_unlisted(
    reader: &dyn ReadDoors,
    mut groups: Vec<doorstep_core::model::account::Group>,
    ours: Vec<doorstep_core::model::account::Group>,
) -> Result<Vec<doorstep_core::model::account::Group>> {
    for group in ours {
        let is_listed = groups.iter().any(|listed| listed.id == group.id);
        if !is_listed && !reader.is_gone(&group.id).await? {
            groups.push(doorstep_core::model::account::Group { problem: None, ..group });
        }
    }
    Ok(groups)
}

/// The answers of one door system.
struct Survey {
    now: DoorsRead,
    accounts: Accounts,
    seats: Option<Seats>,
}

async fn survey(
    reader: &dyn ReadDoors,
    config: &DoorsConfig,
    links: &Links<'_>,
    ours: Vec<doorstep_core::model::account::Group>,
) -> Result<Survey> {
    let groups = with_unlisted(reader, reader.groups().await?, ours).await?;
    let accounts = Accounts::of(reader.accounts().await?, links);
    let is_protected = |account: &&Arc<Account>| account.email.as_deref().is_some_and(|email| config.protects(email));
    let protected = accounts.iter().filter(is_protected).map(|account| account.id.clone()).collect();
    let count = Some(accounts.iter().len());
    let now = DoorsRead { of: config.identity(), groups, protected, accounts: count, ..DoorsRead::default() };
    Ok(Survey { now, accounts, seats: reader.seats().await? })
}

/// Rejects a list that lost half or all of its groups. The claims in a group that seems to be gone would be forgotten,
/// and the access would stay open for ever.
fn believable(mut now: DoorsRead, before: Option<&DoorsRead>) -> Result<DoorsRead> {
    let Some(before) = before else { return Ok(now) };
    let lost = before.groups.iter().filter(|old| !now.groups.iter().any(|new| new.id == old.id)).count();
    let loss = Loss { known: before.groups.len(), lost };
    let limit = if now.groups.is_empty() { LossLimit::HalfOrAll } else { LossLimit::Half };
    if !loss.is_credible(limit) {
        return Err(Error::permanent(format!("the list of groups {loss} and is not believed")));
    }
    now.taken.clone_from(&before.taken);
    now.cards_taken = before.cards_taken;
    now.shared.clone_from(&before.shared);
    now.registered.clone_from(&before.registered);
    Ok(now)
}

/// Marks all groups as taken over. The stored state of the door system is unreadable, so an account that was added by
/// hand must stay foreign.
fn taken_over(now: DoorsRead) -> DoorsRead {
    let taken = now.groups.iter().map(|group| group.id.clone()).collect();
    DoorsRead { taken, cards_taken: true, ..now }
}

async fn rows_and_problem(reader: &dyn ReadDoors, seen: &mut DoorsRead, group: &GroupId) -> Result<Vec<GroupMember>> {
    let Some(listed) = seen.groups.iter_mut().find(|listed| listed.id == *group) else { return Ok(Vec::new()) };
    let problem = reader.group_problem(group).await?;
    listed.problem = problem.or(listed.problem.take());
    reader.rows(group).await
}
