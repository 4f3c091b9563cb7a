//! Site users: finds, creates and renames them.
//!
//! It never changes an address that an account has already.

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::client::{V1_1, V1_2};
use super::refusal::SaltoAnswer;
use super::wire::{self, NEVER_SUSPENDED, USER_ROLE};
use super::{SaltoKs, account_gone};
use crate::doors::{NewAccount, ReadDoors};
use doorstep_core::model::account::Account;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};

/// The life of a guest account. SALTO KS requires an end `[M]`, and Doorstep knows none: a guest's
/// access follows from memberships, which are removed in time. Ten years are longer than any visit
/// and within the range of dates that software handles `[I]`.
const GUEST_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// The last name of a person who has none. SALTO KS requires one `[D]`; the alias shows the true
/// name.
const NO_LAST_NAME: &str = "-";

impl SaltoKs {
    /// Fetches all accounts of the site. Leaves out site users without a platform id, because they
    /// can be in no group.
    pub(super) async fn all_accounts(&self) -> Result<Vec<Account>> {
        self.0
            .list_as(V1_2, &["users"], None, wire::SiteUser::account)
            .await
    }

    pub(super) async fn find_as_written(&self, email: &str, key: &str) -> Result<Vec<Account>> {
        let filter = format!("user/email eq '{}'", email.replace('\'', "''"));
        let users: Vec<wire::SiteUser> = self.0.list(V1_2, &["users"], Some(&filter)).await?;
        let same = |account: &Account| {
            account.email.as_deref().and_then(email_key).as_deref() == Some(key)
        };
        Ok(users
            .into_iter()
            .filter_map(wire::SiteUser::account)
            .filter(same)
            .collect())
    }

    pub(super) async fn fetch(&self, inner: &str) -> Result<Option<Account>> {
        Ok(self
            .fetch_raw(inner)
            .await?
            .and_then(wire::SiteUser::account))
    }

    /// Fetches a site user; `None` where it is gone.
    pub(super) async fn fetch_raw(&self, inner: &str) -> Result<Option<wire::SiteUser>> {
        let answer = self.0.one(V1_1, &["users", inner]).await?;
        if answer.is_missing() {
            return Ok(None);
        }
        answer.done()?.json().map(Some)
    }

    /// Fetches an account without its inner id: by its address where that is known, else from the
    /// list of all accounts.
    pub(super) async fn find_without_inner(&self, known: &Account) -> Result<Option<Account>> {
        if let Some(email) = &known.email
            && let Some(account) = self
                .find(email)
                .await?
                .into_iter()
                .find(|account| account.id == known.id)
        {
            return Ok(Some(account));
        }
        Ok(self
            .all_accounts()
            .await?
            .into_iter()
            .find(|account| account.id == known.id))
    }

    /// Returns the id by which calls name the account; `None` where the account is gone.
    pub(super) async fn inner_of(&self, account: &Account) -> Result<Option<String>> {
        match &account.inner_id {
            Some(inner) => Ok(Some(inner.clone())),
            None => Ok(self
                .find_without_inner(account)
                .await?
                .and_then(|found| found.inner_id)),
        }
    }

    /// Fetches an account and returns its inner id if it may be suspended or deleted; `None` where
    /// it is gone.
    pub(super) async fn unprivileged(&self, account: &Account) -> Result<Option<String>> {
        match self.account(account).await? {
            None => Ok(None),
            Some(now) if now.privileged => Err(Error::permanent(NEVER_SUSPENDED)),
            Some(now) => Ok(now.inner_id),
        }
    }

    /// Creates an account with an address.
    ///
    /// An address in the create makes SALTO KS send its invitation `[D]`. A person without an
    /// invitation is created without an address and gets it in a second call, while there is no
    /// profile yet. Whether that call sends a mail is unknown `[?]`. If it fails, the account is
    /// deleted, so that it takes no seat. Until then the account has an alias with Doorstep's mark
    /// ([`unfinished`]), by which it is found if the create got no answer.
    ///
    /// It searches for the address before it creates: the effect of a second account with one
    /// address is unknown `[?]`.
    pub(super) async fn create_user(&self, new: &NewAccount, email: &str) -> Result<Account> {
        if !self.find(email).await?.is_empty() {
            return Err(exists());
        }
        if let Some(made) = self.find_unfinished(new).await? {
            return self.give_address(made, new, email).await;
        }
        let (first, last) = split(&new.name);
        let alias = if new.invite {
            new.name.clone()
        } else {
            unfinished(&new.mark)
        };
        let mut body = json!({
            "first_name": first,
            "last_name": last,
            "alias": alias,
            "role_ids": [self.user_role().await?],
            "use_pin": false,
            "blocked": false,
            "toggle_easy_office_mode": false,
            "toggle_manual_office_mode": false,
            "override_privacy_mode": false,
        });
        if let (true, Some(body)) = (new.invite, body.as_object_mut()) {
            body.insert("email".to_owned(), json!(email));
        }
        let answer = self
            .0
            .write(Method::POST, V1_2, &["users"], Some(&body))
            .await?;
        if answer.may_be_so_already() && !self.find(email).await?.is_empty() {
            return Err(exists());
        }
        let made = answer
            .done()?
            .json::<wire::SiteUser>()?
            .account()
            .ok_or_else(nameless)?;
        if new.invite {
            Ok(made)
        } else {
            self.give_address(made, new, email).await
        }
    }

