//! Decides which account belongs to a person.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::model::account::{Account, AccountId, Standing};
use crate::model::audit::AuditAction;
use crate::model::error::Error;
use crate::model::ids::DoorsName;
use crate::model::intent::IntentKind;
use crate::model::linked::Linked;
use crate::model::person::Person;

/// The reason why no account is linked although accounts have the person's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountConflict {
    /// Several accounts fit.
    Several,
    /// The account belongs to another person, whose address changed.
    Taken,
}

impl fmt::Display for AccountConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AccountConflict::Several => {
                "several accounts could be this person's: delete or merge all but one at the door system"
            }
            AccountConflict::Taken => {
                "the account with this address belongs to a person whose address changed: give that account its new \
                 address at the door system, or delete it"
            }
        })
    }
}

impl From<AccountConflict> for Error {
    fn from(conflict: AccountConflict) -> Self {
        Error::permanent(conflict.to_string())
    }
}

/// Returns the person's account among those with the person's address: the only one, or the one
/// with Doorstep's mark of the person. Returns `None` if there is no account.
///
/// # Errors
/// [`AccountConflict::Several`] if several accounts fit.
pub fn choose_account<A: Borrow<Account>>(
    person: &Person,
    mut candidates: Vec<A>,
) -> Result<Option<A>, AccountConflict> {
    if candidates.len() > 1 {
        candidates.retain(|account| account.borrow().mark.as_deref() == Some(person.id.as_str()));
        if candidates.len() != 1 {
            return Err(AccountConflict::Several);
        }
    }
    Ok(candidates.pop())
}

/// Returns whether a guest appeared while Doorstep was creating an account of this name. `before`
/// lists the guests of that name that existed earlier. Such guests are interchangeable.
pub fn appeared(guest: &Account, name: &str, before: &[AccountId]) -> bool {
    guest.name == name && !before.contains(&guest.id)
}

/// The way in which a person gets an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acquisition {
    /// No person has the account: it is linked.
    Link,
    /// The owner has no profile and hands the account over, with everything that is known about it.
    Inherit,
}

/// Returns how a person gets an account of this owner, who is another person.
///
/// # Errors
/// [`AccountConflict::Taken`] if the owner has profiles.
pub fn acquire(owner: Option<&Person>, doors: &DoorsName) -> Result<Acquisition, AccountConflict> {
    match owner {
        Some(owner) if !owner.profiles.is_empty() => Err(AccountConflict::Taken),
        Some(owner) if owner.accounts.contains_key(doors) => Ok(Acquisition::Inherit),
        _ => Ok(Acquisition::Link),
    }
}

impl Linked {
    /// Stores the present state of the account in its link. Returns the change that the intent
    /// `begun` announced, if that change is done.
    pub fn refresh(
        &mut self,
        account: impl Into<Arc<Account>>,
        begun: Option<&IntentKind>,
    ) -> Option<AuditAction> {
        self.account = account.into();
        let is_active = self.account.standing == Standing::Active;
        let done = match begun {
            Some(IntentKind::Suspend) if !is_active => Some(AuditAction::Suspended),
            Some(IntentKind::Resume) if is_active => Some(AuditAction::Resumed),
            _ => None,
        };
        self.suspended = !is_active && (self.suspended || done.is_some());
        if self.refused_name.as_deref() == Some(self.account.name.as_str()) {
            self.name = self.account.name.clone();
            self.refused_name = None;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::{FactId, Kind};
    use crate::model::ids::PersonId;

    fn account(id: &str, mark: Option<&str>) -> Account {
        Account {
            id: AccountId(id.into()),
            inner_id: None,
            email: Some("ada@a.test".into()),
            name: "Ada".into(),
            standing: Standing::Active,
            mark: mark.map(str::to_owned),
            privileged: false,
            guest: false,
        }
    }

    #[test]
    fn the_only_account_is_the_persons_and_of_several_the_marked_one() {
        let ada = Person::new(PersonId::from("p"), None);
        let chosen = |marks: &[Option<&str>]| {
            let accounts = (1..)
                .zip(marks)
                .map(|(id, mark)| account(&format!("{id}"), *mark))
                .collect();
            choose_account::<Account>(&ada, accounts)
                .map(|chosen| chosen.map(|account| account.id.0))
        };
        assert_eq!(chosen(&[]), Ok(None));
        assert_eq!(chosen(&[Some("q")]), Ok(Some("1".to_owned())));
        assert_eq!(chosen(&[None, Some("p")]), Ok(Some("2".to_owned())));
        assert_eq!(chosen(&[None, Some("q")]), Err(AccountConflict::Several));
        assert_eq!(
            chosen(&[Some("p"), Some("p")]),
            Err(AccountConflict::Several)
        );
    }

    #[test]
    fn an_account_passes_on_only_from_an_owner_without_profiles() {
        let mut owner = Person::new(PersonId::from("o"), None);
        assert_eq!(
            acquire(None, &DoorsName::from("main")),
            Ok(Acquisition::Link)
        );
        assert_eq!(
            acquire(Some(&owner), &DoorsName::from("main")),
            Ok(Acquisition::Link)
        );
        owner.accounts.insert(
            DoorsName::from("main"),
            Linked::new(account("1", None), "Ada", false),
        );
        assert_eq!(
            acquire(Some(&owner), &DoorsName::from("main")),
            Ok(Acquisition::Inherit)
        );
        owner.profiles.insert(FactId::new(Kind::Member, "m"));
        assert_eq!(
            acquire(Some(&owner), &DoorsName::from("main")),
            Err(AccountConflict::Taken)
        );
    }
}
