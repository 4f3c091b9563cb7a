//! The state of all door systems of a site, as one comparison reads it.

use std::collections::{BTreeMap, BTreeSet};

use super::SourceRead;
use super::account_list::AccountList;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::other_sites::load::Neighbours;
use doorstep_core::decide::cards::CardBook;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::model::account::{AccountId, GroupId, GroupRef};
use doorstep_core::model::actual_groups::ActualGroups;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::Resolved;
use doorstep_vendors::doors::{ReadDoors, Seats};

mod read;
mod survey;

pub use read::read;

/// The state of all door systems: the groups that a rule names or that a person has a claim in, and
/// all accounts.
#[derive(Default)]
pub struct DoorsSnapshot {
    /// The members of each group that could be read. A group that no longer exists has no members.
    pub members: ActualGroups,
    /// Groups that are read for the first time. Existing memberships of entitled people become
    /// claims.
    pub new_groups: BTreeSet<GroupRef>,
    /// Every account of the door systems whose accounts could be read.
    pub accounts: BTreeMap<DoorsName, AccountList>,
    /// Every card of the door systems whose cards were read. Cards are read only where a person has
    /// a card number.
    pub cards: BTreeMap<DoorsName, CardBook>,
    /// What the names of the site file resolve to.
    pub resolved: Resolved,
    /// The platform's catalogue, which the names were resolved with.
    pub catalogue: Catalogue,
    /// The context of each door system that is known.
    pub contexts: BTreeMap<DoorsName, DoorsContext>,
    /// The reader of each door system that answers.
    pub readers: BTreeMap<DoorsName, Box<dyn ReadDoors>>,
    /// The seats of each door system that answers; `None` where it counts none.
    pub seats: BTreeMap<DoorsName, Option<Seats>>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// Door systems whose groups or accounts could not be read completely, with the first problem
    /// of each.
    pub incomplete: BTreeMap<DoorsName, String>,
    /// Findings of a successful read that the operator should look at.
    pub remarks: Vec<String>,
    /// How each door system was read.
    pub reads: BTreeMap<DoorsName, SourceRead>,
    /// Notices to publish: those of the problems and remarks that the operator may act on.
    pub notices: Vec<Notice>,
    /// What other sites of the stack claim there.
    pub others: OtherSites,
    /// These sites, by the door system that they share.
    pub neighbours: Neighbours,
    /// Accounts of people who cannot be read, by door system.
    of_unreadable: BTreeMap<DoorsName, BTreeSet<AccountId>>,
}

impl DoorsSnapshot {
    /// Returns the groups of every door system that is known.
    pub fn groups(&self) -> BTreeMap<DoorsName, Vec<doorstep_core::model::account::Group>> {
        self.contexts
            .iter()
            .map(|(name, doors_context)| (name.clone(), doors_context.doors_read.groups.clone()))
            .collect()
    }

    /// Returns the name of a group, or its id if the group is unknown.
    pub fn name_of(&self, doors: &DoorsName, group: &GroupId) -> String {
        let groups = self
            .contexts
            .get(doors)
            .map_or(&[][..], |doors_context| &doors_context.doors_read.groups);
        groups
            .iter()
            .find(|known| known.id == *group)
            .map_or_else(|| group.0.clone(), |known| known.name.clone())
    }

    /// Returns whether an account belongs to a person who cannot be read. Which of its access is
    /// ours is then unknown.
    pub fn is_of_unreadable(&self, doors: &DoorsName, account: &AccountId) -> bool {
        self.of_unreadable
            .get(doors)
            .is_some_and(|accounts| accounts.contains(account))
    }

    /// Returns whether the cards of a door system were read for the first time. The cards that the
    /// accounts have already then become Doorstep's.
    pub fn takes_over_cards(&self, doors: &DoorsName) -> bool {
        let is_new = |context: &DoorsContext| !context.doors_read.cards_taken;
        self.cards.contains_key(doors) && self.contexts.get(doors).is_some_and(is_new)
    }

    /// Returns whether the groups and accounts of a door system were read completely.
    pub fn is_complete(&self, doors: &DoorsName) -> bool {
        self.contexts.contains_key(doors) && !self.incomplete.contains_key(doors)
    }

    /// Returns every account of the lists and the groups, by door system.
    fn accounts_seen(&self) -> BTreeMap<DoorsName, Vec<AccountId>> {
        let mut seen: BTreeMap<DoorsName, Vec<AccountId>> = BTreeMap::new();
        for (doors, accounts) in &self.accounts {
            let listed = accounts.iter().map(|account| account.id.clone());
            seen.entry(doors.clone()).or_default().extend(listed);
        }
        for (GroupRef { doors, .. }, members) in &self.members {
            seen.entry(doors.clone())
                .or_default()
                .extend(members.iter().map(|member| member.account.clone()));
        }
        seen
    }
}
