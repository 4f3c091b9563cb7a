//! Findings of a file before it is put in force, and harmless oddities.

use std::collections::{BTreeMap, BTreeSet};

use crate::check;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::Group;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::site::resolve::resolve;
use doorstep_core::site::shared_groups::{self, RuledSite};
use doorstep_core::site::{Finding, Site, SiteProblem};
use doorstep_jobs::compare::doors::DoorsSnapshot;
use doorstep_vendors::platform::{PlatformVendor, standard_webhooks};

/// Returns everything for which a file is not put in force: suspicious content, names that resolve
/// to nothing or to several things, and protected people without an account.
pub fn of(
    site: &Site,
    snapshot: &DoorsSnapshot,
    names: &[SiteProblem],
    text: &str,
) -> Vec<Finding> {
    let mut problems = check::alone(site);
    problems.extend(names.iter().cloned());
    for (name, accounts) in &snapshot.accounts {
        let is_there = |email: &str| {
            let same = |theirs: &str| email_key(theirs) == email_key(email);
            accounts
                .iter()
                .any(|account| account.email.as_deref().is_some_and(same))
        };
        problems.extend(check::of_protected(site, name, is_there));
    }
    let mut findings: Vec<Finding> = problems
        .into_iter()
        .map(|problem| Finding::of_problem(problem, text))
        .collect();
    findings.sort_by_key(|finding| finding.line);
    findings.dedup();
    findings
}

/// Returns the problems of the names alone. A name may resolve to a group that exists and grants
/// nothing yet.
pub async fn names(
    environment: &Environment,
    site: &Site,
    snapshot: &DoorsSnapshot,
) -> Result<Vec<SiteProblem>> {
    let before = environment.store.resolved(&site.id).await?;
    let groups: BTreeMap<DoorsName, Vec<Group>> = snapshot
        .contexts
        .iter()
        .map(|(name, doors_context)| {
            let groups = doors_context.doors_read.groups.iter().map(|group| Group {
                problem: None,
                ..group.clone()
            });
            (name.clone(), groups.collect())
        })
        .collect();
    Ok(resolve(site, &snapshot.catalogue, &groups, before.as_ref()).problems)
}

/// Returns remarks for the operator that do not prevent the push.
pub async fn remarks(
    environment: &Environment,
    site: &Site,
    snapshot: &DoorsSnapshot,
    names: &[SiteProblem],
    people: &[Person],
) -> Result<Vec<String>> {
    let others = snapshot
        .resolved
        .problems
        .iter()
        .filter(|problem| !names.contains(problem));
    let mut remarks: Vec<String> = others.map(ToString::to_string).collect();
    remarks.extend(snapshot.remarks.iter().cloned());
    let secret = &site.platform.secret;
    let told = site.platform.kind.vendor().contract().is_some();
    match environment.secrets.webhook(secret).await {
        Ok(Some(found)) if told && found.webhook_secrets.iter().any(standard_webhooks::is_secret) => {}
        Ok(_) if told => remarks.push(format!(
            "there is no webhook secret \"{secret}\" that is whsec_ and the base64 of 24 to 64 bytes: this platform \
             has no read API, so Doorstep would learn nothing from it"
        )),
        Ok(Some(found)) if !found.webhook_secrets.is_empty() => {}
        Ok(_) => remarks.push(format!(
            "there is no webhook secret \"{secret}\": deliveries to this site are rejected, and only a reconcile \
             finds changes"
        )),
        Err(error) => remarks.push(error.to_string()),
    }
    remarks.extend(left_behind(environment, site, people).await?);
    Ok(remarks)
}

/// Returns remarks about groups that another active site rules too, according to the files. Leaves
/// out sites that have registered their groups, because the comparison names them already.
pub async fn shared_groups(
    environment: &Environment,
    site: &Site,
    snapshot: &DoorsSnapshot,
) -> Result<Vec<String>> {
    let registered: BTreeSet<&str> = snapshot
        .neighbours
        .values()
        .flatten()
        .map(|other| other.site.as_str())
        .collect();
    let mut remarks = Vec::new();
    for site_route in environment.store.site_routes().await? {
        if site_route.site == site.id || registered.contains(site_route.site.as_str()) {
            continue;
        }
        let Some(stored) = environment.store.active(&site_route.site).await? else {
            continue;
        };
        let Ok(other) = stored.file() else { continue };
        let resolved = environment.store.resolved(&site_route.site).await?;
        let theirs = RuledSite {
            site: &other,
            resolved: resolved.as_ref(),
        };
        let ours = RuledSite {
            site,
            resolved: Some(&snapshot.resolved),
        };
        remarks.extend(
            shared_groups::shared_groups(&[theirs, ours])
                .into_iter()
                .map(|(_, remark)| remark.to_string()),
        );
    }
    Ok(remarks)
}

/// Returns remarks about memberships that Doorstep granted at a door system that this file no
/// longer has, or whose name now means another one.
async fn left_behind(
    environment: &Environment,
    site: &Site,
    people: &[Person],
) -> Result<Vec<String>> {
    let mut claims: BTreeMap<&DoorsName, usize> = BTreeMap::new();
    for claim in people.iter().flat_map(|person| &person.claims) {
        *claims.entry(&claim.doors).or_default() += 1;
    }
    let mut remarks = Vec::new();
    for (name, count) in claims {
        let known = environment.store.doors_read(&site.id, name).await?;
        let same = |config| known.as_ref().is_none_or(|known| known.is_of(config));
        if !site.doors.get(name).is_some_and(same) {
            remarks.push(format!(
                "{count} memberships that Doorstep granted at the former door system of [doors.{name}] stay there: to \
                 revoke them, first remove that table's rules and wait until no one is left"
            ));
        }
    }
    Ok(remarks)
}
