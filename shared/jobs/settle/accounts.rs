//! The link of a person to the account at a door system. The rules are in
//! [`doorstep_core::decide::identity`]. This module fetches what they need and lists what must be
//! stored.

use std::collections::BTreeMap;

use tokio::sync::OnceCell;

use super::directory::AccountDirectory;
use super::site_context::SiteContext;
use super::unlist::unlist_shell;
use doorstep_cloud::store::people::{free_account, point_account, put};
use doorstep_cloud::store::{Write, WriteStep, conflict};
use doorstep_core::decide::identity::{Acquisition, acquire, appeared, choose_account};
use doorstep_core::model::account::{Account, AccountId};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::intent::IntentKind;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_vendors::doors::ReadDoors;

/// What must be stored after an account was linked.
#[derive(Default)]
pub struct LinkWrites {
    /// Writes that belong to the person's transaction.
    pub writes: Vec<Write>,
    /// Audit entries of account changes that an interrupted run made.
    pub actions: Vec<AuditEntry>,
    /// An earlier run began to create the account, and no such account is found.
    pub tried: bool,
}

/// The answer in an audit entry for a change that was found done.
pub const AFTER_AN_INTERRUPTION: &str = "seen done after an interruption";

/// Makes the person's link at `doors` true: a linked account exists and is up to date, and an
/// existing account is linked. A missing link afterwards means that there is no account yet.
///
/// # Errors
/// [`Error::Permanent`] if two accounts fit, or if the account belongs to another person.
pub async fn link(
    context: &SiteContext,
    person: &mut Person,
    doors: &DoorsName,
    name: &str,
    directory: &mut AccountDirectory,
) -> Result<LinkWrites> {
    let linking = Linking {
        context,
        doors,
        name,
        reader: reader(context, doors)?,
    };
    let mut found = LinkWrites::default();
    let known = person
        .accounts
        .get(doors)
        .map(|linked| linked.account.id.clone());
    let begun = person
        .intents
        .iter()
        .find(|intent| intent.doors == *doors && intent.group.is_none());
    let begun = begun.map(|intent| intent.action.clone());
    linking
        .refresh(person, begun.as_ref(), directory, &mut found)
        .await?;
    if !person.accounts.contains_key(doors) {
        let making = match begun {
            Some(IntentKind::Create { before }) => Some(before),
            _ => None,
        };
        let candidates = linking
            .candidates(person, making.as_deref(), directory)
            .await?;
        let Some(account) = choose_account(person, candidates)? else {
            person.never_made(doors);
            found.tried = making.is_some();
            return Ok(found);
        };
        found.actions.extend(
            making
                .is_some()
                .then(|| invited(doors, &account.id).answered(AFTER_AN_INTERRUPTION)),
        );
        linking.take(person, account, making.is_some()).await?;
    }
    person.account_done(doors);
    if let Some(linked) = person.accounts.get(doors) {
        directory.take(doors, &linked.account.id);
        if known.as_ref() != Some(&linked.account.id) {
            found.writes.push(point_account(
                &context.site.id,
                doors,
                &linked.account.id,
                &person.id,
            ));
        }
    }
    Ok(found)
}

fn seen(doors: &DoorsName, account: &AccountId, what: AuditAction) -> AuditEntry {
    AuditEntry::new(what, doors, account, "begun before an interruption")
        .answered(AFTER_AN_INTERRUPTION)
}

/// The reason in an audit entry for creating an account.
pub const WITHOUT_AN_ACCOUNT: &str = "a person without an account may get access";

/// Returns the audit entry of an account that was created.
pub fn invited(doors: &DoorsName, account: &AccountId) -> AuditEntry {
    AuditEntry::new(AuditAction::Invited, doors, account, WITHOUT_AN_ACCOUNT)
}

/// The guest accounts that exist before a round creates any, read once for each door system.
pub struct GuestsBefore(BTreeMap<DoorsName, OnceCell<Vec<Account>>>);

impl GuestsBefore {
    /// Returns a list in which nothing is read yet.
    pub fn of(context: &SiteContext) -> Self {
        GuestsBefore(
            context
                .readers
                .keys()
                .map(|doors| (doors.clone(), OnceCell::new()))
                .collect(),
        )
    }

    /// Returns the ids of the guests with this name.
    pub async fn named(
        &self,
        context: &SiteContext,
        doors: &DoorsName,
        name: &str,
    ) -> Result<Vec<AccountId>> {
        let reader = reader(context, doors)?;
        let guests = match self.0.get(doors) {
            Some(read) => read.get_or_try_init(|| reader.guests()).await?,
            None => &Vec::new(),
        };
        Ok(guests
            .iter()
            .filter(|guest| guest.name == name)
            .map(|guest| guest.id.clone())
            .collect())
    }
}

