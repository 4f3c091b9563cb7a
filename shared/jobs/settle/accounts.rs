//! The choice of a person's account at a door system, which never guesses. An account is the person's by Doorstep's
//! stored link, by Doorstep's mark, by an exact address, or because it appeared while Doorstep was creating it.

use doorstep_core::model::ids::SiteId;
use std::borrow::Borrow;
use std::collections::BTreeMap;

use tokio::sync::OnceCell;

use super::directory::Directory;
use super::scene::SiteContext;
use super::tidy::unlist_shell;
use doorstep_cloud::store::people::{free_account, point_account, put};
use doorstep_cloud::store::{Step, Write, conflict};
use doorstep_core::model::account::{Account, AccountId, Standing};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::{IntentKind, Linked, Person};
use doorstep_vendors::doors::ReadDoors;

/// What must be stored after an account was linked.
#[derive(Default)]
pub struct Found {
    /// Writes that belong to the person's transaction.
    pub writes: Vec<Write>,
    /// Audit entries of account changes that an interrupted run made.
    pub actions: Vec<AuditEntry>,
    /// An earlier run began to create the account, and no such account is found.
    pub tried: bool,
}

/// The answer in an audit entry for a change that was found done.
pub const AFTER_AN_INTERRUPTION: &str = "seen done after an interruption";

/// Makes the person's link at `doors` true: a linked account exists and is up to date, and an existing account is
/// linked. A missing link afterwards means that there is no account yet.
///
/// # Errors
/// [`Error::Permanent`] if two accounts fit, or if the account belongs to another person.
pub async fn link(
    scene: &SiteContext,
    person: &mut Person,
    doors: &str,
    name: &str,
    directory: &mut Directory,
) -> Result<Found> {
    let reader = reader(scene, doors)?;
    let mut found = Found::default();
    let known = person.accounts.get(doors).map(|linked| linked.account.id.clone());
    let begun = person.intents.iter().find(|intent| intent.doors == doors && intent.group.is_none());
    let begun = begun.map(|intent| intent.action.clone());
    if let Some(linked) = person.accounts.get_mut(doors) {
        let known = linked.account.id.clone();
        match directory.account(doors, reader, &linked.account).await? {
            Some(account) => {
                found.actions.extend(refresh(linked, account, begun.as_ref()).map(|what| seen(doors, &known, what)))
            }
            None => {
                let deleted = begun == Some(IntentKind::Delete);
                found.actions.extend(deleted.then(|| seen(doors, &known, AuditAction::Deleted)));
                found.writes.push(free_account(&scene.site.id, doors, &known));
                person.accounts.remove(doors);
            }
        }
    }
    if !person.accounts.contains_key(doors) {
        let making = match begun {
            Some(IntentKind::Create { before }) => Some(before),
            _ => None,
        };
        let candidates = candidates(scene, person, doors, name, making.as_deref(), directory).await?;
        let Some(account) = the_one(person, candidates)? else {
            person.never_made(doors);
            found.tried = making.is_some();
            return Ok(found);
        };
        found.actions.extend(making.is_some().then(|| invited(doors, &account.id, AFTER_AN_INTERRUPTION)));
        take(scene, person, doors, account, name, making.is_some()).await?;
    }
    person.account_done(doors);
    if let Some(linked) = person.accounts.get(doors) {
        directory.take(doors, &linked.account.id);
        if known.as_ref() != Some(&linked.account.id) {
            found.writes.push(point_account(&scene.site.id, doors, &linked.account.id, &person.id));
        }
    }
    Ok(found)
}

/// Stores the current state of an account in its link. Returns the change that an intent began and that is now done.
fn refresh(linked: &mut Linked, account: Account, begun: Option<&IntentKind>) -> Option<AuditAction> {
    linked.account = account.into();
    let awake = linked.account.standing == Standing::Active;
    let done = match begun {
        Some(IntentKind::Suspend) if !awake => Some(AuditAction::Suspended),
        Some(IntentKind::Resume) if awake => Some(AuditAction::Resumed),
        _ => None,
    };
    linked.suspended = !awake && (linked.suspended || done.is_some());
    if linked.refused_name.as_deref() == Some(linked.account.name.as_str()) {
        linked.name = linked.account.name.clone();
        linked.refused_name = None;
    }
    done
}

fn seen(doors: &str, account: &AccountId, what: AuditAction) -> AuditEntry {
    AuditEntry::new(doors, account, None, what, "begun before an interruption", AFTER_AN_INTERRUPTION)
}

/// The reason in an audit entry for creating an account.
pub const WITHOUT_AN_ACCOUNT: &str = "somebody without an account may come in";

/// Returns the audit entry of an account that was created.
pub fn invited(doors: &str, account: &AccountId, answer: &str) -> AuditEntry {
    AuditEntry::new(doors, account, None, AuditAction::Invited, WITHOUT_AN_ACCOUNT, answer)
}

/// The guest accounts that exist before a round creates any, read once for each door system.
pub struct GuestsBefore(BTreeMap<String, OnceCell<Vec<Account>>>);

