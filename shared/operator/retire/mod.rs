//! Taking a site out of service. Whoever Doorstep put in is left where they are or taken out, as the operator says; what it
//! would do is shown first, and done under the checksum of exactly that. Taking out goes through the line, as every change
//! of a door: here it is only asked for. Everything is safe to repeat.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::register::unregister;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::site_version::{Retiring, SiteVersion};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::guard::{UnconfirmedChange, checksum};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_jobs::comparison::Group;

mod print;

/// What becomes of those whom Doorstep put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// They stay, and are nobody's business any more.
    LeaveAccess,
    /// They are taken out.
    RevokeAccess,
}

/// What the operator orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What becomes of those whom Doorstep put in.
    pub how: How,
    /// Everything that is kept of the site is deleted, but for its audit chain.
    #[serde(default)]
    pub delete_data: bool,
    /// The checksum of what was shown; `None`: it is only shown.
    #[serde(default)]
    pub yes: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Nothing was done: this is what would be.
    Shown,
    /// People are being taken out: say the same again.
    UnderWay,
    /// The site is out of service.
    Done,
}

/// What would be done, is being done, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// The site.
    pub site: String,
    /// What was ordered.
    pub how: How,
    /// Whether what is kept of it goes, too.
    pub delete_data: bool,
    /// Names exactly this.
    pub checksum: String,
    /// How far it is.
    pub stage: Stage,
    /// Who is still in because Doorstep put them there.
    pub inside: Vec<Inside>,
    /// How many people there is anything left to do for, cards and interrupted changes among it.
    pub people: usize,
    /// Claims at doors that the site file no longer has: they stay in any case.
    pub out_of_reach: usize,
    /// How many items of the table were deleted.
    pub deleted: usize,
    /// What somebody should look at.
    pub problems: Vec<String>,
}

/// Somebody whom Doorstep put into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Door system.
    pub doors: String,
    /// Group.
    pub group: String,
    /// The group's name, as far as it is known.
    pub group_name: String,
    /// Account there.
    pub account: String,
    /// The name of the account.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// Why they were put in.
    pub because: String,
}

/// Shows what taking a site out of service would do, or does as much of it as can be done now.
///
/// # Errors
/// [`Error::Invalid`] for a site of which nothing is known, and where the checksum names something else than what would be
/// done now; [`Error::Retry`] where the table, the line or Scheduler are away.
pub async fn retire(environment: &Environment, site: &str, order: &Order) -> Result<Retirement> {
    let Some(stored) = environment.store.active(site).await? else { return of_retired(environment, site, order).await };
    let everybody = environment.store.everybody(site).await?;
    let people = &everybody.known;
    let file = stored.file()?;
    let mut seen = Retirement::of(&file, order, people, &names(environment, &file).await?);
    seen.problems.extend(everybody.problems(site));
    if let Some(retiring) = stored.retiring.as_ref().filter(|_| order.how == How::RevokeAccess) {
        seen.checksum.clone_from(&retiring.checksum);
        seen.stage = Stage::UnderWay;
    }
    let Some(yes) = &order.yes else { return Ok(seen) };
    if *yes != seen.checksum {
        return Err(Error::invalid(format!(
            "{yes} is not the checksum of what would be done now: look again without --yes, and say what you then see"
        )));
    }
    if order.how == How::RevokeAccess && seen.people > 0 {
        take_out(environment, site, &stored, &file, people, &seen.checksum).await?;
        return Ok(Retirement { stage: Stage::UnderWay, ..seen });
    }
    environment.store.strike_site(site, &stored).await?;
    for (doors, config) in &file.doors {
        let at = Neighbour { site: site.to_owned(), doors: doors.clone() };
        unregister(&environment.store, &at, config).await?;
    }
    environment.schedules.clear(site).await?;
    let deleted = if order.delete_data { environment.store.forget_site(site).await? } else { 0 };
    Ok(Retirement { stage: Stage::Done, deleted, ..seen })
}

/// Asks settle to take everybody out whom we put in. The operator has seen who that is, so the guard lets them pass.
async fn take_out(
    environment: &Environment,
    site: &str,
    stored: &SiteVersion,
    file: &Site,
    people: &[Person],
    checksum: &str,
) -> Result<()> {
    let now = environment.time.now();
    if stored.retiring.is_none() {
        let retiring = Retiring { at: now, checksum: checksum.to_owned() };
        environment.store.retire_site(site, stored, retiring).await?;
    }
    let doubts = leaves(file, people);
    environment.store.release(site, &doubts.iter().collect::<Vec<_>>(), Some(checksum), now).await?;
    let dues = people.iter().filter(|person| is_left(file, person)).map(|person| {
        let at = person.claims.iter().map(|claim| claim.doors.clone());
        let looked: BTreeSet<String> = at.chain(person.accounts.keys().cloned()).collect();
        let known = looked.into_iter().filter(|doors| file.doors.contains_key(doors)).collect();
        Due::at(now, Subject::Person(person.id.clone())).with_a_look_at(known)
    });
    environment.store.put_dues(site, &dues.collect::<Vec<_>>()).await?;
    environment.triggers.enqueue(&TriggerMessage::new(site, Trigger::Due), None).await
}

