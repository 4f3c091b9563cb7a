//! People as Doorstep stores them, with their accounts, claims and intents. This module decides
//! nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use crate::model::account::{AccountId, GroupId};
use crate::model::claim::Claim;
use crate::model::email::{compared_email, email_key};
use crate::model::fact::{FactId, Kind};
use crate::model::few::{Few, exactly};
use crate::model::ids::{DoorsName, PersonId};
use crate::model::intent::{Intent, IntentKind};
use crate::model::linked::Linked;
use crate::model::problem::Problem;
use crate::model::usual::is_usual;

/// A person across all systems, and what Doorstep did for them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Random id that Doorstep gave the person.
    pub id: PersonId,
    /// The address that the person's profiles share, in compared form.
    pub email: Option<String>,
    /// The platform profiles that belong to this person.
    pub profiles: Few<FactId>,
    /// The person's account at each door system, by the name of the door system.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub accounts: LiteMap<DoorsName, Box<Linked>>,
    /// Group memberships that Doorstep granted or adopted.
    #[serde(
        default,
        skip_serializing_if = "is_usual",
        deserialize_with = "exactly"
    )]
    pub claims: Vec<Claim>,
    /// Changes at door systems that Doorstep stored before it made them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub intents: Vec<Intent>,
    /// Problems that the operator should look at.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub problems: Vec<Problem>,
    /// When settle must evaluate the person next.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub next: Option<Timestamp>,
    /// How many evaluations failed in a row.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub failures: u32,
    /// Since when a failed change waits for this person.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub waiting: Option<Timestamp>,
    /// When the person was forgotten. After that, only the positions of the person's audit records
    /// are known.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub forgotten: Option<Timestamp>,
    /// Positions of the person's latest records in the audit chain. Older positions are stored in
    /// separate items.
    #[serde(
        default,
        skip_serializing_if = "is_usual",
        deserialize_with = "exactly"
    )]
    pub records: Vec<u64>,
    /// Version of the item. It is not part of the content.
    #[serde(skip)]
    pub version: u64,
}

impl Person {
    /// Creates a person without profiles, accounts or claims.
    pub fn new(id: PersonId, email: Option<String>) -> Self {
        Person {
            id,
            email,
            ..Person::default()
        }
    }

    /// Returns the form that is stored. It omits an account id that is the linked account's. A
    /// person is written several times for each booking, and each KiB counts.
    pub fn in_short(&self) -> Person {
        let mut short = self.clone();
        for (account, doors) in short.named_accounts() {
            let linked = self.accounts.get(&doors).map(|linked| &linked.account.id);
            if linked == Some(account) {
                account.0.clear();
            }
        }
        short
    }

    /// Returns the person with everything that [`Person::in_short`] omitted.
    pub fn in_full(mut self) -> Person {
        let linked: LiteMap<DoorsName, AccountId> = self
            .accounts
            .iter()
            .map(|(doors, linked)| (doors.clone(), linked.account.id.clone()))
            .collect();
        for (account, doors) in self.named_accounts() {
            if let Some(linked) = linked.get(&doors).filter(|_| account.0.is_empty()) {
                account.clone_from(linked);
            }
        }
        self
    }

    /// Returns each account id in the claims and revokes, with its door system.
    fn named_accounts(&mut self) -> impl Iterator<Item = (&mut AccountId, DoorsName)> {
        let claims = self
            .claims
            .iter_mut()
            .map(|claim| (&mut claim.account, claim.doors.clone()));
        let revokes = self
            .intents
            .iter_mut()
            .filter_map(|intent| match &mut intent.action {
                IntentKind::Revoke { account, .. } => Some((account, intent.doors.clone())),
                _ => None,
            });
        claims.chain(revokes)
    }

    /// Returns the claim on this group, if there is one.
    pub fn claim(&self, doors: &DoorsName, group: &GroupId) -> Option<&Claim> {
        self.claims
            .iter()
            .find(|claim| claim.doors == *doors && claim.group == *group)
    }

    /// Removes the intent for this group, because the change is complete.
    pub fn done(&mut self, doors: &DoorsName, group: &GroupId) {
        self.intents
            .retain(|intent| intent.doors != *doors || intent.group.as_ref() != Some(group));
    }

    /// Returns whether all of the person's profiles are guests. A person without profiles is not a
    /// guest.
    pub fn is_guest(&self) -> bool {
        !self.profiles.is_empty()
            && self
                .profiles
                .iter()
                .all(|profile| profile.kind == Kind::Visitor)
    }

    /// Removes the intents for the account itself, because the change is complete.
    pub fn account_done(&mut self, doors: &DoorsName) {
        self.intents
            .retain(|intent| intent.doors != *doors || intent.group.is_some());
    }

    /// Removes the intent to create the account, and the grants that were to follow it. The account
    /// was never created, so no grant can have reached it.
    pub fn never_made(&mut self, doors: &DoorsName) {
        self.account_done(doors);
        self.intents.retain(|intent| {
            intent.doors != *doors
                || !matches!(intent.action, IntentKind::Grant { account: None, .. })
        });
    }

    /// Moves the account at `doors`, with its claims and intents, to the person `heir`.
    pub fn hand_over(&mut self, doors: &DoorsName, heir: &mut Person) {
        if let Some(linked) = self.accounts.remove(doors) {
            heir.accounts.insert(doors.to_owned(), linked);
        }
        heir.claims
            .retain(|claim| claim.doors != *doors || self.claim(doors, &claim.group).is_none());
        heir.claims
            .extend(self.claims.extract_if(.., |claim| claim.doors == *doors));
        heir.intents
            .extend(self.intents.extract_if(.., |intent| intent.doors == *doors));
    }

