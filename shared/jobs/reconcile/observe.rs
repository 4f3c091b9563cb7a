//! Stores what only the vendors know, for the operator's views. Nothing is written while nothing
//! changes, and a failure affects no access.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::compare::doors::DoorsSnapshot;
use crate::compare::foreign::ForeignMember;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::Store;
use doorstep_cloud::store::observed::{
    ForeignAccount, Observed, ObservedDoors, RemovedMembership, SeatCount, WebhookTrouble,
};
use doorstep_core::decide::group::is_valid;
use doorstep_core::model::account::{AccountId, GroupId, GroupRef};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;

/// The most foreign and the most removed memberships of one door system that are stored. The item
/// of a site must stay below 400 KB.
const MOST: usize = 300;
/// The most characters of a name that are stored.
const LONGEST_NAME: usize = 100;
/// The age from which a claim counts. The lists of a door system may lack a newer membership.
const LISTED_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What one reconcile read at the vendors of a site.
pub(super) struct Reading<'a> {
    pub(super) environment: &'a Environment,
    pub(super) site: &'a Site,
    pub(super) snapshot: &'a DoorsSnapshot,
    /// Every stored person that can be read, as of the begin of the reconcile.
    pub(super) people: &'a [Person],
    pub(super) now: Timestamp,
    pub(super) foreign: Vec<ForeignMember>,
    /// The problems of the platform's webhooks; `None` if the platform did not answer.
    pub(super) webhooks: Option<Result<Vec<String>>>,
    /// The problem of the webhook of each door system that answered.
    pub(super) doors_webhooks: BTreeMap<DoorsName, Option<String>>,
}

impl Reading<'_> {
    /// Stores what was read, if it differs from what is stored. If the table does not take it, the
    /// next reconcile stores it.
    pub(super) async fn keep(self) {
        let site = self.site.id.clone();
        if let Err(error) = self.try_keep().await {
            tracing::warn!(site = site.as_str(), %error, "what the vendors know could not be stored; the next reconcile stores it");
        }
    }

    async fn try_keep(self) -> Result<()> {
        let (store, site) = (&self.environment.store, &self.site.id);
        let stored = store.observed(site).await?;
        let removed = self.removed(store).await?;
        let observed = self.observed(stored.observed.as_ref(), removed);
        match &stored.observed {
            Some(before) if before.says_same(&observed) => Ok(()),
            _ => store.keep_observed(site, &stored, &observed).await,
        }
    }

    /// Returns the memberships that a hand removed, by door system. The people are loaded again,
    /// because settle may have revoked a membership while the groups were read. Only then the places
    /// of their audit records are loaded, too.
    async fn removed(&self, store: &Store) -> Result<BTreeMap<DoorsName, Vec<RemovedMembership>>> {
        let missing = self.missing(self.people);
        let ids: BTreeSet<PersonId> = missing.values().flatten().map(person_id).collect();
        let again = store.people(&self.site.id, &Vec::from_iter(ids)).await?;
        Ok(self.missing(&again))
    }

    fn missing(&self, people: &[Person]) -> BTreeMap<DoorsName, Vec<RemovedMembership>> {
        let mut missing: BTreeMap<DoorsName, Vec<RemovedMembership>> = BTreeMap::new();
        for person in people {
            let theirs = person.claims.iter();
            for claim in theirs.filter(|claim| self.is_missing(person, claim)) {
                let at_doors = missing.entry(claim.doors.clone()).or_default();
                at_doors.push(RemovedMembership {
                    group: claim.group.clone(),
                    account: claim.account.clone(),
                    person: person.id.clone(),
                    record: person.records.last().copied().unwrap_or_default(),
                    since: self.now,
                });
            }
        }
        for at_doors in missing.values_mut() {
            at_doors.sort_by(|a, b| (&a.group, &a.account).cmp(&(&b.group, &b.account)));
        }
        missing
    }

    /// Returns whether the group was read and has no membership for a claim that is still valid and
    /// that no function is changing.
    fn is_missing(&self, person: &Person, claim: &Claim) -> bool {
        let at = GroupRef::new(&claim.doors, &claim.group);
        let Some(members) = self.snapshot.members.get(&at) else {
            return false;
        };
        let is_current = claim.until.is_none_or(|until| self.now < until)
            && self.now.duration_since(claim.since) > LISTED_AFTER;
        let is_changing = person
            .intents
            .iter()
            .any(|intent| intent.doors == claim.doors);
        let is_listed = members
            .of_account(&claim.account)
            .iter()
            .any(|member| is_valid(member, self.now));
        is_current && !is_changing && !is_listed && self.snapshot.is_complete(&claim.doors)
    }

    fn observed(
        self,
        before: Option<&Observed>,
        mut removed: BTreeMap<DoorsName, Vec<RemovedMembership>>,
    ) -> Observed {
        let (now, owners) = (self.now, self.owners());
        let mut doors = BTreeMap::new();
        for name in self.site.doors.keys() {
            let known = before.and_then(|before| before.doors.get(name));
            let mut here = known.cloned().unwrap_or_default();
            match self.snapshot.is_complete(name) {
                true => {
                    here.failing = None;
                    self.list_foreign(&mut here, name, &owners);
                    list_removed(&mut here, removed.remove(name).unwrap_or_default());
                }
                false => here.failing = here.failing.or(Some(now)),
            }
            if let Some(seats) = self.snapshot.seats.get(name) {
                here.seats = seats.map(|seats| SeatCount {
                    used: seats.used,
                    paid: seats.paid,
                });
            }
            if let Some(trouble) = self.doors_webhooks.get(name) {
                let old = here.webhook.take();
                here.webhook = trouble.clone().map(|what| since(what, old.as_slice(), now));
            }
            doors.insert(name.clone(), here);
        }
        let known = before.map_or(&[][..], |before| &before.webhooks);
        Observed {
            at: now,
            webhooks: platform_webhooks(self.webhooks, known, now),
            doors,
        }
    }

    /// Returns the person that each foreign account is linked to.
    fn owners(&self) -> HashMap<(&DoorsName, &AccountId), &PersonId> {
        let foreign: BTreeSet<(&DoorsName, &AccountId)> = self
            .foreign
            .iter()
            .map(|foreign| (&foreign.doors, &foreign.account))
            .collect();
        let mut owners = HashMap::new();
        for person in self.people.iter().filter(|_| !foreign.is_empty()) {
            for (doors, linked) in &person.accounts {
                if foreign.contains(&(doors, &linked.account.id)) {
                    owners.insert((doors, &linked.account.id), &person.id);
                }
            }
        }
        owners
    }

    fn list_foreign(
        &self,
        here: &mut ObservedDoors,
        name: &DoorsName,
        owners: &HashMap<(&DoorsName, &AccountId), &PersonId>,
    ) {
        let known: HashMap<(&GroupId, &AccountId), Timestamp> = here
            .foreign
            .iter()
            .map(|old| ((&old.group, &old.account), old.since))
            .collect();
        let of_doors = || self.foreign.iter().filter(|one| one.doors == *name);
        let accounts = self.snapshot.accounts.get(name);
        let listed = of_doors().take(MOST).map(|one| {
            let account = accounts.and_then(|accounts| accounts.get(&one.account));
            let at = (&one.group, &one.account);
            ForeignAccount {
                group: one.group.clone(),
                account: one.account.clone(),
                person: owners.get(&(name, &one.account)).copied().cloned(),
                name: account.and_then(|account| short(&account.name)),
                email: account.and_then(|account| account.email.clone()),
                goes: one.goes,
                since: known.get(&at).copied().unwrap_or(self.now),
            }
        });
        let listed: Vec<ForeignAccount> = listed.collect();
        here.left_out = of_doors().count() - listed.len();
        here.foreign = listed;
    }
}

