//! Holds and approvals: shows what the guard holds, and releases exactly what the operator
//! approves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::future::try_join;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::called::Called;
use crate::preview::print::PreviewZone;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::key;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::guard::{Hold, UnconfirmedChange, WaitingChange};
use doorstep_core::model::account::{AccountId, GroupId, GroupRef};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, What};
use doorstep_core::model::ids::{Checksum, DoorsName, SiteId};
use doorstep_core::model::record::FactRecord;
use doorstep_core::model::subject::Subject;
use doorstep_core::shown_line;
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::push::reader::accept_held;

/// A hold, with every change in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// The changes that wait.
    pub waiting: Vec<ShownChange>,
    /// The IANA name of the site's time zone, in which times are shown. Empty: UTC.
    #[serde(default)]
    pub timezone: String,
}

/// A change that waits, for display.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShownChange {
    /// The door system.
    pub doors: DoorsName,
    /// The change.
    pub what: Doing,
    /// The group that the account would leave; `None` for other changes.
    pub group: Option<GroupId>,
    /// The name of the group.
    pub name: Option<String>,
    /// The name of the person, from the platform or the door system.
    pub who: String,
    /// The e-mail address of the person.
    pub email: Option<String>,
    /// The account.
    pub account: Option<AccountId>,
    /// Whether the account was added to the group by hand.
    pub foreign: bool,
    /// The display form of the number of the card that would be taken back.
    pub tag: Option<String>,
    /// Why the account is in the group so far; `None` where Doorstep did not put it there.
    #[serde(default)]
    pub because: Option<String>,
}

/// A kind of change that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doing {
    /// An account leaves a group.
    Leaves,
    /// A card is taken back.
    Untagged,
    /// An account is suspended or deleted.
    Rests,
    /// A profile joins the person of another address.
    Joins,
    /// An account is created.
    Invited,
}

impl Doing {
    fn of(change: &UnconfirmedChange) -> Self {
        match change {
            UnconfirmedChange::Leaves { .. } => Doing::Leaves,
            UnconfirmedChange::Card { .. } => Doing::Untagged,
            UnconfirmedChange::Rests { .. } => Doing::Rests,
            UnconfirmedChange::Moves { .. } => Doing::Joins,
            UnconfirmedChange::Made { .. } => Doing::Invited,
        }
    }
}

/// Loads the open holds of one site or of all sites, with the changes in them.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site; [`Error::Retry`] where the table is not available.
pub async fn holds(environment: &Environment, site: Option<&SiteId>) -> Result<Vec<Opened>> {
    let mut holds = Vec::new();
    for site in sites(environment, site).await? {
        let file = environment.store.active(&site).await?;
        let file = file.and_then(|stored| stored.file().ok());
        let timezone = file.and_then(|file| file.timezone.iana_name().map(str::to_owned));
        let timezone = timezone.unwrap_or_default();
        for hold in environment.store.open_holds(&site).await? {
            let waiting = environment.store.waiting(&hold).await?;
            let names = HoldNames::of(environment, &site, &waiting).await?;
            let mut waiting: Vec<ShownChange> =
                waiting.iter().map(|one| names.shown(one)).collect();
            waiting.sort();
            holds.push(Opened {
                hold,
                waiting,
                timezone: timezone.clone(),
            });
        }
    }
    Ok(holds)
}

/// The names for the changes of a hold.
struct HoldNames {
    called: Called,
    profiles: BTreeMap<FactId, FactRecord>,
}

impl HoldNames {
    async fn of(
        environment: &Environment,
        site: &SiteId,
        waiting: &[WaitingChange],
    ) -> Result<HoldNames> {
        let (mut doors, mut people, mut profiles) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for one in waiting {
            match &one.change {
                UnconfirmedChange::Leaves { doors: at, .. } => drop(doors.insert(at.clone())),
                UnconfirmedChange::Made { profile, .. }
                | UnconfirmedChange::Moves { profile, .. } => {
                    profiles.insert(profile.clone());
                }
                UnconfirmedChange::Card { .. } | UnconfirmedChange::Rests { .. } => {}
            }
            if let Subject::Person(id) = &one.who {
                people.insert(id.clone());
            }
        }
        let profiles = Vec::from_iter(profiles);
        let (called, profiles) = try_join(
            Called::of(environment, site, people, &doors),
            environment.store.facts(site, &profiles),
        )
        .await?;
        let profiles = profiles
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect();
        Ok(HoldNames { called, profiles })
    }

