//! Kisi: the translation between its API and the values of `doorstep_core`.
//!
//! Its particularities:
//! - An [`AccountId`](super::AccountId) is the user's number as text (`12`), and `guest:` with the
//!   number for a guest (`guest:7`). A team in a group is listed as `team:` and its number. It is
//!   never removed, because Doorstep does not know its members.
//! - Membership is a role assignment of the role `group_basic`. Its own id is the member's
//!   `handle`. It can end by itself (`valid_until`). An ended one stays in the list until it is
//!   deleted `[C]`.
//! - The id of Doorstep's person is stored in the user's `metadata`, key `doorstep` `[D]`. Guests
//!   have no metadata.
//! - The rate limit is five requests a second for all keys of one user `[D]`. Requests leave one
//!   after another, up to five of them without a pause, and two functions share the limit.
//! - Cards are assigned like roles: an assignment has an id of its own and may be inactive. An
//!   account can have several.
//!
//! This module knows no claims, windows or rules, and decides no access.

use std::sync::Arc;

use async_trait::async_trait;
use client::{
    CompleteList, KisiClient, LONGEST_PAGE, LONGEST_USER_PAGE, VENDOR, done, refused_fields,
};
use http::{Method, StatusCode};
use serde_json::json;
use wire::{KisiAssignee, number};

use super::attempts::ReadAttempts;
use super::{
    Account, Card, Group, GroupAddition, GroupId, GroupMember, NewAccount, ReadDoors, Seats,
    WriteDoors,
};
use crate::access::Access;
use crate::vendor_http;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};

mod attempts;
mod cards;
mod client;
mod membership;
#[cfg(test)]
mod tests;
pub mod webhook;
mod wire;

/// One Kisi organisation, or one place in it.
#[derive(Clone)]
struct Kisi {
    client: Arc<KisiClient>,
    place: Option<String>,
}

/// Returns a reader and a writer of one Kisi organisation. With `place`, only the groups of that
/// place are listed.
///
/// It makes no call. An error in `access` is the error of the first call.
pub fn connect(place: Option<&str>, access: Access) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>) {
    let kisi = Kisi {
        client: Arc::new(KisiClient::new(access)),
        place: place.filter(|place| !place.is_empty()).map(str::to_owned),
    };
    (Box::new(kisi.clone()), Box::new(kisi))
}

#[async_trait]
impl ReadDoors for Kisi {
    /// Kisi honours `valid_until` `[D]`. Whether the door does so to the second is unknown `[?]`.
    /// Guests cannot be suspended. A guest in no group opens nothing and takes no seat.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ends_by_itself: DoorsKind::Kisi.ends_by_itself(),
            suspends_guests: false,
            one_card: false,
            counts_seats: false,
        }
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let place = self.place.as_deref().map(|place| ("place_id", place));
        let groups: Vec<wire::KisiGroup> = self
            .client
            .list("groups", place.as_slice(), LONGEST_PAGE)
            .await?;
        Ok(groups.into_iter().map(Group::from).collect())
    }

    async fn is_gone(&self, group: &GroupId) -> Result<bool> {
        let answer = self.client.get(&["groups", &group.0]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            Ok(true)
        } else {
            done(answer).map(|_| false)
        }
    }

    /// An empty list is trusted only if the group exists: Kisi answers with an empty list for a
    /// group that is gone `[I]`.
    async fn rows(&self, group: &GroupId) -> Result<Vec<GroupMember>> {
        let id = number(&group.0)?;
        let query = [
            ("applies_to_type", "Group"),
            ("applies_to_id", group.0.as_str()),
        ];
        let list: CompleteList<wire::KisiRoleAssignment> = self
            .client
            .listed("role_assignments", &query, LONGEST_PAGE)
            .await?;
        if list.items.is_empty() {
            let there: wire::GroupSize = vendor_http::json(VENDOR, &self.there_is(group).await?)?;
            if list.says_nothing() && there.users_count.is_some_and(|count| count > 0) {
                return Err(Error::retry(
                    "Kisi listed no members of a group whose member count is above zero",
                ));
            }
        }
        list.items
            .iter()
            .filter(|assignment| assignment.is_membership_of(id))
            .map(wire::KisiRoleAssignment::row)
            .collect()
    }

    /// `?email=` only narrows the list, and the result is compared here: no source says that Kisi's
    /// filter is exact `[C]`.
    async fn find(&self, email: &str) -> Result<Vec<Account>> {
        let Some(key) = email_key(email) else {
            return Ok(Vec::new());
        };
        let users: Vec<wire::KisiUser> = self
            .client
            .list("users", &[("email", email.trim())], LONGEST_USER_PAGE)
            .await?;
        let same = |user: &wire::KisiUser| {
            user.email.as_deref().and_then(email_key).as_ref() == Some(&key)
        };
        Ok(users.into_iter().filter(same).map(Account::from).collect())
    }

    /// The result leaves `privileged` unset, because it needs a second call.
    /// [`ReadDoors::group_count`] counts other roles too, and the writer checks the roles before it
    /// suspends or deletes.
    async fn account(&self, known: &Account) -> Result<Option<Account>> {
        match KisiAssignee::of(&known.id)? {
            KisiAssignee::Guest(id) => self.listed_guest(id).await,
            KisiAssignee::User(id) => {
                let answer = self.client.get(&["users", &id.to_string()]).await?;
                if answer.status() == StatusCode::NOT_FOUND {
                    return self.listed_user(id).await;
                }
                let user: wire::KisiUser = vendor_http::json(VENDOR, &done(answer)?)?;
                Ok(Some(user.into()))
            }
        }
    }

    async fn guests(&self) -> Result<Vec<Account>> {
        let guests: Vec<wire::KisiGuest> = self.client.list("guests", &[], LONGEST_PAGE).await?;
        Ok(guests.into_iter().map(Account::from).collect())
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        let users: Vec<wire::KisiUser> = self.client.list("users", &[], LONGEST_USER_PAGE).await?;
        Ok(users
            .into_iter()
            .map(Account::from)
            .chain(self.guests().await?)
            .collect())
    }

    /// Counts every role in force, also of an organisation or a place. An account with another role
    /// is therefore never "in no group", and no administrator is suspended or deleted.
    async fn group_count(&self, account: &Account) -> Result<usize> {
        let now = self.client.now();
        let mut count = 0;
        for assignment in self.assignments_of(KisiAssignee::of(&account.id)?).await? {
            count += usize::from(!assignment.is_over(now)?);
        }
        Ok(count)
    }

    /// Kisi counts no seats.
    async fn seats(&self) -> Result<Option<Seats>> {
        Ok(None)
    }

    fn attempts(&self) -> &dyn ReadAttempts {
        self
    }

    async fn cards(&self) -> Result<Vec<Card>> {
        self.all_cards().await
    }
}