/// Lists the memberships that a hand removed. A known one keeps the instant of its first read.
fn list_removed(here: &mut ObservedDoors, mut removed: Vec<RemovedMembership>) {
    here.left_out += removed.len().saturating_sub(MOST);
    removed.truncate(MOST);
    for new in &mut removed {
        let same = |old: &&RemovedMembership| {
            RemovedMembership {
                since: old.since,
                ..new.clone()
            } == **old
        };
        new.since = here
            .removed
            .iter()
            .find(same)
            .map_or(new.since, |old| old.since);
    }
    here.removed = removed;
}

/// Returns the problems of the platform's webhooks. A platform that did not answer keeps the known
/// ones. A right that lacks is a problem of its own.
fn platform_webhooks(
    read: Option<Result<Vec<String>>>,
    known: &[WebhookTrouble],
    now: Timestamp,
) -> Vec<WebhookTrouble> {
    let found = match read {
        Some(Ok(found)) => found,
        None | Some(Err(Error::Retry { .. })) => return known.to_vec(),
        Some(Err(error)) => vec![super::platform::unread_webhooks(&error)],
    };
    let each = found.into_iter().map(|what| since(what, known, now));
    each.collect()
}

fn since(what: String, known: &[WebhookTrouble], now: Timestamp) -> WebhookTrouble {
    let same = known.iter().find(|old| old.what == what);
    WebhookTrouble {
        since: same.map_or(now, |old| old.since),
        what,
    }
}

fn person_id(removed: &RemovedMembership) -> PersonId {
    removed.person.clone()
}

fn short(name: &str) -> Option<String> {
    Some(name.chars().take(LONGEST_NAME).collect()).filter(|name: &String| !name.is_empty())
}
