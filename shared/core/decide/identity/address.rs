//! Decides which person a profile belongs to, by its address.

use std::borrow::Cow;

use crate::decide::guard::UnconfirmedChange;
use crate::model::email::{compared_email, email_digest};
use crate::model::fact::{FactId, Profile};
use crate::model::person::Person;

/// Returns the address of a profile in compared form.
pub fn address_of(profile: &Profile) -> Option<Cow<'_, str>> {
    profile.email.as_deref().and_then(compared_email)
}

/// The address of a profile: as it was read, and as it was last confirmed. To join or part people
/// may revoke access, so a person follows an address only once it is confirmed or released.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileAddress {
    /// The address as it was read.
    pub read: Option<String>,
    /// The last confirmed address. It equals the read one if no change of it is unconfirmed.
    pub confirmed: Option<String>,
}

impl ProfileAddress {
    /// Returns the address of a profile. `confirmed` is its state before an unconfirmed change, if
    /// there is one.
    pub fn of(profile: &Profile, confirmed: Option<&Profile>) -> Self {
        let address = |profile| address_of(profile).map(Cow::into_owned);
        ProfileAddress {
            read: address(profile),
            confirmed: address(confirmed.unwrap_or(profile)),
        }
    }

    /// Returns the address with which the profile of a person counts until a change is released.
    /// The address that the person has already needs no confirmation.
    pub fn counted_for(self, person: &Person) -> Option<String> {
        if self.read == person.email {
            self.read
        } else {
            self.confirmed
        }
    }

    /// Returns the change that must be released before the profile of a person counts with the read
    /// address. Returns `None` if there is nothing to release.
    pub fn unconfirmed_for(&self, person: &Person, profile: &FactId) -> Option<UnconfirmedChange> {
        let read = self
            .read
            .as_ref()
            .filter(|_| self.read != person.email && self.read != self.confirmed)?;
        Some(UnconfirmedChange::Moves {
            profile: profile.clone(),
            to: email_digest(read),
        })
    }
}

/// The condition on which a person takes the new address of one of the profiles. If it is not met,
/// the profile leaves for the person with that address, or for a new person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesAddress {
    /// It is the only profile: the address must be free.
    IfFree,
    /// It is the address of the person's own account: the address must be free, and none of the
    /// profiles may still have the person's present address. The profiles then part, and the person
    /// keeps the account.
    IfFreeAndLeft,
    /// The profile leaves.
    Never,
}

/// Returns when the person takes `email`, the new address of one of the profiles. A person whose
/// last profile leaves keeps the present address, so that a profile that returns to it gets the
/// person and the account back.
pub fn takes_address(person: &Person, email: &str) -> TakesAddress {
    match person.profiles.len() {
        1 => TakesAddress::IfFree,
        _ if person.has_account_of(email) => TakesAddress::IfFreeAndLeft,
        _ => TakesAddress::Never,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::account::{Account, AccountId, Standing};
    use crate::model::fact::Kind;
    use crate::model::ids::DoorsName;
    use crate::model::ids::PersonId;
    use crate::model::linked::Linked;

    fn person(profiles: &[&str]) -> Person {
        let profiles = profiles
            .iter()
            .map(|id| FactId::new(Kind::Member, *id))
            .collect();
        Person {
            profiles,
            ..Person::new(PersonId::from("p"), Some("ada@a.test".to_owned()))
        }
    }

    fn address(read: Option<&str>, confirmed: Option<&str>) -> ProfileAddress {
        ProfileAddress {
            read: read.map(str::to_owned),
            confirmed: confirmed.map(str::to_owned),
        }
    }

    #[test]
    fn an_address_that_nothing_confirmed_counts_only_after_its_release() {
        let (ada, name) = (person(&["m"]), FactId::new(Kind::Member, "m"));
        let moved = address(Some("new@a.test"), Some("ada@a.test"));
        let to = email_digest("new@a.test");
        let change = UnconfirmedChange::Moves {
            profile: name.clone(),
            to,
        };
        assert_eq!(moved.unconfirmed_for(&ada, &name), Some(change));
        assert_eq!(moved.counted_for(&ada).as_deref(), Some("ada@a.test"));
        let signed = address(Some("new@a.test"), Some("new@a.test"));
        assert_eq!(signed.unconfirmed_for(&ada, &name), None);
        assert_eq!(signed.counted_for(&ada).as_deref(), Some("new@a.test"));
        let back = address(Some("ada@a.test"), Some("old@a.test"));
        assert_eq!(
            back.unconfirmed_for(&ada, &name),
            None,
            "the person has it already"
        );
        assert_eq!(back.counted_for(&ada).as_deref(), Some("ada@a.test"));
        let without = address(None, Some("ada@a.test"));
        assert_eq!(
            without.unconfirmed_for(&ada, &name),
            None,
            "there is no address to release"
        );
        assert_eq!(without.counted_for(&ada).as_deref(), Some("ada@a.test"));
    }

    #[test]
    fn one_of_several_profiles_keeps_the_person_only_with_the_account() {
        assert_eq!(
            takes_address(&person(&["m"]), "new@a.test"),
            TakesAddress::IfFree
        );
        let mut two = person(&["m", "n"]);
        assert_eq!(takes_address(&two, "new@a.test"), TakesAddress::Never);
        let account = Account {
            id: AccountId("7".into()),
            inner_id: None,
            email: Some("New@a.test".into()),
            name: "Ada".into(),
            standing: Standing::Active,
            mark: None,
            privileged: false,
            guest: false,
        };
        two.accounts.insert(
            DoorsName::from("main"),
            Linked::new(Arc::new(account), "Ada", false),
        );
        assert_eq!(
            takes_address(&two, "new@a.test"),
            TakesAddress::IfFreeAndLeft
        );
    }
}
