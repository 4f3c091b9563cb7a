//! Takes a site out of service. The operator decides whether the access that Doorstep granted stays
//! or is revoked. The command first shows what it would do, and does it only with the checksum of
//! exactly that. It only records the request to revoke: settle revokes, through the trigger queue
//! as usual. Every step is safe to repeat.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::called::group_names;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::register::unregister;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::site_version::{Retiring, SiteVersion};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::guard::{UnconfirmedChange, checksum};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{Checksum, DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;

mod print;

/// What happens to the access that Doorstep granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It stays, and Doorstep no longer manages it.
    LeaveAccess,
    /// It is revoked.
    RevokeAccess,
}

/// The operator's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What happens to the access that Doorstep granted.
    pub how: How,
    /// Whether all items of the site except its audit chain are deleted.
    #[serde(default)]
    pub delete_data: bool,
    /// The checksum of what was shown; `None` only shows.
    #[serde(default)]
    pub yes: Option<Checksum>,
}

/// The stage of a retirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetireStage {
    /// Nothing is done: the result is a preview.
    Shown,
    /// Settle is revoking access. The operator repeats the command.
    UnderWay,
    /// The site is out of service.
    Done,
}

/// The retirement of a site: planned, in progress or complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// The site.
    pub site: SiteId,
    /// The operator's order.
    pub how: How,
    /// Whether the items of the site are deleted too.
    pub delete_data: bool,
    /// The checksum of exactly this retirement.
    pub checksum: Checksum,
    /// The stage.
    pub stage: RetireStage,
    /// The memberships that Doorstep granted and that still exist.
    pub inside: Vec<GrantedMembership>,
    /// The number of people with anything left to revoke, including cards and interrupted changes.
    pub people: usize,
    /// The number of claims at door systems that the site file no longer has. They stay in any
    /// case.
    pub out_of_reach: usize,
    /// The number of deleted items.
    pub deleted: usize,
    /// Problems for the operator.
    pub problems: Vec<String>,
}

/// A membership that Doorstep granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedMembership {
    /// The door system.
    pub doors: DoorsName,
    /// The group.
    pub group: String,
    /// The group's name, or its id if the name is unknown.
    pub group_name: String,
    /// The account.
    pub account: String,
    /// The name of the account.
    pub name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The reason of the grant.
    pub because: String,
}

/// Shows what taking a site out of service would do, or does as much of it as is possible now.
///
/// # Errors
/// [`Error::Invalid`] for a site without any items, and if the checksum names something other than
/// what would be done now; [`Error::Retry`] if the table, the trigger queue or Scheduler is
/// unavailable.
pub async fn retire(environment: &Environment, site: &SiteId, order: &Order) -> Result<Retirement> {
    let Some(stored) = environment.store.active(site).await? else {
        return of_retired(environment, site, order).await;
    };
    let all_people = environment.store.all_people(site).await?;
    let people = &all_people.known;
    let file = stored.file()?;
    let mut retirement = Retirement::of(
        &file,
        order,
        people,
        &group_names(environment, &file.id, file.doors.keys()).await?,
    );
    retirement.problems.extend(all_people.problems(site));
    if let Some(retiring) = stored
        .retiring
        .as_ref()
        .filter(|_| order.how == How::RevokeAccess)
    {
        retirement.checksum.clone_from(&retiring.checksum);
        retirement.stage = RetireStage::UnderWay;
    }
    let Some(yes) = &order.yes else {
        return Ok(retirement);
    };
    if *yes != retirement.checksum {
        return Err(Error::invalid(format!(
            "{yes} is not the checksum of the present changes: run the command without --yes, and pass the checksum that it prints"
        )));
    }
    if order.how == How::RevokeAccess && retirement.people > 0 {
        take_out(environment, &stored, &file, people, &retirement.checksum).await?;
        return Ok(Retirement {
            stage: RetireStage::UnderWay,
            ..retirement
        });
    }
    environment.store.strike_site(site, &stored).await?;
    for (doors, config) in &file.doors {
        let at = Neighbour {
            site: site.to_owned(),
            doors: doors.clone(),
        };
        unregister(&environment.store, &at, config).await?;
    }
    environment.schedules.clear(site).await?;
    let deleted = if order.delete_data {
        environment.store.forget_site(site).await?
    } else {
        0
    };
    Ok(Retirement {
        stage: RetireStage::Done,
        deleted,
        ..retirement
    })
}

