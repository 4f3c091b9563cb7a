//! The checks of a site file against both vendors and against other files. They only read and
//! decide. They store nothing.

use std::collections::BTreeSet;

use crate::survey::{self, DoorsReaders, Survey};
use doorstep_cloud::routes::address;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{Mode, Place, Selector, Site, SiteProblem};
use doorstep_vendors::access::Extras;
use doorstep_vendors::doors::ReadDoors;
use doorstep_vendors::platform::ReadPlatform;
use doorstep_vendors::platform::bridge::BridgedGroup;

/// The result of a check against the vendors.
pub struct VendorCheck {
    /// The errors, with what to do about each. A valid file has none.
    pub findings: Vec<SiteProblem>,
    /// What the operator should know about a valid file.
    pub remarks: Vec<SiteProblem>,
    /// The vendors' ids of the names in the file.
    pub resolved: Resolved,
}

/// Asks the platform and every door system whether each name in `site` exists exactly once, and
/// whether they support what the file requires.
///
/// # Errors
/// The first error of a vendor: a partial result would be a wrong one.
pub async fn against_vendors(
    site: &Site,
    platform: &dyn ReadPlatform,
    doors: &DoorsReaders,
) -> Result<VendorCheck> {
    let survey = survey::of_vendors(site, platform, doors).await?;
    let mut about_doors = Vec::new();
    for (name, reader) in doors
        .iter()
        .filter(|(name, _)| site.doors.contains_key(*name))
    {
        about_doors.extend(of_doors(site, name, reader.as_ref()).await?);
    }
    let mut checked = against_survey(site, &survey);
    checked.findings.extend(about_doors);
    let hearing = platform
        .hearing(&site.id)
        .await?
        .at(site.platform.locations.as_deref());
    let unheard = hearing.problems.into_iter().chain(hearing.silence);
    let unheard = unheard.map(|said| SiteProblem::new(Place::platform(), said));
    checked.findings.extend(unheard);
    Ok(checked)
}

/// Checks the names in `site` against what both vendors have.
pub fn against_survey(site: &Site, survey: &Survey) -> VendorCheck {
    let resolved = resolve(site, &survey.catalogue, &survey.groups, None);
    let mut findings = alone(site);
    findings.extend(resolved.problems.iter().cloned());
    let remarks = of_bridges(site, &resolved, &survey.bridged);
    VendorCheck {
        findings,
        remarks,
        resolved,
    }
}

/// Returns a remark for each group that a rule opens and that the platform's own bridge opens too.
fn of_bridges(site: &Site, resolved: &Resolved, bridged: &[BridgedGroup]) -> Vec<SiteProblem> {
    let mut remarks = Vec::new();
    for (rule, resolved) in site.rules.iter().zip(&resolved.rules) {
        let Some(doors) = site.doors.get(&rule.doors) else {
            continue;
        };
        let opens = |one: &&BridgedGroup| {
            let mut groups = resolved.groups.iter();
            one.may_be_at(doors.kind)
                && groups.any(|group| group.0.eq_ignore_ascii_case(&one.group))
        };
        for one in bridged.iter().filter(opens) {
            let thing = match &one.name {
                Some(name) => format!("{} \"{name}\"", one.thing.kind.word()),
                None => one.thing.to_string(),
            };
            let said = format!(
                "the platform's own bridge opens group {} for {thing} too, and two bridges undo each other: remove the group there",
                one.group
            );
            remarks.push(SiteProblem::new(Place::Rule(rule.line), said));
        }
    }
    remarks
}

async fn of_doors(
    site: &Site,
    name: &DoorsName,
    doors: &dyn ReadDoors,
) -> Result<Vec<SiteProblem>> {
    let asked = site
        .doors
        .get(name)
        .map_or(&[][..], |config| config.protected.as_slice());
    let mut missing = BTreeSet::new();
    for email in asked {
        if doors.find(email).await?.is_empty() {
            missing.insert(email.as_str());
        }
    }
    let mut findings = of_protected(site, name, |email| !missing.contains(email));
    let shortage = doors.seats().await?.and_then(|seats| seats.shortage());
    findings.extend(shortage.map(|shortage| SiteProblem::new(Place::doors(name), shortage)));
    if let Some(config) = site.doors.get(name) {
        let trouble = doors
            .attempts()
            .webhook_trouble(&address(&site.id, config.kind, name))
            .await?;
        findings.extend(trouble.map(|trouble| SiteProblem::new(Place::doors(name), trouble)));
    }
    Ok(findings)
}