/// What the groups are called.
async fn names(environment: &Environment, file: &Site) -> Result<BTreeMap<Group, String>> {
    let mut names = BTreeMap::new();
    for doors in file.doors.keys() {
        let read = environment.store.doors_read(&file.id, doors).await?.unwrap_or_default();
        names.extend(read.groups.into_iter().map(|group| ((doors.clone(), group.id), group.name)));
    }
    Ok(names)
}

/// Of a site that is out of service already there is only what is kept of it.
async fn of_retired(environment: &Environment, site: &str, order: &Order) -> Result<Retirement> {
    let kept = environment.store.kept_of_site(site).await?;
    if kept == 0 && !environment.store.has_chain(site).await? {
        return Err(Error::invalid(format!("there is no site {site}")));
    }
    let mut seen = Retirement::nobody(site, order);
    seen.stage = Stage::Done;
    if order.delete_data && kept > 0 {
        seen.stage = Stage::Shown;
        match &order.yes {
            Some(yes) if *yes == seen.checksum => {
                seen.deleted = environment.store.forget_site(site).await?;
                seen.stage = Stage::Done;
            }
            Some(yes) => {
                return Err(Error::invalid(format!("{yes} is not the checksum of that: look again without --yes")));
            }
            None => {}
        }
    }
    Ok(seen)
}

/// Everything that we put into groups at doors that the file has.
fn leaves(file: &Site, people: &[Person]) -> Vec<UnconfirmedChange> {
    let claims = people.iter().flat_map(|person| &person.claims);
    let here = claims.filter(|claim| file.doors.contains_key(&claim.doors));
    here.map(|claim| UnconfirmedChange::Leaves {
        doors: claim.doors.clone(),
        group: claim.group.clone(),
        account: claim.account.clone(),
    })
    .collect()
}

/// Whether anything of ours is left with a person at doors that the file has.
fn is_left(file: &Site, person: &Person) -> bool {
    let here = |doors: &String| file.doors.contains_key(doors);
    let begun = person.intents.iter().any(|intent| here(&intent.doors));
    person.claims.iter().any(|claim| here(&claim.doors))
        || begun
        || person.accounts.keys().any(|doors| here(doors) && person.has_cards_at(doors))
}

impl Retirement {
    fn nobody(site: &str, order: &Order) -> Self {
        Retirement {
            site: site.to_owned(),
            how: order.how,
            delete_data: order.delete_data,
            checksum: named(site, order, &[]),
            stage: Stage::Shown,
            inside: Vec::new(),
            people: 0,
            out_of_reach: 0,
            deleted: 0,
            problems: Vec::new(),
        }
    }

    fn of(file: &Site, order: &Order, people: &[Person], names: &BTreeMap<Group, String>) -> Self {
        let left: Vec<&Person> = people.iter().filter(|person| is_left(file, person)).collect();
        let mut inside = Vec::new();
        let mut out_of_reach = 0;
        for person in people {
            for claim in &person.claims {
                if !file.doors.contains_key(&claim.doors) {
                    out_of_reach += 1;
                    continue;
                }
                let account = person.accounts.get(&claim.doors).map(|linked| &linked.account);
                let at = (claim.doors.clone(), claim.group.clone());
                inside.push(Inside {
                    doors: claim.doors.clone(),
                    group: claim.group.0.clone(),
                    group_name: names.get(&at).unwrap_or(&claim.group.0).clone(),
                    account: claim.account.0.clone(),
                    name: account.map(|account| account.name.to_string()).unwrap_or_default(),
                    email: person.email.clone(),
                    because: claim.because.clone(),
                });
            }
        }
        inside.sort_by(|a, b| (&a.doors, &a.group, &a.account).cmp(&(&b.doors, &b.group, &b.account)));
        let mut problems: Vec<String> = left.iter().flat_map(|person| person.problems.iter().cloned()).collect();
        problems.sort();
        problems.dedup();
        Retirement {
            checksum: named(&file.id, order, &leaves(file, people)),
            people: left.len(),
            inside,
            out_of_reach,
            problems,
            ..Retirement::nobody(&file.id, order)
        }
    }
}

/// The checksum of an order about exactly these.
fn named(site: &str, order: &Order, leaves: &[UnconfirmedChange]) -> String {
    let how = format!("{site} {:?} {}", order.how, order.delete_data);
    checksum(&how, &leaves.iter().collect::<Vec<_>>())
}
