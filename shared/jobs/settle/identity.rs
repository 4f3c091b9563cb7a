//! Who is meant: from a profile at the platform, or an account at a door system, to our person.
//!
//! Profiles with one exact address are one person. Somebody without an address is a person of their own: names are
//! never compared.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::people::{free_email, list, point_account, point_email, point_profile, put};
use doorstep_cloud::store::{Step, Store};
use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::account::{Account, AccountId, GroupId, Standing};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Profile, What};
use doorstep_core::model::person::{Linked, Person, email_digest, email_key};
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::access::Share;

/// One person who is to be settled now, and why.
#[derive(Debug, Clone, Default)]
pub struct WorkItem {
    /// The due items that this answers.
    pub dues: Vec<Due>,
    /// Groups to look at beyond those that facts and claims name.
    pub groups: Vec<(String, GroupId)>,
    /// Groups in which what is held becomes ours.
    pub adopt: BTreeSet<(String, GroupId)>,
    /// Door systems where their account must be looked at.
    pub look_at: BTreeSet<String>,
    /// Door systems where cards that they have become ours.
    pub adopt_cards: BTreeSet<String>,
}

impl WorkItem {
    /// Since when it is asked for; never later than `now`.
    pub fn asked(&self, now: Timestamp) -> Timestamp {
        self.dues.iter().map(Due::asked).min().map_or(now, |asked| asked.min(now))
    }

    /// What asked for it, in words; a delivery before anything else.
    pub fn cause(&self) -> Option<String> {
        let mut causes: Vec<&String> = self.dues.iter().filter_map(|due| due.cause.as_ref()).collect();
        causes.sort_by_key(|cause| !cause.starts_with("delivery"));
        causes.first().map(|cause| (*cause).clone())
    }
}

/// Who is meant by these due items, each person once. Items that mean nobody are crossed out.
pub async fn summon(environment: &Environment, site: &str, dues: Vec<Due>) -> Result<BTreeMap<String, WorkItem>> {
    let mut people: BTreeMap<String, WorkItem> = BTreeMap::new();
    for due in dues {
        let meant = match &due.subject {
            Subject::Person(id) => Ok(vec![id.clone()]),
            Subject::Profile(name) => of_profile(environment, site, name).await,
            Subject::Account { doors, id } => of_account(environment, site, doors, id).await.map(|id| vec![id]),
            Subject::Look { .. } => Ok(Vec::new()),
        };
        let meant = match meant {
            // The table will never take it. Everybody else goes on, and each comparison finds it again.
            Err(error @ Error::Permanent(_)) => {
                tracing::error!(site, %error, "a person cannot be written down; passing over them");
                Vec::new()
            }
            meant => meant?,
        };
        if meant.is_empty() {
            environment.store.cross_out(site, std::slice::from_ref(&due)).await?;
        }
        for id in meant {
            let summons = people.entry(id).or_default();
            summons.groups.extend(due.groups.iter().cloned());
            summons.adopt.extend(due.groups.iter().filter(|_| due.adopt).cloned());
            summons.look_at.extend(due.look_at.iter().cloned());
            summons.adopt_cards.extend(due.look_at.iter().filter(|_| due.adopt_cards).cloned());
            summons.dues.push(due.clone());
        }
    }
    Ok(people)
}

/// The person behind a profile: two, where the profile has just moved from one to the other.
async fn of_profile(environment: &Environment, site: &str, name: &FactId) -> Result<Vec<String>> {
    let known = environment.store.id_of_profile(site, name).await?;
    let record = environment.store.fact(site, name).await?.filter(|record| !record.gone);
    let before = record.as_ref().and_then(|record| record.vouched.as_ref()).and_then(|fact| profile_of(&fact.what));
    let profile = record.as_ref().and_then(|record| profile_of(&record.fact.what)).cloned();
    let Some(profile) = profile else { return Ok(known.into_iter().collect()) };
    let read = address(&profile);
    let person = match &known {
        Some(id) => environment.store.person(site, id).await?,
        None => None,
    };
    let (email, released) = match &person {
        Some(person) if person.email != read => confirmed_address(environment, site, name, (read, before)).await?,
        _ => (read, None),
    };
    let meant = match person {
        Some(person) if email.is_none() || person.email == email => Ok(vec![person.id]),
        Some(person) => moved(environment, site, name, person, email).await,
        None => Ok(vec![joined(environment, site, name, email).await?]),
    };
    if let (Ok(_), Some(done)) = (&meant, released) {
        environment.store.write(Store::spent(site, &done)).await?;
    }
    meant
}

fn profile_of(what: &What) -> Option<&Profile> {
    match what {
        What::Member(profile) | What::Visitor(profile) => Some(profile),
        _ => None,
    }
}

/// The address that a person's profile goes by. One that is not confirmed counts once it was released: joining people, or
/// parting them, may take something from somebody. Gives the release that is used up then.
async fn confirmed_address(
    environment: &Environment,
    site: &str,
    name: &FactId,
    (read, before): (Option<String>, Option<&Profile>),
) -> Result<(Option<String>, Option<UnconfirmedChange>)> {
    let Some(before) = before.map(address).filter(|before| *before != read) else { return Ok((read, None)) };
    let Some(email) = &read else { return Ok((before, None)) };
    let doubt = UnconfirmedChange::Moves { profile: name.clone(), to: email_digest(email) };
    let now = environment.time.now();
    let released = environment.store.released(site, std::slice::from_ref(&doubt), now).await?;
    Ok(if released.is_empty() { (before, None) } else { (read, Some(doubt)) })
}