    /// Returns the door systems at which the person has a claim, an intent or a card that Doorstep
    /// assigned.
    pub fn doors_of_ours(&self) -> BTreeSet<&DoorsName> {
        let claims = self.claims.iter().map(|claim| &claim.doors);
        let intents = self.intents.iter().map(|intent| &intent.doors);
        let cards = self
            .accounts
            .keys()
            .filter(|doors| self.has_cards_at(doors));
        claims.chain(intents).chain(cards).collect()
    }

    /// Moves the account, claims and intents at the door system `from` to the name `to`, or drops
    /// them if `to` is `None`. An account or a claim that `to` already has stays.
    pub fn move_doors(&mut self, from: &DoorsName, to: Option<&DoorsName>) {
        let linked = self.accounts.remove(from);
        let claims: Vec<Claim> = self
            .claims
            .extract_if(.., |claim| claim.doors == *from)
            .collect();
        let intents: Vec<Intent> = self
            .intents
            .extract_if(.., |intent| intent.doors == *from)
            .collect();
        let Some(to) = to else { return };
        if let Some(linked) = linked.filter(|_| !self.accounts.contains_key(to)) {
            self.accounts.insert(to.to_owned(), linked);
        }
        for claim in claims {
            if self.claim(to, &claim.group).is_none() {
                self.claims.push(Claim {
                    doors: to.to_owned(),
                    ..claim
                });
            }
        }
        self.intents
            .extend(intents.into_iter().map(|intent| Intent {
                doors: to.to_owned(),
                ..intent
            }));
    }

    /// Returns whether the person has a claim at this door system.
    pub fn claims_at(&self, doors: &DoorsName) -> bool {
        self.claims.iter().any(|claim| claim.doors == *doors)
    }

    /// Returns whether Doorstep assigned a card to the person at this door system, or has begun to.
    pub fn has_cards_at(&self, doors: &DoorsName) -> bool {
        self.accounts
            .get(doors)
            .is_some_and(|linked| !linked.cards.is_empty() || !linked.card_intents.is_empty())
    }

    /// Returns whether a change was begun of which the outcome is unknown.
    pub fn has_begun(&self) -> bool {
        !self.intents.is_empty()
            || self
                .accounts
                .values()
                .any(|linked| !linked.card_intents.is_empty())
    }

    /// Returns whether the platform has another address for this person than the door system has
    /// for the account.
    pub fn has_moved_on_from(&self, linked: &Linked) -> bool {
        let address = linked.account.email.as_deref().and_then(email_key);
        address.is_some() && self.email.is_some() && address != self.email
    }

    /// Returns whether any account of the person has this address, in compared form.
    pub fn has_account_of(&self, email: &str) -> bool {
        let addresses = self
            .accounts
            .values()
            .filter_map(|linked| linked.account.email.as_deref());
        addresses
            .filter_map(compared_email)
            .any(|address| address == email)
    }

    /// Returns the intent for this group, if there is one.
    pub fn intent(&self, doors: &DoorsName, group: &GroupId) -> Option<&Intent> {
        self.intents
            .iter()
            .find(|intent| intent.doors == *doors && intent.group.as_ref() == Some(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::{Account, Standing};
    use crate::model::ids::Checksum;
    use crate::model::reasons::{RevokeCause, RevokeReason};

    fn person(linked: &str, claimed: &str, because: RevokeReason) -> Person {
        let (doors, group) = (DoorsName::from("main"), GroupId("g".into()));
        let account = Account {
            id: AccountId(linked.to_owned()),
            inner_id: None,
            email: None,
            name: Default::default(),
            standing: Standing::Active,
            mark: None,
            privileged: false,
            guest: false,
        };
        let claimed = AccountId(claimed.to_owned());
        let claim = Claim {
            doors: doors.clone(),
            group: group.clone(),
            account: claimed.clone(),
            because: "booking b".to_owned(),
            ..Claim::default()
        };
        let action = IntentKind::Revoke {
            account: claimed,
            handle: String::new(),
            because,
        };
        let intent = Intent {
            doors: doors.clone(),
            group: Some(group),
            action,
        };
        let accounts = [(doors, Linked::new(account, "n", false))]
            .into_iter()
            .collect();
        Person {
            accounts,
            claims: vec![claim],
            intents: vec![intent],
            ..Person::new(PersonId::from("p"), None)
        }
    }

    #[test]
    fn what_follows_is_left_out_of_what_is_kept_and_comes_back_when_it_is_read() {
        let approved = RevokeReason {
            cause: RevokeCause::Ended,
            approved: Some(Checksum::from("12")),
        };
        let reasons = [
            RevokeCause::Ended.into(),
            RevokeCause::Unfounded.into(),
            approved,
            RevokeCause::Foreign.into(),
        ];
        for (because, claimed) in reasons
            .iter()
            .flat_map(|reason| [(reason, "7"), (reason, "8")])
        {
            let person = person("7", claimed, because.clone());
            let kept = serde_json::to_string(&person.in_short()).expect("it is written");
            assert_eq!(
                kept.contains("\"8\""),
                claimed == "8",
                "an older account stays as it is: {kept}"
            );
            assert_eq!(
                kept.matches("booking b").count(),
                1,
                "the claim alone has its reason: {kept}"
            );
            let read: Person = serde_json::from_str(&kept).expect("it is read");
            assert_eq!(read.in_full(), person);
        }
        let ended = || person("7", "7", RevokeCause::Ended.into());
        let old = serde_json::to_string(&ended()).expect("it is written");
        let read: Person = serde_json::from_str(&old).expect("as it was kept before");
        assert_eq!(read.in_full(), ended());
    }
}
