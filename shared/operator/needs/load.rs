//! Loads what the table has of each site.

use futures_util::future::{try_join, try_join3, try_join4};

use super::judge;
use super::shape::{Need, NeedKind};
use super::state::SiteState;
use crate::called::group_names;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::observed::Observed;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::What;
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;

/// The most names that are read of facts.
const MOST_NAMES: usize = 20;
/// The most people of a site whose audit records are read.
const MOST_LOOKUPS: usize = 20;

/// The result of loading one site.
pub(super) enum SiteFound {
    /// No file is in force.
    Gone,
    /// It cannot be read, which is a need of its own.
    Unread(Box<Need>),
    /// It was read.
    Read(Box<SiteState>),
}

/// Loads one site.
pub(super) async fn load(environment: &Environment, site: SiteId) -> SiteFound {
    let environment = &Environment {
        store: environment.store.with_own_unreadable(),
        ..environment.clone()
    };
    let stored = match environment.store.active(&site).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return SiteFound::Gone,
        Err(error) => return unread(site, &error),
    };
    let file = match stored.file() {
        Ok(file) => file,
        Err(error) => return unread(site, &error),
    };
    match state(environment, stored, file).await {
        Ok(state) => SiteFound::Read(Box::new(state)),
        Err(error) => {
            let why = error.why().to_owned();
            SiteFound::Unread(Box::new(judge::unread(site, NeedKind::Unanswered { why })))
        }
    }
}

/// Returns the need of a site whose file cannot be read, or about which the table did not answer.
fn unread(site: SiteId, error: &Error) -> SiteFound {
    let why = error.why().to_owned();
    let kind = match error.is_retryable() {
        true => NeedKind::Unanswered { why },
        false => NeedKind::SiteFile { why },
    };
    SiteFound::Unread(Box::new(judge::unread(site, kind)))
}

async fn state(environment: &Environment, stored: SiteVersion, site: Site) -> Result<SiteState> {
    let (store, id) = (&environment.store, &site.id);
    let reads = try_join3(store.platform_read(id), store.runs(id), store.observed(id));
    let lists = try_join4(
        store.open_holds(id),
        store.unreadable_deliveries(id),
        store.all_people(id),
        group_names(environment, id, site.doors.keys()),
    );
    let ((read, runs, observed), (holds, unreadable, people, groups)) =
        try_join(reads, lists).await?;
    let mut observed = observed.observed;
    if let Some(observed) = &mut observed {
        leave_out_restored(environment, id, observed, &people.known).await?;
    }
    Ok(SiteState {
        unreadable_items: store.unreadable().problems().len(),
        read,
        runs: runs.runs,
        observed,
        holds,
        unreadable,
        people: people.known,
        groups,
        stored,
        site,
    })
}

/// Leaves out the removed memberships of people whom Doorstep added again since the reconcile.
async fn leave_out_restored(
    environment: &Environment,
    site: &SiteId,
    observed: &mut Observed,
    people: &[Person],
) -> Result<()> {
    let mut left = MOST_LOOKUPS;
    for (doors, here) in &mut observed.doors {
        let mut kept = Vec::new();
        for removed in std::mem::take(&mut here.removed) {
            let person = people.iter().find(|person| person.id == removed.person);
            let has_news = |person: &&Person| person.records.last() > Some(&removed.record);
            let Some(person) = person.filter(has_news).filter(|_| left > 0) else {
                kept.push(removed);
                continue;
            };
            left -= 1;
            let records = environment.store.audit_of(site, person).await?;
            let is_restored = records.iter().any(|record| {
                let action = &record.action;
                record.seq > removed.record
                    && action.what == AuditAction::Granted
                    && action.doors == *doors
                    && action.group.as_ref() == Some(&removed.group)
            });
            kept.extend((!is_restored).then_some(removed));
        }
        here.removed = kept;
    }
    Ok(())
}

/// Names people who have no account by the platform, and else by their address.
pub(super) async fn name_unnamed(environment: &Environment, needs: &mut [Need]) {
    let mut left = MOST_NAMES;
    for need in needs {
        let Some(site) = &need.site else { continue };
        let unnamed = need.whom.iter_mut().filter(|who| who.name.is_empty());
        for who in unnamed {
            let id = who.person.as_ref().filter(|_| left > 0);
            let name = match id {
                Some(id) => platform_name(environment, site, id).await.ok().flatten(),
                None => None,
            };
            left = left.saturating_sub(1);
            who.name = name.or_else(|| who.email.clone()).unwrap_or_default();
        }
    }
}

async fn platform_name(
    environment: &Environment,
    site: &SiteId,
    id: &PersonId,
) -> Result<Option<String>> {
    let store = &environment.store;
    let person = store.person(site, id).await?;
    for profile in person.iter().flat_map(|person| person.profiles.iter()) {
        let known = store.fact(site, profile).await?;
        let known = known.as_ref().map(|known| &known.fact.what);
        if let Some(What::Member(known) | What::Visitor(known)) = known {
            return Ok(Some(known.name.to_string()));
        }
    }
    Ok(None)
}
