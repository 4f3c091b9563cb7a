//! SALTO KS's JSON, and its translation. Only the fields that Doorstep uses are parsed; all others
//! are ignored.

use serde::Deserialize;

use crate::doors::Seats;
use doorstep_core::model::account::{
    Account, AccountId, Card, Group as OurGroup, GroupId, GroupMember, Standing,
};
use doorstep_core::model::error::{Error, Result};

/// The vendor's name in errors.
pub(super) const VENDOR: &str = "SALTO KS";
/// The role of a person who opens doors.
pub(super) const USER_ROLE: &str = "site_user";
/// The role of a guest.
pub(super) const GUEST_ROLE: &str = "site_guest";
/// Why an account is not changed.
pub(super) const NEVER_SUSPENDED: &str = "this SALTO KS user has another role than opening doors: Doorstep neither suspends nor deletes it";

/// A listed thing, with the id that identifies it.
pub(super) trait Identified {
    fn name(&self) -> &str;
}

/// An access group. SALTO KS calls its name the customer reference.
#[derive(Debug, Deserialize)]
pub(super) struct SaltoGroup {
    id: String,
    customer_reference: Option<String>,
    pub(super) user_count: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SaltoSchedule {
    id: String,
}

/// A member of a group. `id` is the platform's.
#[derive(Debug, Deserialize)]
pub(super) struct SaltoMember {
    id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct SaltoRole {
    pub(super) id: String,
    pub(super) code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SaltoSite {
    active_user_amount: Option<u32>,
    subscribed_user_amount: Option<u32>,
    subscription_valid: Option<bool>,
    installation_state: Option<String>,
}

/// A person at a site.
#[derive(Debug, Deserialize)]
pub(super) struct SiteUser {
    id: String,
    user: Option<SaltoUser>,
    roles: Option<Vec<SaltoRole>>,
    alias: Option<String>,
    #[serde(default)]
    pub(super) blocked: bool,
    subscription_state: Option<String>,
}

/// A tag of the site.
#[derive(Debug, Deserialize)]
pub(super) struct SaltoTag {
    id: String,
    tag_number: Option<String>,
    #[serde(default)]
    blocked: bool,
    site_user: Option<TagHolder>,
    #[serde(default)]
    is_pod_tag: bool,
}

/// The holder of a tag.
#[derive(Debug, Deserialize)]
struct TagHolder {
    id: Option<String>,
    user: Option<TagUser>,
}

#[derive(Debug, Deserialize)]
struct TagUser {
    id: String,
}

/// The same person on SALTO KS's platform, across all sites.
#[derive(Debug, Deserialize)]
struct SaltoUser {
    id: String,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    has_profile: bool,
    tag_number: Option<String>,
}

impl SaltoSite {
    /// Returns the seats: null is without limit, 0 is no valid subscription `[M]`.
    pub(super) fn seats(&self) -> Result<Seats> {
        if self.installation_state.as_deref() == Some("installation") {
            return Err(Error::permanent(
                "this SALTO KS site is not released: its installer must release it to its owner",
            ));
        }
        if self.subscription_valid == Some(false) || self.subscribed_user_amount == Some(0) {
            return Err(Error::permanent(
                "this SALTO KS site has no valid subscription: renew it",
            ));
        }
        Ok(Seats {
            used: self.active_user_amount.unwrap_or(0),
            paid: self.subscribed_user_amount,
        })
    }
}

impl SiteUser {
    /// Translates a site user; `None` without a platform id.
    pub(super) fn account(self) -> Option<Account> {
        let standing = self.standing();
        let SiteUser {
            id: inner,
            user,
            roles,
            alias,
            blocked: _,
            subscription_state: _,
        } = self;
        let SaltoUser {
            id,
            email,
            first_name,
            last_name,
            has_profile: _,
            tag_number: _,
        } = user?;
        let email = email.filter(|email| !email.is_empty());
        let roles = roles.unwrap_or_default();
        let is = |role: &SaltoRole, code: &str| role.code.as_deref() == Some(code);
        Some(Account {
            id: AccountId(id),
            inner_id: Some(inner),
            guest: email.is_none() || roles.iter().any(|role| is(role, GUEST_ROLE)),
            email,
            name: alias
                .filter(|alias| !alias.is_empty())
                .unwrap_or_else(|| full_name(first_name, last_name))
                .into(),
            standing,
            mark: None,
            privileged: roles
                .iter()
                .any(|role| !is(role, USER_ROLE) && !is(role, GUEST_ROLE)),
        })
    }

    /// Returns the number of the person's tag, of any site.
    pub(super) fn tag_number(&self) -> Option<&str> {
        self.user
            .as_ref()?
            .tag_number
            .as_deref()
            .filter(|number| !number.trim().is_empty())
    }

    /// Returns the state of the account. Only `subscribed` is active `[M]`; an unknown word is
    /// suspended.
    pub(super) fn standing(&self) -> Standing {
        let subscribed = self.subscription_state.as_deref() == Some("subscribed");
        if subscribed && !self.blocked {
            Standing::Active
        } else {
            Standing::Suspended
        }
    }

    /// Returns whether the person has a profile. With one, only the person can change the name and
    /// the address `[D]`.
    pub(super) fn has_profile(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.has_profile)
    }
}

fn full_name(first: Option<String>, last: Option<String>) -> String {
    let names: Vec<String> = [first, last]
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty())
        .collect();
    names.join(" ")
}

impl From<SaltoGroup> for OurGroup {
    fn from(
        SaltoGroup {
            id,
            customer_reference,
            user_count: _,
        }: SaltoGroup,
    ) -> Self {
        OurGroup {
            id: GroupId(id),
            name: customer_reference.unwrap_or_default(),
            problem: None,
        }
    }
}

impl From<SaltoMember> for GroupMember {
    fn from(SaltoMember { id }: SaltoMember) -> Self {
        GroupMember {
            account: AccountId(id),
            handle: None,
            from: None,
            until: None,
        }
    }
}

impl From<SaltoTag> for Card {
    /// A holder without a platform id gets the site user's id, so that it matches no other account.
    fn from(
        SaltoTag {
            id,
            tag_number,
            blocked,
            site_user,
            is_pod_tag,
        }: SaltoTag,
    ) -> Self {
        let holder_id = |holder: TagHolder| {
            holder
                .user
                .map(|user| user.id)
                .or(holder.id)
                .unwrap_or_default()
        };
        let holder = site_user.map(|holder| AccountId(holder_id(holder)));
        let numbers = tag_number.into_iter().collect();
        Card {
            id,
            numbers,
            holder,
            handle: None,
            reserved: is_pod_tag,
            blocked,
        }
    }
}

/// Implements [`Identified`] for types with an `id`.
macro_rules! named {
    ($($word:ident),*) => {
        $(impl Identified for $word {
            fn name(&self) -> &str {
                &self.id
            }
        })*
    };
}
named!(
    SaltoGroup,
    SaltoSchedule,
    SaltoMember,
    SaltoRole,
    SiteUser,
    SaltoTag
);
