//! Which account at a door system is a person's: never by guess. An account is theirs by our own written link, by our
//! own mark, by an exact address, or because it appeared while we were making it.

use super::scene::Scene;
use crate::audit::{Deed, Happened};
use crate::doors::{Account, AccountId, ReadDoors};
use crate::error::{Error, Result};
use crate::ledger::Write;
use crate::ledger::people::{free_account, point_account};
use crate::person::{Deed as Begun, Linked, Person, email_key};

/// What finding an account left to be written down.
#[derive(Default)]
pub struct Found {
    /// To be written with the person.
    pub writes: Vec<Write>,
    /// Accounts that an earlier, interrupted run had made.
    pub deeds: Vec<Deed>,
}

/// Sees to it that the person's link to `doors` is true: what is linked still exists, and what exists is linked.
/// Afterwards a missing link means that there is no account yet.
///
/// # Errors
/// [`Error::Report`] where two accounts could be meant, or the account is somebody else's.
pub async fn link(scene: &Scene, person: &mut Person, doors: &str, name: &str) -> Result<Found> {
    let reader = reader(scene, doors)?;
    let mut found = Found::default();
    if let Some(linked) = person.accounts.get_mut(doors) {
        match reader.account(&linked.account).await? {
            Some(account) => {
                linked.account = account;
                return Ok(found);
            }
            None => {
                found.writes.push(free_account(&scene.site.id, doors, &linked.account.id));
                person.accounts.remove(doors);
            }
        }
    }
    let begun = person.intents.iter().find_map(|intent| match &intent.deed {
        Begun::Create { before } if intent.doors == doors => Some(before.clone()),
        _ => None,
    });
    let candidates = candidates(reader, person, name, begun.as_deref()).await?;
    let Some(account) = the_one(person, doors, candidates)? else { return Ok(found) };
    claim(scene, person, doors, &account).await?;
    found.writes.push(point_account(&scene.site.id, doors, &account.id, &person.id));
    if begun.is_some() {
        found.deeds.push(invited(doors, &account.id, "found made after an interruption"));
    }
    person.accounts.insert(doors.to_owned(), Linked::new(account, name, begun.is_some()));
    Ok(found)
}

/// The record of an account that was made.
pub fn invited(doors: &str, account: &AccountId, answer: &str) -> Deed {
    Deed {
        doors: doors.to_owned(),
        account: account.clone(),
        group: None,
        what: Happened::Invited,
        because: "somebody without an account may come in".to_owned(),
        answer: answer.to_owned(),
    }
}

/// Guests of this name that are there before one is made.
pub async fn guests_before(scene: &Scene, doors: &str, name: &str) -> Result<Vec<AccountId>> {
    let guests = reader(scene, doors)?.guests().await?;
    Ok(guests.into_iter().filter(|guest| guest.name == name).map(|guest| guest.id).collect())
}

/// Who reads these doors.
pub fn reader<'a>(scene: &'a Scene, doors: &str) -> Result<&'a dyn ReadDoors> {
    let shut = || scene.shut.get(doors).cloned();
    let reader = scene.readers.get(doors).map(|reader| reader.as_ref());
    reader.ok_or_else(|| shut().unwrap_or_else(|| Error::report(format!("there are no doors {doors}"))))
}

async fn candidates(
    reader: &dyn ReadDoors,
    person: &Person,
    name: &str,
    before: Option<&[AccountId]>,
) -> Result<Vec<Account>> {
    match (&person.email, before) {
        (Some(email), _) => {
            let same = |account: &Account| account.email.as_deref().and_then(email_key).as_ref() == Some(email);
            Ok(reader.find(email).await?.into_iter().filter(same).collect())
        }
        (None, Some(before)) => {
            let appeared = |guest: &Account| guest.name == name && !before.contains(&guest.id);
            Ok(reader.guests().await?.into_iter().filter(appeared).collect())
        }
        (None, None) => Ok(Vec::new()),
    }
}

fn the_one(person: &Person, doors: &str, mut candidates: Vec<Account>) -> Result<Option<Account>> {
    if candidates.len() > 1 {
        candidates.retain(|account| account.mark.as_deref() == Some(person.id.as_str()));
        if candidates.len() != 1 {
            return Err(Error::report(format!(
                "{doors}: several accounts could be this person's; delete or merge all but one at the door system"
            )));
        }
    }
    Ok(candidates.pop())
}

/// Checks that the account is nobody else's. A stranger whom we only know from a group list gives way.
async fn claim(scene: &Scene, person: &Person, doors: &str, account: &Account) -> Result<()> {
    let site = &scene.site.id;
    let ledger = &scene.outside.ledger;
    let owner = match ledger.id_of_account(site, doors, &account.id).await? {
        Some(id) if id != person.id => ledger.person(site, &id).await?,
        _ => None,
    };
    match owner {
        Some(owner) if !owner.profiles.is_empty() => Err(Error::report(format!(
            "{doors}: the account with this address belongs to a person whose address changed; give that account \
             its new address at the door system, or delete it"
        ))),
        _ => Ok(()),
    }
}
