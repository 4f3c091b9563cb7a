//! The door systems: the traits, the types that they share, and the one `match` over their names.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::access::Access;
use doorstep_core::model::account::{
    Account, AccountId, Card, DoorsKind, Group, GroupId, GroupMember,
};
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::error::Result;

pub mod attempts;
pub mod kisi;
pub mod salto_ks;

#[cfg(test)]
pub(crate) mod script;

/// The connection of a kind of door system. Only its implementation here names the vendors.
pub trait DoorsVendor {
    /// Returns the parser of the webhooks that report access attempts; `None` where the door system
    /// has none.
    fn webhook(self) -> Option<&'static dyn attempts::PushAttempts>;
    /// Returns a reader and a writer of one door system.
    fn connect(
        self,
        place: Option<&str>,
        access: Access,
    ) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>);
}

impl DoorsVendor for DoorsKind {
    fn webhook(self) -> Option<&'static dyn attempts::PushAttempts> {
        match self {
            DoorsKind::SaltoKs => None,
            DoorsKind::Kisi => Some(&kisi::webhook::EventWebhook),
        }
    }

    fn connect(
        self,
        place: Option<&str>,
        access: Access,
    ) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>) {
        match self {
            DoorsKind::SaltoKs => salto_ks::connect(place, access),
            DoorsKind::Kisi => kisi::connect(place, access),
        }
    }
}

/// The input for a new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The id of Doorstep's person. The door system stores it as a mark where it can.
    pub mark: String,
    /// The name of the account.
    pub name: String,
    /// The e-mail address of the account. Without one, a guest is created.
    pub email: Option<String>,
    /// Whether the door system sends an invitation to that address.
    pub invite: bool,
    /// Whether an earlier try got no answer. It may have created the account.
    pub tried: bool,
}

/// The seats: how many accounts may be active at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// The seats in use.
    pub used: u32,
    /// The seats paid for; `None` is without limit.
    pub paid: Option<u32>,
}

/// The share of used seats, in percent, from which Doorstep warns.
const NEARLY_ALL: u64 = 80;

impl Seats {
    /// Returns a warning with the used and the paid seats, where few are left.
    pub fn shortage(&self) -> Option<String> {
        let (used, paid) = (self.used, self.paid?);
        let short = u64::from(used) * 100 >= u64::from(paid) * NEARLY_ALL;
        let advice = "buy more, or suspend accounts without access";
        short.then(|| format!("{used} of {paid} seats are in use: {advice}"))
    }
}

/// An account to add to a group.
#[derive(Debug, Clone)]
pub struct GroupAddition {
    /// The account.
    pub account: Arc<Account>,
    /// The instant at which the membership ends by itself, where the door system supports that.
    pub until: Option<Timestamp>,
    /// Memberships of this account in this group that the new one replaces.
    pub replaces: Vec<GroupMember>,
}

/// The read side of a door system. It writes nothing. Every list is complete or an error.
#[async_trait]
pub trait ReadDoors: Send + Sync {
    /// Returns what the door system can do by itself.
    fn capabilities(&self) -> Capabilities;
    /// Fetches all groups, with the problems that the list itself shows.
    async fn groups(&self) -> Result<Vec<Group>>;
    /// Fetches the reason why `group` opens nothing although it has members. This may cost one call
    /// for each group, so Doorstep asks only about groups that rules name.
    async fn group_problem(&self, _group: &GroupId) -> Result<Option<String>> {
        Ok(None)
    }
    /// Fetches `group` itself and returns whether it is gone. A list without the group is no proof:
    /// Doorstep would forget its claims in the group, and the access would remain.
    async fn is_gone(&self, group: &GroupId) -> Result<bool>;
    /// Fetches all members of `group`, whatever their dates. A group that is gone is
    /// [`doorstep_core::model::error::Error::Permanent`].
    async fn rows(&self, group: &GroupId) -> Result<Vec<GroupMember>>;
    /// Fetches the accounts with exactly the address `email`, ignoring case.
    async fn find(&self, email: &str) -> Result<Vec<Account>>;
    /// Fetches the present state of the account. `known` is its last known state. Returns `None`
    /// where it is gone, which a list has confirmed.
    async fn account(&self, known: &Account) -> Result<Option<Account>>;
    /// Fetches all guests (accounts without an address).
    async fn guests(&self) -> Result<Vec<Account>>;
    /// Fetches all accounts, guests included.
    async fn accounts(&self) -> Result<Vec<Account>>;
    /// Fetches the number of groups of any kind that the account is in.
    async fn group_count(&self, account: &Account) -> Result<usize>;
    /// Fetches the seats, where the door system counts them.
    async fn seats(&self) -> Result<Option<Seats>>;
    /// Returns the reader of access attempts.
    fn attempts(&self) -> &dyn attempts::ReadAttempts;
    /// Returns whether a card can be fetched by its number. Where it cannot,
    /// [`ReadDoors::cards_about`] fetches all cards.
    fn finds_cards(&self) -> bool {
        false
    }
    /// Fetches every card, with its holder.
    async fn cards(&self) -> Result<Vec<Card>>;
    /// Fetches the cards with these numbers and the cards of `account`. The result may include
    /// other cards.
    async fn cards_about(&self, _numbers: &[String], _account: &Account) -> Result<Vec<Card>> {
        self.cards().await
    }
}

/// The write side of a door system. Only `apply` gets one.
///
/// After an error it is unknown whether the change was made, so the caller reads again before it
/// continues. A change that is in effect already is a success.
#[async_trait]
pub trait WriteDoors: Send + Sync {
    /// Creates an account, or a guest where there is no address.
    async fn create(&self, new: &NewAccount) -> Result<Account>;
    /// Renames an account. Returns [`doorstep_core::model::error::Error::Permanent`] where the door
    /// system forbids it.
    async fn rename(&self, account: &Account, name: &str) -> Result<()>;
    /// Resumes an account, so that it opens doors again. It takes a seat.
    async fn resume(&self, account: &Account) -> Result<()>;
    /// Suspends an account, so that it opens nothing. It frees its seat.
    async fn suspend(&self, account: &Account) -> Result<()>;
    /// Deletes an account.
    async fn delete(&self, account: &Account) -> Result<()>;
    /// Adds `add` to `group` and removes `remove` from it, in as few calls as the door system
    /// allows. Returns one result for each item of `add`, then for each item of `remove`, in their
    /// order.
    async fn change(
        &self,
        group: &GroupId,
        add: &[GroupAddition],
        remove: &[GroupMember],
    ) -> Vec<Result<()>>;
    /// Assigns a free card to the account. Reads the card again after the call, because the answer
    /// alone is no proof.
    async fn tag(&self, account: &Account, card: &Card) -> Result<()>;
    /// Takes a card from the account. The card itself stays in the door system. A card that the
    /// account no longer has is a success.
    async fn untag(&self, account: &Account, card: &Card) -> Result<()>;
}
