//! SALTO KS: the translation between its API and the values of `doorstep_core`.
//!
//! Its particularities:
//! - Two ids `[M]`. [`AccountId`](super::AccountId) is the platform's `user.id`, by which groups
//!   name people. `inner_id` is the site user's `id`, by which calls about the account name it. The
//!   wrong one answers 404.
//! - Membership has no dates `[D]`: it ends when it is removed. A member's `handle` is the
//!   account's id.
//! - Only an account whose `subscription_state` is `subscribed` has a seat and opens doors. A
//!   create without a free seat is still answered with 201 `[M]`.
//! - It stores no mark of Doorstep. An account is found again by its address, a guest only by its
//!   id.
//! - Its rate limits are unknown `[?]`. Only reads go side by side, and after a 429 the client sends
//!   one request at a time.
//! - An account has one tag at most, which is a field of the person `[I]`. The answer to an
//!   assignment is not trusted.
//!
//! This module knows no claims, windows or rules, and decides no access. It never touches keys.

use std::sync::Arc;

use async_trait::async_trait;
use client::{SaltoClient, V1_1, V1_2};
use http::Method;
use refusal::SaltoAnswer;
use serde_json::json;

use super::attempts::ReadAttempts;
use super::{
    Account, Card, Group, GroupAddition, GroupId, GroupMember, NewAccount, ReadDoors, Seats,
    WriteDoors,
};
use crate::access::Access;
use doorstep_core::model::account::{DoorsKind, Standing};
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};

mod accounts;
mod attempts;
mod client;
mod login;
mod membership;
mod pages;
mod refusal;
mod tags;
#[cfg(test)]
mod tests;
mod wire;

/// One SALTO KS site.
#[derive(Clone)]
struct SaltoKs(Arc<SaltoClient>);

/// Returns a reader and a writer of the SALTO KS site `place`.
///
/// It makes no call. An error in `access` or a missing `place` is the error of the first call.
pub fn connect(place: Option<&str>, access: Access) -> (Box<dyn ReadDoors>, Box<dyn WriteDoors>) {
    let salto = SaltoKs(Arc::new(SaltoClient::new(place, access)));
    (Box::new(salto.clone()), Box::new(salto))
}

#[async_trait]
impl ReadDoors for SaltoKs {
    /// Membership has no dates `[D]`. One card for each account: in the vendor's model `[I]`.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ends_by_itself: DoorsKind::SaltoKs.ends_by_itself(),
            suspends_guests: true,
            one_card: true,
            counts_seats: true,
        }
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let groups: Vec<wire::SaltoGroup> = self.0.list(V1_2, &["access_groups"], None).await?;
        Ok(groups.into_iter().map(Group::from).collect())
    }

    /// A group without a time schedule opens nothing `[M]`.
    async fn group_problem(&self, group: &GroupId) -> Result<Option<String>> {
        let path = ["access_groups", &group.0, "time_schedules"];
        let schedules: Vec<wire::SaltoSchedule> = self.0.list(V1_1, &path, None).await?;
        let problem = "it has no time schedule, so it opens nothing: give it one in SALTO KS";
        Ok(schedules.is_empty().then(|| problem.to_owned()))
    }

    async fn is_gone(&self, group: &GroupId) -> Result<bool> {
        let answer = self.0.one(V1_1, &["access_groups", &group.0]).await?;
        if answer.is_missing() {
            Ok(true)
        } else {
            answer.done().map(|_| false)
        }
    }

    /// An empty list is trusted only if the group's own count is also zero: a bare `[]` does not
    /// show that it is complete.
    async fn rows(&self, group: &GroupId) -> Result<Vec<GroupMember>> {
        let members: Vec<wire::SaltoMember> = self
            .0
            .list(V1_1, &["access_groups", &group.0, "users"], None)
            .await?;
        if members.is_empty() {
            let summary = self
                .0
                .one(V1_1, &["access_groups", &group.0])
                .await?
                .done()?;
            if summary
                .json::<wire::SaltoGroup>()?
                .user_count
                .is_some_and(|count| count > 0)
            {
                return Err(Error::retry(
                    "SALTO KS listed no members of a group whose member count is above zero",
                ));
            }
        }
        Ok(members.into_iter().map(GroupMember::from).collect())
    }

    /// Whether `eq` ignores case is unknown `[?]`. The address is tried as given, then in lower
    /// case.
    async fn find(&self, email: &str) -> Result<Vec<Account>> {
        let Some(key) = email_key(email) else {
            return Ok(Vec::new());
        };
        let mut found = self.find_as_written(email.trim(), &key).await?;
        if found.is_empty() && email.trim() != key {
            found = self.find_as_written(&key, &key).await?;
        }
        Ok(found)
    }

    async fn account(&self, known: &Account) -> Result<Option<Account>> {
        if let Some(inner) = &known.inner_id
            && let Some(account) = self.fetch(inner).await?
        {
            return Ok(Some(account));
        }
        self.find_without_inner(known).await
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        self.all_accounts().await
    }

    /// There is no list of guests only, so they are filtered from the list of all site users.
    async fn guests(&self) -> Result<Vec<Account>> {
        Ok(self
            .all_accounts()
            .await?
            .into_iter()
            .filter(|account| account.guest)
            .collect())
    }

    async fn group_count(&self, account: &Account) -> Result<usize> {
        let Some(inner) = self.inner_of(account).await? else {
            return Ok(0);
        };
        let groups: Vec<wire::SaltoGroup> = self
            .0
            .list(V1_1, &["users", &inner, "access_groups"], None)
            .await?;
        Ok(groups.len())
    }

    /// # Errors
    /// [`Error::Permanent`] where the site has no valid subscription or is still being installed:
    /// then nothing can be changed there.
    async fn seats(&self) -> Result<Option<Seats>> {
        let site: wire::SaltoSite = self.0.one(V1_2, &[]).await?.done()?.json()?;
        site.seats().map(Some)
    }

    fn attempts(&self) -> &dyn ReadAttempts {
        self
    }

    fn finds_cards(&self) -> bool {
        true
    }

    async fn cards(&self) -> Result<Vec<Card>> {
        self.all_tags().await
    }

    async fn cards_about(&self, numbers: &[String], account: &Account) -> Result<Vec<Card>> {
        self.tags_about(numbers, account).await
    }
}

