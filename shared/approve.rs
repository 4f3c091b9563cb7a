//! The operator's word on what the guard holds: look at it, and release exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::future::try_join;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bus::Notice;
use crate::doors::{AccountId, Group, GroupId};
use crate::error::{Error, Result};
use crate::fact::{FactId, What};
use crate::guard::{Doubt, Hold, Waiting};
use crate::ledger::dues::{Due, Subject};
use crate::ledger::facts::Record;
use crate::line::{Bell, Ring};
use crate::outside::Outside;
use crate::person::Person;
use crate::platform::told::reader::believe_held;
use crate::shown::line;

/// A hold, with everybody whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// Who would leave or get what.
    pub waiting: Vec<Shown>,
}

/// One change that waits, for somebody to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shown {
    /// Door system.
    pub doors: String,
    /// The group that is left; none where an account is to be made.
    pub group: Option<GroupId>,
    /// Its name.
    pub name: Option<String>,
    /// Whose: what the platform or the door system calls them.
    pub who: String,
    /// Their address.
    pub email: Option<String>,
    /// Their account.
    pub account: Option<AccountId>,
    /// They were put there by hand.
    pub foreign: bool,
}

/// Everything that waits for a human, at one site or at all of them, with whom it concerns.
///
/// # Errors
/// [`Error::Refused`] for a site that is not here; [`Error::Later`] where the table is away.
pub async fn holds(outside: &Outside, site: Option<&str>) -> Result<Vec<Opened>> {
    let mut holds = Vec::new();
    for site in sites(outside, site).await? {
        for hold in outside.ledger.open_holds(&site).await? {
            let waiting = outside.ledger.waiting(&hold).await?;
            let names = Names::of(outside, &site, &waiting).await?;
            let mut waiting: Vec<Shown> = waiting.iter().map(|one| names.shown(one)).collect();
            waiting.sort();
            holds.push(Opened { hold, waiting });
        }
    }
    Ok(holds)
}

/// What those are called whom a hold is about.
struct Names {
    groups: BTreeMap<String, Vec<Group>>,
    people: BTreeMap<String, Person>,
    profiles: BTreeMap<FactId, Record>,
}

impl Names {
    async fn of(outside: &Outside, site: &str, waiting: &[Waiting]) -> Result<Names> {
        let (mut doors, mut people, mut profiles) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for one in waiting {
            match &one.doubt {
                Doubt::Leaves { doors: at, .. } => drop(doors.insert(at)),
                Doubt::Made { profile, .. } => drop(profiles.insert(profile.clone())),
            }
            if let Subject::Person(id) = &one.who {
                people.insert(id.clone());
            }
        }
        let ledger = &outside.ledger;
        let (people, profiles) = (Vec::from_iter(people), Vec::from_iter(profiles));
        let (people, profiles) = try_join(ledger.people(site, &people), ledger.facts(site, &profiles)).await?;
        let mut groups = BTreeMap::new();
        for name in doors {
            let read = ledger.doors_read(site, name).await?;
            groups.insert(name.clone(), read.map(|read| read.groups).unwrap_or_default());
        }
        let people = people.into_iter().map(|person| (person.id.clone(), person)).collect();
        let profiles = profiles.into_iter().map(|record| (record.fact.name(), record)).collect();
        Ok(Names { groups, people, profiles })
    }

