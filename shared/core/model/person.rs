//! Somebody who may open doors, as we know them: names, accounts, claims, intents. It holds; it decides nothing.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use compact_str::CompactString;
use jiff::Timestamp;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::account::{Account, AccountId, GroupId, Standing};
use crate::model::fact::{FactId, Kind};
use crate::model::few::{Few, exactly};
use crate::model::usual::is_usual;

/// The form in which addresses are compared: trimmed, in lower case. `None` for what cannot be an address.
pub fn email_key(email: &str) -> Option<String> {
    compared_email(email).map(Cow::into_owned)
}

/// The same, where it may be what is there already: most addresses are written so.
pub fn compared_email(email: &str) -> Option<Cow<'_, str>> {
    let email = email.trim();
    let as_it_is = email.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    let key = if as_it_is { Cow::Borrowed(email) } else { Cow::Owned(email.to_lowercase()) };
    (key.contains('@') && !key.contains(char::is_whitespace)).then_some(key)
}

/// What stands for an address in a key, so that the address itself is kept in one place only.
pub fn email_digest(email: &str) -> String {
    hex::encode(Sha256::digest(email.as_bytes()))
}

/// What the reason of an intent ends with where the claim's reason follows.
const FOLLOWS: &str = ": ";

/// Who somebody is across all systems, and what we did for them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Our own random id.
    pub id: String,
    /// The address that their profiles share, in compared form.
    pub email: Option<String>,
    /// The platform's profiles that are this person.
    pub profiles: Few<FactId>,
    /// Their account at each `doors`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub accounts: LiteMap<String, Box<Linked>>,
    /// Memberships that are ours.
    #[serde(default, skip_serializing_if = "is_usual", deserialize_with = "exactly")]
    pub claims: Vec<Claim>,
    /// Door changes that were begun.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub intents: Vec<Intent>,
    /// What somebody should look at.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub problems: Vec<String>,
    /// When they must be settled next.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub next: Option<Timestamp>,
    /// How often in a row settling failed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub failures: u32,
    /// Since when something waits for them that failed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub waiting: Option<Timestamp>,
    /// When they were forgotten; then nothing else is known of them but the places of their records.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub forgotten: Option<Timestamp>,
    /// Places of their latest records in the audit chain; older ones are noted beside them.
    #[serde(default, skip_serializing_if = "is_usual", deserialize_with = "exactly")]
    pub records: Vec<u64>,
    /// Version of the item; not part of its content.
    #[serde(skip)]
    pub version: u64,
}

impl Person {
    /// Somebody new.
    pub fn new(id: String, email: Option<String>) -> Self {
        Person { id, email, ..Person::default() }
    }

    /// As it is kept: what stands in one place and follows for another is left out there. A person is written several
    /// times for each booking, and each KiB counts.
    pub fn in_short(&self) -> Person {
        let mut short = self.clone();
        for (account, doors) in short.named_accounts() {
            let linked = self.accounts.get(&doors).map(|linked| &linked.account.id);
            if linked == Some(account) {
                account.0.clear();
            }
        }
        for intent in short.intents.iter_mut().filter(|intent| intent.revokes()) {
            let claim = intent.group.as_ref().and_then(|group| self.claim(&intent.doors, group));
            let begins = claim.and_then(|claim| intent.because.strip_suffix(&claim.because));
            if let Some(begins) = begins.filter(|begins| begins.ends_with(FOLLOWS)).map(str::to_owned) {
                intent.because = begins;
            }
        }
        short
    }

    /// With everything that was left out.
    pub fn in_full(mut self) -> Person {
        let linked: LiteMap<String, AccountId> =
            self.accounts.iter().map(|(doors, linked)| (doors.clone(), linked.account.id.clone())).collect();
        for (account, doors) in self.named_accounts() {
            if let Some(linked) = linked.get(&doors).filter(|_| account.0.is_empty()) {
                account.clone_from(linked);
            }
        }
        let mut intents = std::mem::take(&mut self.intents);
        for intent in intents.iter_mut().filter(|intent| intent.revokes() && intent.because.ends_with(FOLLOWS)) {
            let claim = intent.group.as_ref().and_then(|group| self.claim(&intent.doors, group));
            intent.because.extend(claim.map(|claim| claim.because.as_str()));
        }
        self.intents = intents;
        self
    }

    /// Each account that claims and revokes name, with its doors.
    fn named_accounts(&mut self) -> impl Iterator<Item = (&mut AccountId, String)> {
        let claims = self.claims.iter_mut().map(|claim| (&mut claim.account, claim.doors.clone()));
        let revokes = self.intents.iter_mut().filter_map(|intent| match &mut intent.deed {
            IntentKind::Revoke { account, .. } => Some((account, intent.doors.clone())),
            _ => None,
        });
        claims.chain(revokes)
    }