#[async_trait]
impl WriteDoors for Kisi {
    /// Kisi mails people who are invited. Others are managed: no mail, confirmed at once `[D]`.
    async fn create(&self, new: &NewAccount) -> Result<Account> {
        match &new.email {
            Some(email) => self.create_user(new, email).await,
            None => {
                let body = json!({ "guest": { "name": new.name } });
                let answer = self
                    .client
                    .write(Method::POST, &["guests"], Some(&body))
                    .await?;
                let guest: wire::KisiGuest = vendor_http::json(VENDOR, &done(answer)?)?;
                Ok(guest.into())
            }
        }
    }

    /// A guest cannot be renamed: Kisi documents no call for it.
    async fn rename(&self, account: &Account, name: &str) -> Result<()> {
        match KisiAssignee::of(&account.id)? {
            KisiAssignee::Guest(_) => Err(Error::permanent(
                "Kisi has no call to rename a guest: change the name in Kisi",
            )),
            KisiAssignee::User(id) => self.update(id, json!({ "user": { "name": name } })).await,
        }
    }

    /// Guests cannot be suspended, so there is nothing to resume.
    async fn resume(&self, account: &Account) -> Result<()> {
        match KisiAssignee::of(&account.id)? {
            KisiAssignee::Guest(_) => Ok(()),
            KisiAssignee::User(id) => {
                self.scim_allows(id).await?;
                self.update(id, json!({ "user": { "access_enabled": true } }))
                    .await
            }
        }
    }

    /// A guest in no group opens nothing and takes no seat, so it counts as suspended. So does an
    /// account that is gone.
    async fn suspend(&self, account: &Account) -> Result<()> {
        let who = KisiAssignee::of(&account.id)?;
        let KisiAssignee::User(id) = who else {
            return Ok(());
        };
        self.has_no_other_role(who).await?;
        let body = json!({ "user": { "access_enabled": false } });
        let answer = self
            .client
            .write(Method::PATCH, &["users", &id.to_string()], Some(&body))
            .await?;
        done_or_gone(answer)
    }

    async fn delete(&self, account: &Account) -> Result<()> {
        let who = KisiAssignee::of(&account.id)?;
        self.has_no_other_role(who).await?;
        let (list, id) = match who {
            KisiAssignee::User(id) => ("users", id),
            KisiAssignee::Guest(id) => ("guests", id),
        };
        let answer = self
            .client
            .write(Method::DELETE, &[list, &id.to_string()], None)
            .await?;
        done_or_gone(answer)
    }

    /// One call for each change: Kisi has no call for several.
    async fn change(
        &self,
        group: &GroupId,
        add: &[GroupAddition],
        remove: &[GroupMember],
    ) -> Vec<Result<()>> {
        self.change_each(group, add, remove).await
    }