impl GuestsBefore {
    /// Returns a list in which nothing is read yet.
    pub fn of(scene: &SiteContext) -> Self {
        GuestsBefore(scene.readers.keys().map(|doors| (doors.clone(), OnceCell::new())).collect())
    }

    /// Returns the ids of the guests with this name.
    pub async fn named(&self, scene: &SiteContext, doors: &str, name: &str) -> Result<Vec<AccountId>> {
        let reader = reader(scene, doors)?;
        let guests = match self.0.get(doors) {
            Some(read) => read.get_or_try_init(|| reader.guests()).await?,
            None => &Vec::new(),
        };
        Ok(guests.iter().filter(|guest| guest.name == name).map(|guest| guest.id.clone()).collect())
    }
}

/// Returns the reader of this door system.
///
/// # Errors
/// The error of a door system that cannot be reached; [`Error::Permanent`] if the site has no such door system.
pub fn reader<'a>(scene: &'a SiteContext, doors: &str) -> Result<&'a dyn ReadDoors> {
    let shut = || scene.shut.get(doors).cloned();
    let reader = scene.readers.get(doors).map(|reader| reader.as_ref());
    reader.ok_or_else(|| shut().unwrap_or_else(|| Error::permanent(format!("there are no doors {doors}"))))
}

/// Returns the accounts that may be the person's. For a person without an address, a guest of that name that appeared
/// while Doorstep was creating one is Doorstep's. Such guests are interchangeable: the first one without a person is
/// taken.
async fn candidates(
    scene: &SiteContext,
    person: &Person,
    doors: &str,
    name: &str,
    before: Option<&[AccountId]>,
    directory: &mut Directory,
) -> Result<Vec<Account>> {
    let reader = reader(scene, doors)?;
    match (&person.email, before) {
        (Some(email), _) => directory.of_address(doors, reader, email).await,
        (None, Some(before)) => {
            let appeared = |guest: &Account| guest.name == name && !before.contains(&guest.id);
            for guest in reader.guests().await?.into_iter().filter(appeared) {
                let owner = scene.environment.store.id_of_account(&scene.site.id, doors, &guest.id).await?;
                if owner.is_none_or(|id| id == person.id) && !directory.is_taken(doors, &guest.id) {
                    return Ok(vec![guest]);
                }
            }
            Ok(Vec::new())
        }
        (None, None) => Ok(Vec::new()),
    }
}

/// Returns the person's account among these: the only one, or the one with Doorstep's mark of the person.
///
/// # Errors
/// [`Error::Permanent`] if several accounts fit.
pub fn the_one<A: Borrow<Account>>(person: &Person, mut candidates: Vec<A>) -> Result<Option<A>> {
    if candidates.len() > 1 {
        candidates.retain(|account| account.borrow().mark.as_deref() == Some(person.id.as_str()));
        if candidates.len() != 1 {
            return Err(Error::permanent(
                "several accounts could be this person's: delete or merge all but one at the door system",
            ));
        }
    }
    Ok(candidates.pop())
}

/// Links an account, unless it belongs to another person. An owner without any profile hands the account over, with
/// everything that is known about it.
async fn take(
    scene: &SiteContext,
    person: &mut Person,
    doors: &str,
    account: Account,
    name: &str,
    made: bool,
) -> Result<()> {
    let (site, store) = (&scene.site.id, &scene.environment.store);
    let owner = match store.id_of_account(site, doors, &account.id).await? {
        Some(id) if id != person.id => store.person(site, &id).await?,
        _ => None,
    };
    match owner {
        Some(owner) if !owner.profiles.is_empty() => Err(taken_already()),
        Some(owner) if owner.accounts.contains_key(doors) => inherit(scene, person, owner, doors, account, name).await,
        _ => {
            person.accounts.insert(doors.to_owned(), Linked::new(account, name, made));
            Ok(())
        }
    }
}

/// Returns the error for an account that has the person's address and belongs to someone whose address has changed.
pub fn taken_already() -> Error {
    Error::permanent(
        "the account with this address belongs to a person whose address changed: give that account its new address at \
         the door system, or delete it",
    )
}

/// Moves an account from its owner to the person in one transaction, at once. Its claims never belong to both and never
/// to neither.
async fn inherit(
    scene: &SiteContext,
    person: &mut Person,
    mut owner: Person,
    doors: &str,
    account: Account,
    name: &str,
) -> Result<()> {
    let (site, store) = (&scene.site.id, &scene.environment.store);
    let stored = store.person(site, &person.id).await?.filter(|stored| stored.version == person.version);
    let mut stored = stored.ok_or_else(conflict)?;
    owner.clone().hand_over(doors, person);
    owner.hand_over(doors, &mut stored);
    let shell = unlist_shell(site, &mut owner);
    let mut writes = vec![put(site, &owner)?, put(site, &stored)?, point_account(site, doors, &account.id, &person.id)];
    writes.extend(shell);
    store.write_all(Step::Keep, writes).await?;
    person.version += 1;
    if let Some(linked) = person.accounts.get_mut(doors) {
        refresh(linked, account, None);
        if linked.name.is_empty() {
            linked.name = name.into();
        }
    }
    Ok(())
}