    /// The claim on this group, where there is one.
    pub fn claim(&self, doors: &str, group: &GroupId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.doors == doors && claim.group == *group)
    }

    /// The change of this group is over: its intent goes.
    pub fn done(&mut self, doors: &str, group: &GroupId) {
        self.intents.retain(|intent| intent.doors != doors || intent.group.as_ref() != Some(group));
    }

    /// Whether they are known as a guest alone. Somebody whose profiles are gone is what they were before.
    pub fn is_guest(&self) -> bool {
        !self.profiles.is_empty() && self.profiles.iter().all(|profile| profile.kind == Kind::Visitor)
    }

    /// What was begun on the account itself is over.
    pub fn account_done(&mut self, doors: &str) {
        self.intents.retain(|intent| intent.doors != doors || intent.group.is_some());
    }

    /// The account that was to be made was not, so nothing can have been given to it.
    pub fn never_made(&mut self, doors: &str) {
        self.account_done(doors);
        self.intents
            .retain(|intent| intent.doors != doors || !matches!(intent.deed, IntentKind::Grant { account: None, .. }));
    }

    /// Hands over the account at `doors` with everything that is known of it.
    pub fn hand_over(&mut self, doors: &str, heir: &mut Person) {
        if let Some(linked) = self.accounts.remove(doors) {
            heir.accounts.insert(doors.to_owned(), linked);
        }
        heir.claims.retain(|claim| claim.doors != doors || self.claim(doors, &claim.group).is_none());
        heir.claims.extend(self.claims.extract_if(.., |claim| claim.doors == doors));
        heir.intents.extend(self.intents.extract_if(.., |intent| intent.doors == doors));
    }

    /// The door systems at which anything of theirs is ours, or was begun.
    pub fn doors_of_ours(&self) -> BTreeSet<&str> {
        let claims = self.claims.iter().map(|claim| claim.doors.as_str());
        let intents = self.intents.iter().map(|intent| intent.doors.as_str());
        let cards = self.accounts.keys().map(String::as_str).filter(|doors| self.has_cards_at(doors));
        claims.chain(intents).chain(cards).collect()
    }

    /// Moves everything that is known at the doors `from` to those of the name `to`, or forgets it where there is none.
    /// What is known at `to` already stays.
    pub fn move_doors(&mut self, from: &str, to: Option<&str>) {
        let linked = self.accounts.remove(from);
        let claims: Vec<Claim> = self.claims.extract_if(.., |claim| claim.doors == from).collect();
        let intents: Vec<Intent> = self.intents.extract_if(.., |intent| intent.doors == from).collect();
        let Some(to) = to else { return };
        if let Some(linked) = linked.filter(|_| !self.accounts.contains_key(to)) {
            self.accounts.insert(to.to_owned(), linked);
        }
        for claim in claims {
            if self.claim(to, &claim.group).is_none() {
                self.claims.push(Claim { doors: to.to_owned(), ..claim });
            }
        }
        self.intents.extend(intents.into_iter().map(|intent| Intent { doors: to.to_owned(), ..intent }));
    }

    /// Whether anything is claimed at these doors.
    pub fn claims_at(&self, doors: &str) -> bool {
        self.claims.iter().any(|claim| claim.doors == doors)
    }

    /// Whether any card of theirs is ours, or is being made so, at these doors.
    pub fn has_cards_at(&self, doors: &str) -> bool {
        self.accounts.get(doors).is_some_and(|linked| !linked.cards.is_empty() || !linked.card_intents.is_empty())
    }

    /// Whether anything was begun whose end nobody saw.
    pub fn has_begun(&self) -> bool {
        !self.intents.is_empty() || self.accounts.values().any(|linked| !linked.card_intents.is_empty())
    }

    /// Whether the platform has another address for this person than the door system has for their account.
    pub fn has_moved_on_from(&self, linked: &Linked) -> bool {
        let address = linked.account.email.as_deref().and_then(email_key);
        address.is_some() && self.email.is_some() && address != self.email
    }

    /// Whether any account of theirs has this address, in compared form.
    pub fn has_account_of(&self, email: &str) -> bool {
        let addresses = self.accounts.values().filter_map(|linked| linked.account.email.as_deref());
        addresses.filter_map(compared_email).any(|address| address == email)
    }

    /// The change that was begun on this group, where there is one.
    pub fn intent(&self, doors: &str, group: &GroupId) -> Option<&Intent> {
        self.intents.iter().find(|intent| intent.doors == doors && intent.group.as_ref() == Some(group))
    }
}

/// An account that we know to be this person's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    /// As last seen. Shared with the list in which it was seen.
    pub account: Arc<Account>,
    /// We made it, so we may delete it where the operator asks for that.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub made: bool,
    /// We suspended it, or it got no seat when we made it: we may wake it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub suspended: bool,
    /// The name that was last carried over, or was the platform's when the two were linked.
    pub name: CompactString,
    /// A name that the door system did not let us give.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused_name: Option<String>,
    /// It is in groups that are none of our business, so it is neither suspended nor deleted.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub left_alone: bool,
    /// Cards that are theirs because we made them so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cards: Vec<OurCard>,
    /// Cards that are being made theirs, or nobody's.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub card_intents: Vec<CardIntent>,
}

