//! Door systems. The traits, the words they share, and the one place where their names meet.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::access::Access;
use doorstep_core::model::account::{Account, AccountId, Card, DoorsKind, Group, GroupId, GroupMember};
use doorstep_core::model::error::Result;

pub mod kisi;
pub mod openings;
pub mod salto_ks;

#[cfg(test)]
pub(crate) mod script;

/// How a kind of door system is reached. Only here their names meet.
pub trait DoorsVendor {
    /// Returns how the webhooks are read by which it tells of openings; `None` where it has none.
    fn webhook(self) -> Option<&'static dyn openings::TellOpenings>;
    /// Returns a reader and a writer of one door system.
    fn connect(self, place: Option<&str>, access: Access) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>);
}

impl DoorsVendor for DoorsKind {
    fn webhook(self) -> Option<&'static dyn openings::TellOpenings> {
        match self {
            DoorsKind::SaltoKs => None,
            DoorsKind::Kisi => Some(&kisi::webhook::EventWebhook),
        }
    }

    fn connect(self, place: Option<&str>, access: Access) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>) {
        match self {
            DoorsKind::SaltoKs => salto_ks::connect(place, access),
            DoorsKind::Kisi => kisi::connect(place, access),
        }
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Our person's id, to be left as a mark where that is possible.
    pub mark: String,
    /// Its name.
    pub name: String,
    /// Its address; without one a guest is made.
    pub email: Option<String>,
    /// Whether the door system shall write to that address.
    pub invite: bool,
    /// An earlier try was not answered: it may have made the account.
    pub tried: bool,
}

/// How many accounts may be active at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// In use now.
    pub used: u32,
    /// Paid for; `None` is without limit.
    pub paid: Option<u32>,
}

/// The share of seats from which a shortage is near, in percent.
const NEARLY_ALL: u64 = 80;

impl Seats {
    /// How many are in use and how many are paid for, in words, where a shortage is near.
    pub fn shortage(&self) -> Option<String> {
        let (used, paid) = (self.used, self.paid?);
        let short = u64::from(used) * 100 >= u64::from(paid) * NEARLY_ALL;
        let advice = "buy more, or suspend accounts without access";
        short.then(|| format!("{used} of {paid} seats are in use: {advice}"))
    }
}

/// One account to be put into a group.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who.
    pub account: Arc<Account>,
    /// When it ends by itself, where the door system can do that.
    pub until: Option<Timestamp>,
    /// Lines of this account in this group that the new one takes the place of.
    pub replaces: Vec<GroupMember>,
}

/// What can be asked of a door system. Nothing here writes. Every list is whole or an error.
#[async_trait]
pub trait ReadDoors: Send + Sync {
    /// Whether membership can end by itself (`until` is honoured).
    fn ends_by_itself(&self) -> bool;
    /// Whether a guest's account can be suspended. Where it cannot, it takes no seat.
    fn guests_rest(&self) -> bool {
        true
    }
    /// All groups, with such of their problems as the list itself tells.
    async fn groups(&self) -> Result<Vec<Group>>;
    /// Whether each active account takes one of a limited number of seats.
    fn counts_seats(&self) -> bool {
        false
    }
    /// Why `group` opens nothing although people are in it, where finding out takes a call for each group: to be asked
    /// of ruled groups only.
    async fn group_problem(&self, _group: &GroupId) -> Result<Option<String>> {
        Ok(None)
    }
    /// Whether the door system, asked for this very group, says that there is none. A list that leaves it out is no
    /// proof: what is claimed in a group would be forgotten, and stay open.
    async fn is_gone(&self, group: &GroupId) -> Result<bool>;
    /// Everybody in `group`, whatever the dates. A group that is gone is [`doorstep_core::model::error::Error::Permanent`].
    async fn rows(&self, group: &GroupId) -> Result<Vec<GroupMember>>;
    /// Accounts whose address is exactly `email`, ignoring case.
    async fn find(&self, email: &str) -> Result<Vec<Account>>;
    /// The account as it is now; `None` where it is gone, which a list has confirmed. `known` is as it was last seen.
    async fn account(&self, known: &Account) -> Result<Option<Account>>;
    /// All guests (accounts without an address).
    async fn guests(&self) -> Result<Vec<Account>>;
    /// All accounts, guests among them.
    async fn accounts(&self) -> Result<Vec<Account>>;
    /// How many groups of any kind the account is in.
    async fn group_count(&self, account: &Account) -> Result<usize>;
    /// Seats, where the door system counts them.
    async fn seats(&self) -> Result<Option<Seats>>;
    /// What can be asked about who came and went.
    fn openings(&self) -> &dyn openings::ReadOpenings;
    /// Whether somebody can have one card only.
    fn one_card(&self) -> bool {
        false
    }
    /// Whether one card can be asked for by its number. Where not, [`ReadDoors::cards_about`] reads them all.
    fn finds_cards(&self) -> bool {
        false
    }
    /// Every card, with whose it is.
    async fn cards(&self) -> Result<Vec<Card>>;
    /// The cards of these numbers and those that `account` has, others perhaps among them.
    async fn cards_about(&self, _numbers: &[String], _account: &Account) -> Result<Vec<Card>> {
        self.cards().await
    }
}

/// What can be changed at a door system. Only `apply` is handed one.
///
/// After an error nobody knows whether the change was made: the caller reads again before it goes on. "Already so"
/// is success.
#[async_trait]
pub trait WriteDoors: Send + Sync {
    /// Makes an account. A guest, where there is no address.
    async fn create(&self, new: &NewAccount) -> Result<Account>;
    /// Gives an account another name. [`doorstep_core::model::error::Error::Permanent`] where the door system does not let us.
    async fn rename(&self, account: &Account, name: &str) -> Result<()>;
    /// Lets an account open doors again, taking a seat.
    async fn resume(&self, account: &Account) -> Result<()>;
    /// Stops an account from opening anything, freeing its seat.
    async fn suspend(&self, account: &Account) -> Result<()>;
    /// Deletes an account.
    async fn delete(&self, account: &Account) -> Result<()>;
    /// Puts `add` into `group` and takes `remove` out of it, in as few calls as the door system allows. One result
    /// for each of `add`, then for each of `remove`, in their order.
    async fn change(&self, group: &GroupId, add: &[Entry], remove: &[GroupMember]) -> Vec<Result<()>>;
    /// Makes a card theirs that is nobody's. Done is what was seen done: a yes alone is not believed.
    async fn tag(&self, account: &Account, card: &Card) -> Result<()>;
    /// Makes a card of theirs nobody's, and leaves it where it is. One that is theirs no more is done.
    async fn untag(&self, account: &Account, card: &Card) -> Result<()>;
}