#[async_trait]
impl WriteDoors for SaltoKs {
    async fn create(&self, new: &NewAccount) -> Result<Account> {
        match &new.email {
            Some(email) => self.create_user(new, email).await,
            None => self.create_guest(new).await,
        }
    }

    async fn rename(&self, account: &Account, name: &str) -> Result<()> {
        self.rename_account(account, name).await
    }

    /// The vendor's 204 is not trusted: without a free seat the account stays suspended `[M]`.
    async fn resume(&self, account: &Account) -> Result<()> {
        let inner = self.inner_of(account).await?.ok_or_else(account_gone)?;
        let answer = self.set_subscription(&inner, "subscribed").await?;
        if answer.is_missing() {
            return Err(account_gone());
        }
        if answer.is_without_subscription() {
            return Err(no_seat());
        }
        self.done_or_so(&inner, answer, Standing::Active).await?;
        match self.fetch_raw(&inner).await?.ok_or_else(account_gone)? {
            user if user.standing() == Standing::Active => Ok(()),
            user if user.blocked => Err(Error::permanent(
                "the account is blocked in SALTO KS: unblock it there",
            )),
            _ => Err(no_seat()),
        }
    }

    async fn suspend(&self, account: &Account) -> Result<()> {
        let Some(inner) = self.unprivileged(account).await? else {
            return Ok(());
        };
        let answer = self.set_subscription(&inner, "suspended").await?;
        if answer.is_missing() {
            return Ok(());
        }
        self.done_or_so(&inner, answer, Standing::Suspended).await
    }

    /// Answered 202: the deletion takes effect a little later `[D]`.
    async fn delete(&self, account: &Account) -> Result<()> {
        let Some(inner) = self.unprivileged(account).await? else {
            return Ok(());
        };
        self.0
            .write(Method::DELETE, V1_2, &["users", &inner], None)
            .await?
            .done_or_gone()
    }

    /// One call for several changes, as the vendor wishes. Single calls only where that is refused.
    async fn change(
        &self,
        group: &GroupId,
        add: &[GroupAddition],
        remove: &[GroupMember],
    ) -> Vec<Result<()>> {
        self.change_together(group, add, remove).await
    }

    async fn tag(&self, account: &Account, card: &Card) -> Result<()> {
        self.give_tag(account, card).await
    }

    async fn untag(&self, account: &Account, card: &Card) -> Result<()> {
        self.take_tag(account, card).await
    }
}

impl SaltoKs {
    /// Accepts a refusal that may mean "already so" if the account is in the wanted state.
    async fn done_or_so(&self, inner: &str, answer: SaltoAnswer, wanted: Standing) -> Result<()> {
        if answer.may_be_so_already()
            && self
                .fetch_raw(inner)
                .await?
                .is_some_and(|user| user.standing() == wanted)
        {
            return Ok(());
        }
        answer.done().map(drop)
    }

    async fn set_subscription(&self, inner: &str, state: &str) -> Result<SaltoAnswer> {
        let body = json!({ "state": state });
        self.0
            .write(
                Method::PATCH,
                V1_1,
                &["users", inner, "subscription"],
                Some(&body),
            )
            .await
    }
}

fn no_seat() -> Error {
    Error::permanent(
        "SALTO KS has no free seat, or no valid subscription: buy seats, or free some by suspending users",
    )
}

fn account_gone() -> Error {
    Error::retry("the account no longer exists at SALTO KS; looking it up again")
}