/// Our written record that we made a card somebody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OurCard {
    /// Its number, as the platform says it.
    pub number: String,
    /// Since when it is ours.
    pub since: Timestamp,
    /// Why.
    pub because: String,
}

/// A change of a card that is written down before it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardIntent {
    /// Its number.
    pub number: String,
    /// It is to be theirs; else nobody's.
    pub theirs: bool,
    /// Why.
    pub because: String,
}

impl Linked {
    /// An account that was found, or just made.
    pub fn new(account: impl Into<Arc<Account>>, name: &str, made: bool) -> Box<Self> {
        let account = account.into();
        let suspended = made && account.standing == Standing::Suspended;
        let (cards, card_intents, name) = (Vec::new(), Vec::new(), name.into());
        Box::new(Linked { account, made, suspended, name, refused_name: None, left_alone: false, cards, card_intents })
    }
}

/// Our written record that we put an account into a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Door system.
    pub doors: String,
    /// Group.
    pub group: GroupId,
    /// Account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub account: AccountId,
    /// Since when it is ours.
    pub since: Timestamp,
    /// The end that we gave it at the door system, where that can be.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub until: Option<Timestamp>,
    /// Why.
    pub because: String,
    /// The facts behind it, as they were then.
    #[serde(default, skip_serializing_if = "is_usual", deserialize_with = "exactly")]
    pub basis: Vec<Basis>,
    /// What made us look: a delivery, a comparison; none: its minute had come.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cause: Option<String>,
    /// Older lines of ours in this group, which this one took the place of and which still have to go.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub surplus: Vec<String>,
}

/// A fact that stood behind a claim when it was made, and the rule that made something of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// Which.
    pub fact: FactId,
    /// When the platform said that it last changed, where it says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub version: Option<Timestamp>,
    /// Number of the rule, from one.
    pub rule: usize,
    /// Its line in the site file.
    pub line: usize,
}

/// A door change that is written down before it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Door system.
    pub doors: String,
    /// Group; none for a change of the account itself.
    pub group: Option<GroupId>,
    /// What is being done.
    pub deed: IntentKind,
    /// Why.
    pub because: String,
}

impl Intent {
    fn revokes(&self) -> bool {
        matches!(self.deed, IntentKind::Revoke { .. })
    }
}

/// What an intent does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentKind {
    /// Puts the account into the group.
    Grant {
        /// The account; unknown while it is still to be made.
        account: Option<AccountId>,
        /// The end given at the door system.
        until: Option<Timestamp>,
        /// Lines that the new one takes the place of, as the door system names them.
        #[serde(default)]
        replaces: Vec<String>,
    },
    /// Takes the account out of the group.
    Revoke {
        /// The account.
        #[serde(default, skip_serializing_if = "is_usual")]
        account: AccountId,
        /// The line, as the door system names it; empty where it is named by its account.
        #[serde(default, skip_serializing_if = "is_usual")]
        handle: String,
    },
    /// Makes a guest account. Guests have no address to be found by, so the ones of the same name that were there
    /// before are written down: one that is there afterwards is ours.
    Create {
        /// Accounts of that name before.
        before: Vec<AccountId>,
    },
    /// Suspends the account.
    Suspend,
    /// Wakes the account.
    Resume,
    /// Deletes the account.
    Delete,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(linked: &str, claimed: &str, because: &str) -> Person {
        let (doors, group) = ("main".to_owned(), GroupId("g".into()));
        let account = Account {
            id: AccountId(linked.to_owned()),
            inner_id: None,
            email: None,
            name: CompactString::default(),
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
        let deed = IntentKind::Revoke { account: claimed, handle: String::new() };
        let intent = Intent { doors: doors.clone(), group: Some(group), deed, because: because.to_owned() };
        let accounts = [(doors, Linked::new(account, "n", false))].into_iter().collect();
        Person { accounts, claims: vec![claim], intents: vec![intent], ..Person::new("p".to_owned(), None) }
    }

    #[test]
    fn what_follows_is_left_out_of_what_is_kept_and_comes_back_when_it_is_read() {
        let texts = ["ended: booking b", "no longer so: booking b", "ended: booking b (approved: 12)", "foreign"];
        for (because, claimed) in texts.into_iter().flat_map(|text| [(text, "7"), (text, "8")]) {
            let person = person("7", claimed, because);
            let kept = serde_json::to_string(&person.in_short()).expect("it is written");
            assert_eq!(kept.contains("\"8\""), claimed == "8", "an older account stays as it is: {kept}");
            assert_eq!(kept.matches("booking b").count(), if because.ends_with(')') { 2 } else { 1 }, "{kept}");
            let read: Person = serde_json::from_str(&kept).expect("it is read");
            assert_eq!(read.in_full(), person);
        }
        let old = serde_json::to_string(&person("7", "7", "ended: booking b")).expect("it is written");
        let read: Person = serde_json::from_str(&old).expect("as it was kept before");
        assert_eq!(read.in_full(), person("7", "7", "ended: booking b"));
    }
}