fn address(profile: &Profile) -> Option<String> {
    profile.email.as_deref().and_then(email_key)
}

/// A profile that nobody knew joins whoever has its address, or is somebody new.
async fn joined(environment: &Environment, site: &str, name: &FactId, email: Option<String>) -> Result<String> {
    let owner = match &email {
        Some(email) => environment.store.id_of_email(site, email).await?,
        None => None,
    };
    let known = match &owner {
        Some(id) => environment.store.person(site, id).await?,
        None => None,
    };
    let mut writes = Vec::new();
    let mut person = known.unwrap_or_else(|| {
        let person = Person::new(environment.ids.next(), email.clone());
        writes.push(list(site, &person));
        writes.extend(email.as_deref().map(|email| point_email(site, email, &person.id)));
        person
    });
    // Of whom nothing was left is listed again.
    writes.extend((person.version > 0 && person.profiles.is_empty()).then(|| list(site, &person)));
    person.profiles.insert(name.clone());
    writes.push(put(site, &person)?);
    writes.push(point_profile(site, name, &person.id));
    environment.store.write_all(Step::Keep, writes).await?;
    Ok(person.id)
}

/// Whether an address is that of the person's own account, and none of their profiles goes by the one that they have: all
/// of them part, and the person with the account is whose address it has.
async fn is_home(environment: &Environment, site: &str, person: &Person, email: &str) -> Result<bool> {
    if !person.has_account_of(email) {
        return Ok(false);
    }
    let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
    let records = environment.store.facts(site, &profiles).await?;
    let mut live = records.iter().filter(|record| !record.gone).filter_map(|record| profile_of(&record.fact.what));
    Ok(!live.any(|profile| address(profile) == person.email))
}

/// A known profile has another address now.
async fn moved(
    environment: &Environment,
    site: &str,
    name: &FactId,
    mut person: Person,
    email: Option<String>,
) -> Result<Vec<String>> {
    let Some(email) = email else { return Ok(vec![person.id]) };
    let owner = environment.store.id_of_email(site, &email).await?;
    let alone = person.profiles.len() == 1;
    if owner.is_none() && (alone || is_home(environment, site, &person, &email).await?) {
        let mut writes = vec![point_email(site, &email, &person.id)];
        writes.extend(person.email.as_deref().map(|old| free_email(site, old, &person.id)));
        person.email = Some(email);
        writes.push(put(site, &person)?);
        environment.store.write_all(Step::Keep, writes).await?;
        return Ok(vec![person.id]);
    }
    // Whoever has no profile left keeps the address: a profile that comes back to it is theirs, with their account.
    person.profiles.remove(name);
    environment.store.write_all(Step::Keep, vec![put(site, &person)?]).await?;
    let joined = joined(environment, site, name, Some(email)).await?;
    Ok(vec![person.id, joined])
}

/// Which of our people has this account: by our link, or else by the address that the door system has for it. `None`
/// where it is nobody whom we know; a stranger is not made one of our people for trying a door.
pub(super) async fn whose(
    environment: &Environment,
    site: &Site,
    doors: &str,
    id: &AccountId,
) -> Result<Option<String>> {
    if let Some(known) = environment.store.id_of_account(&site.id, doors, id).await? {
        return Ok(Some(known));
    }
    let account = match environment.doors(site, doors, Share::Settle).await {
        Ok((reader, _)) => reader.account(&unseen(id)).await,
        Err(error) => Err(error),
    };
    let account = account.unwrap_or_else(|error| {
        // Whoever it is, they are settled like everybody else.
        tracing::warn!(site = site.id, doors, %error, "it cannot be told whose account a bell is about");
        None
    });
    match account.and_then(|account| account.email).as_deref().and_then(email_key) {
        Some(email) => environment.store.id_of_email(&site.id, &email).await,
        None => Ok(None),
    }
}

/// Whoever has an account at a door system: somebody we know, or a stranger, who gets an id so that what is done to
/// them has the same written record.
async fn of_account(environment: &Environment, site: &str, doors: &str, id: &AccountId) -> Result<String> {
    if let Some(known) = environment.store.id_of_account(site, doors, id).await? {
        return Ok(known);
    }
    let mut stranger = Person::new(environment.ids.next(), None);
    let account = unseen(id);
    stranger.accounts.insert(doors.to_owned(), Linked::new(account, "", false));
    let writes = vec![put(site, &stranger)?, list(site, &stranger), point_account(site, doors, id, &stranger.id)];
    environment.store.write_all(Step::Keep, writes).await?;
    Ok(stranger.id)
}

/// An account of which nothing is known but its id.
pub(super) fn unseen(id: &AccountId) -> Account {
    Account {
        id: id.clone(),
        inner_id: None,
        email: None,
        name: CompactString::default(),
        standing: Standing::Active,
        mark: None,
        privileged: true,
        guest: false,
    }
}