    fn shown(&self, one: &WaitingChange) -> ShownChange {
        let doors = one.change.doors().cloned().unwrap_or_default();
        let (group, account) = (
            one.change.group().cloned(),
            one.change.place().map(|(_, account)| account.clone()),
        );
        let name = group
            .as_ref()
            .and_then(|group| self.called.group(&doors, group));
        let (mut email, mut called, mut because) = (None, None, None);
        if let Subject::Person(id) = &one.who
            && let Some(person) = self.called.known(id)
        {
            called = person
                .accounts
                .get(&doors)
                .and_then(|linked| linked.account.called());
            email.clone_from(&person.email);
            let mut claims = person.claims.iter();
            let is_this = |claim: &&Claim| {
                claim.doors == doors
                    && Some(&claim.group) == group.as_ref()
                    && Some(&claim.account) == account.as_ref()
            };
            because = claims.find(is_this).map(|claim| claim.because.clone());
        }
        if let UnconfirmedChange::Made { profile, .. } | UnconfirmedChange::Moves { profile, .. } =
            &one.change
            && let Some(known) = self.profiles.get(profile)
            && let What::Member(profile) | What::Visitor(profile) = &known.fact.what
        {
            (called, email) = (Some(profile.name.to_string()), profile.email.clone());
        }
        let who = called
            .or_else(|| account.as_ref().map(|id| format!("account {id}")))
            .unwrap_or_default();
        let (what, tag) = (Doing::of(&one.change), one.tag.clone());
        ShownChange {
            doors,
            what,
            group,
            name,
            who,
            email,
            account,
            foreign: one.foreign,
            tag,
            because,
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hold {
            checksum,
            site,
            scope,
            reason,
            since,
            ..
        } = &self.hold;
        let at = PreviewZone::named(&self.timezone).of_with_zone(*since);
        shown_line!(
            f,
            "site {site}: {checksum}: {scope}, held since {at}: {reason}"
        )?;
        for ShownChange {
            doors,
            what,
            group,
            name,
            who,
            email,
            account: _,
            foreign,
            tag,
            because,
        } in &self.waiting
        {
            let email = email
                .as_ref()
                .map(|email| format!(" <{email}>"))
                .unwrap_or_default();
            let group = name
                .as_ref()
                .or(group.as_ref().map(|group| &group.0))
                .map_or("", String::as_str);
            let foreign = if *foreign { ", added by hand," } else { "" };
            let tag = tag.as_deref().unwrap_or("of unknown number");
            match what {
                Doing::Leaves => {
                    let because = because.as_ref().map(|why| format!("; so far by {why}"));
                    let because = because.unwrap_or_default();
                    shown_line!(
                        f,
                        "  - {who}{email}{foreign} leaves {doors}: {group}{because}"
                    )?
                }
                Doing::Untagged => {
                    shown_line!(f, "  - the tag {tag} is taken from {who}{email} at {doors}")?
                }
                Doing::Rests => shown_line!(
                    f,
                    "  - the account of {who}{email} is suspended or deleted at {doors}"
                )?,
                Doing::Joins => shown_line!(
                    f,
                    "  - the profile {who}{email} becomes the person of this address"
                )?,
                Doing::Invited => shown_line!(f, "  + {who}{email} gets an account at {doors}")?,
            }
        }
        shown_line!(f, "in sum: {}", self.hold.what())?;
        write!(
            f,
            "to approve exactly these changes: doorstep approve {checksum}"
        )
    }
}

/// Releases exactly what is held under a checksum, for an hour, and enqueues a trigger for it. A
/// released change that is no longer due is not made. A change outside of the hold is not released.
///
/// # Errors
/// [`Error::Invalid`] where there is no such hold, or it was approved already; [`Error::Retry`]
/// where the table or the queue is not available, or the hold changed meanwhile. The operator can
/// then repeat the approval.
pub async fn approve(
    environment: &Environment,
    site: Option<&SiteId>,
    checksum: &Checksum,
) -> Result<Hold> {
    let hold = find(environment, site, checksum).await?;
    if let Some(at) = hold.approved {
        let at = at.strftime("%F %R UTC");
        return Err(Error::invalid(format!(
            "{checksum} was approved at {at}. Changes that are not applied within one hour are held again: run `doorstep approve` to see them"
        )));
    }
    let waiting = environment.store.waiting(&hold).await?;
    let now = environment.time.now();
    let site = hold.site.clone();
    let changes: Vec<&UnconfirmedChange> = waiting.iter().map(|one| &one.change).collect();
    environment
        .store
        .release(&site, &changes, Some(checksum), now)
        .await?;
    let mut notices = accept_snapshot(environment, &site, &waiting).await?;
    // The due minute comes from the stack's clock, because the operator's clock may be ahead of it.
    environment
        .store
        .put_dues(&site, &dues(&waiting, hold.reported))
        .await?;
    let hold = Hold {
        approved: Some(now),
        ..hold
    };
    environment.store.keep_hold(&hold).await?;
    environment
        .triggers
        .enqueue(&TriggerMessage::new(&site, Trigger::Due), None)
        .await?;
    notices.push(Notice::Approved(hold.clone()));
    if let Err(error) = environment.bus.publish(&site, &notices).await {
        tracing::warn!(site = site.as_str(), %error, "the event of an approval could not be published");
    }
    Ok(hold)
}

/// Accepts a snapshot that was not trusted if the approved changes follow from it. The site then
/// needs a reconcile that compares by the snapshot.
async fn accept_snapshot(
    environment: &Environment,
    site: &SiteId,
    waiting: &[WaitingChange],
) -> Result<Vec<Notice>> {
    let told = environment
        .store
        .in_force(site)
        .await?
        .file()?
        .platform
        .kind
        .vendor()
        .contract()
        .is_some();
    if !told
        || !waiting.iter().any(|one| one.unconfirmed)
        || !accept_held(&environment.store, site).await?
    {
        return Ok(Vec::new());
    }
    Ok(vec![Notice::ReconcileWanted(AskedBy::Operator)])
}

async fn find(
    environment: &Environment,
    site: Option<&SiteId>,
    checksum: &Checksum,
) -> Result<Hold> {
    for site in sites(environment, site).await? {
        if let Some(hold) = environment.store.hold(&site, checksum).await? {
            return Ok(hold);
        }
    }
    Err(Error::invalid(format!(
        "no hold has the checksum {checksum}: the set of changes may be another one now. Run `doorstep approve`, and approve the checksum that it shows"
    )))
}

/// Returns a due item for each person of the hold, with the groups and door systems to read.
fn dues(waiting: &[WaitingChange], at: Timestamp) -> Vec<Due> {
    let mut dues: BTreeMap<String, Due> = BTreeMap::new();
    for one in waiting {
        let new = Due::at(at, one.who.clone());
        let due = dues.entry(key::subject(&one.who)).or_insert(new);
        match &one.change {
            UnconfirmedChange::Leaves { doors, group, .. } => {
                due.groups.push(GroupRef::new(doors, group));
                // The account of a membership that was made by hand may not be linked to its
                // person yet. Settle must find it before it can leave the group.
                due.refetch_at.extend(one.foreign.then(|| doors.clone()));
            }
            UnconfirmedChange::Card { doors, .. } | UnconfirmedChange::Rests { doors, .. } => {
                due.refetch_at.insert(doors.clone());
            }
            UnconfirmedChange::Made { .. } | UnconfirmedChange::Moves { .. } => {}
        }
    }
    dues.into_values().collect()
}

async fn sites(environment: &Environment, site: Option<&SiteId>) -> Result<Vec<SiteId>> {
    match site {
        Some(site) => Ok(vec![
            environment
                .store
                .in_force(site)
                .await
                .map(|_| site.to_owned())?,
        ]),
        None => environment.store.site_names().await,
    }
}