    fn shown(&self, one: &Waiting) -> Shown {
        let (doors, group, account) = match &one.doubt {
            Doubt::Leaves { doors, group, account } => (doors.clone(), Some(group.clone()), Some(account.clone())),
            Doubt::Made { doors, .. } => (doors.clone(), None, None),
        };
        let named = |id: &GroupId| self.groups.get(&doors)?.iter().find(|known| known.id == *id);
        let name = group.as_ref().and_then(named).map(|known| known.name.clone());
        let (mut email, mut called) = (None, None);
        if let Subject::Person(id) = &one.who
            && let Some(person) = self.people.get(id)
        {
            called = person.accounts.get(&doors).and_then(|linked| linked.account.called());
            email.clone_from(&person.email);
        }
        if let Doubt::Made { profile, .. } = &one.doubt
            && let Some(known) = self.profiles.get(profile)
            && let What::Member(profile) | What::Visitor(profile) = &known.fact.what
        {
            (called, email) = (Some(profile.name.to_string()), profile.email.clone());
        }
        let who = called.or_else(|| account.as_ref().map(|id| format!("account {id}"))).unwrap_or_default();
        Shown { doors, group, name, who, email, account, foreign: one.foreign }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hold { checksum, site, scope, reason, since, .. } = &self.hold;
        let at = since.strftime("%F %R UTC");
        line!(f, "site {site}: {checksum}: {scope}, held since {at}: {reason}")?;
        for Shown { doors, group, name, who, email, account: _, foreign } in &self.waiting {
            let email = email.as_ref().map(|email| format!(" <{email}>")).unwrap_or_default();
            match (name.as_ref(), group) {
                (None, None) => line!(f, "  + {who}{email} gets an account at {doors}")?,
                (name, group) => {
                    let name = name.or(group.as_ref().map(|group| &group.0)).map_or("", String::as_str);
                    let foreign = if *foreign { ", put there by hand," } else { "" };
                    line!(f, "  - {who}{email}{foreign} leaves {doors}: {name}")?;
                }
            }
        }
        write!(f, "To let exactly this be done: doorstep approve {checksum}")
    }
}

/// Releases exactly what is held under a checksum, for an hour, and rings the line for it. What of it is no longer to be
/// done is not done; what would be done besides is not released.
///
/// # Errors
/// [`Error::Refused`] where there is no such hold; [`Error::Later`] where table or line are away: then the same may be
/// said again.
pub async fn approve(outside: &Outside, site: Option<&str>, checksum: &str) -> Result<Hold> {
    let hold = find(outside, site, checksum).await?;
    let waiting = outside.ledger.waiting(&hold).await?;
    let now = outside.time.now();
    let site = hold.site.clone();
    let doubts: Vec<&Doubt> = waiting.iter().map(|one| &one.doubt).collect();
    outside.ledger.release(&site, &doubts, Some(checksum), now).await?;
    let mut notices = believe(outside, &site, &waiting).await?;
    let hold = Hold { approved: Some(now), ..hold };
    outside.ledger.keep_hold(&hold).await?;
    // By the stack's own clock: that of the operator's desk may be ahead of it.
    outside.ledger.put_dues(&site, &dues(&waiting, hold.told)).await?;
    outside.line.ring(&Ring::new(&site, Bell::Due), None).await?;
    notices.push(Notice::Approved(hold.clone()));
    if let Err(error) = outside.bus.publish(&site, &notices).await {
        tracing::warn!(site, %error, "an approval could not be published");
    }
    Ok(hold)
}

/// Where what is approved follows from a snapshot that was not believed, it is believed from now on, and everything is to be
/// compared by it.
async fn believe(outside: &Outside, site: &str, waiting: &[Waiting]) -> Result<Vec<Notice>> {
    let told = outside.ledger.in_force(site).await?.file()?.platform.kind.vendor().contract().is_some();
    if !told || !waiting.iter().any(|one| one.doubted) || !believe_held(&outside.ledger, site).await? {
        return Ok(Vec::new());
    }
    Ok(vec![Notice::ReconcileWanted])
}

async fn find(outside: &Outside, site: Option<&str>, checksum: &str) -> Result<Hold> {
    for site in sites(outside, site).await? {
        if let Some(hold) = outside.ledger.hold(&site, checksum).await? {
            return Ok(hold);
        }
    }
    Err(Error::refused(format!(
        "nothing is held under {checksum}: the set may have changed since. Look again, and approve what you then see"
    )))
}

/// Whom it concerns, with the groups to look at.
fn dues(waiting: &[Waiting], at: Timestamp) -> Vec<Due> {
    let due = |one: &Waiting| {
        let due = Due::at(at, one.who.clone());
        match &one.doubt {
            Doubt::Leaves { doors, group, .. } => due.with_groups(vec![(doors.clone(), group.clone())], false),
            Doubt::Made { .. } => due,
        }
    };
    waiting.iter().map(due).collect()
}

async fn sites(outside: &Outside, site: Option<&str>) -> Result<Vec<String>> {
    match site {
        Some(site) => Ok(vec![outside.ledger.in_force(site).await.map(|_| site.to_owned())?]),
        None => Ok(outside.ledger.doorplates().await?.into_iter().map(|plate| plate.site).collect()),
    }
}