    async fn tag(&self, account: &Account, card: &Card) -> Result<()> {
        self.give_card(account, card).await
    }

    async fn untag(&self, account: &Account, card: &Card) -> Result<()> {
        self.take_card(account, card).await
    }
}

impl Kisi {
    async fn create_user(&self, new: &NewAccount, email: &str) -> Result<Account> {
        let mut user = json!({
            "email": email,
            "name": new.name,
            "send_emails": new.invite,
            "access_enabled": true,
            "metadata": { wire::MARK: new.mark },
        });
        if let (false, Some(user)) = (new.invite, user.as_object_mut()) {
            user.insert("confirm".to_owned(), json!(true));
        }
        let answer = self
            .client
            .write(Method::POST, &["users"], Some(&json!({ "user": user })))
            .await?;
        let about_email = refused_fields(&answer).iter().any(|field| field == "email");
        if answer.status() == StatusCode::CONFLICT
            || (about_email && !self.find(email).await?.is_empty())
        {
            return Err(Error::retry(
                "Kisi already has an account with this address; looking it up again",
            ));
        }
        let user: wire::KisiUser = vendor_http::json(VENDOR, &done(answer)?)?;
        Ok(user.into())
    }

    /// Fetches a guest from the list, because there is no call for one guest `[D]`. An empty list
    /// without a count is not trusted: the person would get a second account.
    async fn listed_guest(&self, id: i64) -> Result<Option<Account>> {
        let ids = id.to_string();
        let list: CompleteList<wire::KisiGuest> = self
            .client
            .listed("guests", &[("ids", &ids)], LONGEST_PAGE)
            .await?;
        if list.says_nothing() {
            return Err(Error::retry(
                "Kisi's list of guests says nothing: it is read again",
            ));
        }
        Ok(list
            .items
            .into_iter()
            .find(|guest| guest.id == id)
            .map(Account::from))
    }

    /// Fetches a user from the list of users. One 404 is not trusted: the person would get a second
    /// account.
    async fn listed_user(&self, id: i64) -> Result<Option<Account>> {
        let users: Vec<wire::KisiUser> = self
            .client
            .list("users", &[("ids", &id.to_string())], LONGEST_USER_PAGE)
            .await?;
        let found = users
            .into_iter()
            .find(|user| wire::Numbered::number(user) == id);
        Ok(found.map(Account::from))
    }

    /// # Errors
    /// [`Error::Permanent`] where the organisation's identity provider disabled the user's access.
    /// No call of Doorstep can enable it again.
    async fn scim_allows(&self, user: i64) -> Result<()> {
        let answer = self.client.get(&["users", &user.to_string()]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(account_gone());
        }
        let user: wire::KisiUser = vendor_http::json(VENDOR, &done(answer)?)?;
        match user.scim_access_enabled {
            Some(false) => Err(Error::permanent(
                "this Kisi account's access is switched off by the organisation's identity provider (SCIM): enable it \
                 there",
            )),
            Some(true) | None => Ok(()),
        }
    }

    async fn update(&self, user: i64, body: serde_json::Value) -> Result<()> {
        let answer = self
            .client
            .write(Method::PATCH, &["users", &user.to_string()], Some(&body))
            .await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(account_gone());
        }
        done(answer).map(drop)
    }

    /// Fetches the group.
    ///
    /// # Errors
    /// [`Error::Permanent`] where the group is gone.
    async fn there_is(&self, group: &GroupId) -> Result<bytes::Bytes> {
        let answer = self.client.get(&["groups", &group.0]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(Error::permanent(format!(
                "Kisi group {group} is gone: change the rules that open it"
            )));
        }
        done(answer)
    }

    async fn assignments_of(&self, who: KisiAssignee) -> Result<Vec<wire::KisiRoleAssignment>> {
        let (kind, id) = who.assignee();
        let assignments = self
            .client
            .assignments(&[("assignee_type", kind), ("assignee_id", &id.to_string())])
            .await?;
        Ok(assignments
            .into_iter()
            .filter(|assignment| assignment.is_of(who))
            .collect())
    }

    async fn has_no_other_role(&self, who: KisiAssignee) -> Result<()> {
        if self
            .assignments_of(who)
            .await?
            .iter()
            .all(wire::KisiRoleAssignment::is_basic)
        {
            return Ok(());
        }
        Err(Error::permanent(
            "this Kisi account has another role than opening doors: it is neither suspended nor deleted",
        ))
    }
}

fn account_gone() -> Error {
    Error::retry("the account no longer exists at Kisi; looking it up again")
}

fn done_or_gone(answer: crate::http::Response) -> Result<()> {
    if answer.status() == StatusCode::NOT_FOUND {
        Ok(())
    } else {
        done(answer).map(drop)
    }
}