/// Returns the reader of this door system.
///
/// # Errors
/// The error of a door system that cannot be reached; [`Error::Permanent`] if the site has no such
/// door system.
pub fn reader<'a>(context: &'a SiteContext, doors: &DoorsName) -> Result<&'a dyn ReadDoors> {
    let unreachable = || context.unreachable.get(doors).cloned();
    let reader = context.readers.get(doors).map(|reader| reader.as_ref());
    reader.ok_or_else(|| {
        unreachable().unwrap_or_else(|| Error::permanent(format!("there are no doors {doors}")))
    })
}

/// The link of one person's account at one door system, while it is made true.
struct Linking<'a> {
    context: &'a SiteContext,
    doors: &'a DoorsName,
    /// The person's name, for an account that is linked now.
    name: &'a str,
    reader: &'a dyn ReadDoors,
}

impl Linking<'_> {
    /// Fetches the linked account. Drops the link of an account that is gone.
    async fn refresh(
        &self,
        person: &mut Person,
        begun: Option<&IntentKind>,
        directory: &mut AccountDirectory,
        found: &mut LinkWrites,
    ) -> Result<()> {
        let Some(linked) = person.accounts.get_mut(self.doors) else {
            return Ok(());
        };
        let known = linked.account.id.clone();
        let done = match directory
            .account(self.doors, self.reader, &linked.account)
            .await?
        {
            Some(account) => linked.refresh(account, begun),
            None => {
                found
                    .writes
                    .push(free_account(&self.context.site.id, self.doors, &known));
                person.accounts.remove(self.doors);
                (begun == Some(&IntentKind::Delete)).then_some(AuditAction::Deleted)
            }
        };
        found
            .actions
            .extend(done.map(|what| seen(self.doors, &known, what)));
        Ok(())
    }

    /// Returns the accounts that may be the person's: those with the person's address. For a person
    /// without an address it is the first guest without a person that appeared while Doorstep was
    /// creating one.
    async fn candidates(
        &self,
        person: &Person,
        before: Option<&[AccountId]>,
        directory: &mut AccountDirectory,
    ) -> Result<Vec<Account>> {
        let before = match (&person.email, before) {
            (Some(email), _) => return directory.of_address(self.doors, self.reader, email).await,
            (None, Some(before)) => before,
            (None, None) => return Ok(Vec::new()),
        };
        for guest in self
            .reader
            .guests()
            .await?
            .into_iter()
            .filter(|guest| appeared(guest, self.name, before))
        {
            let owner = self.owner(&guest.id).await?;
            if owner.is_none_or(|id| id == person.id) && !directory.is_taken(self.doors, &guest.id)
            {
                return Ok(vec![guest]);
            }
        }
        Ok(Vec::new())
    }

    async fn owner(&self, account: &AccountId) -> Result<Option<PersonId>> {
        self.context
            .environment
            .store
            .id_of_account(&self.context.site.id, self.doors, account)
            .await
    }

    /// Links an account, unless it belongs to another person. An owner without any profile hands
    /// the account over, with everything that is known about it.
    async fn take(&self, person: &mut Person, account: Account, made: bool) -> Result<()> {
        let owner = match self.owner(&account.id).await? {
            Some(id) if id != person.id => {
                self.context
                    .environment
                    .store
                    .person(&self.context.site.id, &id)
                    .await?
            }
            _ => None,
        };
        match (acquire(owner.as_ref(), self.doors)?, owner) {
            (Acquisition::Inherit, Some(owner)) => self.inherit(person, owner, account).await,
            _ => {
                person
                    .accounts
                    .insert(self.doors.to_owned(), Linked::new(account, self.name, made));
                Ok(())
            }
        }
    }

    /// Moves an account from its owner to the person in one transaction, at once. Its claims never
    /// belong to both and never to neither.
    async fn inherit(
        &self,
        person: &mut Person,
        mut owner: Person,
        account: Account,
    ) -> Result<()> {
        let (site, store, doors) = (
            &self.context.site.id,
            &self.context.environment.store,
            self.doors,
        );
        let stored = store
            .person(site, &person.id)
            .await?
            .filter(|stored| stored.version == person.version);
        let mut stored = stored.ok_or_else(conflict)?;
        owner.clone().hand_over(doors, person);
        owner.hand_over(doors, &mut stored);
        let shell = unlist_shell(site, &mut owner);
        let mut writes = vec![
            put(site, &owner)?,
            put(site, &stored)?,
            point_account(site, doors, &account.id, &person.id),
        ];
        writes.extend(shell);
        store.write_all(WriteStep::Keep, writes).await?;
        person.version += 1;
        if let Some(linked) = person.accounts.get_mut(doors) {
            linked.refresh(account, None);
            if linked.name.is_empty() {
                linked.name = self.name.into();
            }
        }
        Ok(())
    }
}
