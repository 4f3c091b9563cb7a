//! What other sites of the stack claim at the door systems that they share with a site.
//!
//! Two sites may rule one group. A person with access by both has one membership there. It stays
//! while either site claims it: the site whose access ends first hands it over, and the last one
//! revokes. Another site's claims are therefore not foreign, and an account that another site needs
//! is neither suspended nor deleted.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::account::{AccountId, GroupId};
use crate::model::ids::{DoorsName, PersonId};
use crate::model::intent::IntentKind;
use crate::model::person::Person;
use crate::model::shared_group::Neighbour;

/// A seat that another site needs within this time is not freed.
const SOON: SignedDuration = SignedDuration::from_mins(30);

/// What another site claims of one account.
#[derive(Debug, Clone)]
struct Stake {
    neighbour: Neighbour,
    /// The person of that site with this account, and the version that was read; `None` if no
    /// person there has the account.
    person: Option<(PersonId, u64)>,
    /// The claimed groups, each with the end of its membership.
    claims: Vec<(GroupId, Option<Timestamp>)>,
    /// The person has access there, will have access, or has a change in progress.
    needed: bool,
    /// When the person's access there changes next.
    next: Option<Timestamp>,
    /// That site suspended the account.
    suspended: bool,
    /// The person's item is unreadable: that site may claim any membership of the account.
    unreadable: bool,
}

impl Stake {
    /// Returns the stake of a site of which no person has the account.
    fn unknown(neighbour: &Neighbour) -> Self {
        Stake {
            neighbour: neighbour.clone(),
            person: None,
            claims: Vec::new(),
            needed: false,
            next: None,
            suspended: false,
            unreadable: false,
        }
    }
}

/// The person who has an account at another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The other site.
    pub at: &'a Neighbour,
    /// The person's id there and the version that was read; `None` if no person there has the
    /// account.
    pub person: Option<(&'a PersonId, u64)>,
}

/// What other sites claim, by account. Empty for a site that shares nothing.
#[derive(Debug, Clone, Default)]
pub struct OtherSites(HashMap<(DoorsName, AccountId), Vec<Stake>>);

impl OtherSites {
    /// Adds what another site's person claims at the door system that this site names `doors`.
    /// Memberships that are being revoked there do not count.
    pub fn add(&mut self, doors: &DoorsName, neighbour: &Neighbour, person: &Person) {
        let there = &neighbour.doors;
        let leaves = |group: &GroupId| {
            let intent = person.intent(there, group);
            intent.is_some_and(|intent| matches!(intent.action, IntentKind::Revoke { .. }))
        };
        let mut stakes: HashMap<&AccountId, Stake> = HashMap::new();
        let owner = (person.id.clone(), person.version);
        let new = || Stake {
            person: Some(owner.clone()),
            next: person.next,
            ..Stake::unknown(neighbour)
        };
        if let Some(linked) = person.accounts.get(there) {
            let stake = stakes.entry(&linked.account.id).or_insert_with(new);
            let begun = person.intents.iter().any(|intent| intent.doors == *there);
            stake.needed = begun || person.has_cards_at(there) || person.next.is_some();
            stake.suspended = linked.suspended;
        }
        for claim in person
            .claims
            .iter()
            .filter(|claim| claim.doors == *there && !leaves(&claim.group))
        {
            let stake = stakes.entry(&claim.account).or_insert_with(new);
            stake.claims.push((claim.group.clone(), claim.until));
            stake.needed = true;
        }
        for (account, stake) in stakes {
            self.push(doors, account, stake);
        }
    }

    /// Adds that no person of another site has this account.
    pub fn add_unknown(&mut self, doors: &DoorsName, neighbour: &Neighbour, account: &AccountId) {
        self.push(doors, account, Stake::unknown(neighbour));
    }

    /// Adds that the item of another site's person with this account is unreadable. Until it is
    /// readable, nothing is revoked from the account.
    pub fn add_unreadable(
        &mut self,
        doors: &DoorsName,
        neighbour: &Neighbour,
        account: &AccountId,
    ) {
        self.push(
            doors,
            account,
            Stake {
                needed: true,
                unreadable: true,
                ..Stake::unknown(neighbour)
            },
        );
    }

    fn push(&mut self, doors: &DoorsName, account: &AccountId, stake: Stake) {
        self.0
            .entry((doors.clone(), account.clone()))
            .or_default()
            .push(stake);
    }

    /// Returns whether the item of another site's person with this account is unreadable.
    pub fn is_unreadable(&self, doors: &DoorsName, account: &AccountId) -> bool {
        self.stakes(doors, account)
            .iter()
            .any(|stake| stake.unreadable)
    }

    fn stakes(&self, doors: &DoorsName, account: &AccountId) -> &[Stake] {
        // Avoids the copies of the key for a site that shares nothing.
        if self.0.is_empty() {
            return &[];
        }
        self.0
            .get(&(doors.clone(), account.clone()))
            .map_or(&[], Vec::as_slice)
    }

    /// Returns the ends of the memberships that other sites claim for an account in a group, one
    /// for each claim.
    pub fn ends(
        &self,
        doors: &DoorsName,
        group: &GroupId,
        account: &AccountId,
    ) -> Vec<Option<Timestamp>> {
        let claims = self
            .stakes(doors, account)
            .iter()
            .flat_map(|stake| &stake.claims);
        claims
            .filter(|(claimed, _)| claimed == group)
            .map(|(_, until)| *until)
            .collect()
    }

    /// Returns whether another site needs an account: its person has or will have access with it.
    pub fn need(&self, doors: &DoorsName, account: &AccountId) -> bool {
        self.stakes(doors, account).iter().any(|stake| stake.needed)
    }

    /// Returns whether another site needs an account's seat: its person has access now, or will
    /// have it soon.
    pub fn need_seat(&self, doors: &DoorsName, account: &AccountId, now: Timestamp) -> bool {
        let soon = now.checked_add(SOON).unwrap_or(now);
        let needs = |stake: &Stake| {
            stake.unreadable
                || !stake.claims.is_empty()
                || stake.next.is_some_and(|next| next <= soon)
        };
        self.stakes(doors, account).iter().any(needs)
    }

    /// Returns whether another site suspended an account.
    pub fn suspended(&self, doors: &DoorsName, account: &AccountId) -> bool {
        self.stakes(doors, account)
            .iter()
            .any(|stake| stake.suspended)
    }

    /// Returns who has an account at each other site, as far as the items there are readable. A
    /// decision about the account holds only while these owners are unchanged.
    pub fn owners(
        &self,
        doors: &DoorsName,
        account: &AccountId,
    ) -> impl Iterator<Item = Owner<'_>> {
        let stakes = self
            .stakes(doors, account)
            .iter()
            .filter(|stake| !stake.unreadable);
        stakes.map(|stake| Owner {
            at: &stake.neighbour,
            person: stake.person.as_ref().map(|(id, n)| (id, *n)),
        })
    }

    /// Returns the other sites that know an account.
    pub fn knowing(
        &self,
        doors: &DoorsName,
        account: &AccountId,
    ) -> impl Iterator<Item = &Neighbour> {
        let stakes = self.stakes(doors, account).iter();
        stakes
            .filter(|stake| stake.person.is_some())
            .map(|stake| &stake.neighbour)
    }
}
