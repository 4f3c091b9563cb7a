//! Erases what is stored about a person.

use super::ForgetSite;
use super::traces::{PersonTraces, said};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::people::{free_account, free_email, free_profile, put, unlist};
use doorstep_cloud::store::{WriteStep, conflict};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, Holder, Kind};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::platform::found::Lookup;
use doorstep_vendors::platform::{PlatformVendor, push};

/// How often the transaction is tried again after a conflict on the audit chain.
const TRIES: usize = 5;

/// Erases what is stored about the person, except the pointers to them. Returns how many things
/// there were.
pub(super) async fn erase(
    environment: &Environment,
    place: &ForgetSite,
    traces: &PersonTraces,
) -> Result<usize> {
    let site = place.site();
    let (store, id) = (&environment.store, &site.id);
    let mut erased = 0;
    if let Some(contract) = site.platform.kind.vendor().contract() {
        push::reader::tidy(contract, store, id, environment.time.now()).await?;
        erased += push::forget::forget(contract, store, id, &traces.profiles).await?;
    }
    for record in &traces.facts {
        store.erase_fact(id, record).await?;
    }
    for record in &traces.teams {
        let began = environment.time.now();
        let now = match place {
            ForgetSite::Served(site) => {
                environment
                    .platform(site)
                    .await?
                    .fetch(&record.fact.name())
                    .await?
            }
            ForgetSite::Retired(_) => Lookup::Missing,
        };
        match now {
            // A team that still exists keeps its current name and loses its earlier one.
            Lookup::Fact(fact) => drop(
                store
                    .keep_fact(id, &FactRecord::new(fact, began, Source::Refetch))
                    .await?,
            ),
            Lookup::Unreadable(unreadable) => return Err(Error::retry(unreadable.to_string())),
            Lookup::Missing => store.erase_fact(id, record).await?,
        }
    }
    erased += traces.facts.len();
    erased += erase_gone(environment, id, traces).await?;
    erased += erase_observed(environment, id, traces).await?;
    if let Some(email) = &traces.email {
        erased += store.erase_versions(id, email).await?;
    }
    let profiles = traces.profiles.iter().cloned().map(Subject::Profile);
    let people = traces
        .people
        .iter()
        .map(|person| Subject::Person(person.id.clone()));
    let refetches: Vec<Subject> = profiles.chain(people).collect();
    store.forget_dues(id, &refetches).await?;
    Ok(erased)
}

/// Erases the gone facts that name the person's profiles, and the versions of the profiles, because
/// an id may be an e-mail address. Returns how many facts there were.
async fn erase_gone(
    environment: &Environment,
    site: &SiteId,
    traces: &PersonTraces,
) -> Result<usize> {
    let store = &environment.store;
    let mut erased = 0;
    // The profiles themselves are erased already.
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| !Kind::PROFILES.contains(kind))
    {
        for record in store
            .facts_of(site, kind)
            .await?
            .iter()
            .filter(|record| record.gone)
        {
            let holders = said(record).flat_map(Fact::holders);
            if holders
                .map(|holder| holder.profile())
                .any(|profile| traces.profiles.contains(&profile))
            {
                store.erase_fact(site, record).await?;
                erased += 1;
            }
        }
    }
    let teams = traces
        .teams
        .iter()
        .map(|record| Holder::Team(record.fact.id.clone()));
    for holder in teams.chain(traces.profiles.iter().map(Holder::of_profile)) {
        store.erase_holder(site, &holder).await?;
    }
    Ok(erased)
}

/// Erases what the last reconcile observed of the person at the doors. Returns how many memberships
/// there were.
async fn erase_observed(
    environment: &Environment,
    site: &SiteId,
    traces: &PersonTraces,
) -> Result<usize> {
    let Some(mut observed) = traces.observed.observed.clone() else {
        return Ok(0);
    };
    let mut erased = 0;
    for (doors, here) in &mut observed.doors {
        let before = here.foreign.len() + here.removed.len();
        here.foreign.retain(|one| !traces.is_theirs(doors, one));
        here.removed.retain(|one| !traces.was_theirs(one));
        erased += before - here.foreign.len() - here.removed.len();
    }
    if erased > 0 {
        let store = &environment.store;
        store
            .keep_observed(site, &traces.observed, &observed)
            .await?;
    }
    Ok(erased)
}

/// Deletes the pointers to the person. Only random ids remain. A person without an id gets one for
/// the audit record.
pub(super) async fn unlink(
    environment: &Environment,
    site: &Site,
    traces: PersonTraces,
) -> Result<Vec<PersonId>> {
    let mut people = traces.people;
    if people.is_empty() {
        people.push(Person::new(environment.ids.next(), None));
    }
    // A person may have more profiles than one transaction takes.
    let profiles = traces
        .profiles
        .iter()
        .map(|name| free_profile(&site.id, name))
        .collect();
    environment.store.write_many(profiles).await?;
    let (mut ids, mut notices) = (Vec::new(), Vec::new());
    let last = people.len() - 1;
    for (place, person) in people.into_iter().enumerate() {
        // The sought address leads to all of these people, so it is deleted with the last one.
        let addresses = ForgottenAddresses {
            sought: traces.email.as_deref(),
            frees_sought: place == last,
        };
        ids.push(person.id.clone());
        notices.push(Notice::Changed(
            unlink_one(environment, site, person, addresses).await?,
        ));
    }
    if let Err(error) = environment.bus.publish(&site.id, &notices).await {
        tracing::warn!(site = site.id.as_str(), %error, "the event of a forgotten person could not be published");
    }
    Ok(ids)
}

/// The addresses that point to a person who is forgotten.
struct ForgottenAddresses<'a> {
    /// The address that was asked for. It may match several people.
    sought: Option<&'a str>,
    /// Whether it is deleted with this person.
    frees_sought: bool,
}

impl<'a> ForgottenAddresses<'a> {
    /// Returns the addresses that are deleted with a person whose own address is `own`.
    fn gone_with(&self, own: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let sought = self.sought;
        let own = own.filter(|own| Some(*own) != sought);
        own.into_iter().chain(sought.filter(|_| self.frees_sought))
    }
}

async fn unlink_one(
    environment: &Environment,
    site: &Site,
    person: Person,
    addresses: ForgottenAddresses<'_>,
) -> Result<AuditEntry> {
    let (store, id, now) = (&environment.store, &site.id, environment.time.now());
    let because = "requested by the operator";
    let action = AuditEntry::new(
        AuditAction::Forgotten,
        &DoorsName::from(""),
        &AccountId(String::new()),
        because,
    );
    for _ in 0..TRIES {
        let mut shell = Person {
            forgotten: Some(now),
            records: person.records.clone(),
            version: person.version,
            ..Person::new(person.id.clone(), None)
        };
        let mut chain = store.chain(id).await?;
        let mut writes = chain.join(id, &mut shell, now, std::slice::from_ref(&action))?;
        writes.insert(0, put(id, &shell)?);
        writes.push(unlist(id, &person.id));
        let accounts = person.accounts.iter();
        writes.extend(accounts.map(|(doors, linked)| free_account(id, doors, &linked.account.id)));
        for email in addresses.gone_with(person.email.as_deref()) {
            let points = store.id_of_email(id, email).await?;
            writes.extend(points.map(|owner| free_email(id, email, &owner)));
        }
        match store.write_all(WriteStep::Keep, writes).await {
            Err(error) if error == conflict() => {}
            done => return done.map(|()| action),
        }
    }
    Err(conflict())
}