/// Returns the findings about the protected people of one door system. `is_there` tells which
/// addresses have an account. No finding contains an address.
pub fn of_protected(
    site: &Site,
    name: &DoorsName,
    is_there: impl Fn(&str) -> bool,
) -> Vec<SiteProblem> {
    let protected = site
        .doors
        .get(name)
        .map_or(&[][..], |config| config.protected.as_slice());
    let missing: Vec<usize> = (1..)
        .zip(protected)
        .filter(|(_, email)| !is_there(email))
        .map(|(number, _)| number)
        .collect();
    let advice = "correct the address, or create an account for it there";
    let problem = |said: String| SiteProblem::new(Place::doors(name).key("protected"), said);
    let absent = |number| problem(format!("address {number} has no account there: {advice}"));
    let mut findings: Vec<SiteProblem> = missing.iter().map(absent).collect();
    if site.mode == Mode::Full && protected.len().saturating_sub(missing.len()) < 2 {
        findings.push(problem(
            "mode \"full\" needs two addresses that have an account there".to_owned(),
        ));
    }
    findings
}

/// Returns the findings about one valid file that is probably not what the operator wants.
pub fn alone(site: &Site) -> Vec<SiteProblem> {
    let mut findings = Vec::new();
    let kind = site.platform.kind;
    let opens_nothing = |selector: Selector, what: &str, instead: &str| {
        let rules = site
            .rules
            .iter()
            .filter(move |rule| rule.selector == selector);
        let said = format!(
            "{} has no {what}, so this rule opens nothing: {instead}",
            kind.word()
        );
        rules
            .map(|rule| SiteProblem::new(Place::Rule(rule.line), said.clone()))
            .collect::<Vec<_>>()
    };
    if !kind.has_floors() && kind.has_read_api() {
        let instead = "use assignable or location";
        findings.extend(opens_nothing(Selector::Floor, "floors", instead));
    }
    if Extras::of(site).invoices && !kind.tells_unpaid() {
        let said = format!(
            "{} does not say who has not paid, so nothing follows from this key: remove it, and end or pause the membership there",
            kind.word()
        );
        let place = Place::Table(vec!["members".to_owned()]).key("unpaid");
        findings.push(SiteProblem::new(place, said));
    }
    if site.rules.is_empty() {
        findings.push(SiteProblem::new(
            Place::File,
            "the file has no [[rule]], so no door opens: write one",
        ));
    }
    for (name, config) in &site.doors {
        if !site.rules.iter().any(|rule| rule.doors == *name) && !site.rules.is_empty() {
            let said = format!("no rule opens [doors.{name}]: write a rule, or remove these doors");
            findings.push(SiteProblem::new(Place::File, said));
        }
        let same = site
            .doors
            .iter()
            .take_while(|(other, _)| *other != name)
            .find(|(_, other)| {
                (other.kind, &other.place, &other.secret)
                    == (config.kind, &config.place, &config.secret)
            });
        if let Some((other, _)) = same {
            let said =
                format!("[doors.{other}] has the same place: write all rules for one of the two");
            findings.push(SiteProblem::new(Place::doors(name).key("place"), said));
        }
    }
    findings
}

/// Returns the findings between files that are valid each by itself, with the index of the file
/// that each is about.
pub fn together(sites: &[&Site]) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    for (number, site) in sites.iter().enumerate() {
        let same = sites
            .iter()
            .take(number)
            .filter(|other| other.id == site.id);
        let said = |_| {
            format!(
                "another file has site = \"{}\" too: give each site its own name",
                site.id
            )
        };
        findings.extend(same.map(said).map(|finding| (number, finding)));
    }
    findings
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