    /// Finds the account that an earlier create without an answer made. Reads all accounts, because
    /// it is unknown whether SALTO KS filters by alias `[?]`.
    async fn find_unfinished(&self, new: &NewAccount) -> Result<Option<Account>> {
        if new.invite || !new.tried {
            return Ok(None);
        }
        let alias = unfinished(&new.mark);
        let mut all_accounts = self.all_accounts().await?.into_iter();
        Ok(all_accounts.find(|account| account.email.is_none() && account.name == alias))
    }

    async fn give_address(&self, made: Account, new: &NewAccount, email: &str) -> Result<Account> {
        let inner = made.inner_id.clone().unwrap_or_default();
        let body = json!({ "email": email, "alias": new.name });
        let answer = self
            .0
            .write(Method::PATCH, V1_1, &["users", &inner], Some(&body))
            .await;
        let Err(error) = answer.and_then(SaltoAnswer::done) else {
            let (email, name) = (Some(email.to_owned()), new.name.as_str().into());
            return Ok(Account {
                email,
                name,
                guest: false,
                ..made
            });
        };
        let taken_back = self
            .0
            .write(Method::DELETE, V1_2, &["users", &inner], None)
            .await;
        taken_back
            .and_then(SaltoAnswer::done_or_gone)
            .map_err(|_| left_behind())?;
        Err(error)
    }

    /// Creates a guest. SALTO KS sends no mail `[M]`.
    pub(super) async fn create_guest(&self, new: &NewAccount) -> Result<Account> {
        let expires = self
            .0
            .now()
            .saturating_add(GUEST_LIFE)
            .unwrap_or(Timestamp::MAX);
        let body = json!({ "alias": new.name, "expires_at": whole_seconds(expires).to_string() });
        let answer = self
            .0
            .write(Method::POST, V1_2, &["guests"], Some(&body))
            .await?;
        let mut made = answer
            .done()?
            .json::<wire::SiteUser>()?
            .account()
            .ok_or_else(nameless)?;
        made.guest = true;
        Ok(made)
    }

    /// Renames an account. Doorstep may always change the alias; first and last name only while the
    /// person has no profile `[D]`.
    pub(super) async fn rename_account(&self, account: &Account, name: &str) -> Result<()> {
        let inner = self.inner_of(account).await?.ok_or_else(account_gone)?;
        let user = self.fetch_raw(&inner).await?.ok_or_else(account_gone)?;
        let alias = json!({ "alias": name });
        if user.has_profile() || account.guest {
            return self.patch(&inner, &alias).await?.done().map(drop);
        }
        let (first, last) = split(name);
        let all = json!({ "first_name": first, "last_name": last, "alias": name });
        let answer = self.patch(&inner, &all).await?;
        if !answer.is_yes() && !answer.is_missing() {
            return self.patch(&inner, &alias).await?.done().map(drop);
        }
        answer.done().map(drop)
    }

    pub(super) async fn patch(&self, inner: &str, body: &serde_json::Value) -> Result<SaltoAnswer> {
        self.0
            .write(Method::PATCH, V1_1, &["users", inner], Some(body))
            .await
    }

    async fn user_role(&self) -> Result<String> {
        let look_up = || async {
            let roles: Vec<wire::SaltoRole> = self.0.list(V1_2, &["roles"], None).await?;
            let role = roles
                .into_iter()
                .find(|role| role.code.as_deref() == Some(USER_ROLE));
            role.map(|role| role.id)
                .ok_or_else(|| Error::permanent("this SALTO KS site has no role site_user"))
        };
        self.0.user_role.get_or_try_init(look_up).await.cloned()
    }
}

/// Returns the alias of an account that has no address yet. It contains the mark, so it is unique.
fn unfinished(mark: &str) -> String {
    format!("Doorstep {mark}")
}

/// Splits a name into first and last name, both required `[D]`: the first word, and the rest.
fn split(name: &str) -> (&str, &str) {
    match name.trim().split_once(char::is_whitespace) {
        Some((first, last)) => (first, last.trim_start()),
        None if name.trim().is_empty() => (NO_LAST_NAME, NO_LAST_NAME),
        None => (name.trim(), NO_LAST_NAME),
    }
}

fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

fn exists() -> Error {
    Error::retry("SALTO KS already has an account with this address; looking it up again")
}

fn left_behind() -> Error {
    Error::retry(
        "SALTO KS may be left with a new account without an address: delete it there, it takes a seat",
    )
}

fn nameless() -> Error {
    Error::retry("SALTO KS created an account without returning its id")
}