/// Requests that settle revokes all access that Doorstep granted. The operator saw the list, so the
/// guard lets it pass.
async fn take_out(
    environment: &Environment,
    stored: &SiteVersion,
    file: &Site,
    people: &[Person],
    checksum: &Checksum,
) -> Result<()> {
    let (site, now) = (&file.id, environment.time.now());
    if stored.retiring.is_none() {
        let retiring = Retiring {
            at: now,
            checksum: checksum.to_owned(),
        };
        environment
            .store
            .retire_site(site, stored, retiring)
            .await?;
    }
    let changes = leaves(file, people);
    environment
        .store
        .release(
            site,
            &changes.iter().collect::<Vec<_>>(),
            Some(checksum),
            now,
        )
        .await?;
    let dues = people
        .iter()
        .filter(|person| is_left(file, person))
        .map(|person| {
            let at = person.claims.iter().map(|claim| claim.doors.clone());
            let looked: BTreeSet<DoorsName> = at.chain(person.accounts.keys().cloned()).collect();
            let known = looked
                .into_iter()
                .filter(|doors| file.doors.contains_key(doors))
                .collect();
            Due::at(now, Subject::Person(person.id.clone())).with_refetch_at(known)
        });
    environment
        .store
        .put_dues(site, &dues.collect::<Vec<_>>())
        .await?;
    environment
        .triggers
        .enqueue(&TriggerMessage::new(site, Trigger::Due), None)
        .await
}

/// Handles a site that is out of service already: only its remaining items can be deleted.
async fn of_retired(environment: &Environment, site: &SiteId, order: &Order) -> Result<Retirement> {
    let kept = environment.store.kept_of_site(site).await?;
    if kept == 0 && !environment.store.has_chain(site).await? {
        return Err(Error::invalid(format!("there is no site {site}")));
    }
    let mut retirement = Retirement::empty(site, order);
    retirement.stage = RetireStage::Done;
    if order.delete_data && kept > 0 {
        retirement.stage = RetireStage::Shown;
        match &order.yes {
            Some(yes) if *yes == retirement.checksum => {
                retirement.deleted = environment.store.forget_site(site).await?;
                retirement.stage = RetireStage::Done;
            }
            Some(yes) => {
                return Err(Error::invalid(format!(
                    "{yes} is not the checksum of this deletion: run the command without --yes, and pass the checksum that it prints"
                )));
            }
            None => {}
        }
    }
    Ok(retirement)
}

/// Returns the memberships that Doorstep granted at door systems of the file.
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

/// Returns whether a person has anything left to revoke at door systems of the file.
fn is_left(file: &Site, person: &Person) -> bool {
    let here = |doors: &DoorsName| file.doors.contains_key(doors);
    let begun = person.intents.iter().any(|intent| here(&intent.doors));
    person.claims.iter().any(|claim| here(&claim.doors))
        || begun
        || person
            .accounts
            .keys()
            .any(|doors| here(doors) && person.has_cards_at(doors))
}

impl Retirement {
    fn empty(site: &SiteId, order: &Order) -> Self {
        Retirement {
            site: site.to_owned(),
            how: order.how,
            delete_data: order.delete_data,
            checksum: named(site, order, &[]),
            stage: RetireStage::Shown,
            inside: Vec::new(),
            people: 0,
            out_of_reach: 0,
            deleted: 0,
            problems: Vec::new(),
        }
    }

    fn of(
        file: &Site,
        order: &Order,
        people: &[Person],
        names: &BTreeMap<GroupRef, String>,
    ) -> Self {
        let left: Vec<&Person> = people
            .iter()
            .filter(|person| is_left(file, person))
            .collect();
        let mut inside = Vec::new();
        let mut out_of_reach = 0;
        for person in people {
            for claim in &person.claims {
                if !file.doors.contains_key(&claim.doors) {
                    out_of_reach += 1;
                    continue;
                }
                let account = person
                    .accounts
                    .get(&claim.doors)
                    .map(|linked| &linked.account);
                let at = GroupRef::new(&claim.doors, &claim.group);
                inside.push(GrantedMembership {
                    doors: claim.doors.clone(),
                    group: claim.group.0.clone(),
                    group_name: names.get(&at).unwrap_or(&claim.group.0).clone(),
                    account: claim.account.0.clone(),
                    name: account
                        .map(|account| account.name.to_string())
                        .unwrap_or_default(),
                    email: person.email.clone(),
                    because: claim.because.clone(),
                });
            }
        }
        inside.sort_by(|a, b| {
            (&a.doors, &a.group, &a.account).cmp(&(&b.doors, &b.group, &b.account))
        });
        let mut problems: Vec<String> = left
            .iter()
            .flat_map(|person| person.problems.iter().map(ToString::to_string))
            .collect();
        problems.sort();
        problems.dedup();
        Retirement {
            checksum: named(&file.id, order, &leaves(file, people)),
            people: left.len(),
            inside,
            out_of_reach,
            problems,
            ..Retirement::empty(&file.id, order)
        }
    }
}

/// Returns the checksum of an order about exactly these memberships.
fn named(site: &SiteId, order: &Order, leaves: &[UnconfirmedChange]) -> Checksum {
    let how = format!("{site} {:?} {}", order.how, order.delete_data);
    checksum(&how, &leaves.iter().collect::<Vec<_>>())
}
