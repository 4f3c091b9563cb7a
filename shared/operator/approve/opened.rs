//! Holds as they are shown: every change with its names, the reason so far, and what stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

use super::{sites, zone_of};
use crate::called::Called;
use crate::zone::Zone;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::guard::{Hold, UnconfirmedChange, WaitingChange};
use doorstep_core::model::account::{AccountId, GroupId, GroupRef};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{FactId, What};
use doorstep_core::model::ids::{Checksum, DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;
use doorstep_core::model::subject::Subject;
use doorstep_core::shown_line;

/// A hold, with every change in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// The changes that wait.
    pub waiting: Vec<ShownChange>,
    /// The IANA name of the site's time zone, in which times are shown; UTC if its
    /// file cannot be read.
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
    /// The person in Doorstep; `None` for an account that belongs to no stored person.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// The groups in which Doorstep keeps the person, by their names.
    #[serde(default)]
    pub stays: Vec<String>,
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
/// [`doorstep_core::model::error::Error::Invalid`] for an unknown site;
/// [`doorstep_core::model::error::Error::Retry`] where the table is not available.
pub async fn holds(environment: &Environment, site: Option<&SiteId>) -> Result<Vec<Opened>> {
    let mut holds = Vec::new();
    for site in sites(environment, site).await? {
        for hold in environment.store.open_holds(&site).await? {
            holds.push(opened(environment, hold).await?);
        }
    }
    Ok(holds)
}

/// Loads one hold of a site, open or approved, with the changes in it; `None` if there is none with
/// this checksum.
///
/// # Errors
/// As [`holds`].
pub async fn hold(
    environment: &Environment,
    site: &SiteId,
    checksum: &Checksum,
) -> Result<Option<Opened>> {
    match environment.store.hold(site, checksum).await? {
        Some(hold) => Ok(Some(opened(environment, hold).await?)),
        None => Ok(None),
    }
}

/// Loads the changes of a hold with their names.
async fn opened(environment: &Environment, hold: Hold) -> Result<Opened> {
    let site = &hold.site;
    let zone = zone_of(environment, site).await?;
    let changes = environment.store.waiting(&hold).await?;
    let names = HoldNames::of(environment, site, &changes).await?;
    let mut waiting: Vec<ShownChange> = changes.iter().map(|one| names.shown(one)).collect();
    waiting.sort();
    Ok(Opened {
        timezone: zone.name().to_owned(),
        hold,
        waiting,
    })
}

/// The names for the changes of a hold.
struct HoldNames {
    called: Called,
    /// What leaves in this hold.
    leaving: BTreeSet<(GroupRef, AccountId)>,
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
        let mut leaving = BTreeSet::new();
        for one in waiting {
            match &one.change {
                UnconfirmedChange::Leaves {
                    doors: at,
                    group,
                    account,
                    ..
                } => {
                    doors.insert(at.clone());
                    leaving.insert((GroupRef::new(at, group), account.clone()));
                }
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
        Ok(HoldNames {
            called,
            leaving,
            profiles,
        })
    }

    /// Returns the names of the groups that the person keeps.
    fn stays(&self, person: &Person) -> Vec<String> {
        let stays = person.claims.iter().filter(|claim| {
            let place = (
                GroupRef::new(&claim.doors, &claim.group),
                claim.account.clone(),
            );
            !self.leaving.contains(&place)
        });
        let name = |claim: &Claim| {
            let name = self.called.group(&claim.doors, &claim.group);
            name.unwrap_or_else(|| claim.group.0.clone())
        };
        let names: BTreeSet<String> = stays.map(name).collect();
        names.into_iter().collect()
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
        let (mut id, mut stays) = (None, Vec::new());
        if let Subject::Person(known) = &one.who
            && let Some(person) = self.called.known(known)
        {
            (id, stays) = (Some(known.clone()), self.stays(person));
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
            person: id,
            stays,
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
        let at = Zone::named(&self.timezone).minute_with_zone(*since);
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
            foreign,
            tag,
            because,
            ..
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
