//! What can be found wrong with a site file by asking both vendors, and by laying several files side by side. It reads
//! and judges; nothing is written anywhere.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::catalogue::Catalogue;
use super::resolve::resolve;
use super::{Foreign, Mode, Site};
use crate::doors::{DoorsKind, ReadDoors};
use crate::error::{Error, Result};
use crate::fact::Kind;
use crate::platform::{ReadPlatform, Span};

/// Kinds of things that rules name.
const NAMED: [Kind; 5] = [Kind::Location, Kind::Floor, Kind::Resource, Kind::Plan, Kind::Pass];

/// Asks the platform and every door system whether what `site` names is there, exactly once, and can do what the file
/// expects of it. The findings say what to do; none is a good file.
///
/// # Errors
/// As soon as a vendor cannot be read: half an answer would be a wrong one.
pub async fn against_vendors(
    site: &Site,
    platform: &dyn ReadPlatform,
    doors: &BTreeMap<String, Box<dyn ReadDoors>>,
) -> Result<Vec<String>> {
    let span = Span { changed_since: None, checkins_from: Timestamp::UNIX_EPOCH };
    let mut facts = Vec::new();
    for kind in platform.kinds().iter().filter(|kind| NAMED.contains(kind)) {
        facts.extend(platform.read(*kind, &span).await?);
    }
    let mut groups = BTreeMap::new();
    let mut about_doors = Vec::new();
    for name in site.doors.keys() {
        let reader = doors.get(name).ok_or_else(|| Error::refused(format!("[doors.{name}] is not connected")))?;
        groups.insert(name.clone(), reader.groups().await?);
        about_doors.extend(of_doors(site, name, reader.as_ref()).await?);
    }
    let mut findings = alone(site);
    findings.extend(resolve(site, &Catalogue::of(&facts), &groups, None).problems);
    findings.extend(about_doors);
    Ok(findings)
}

async fn of_doors(site: &Site, name: &str, doors: &dyn ReadDoors) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let protected = site.doors.get(name).map_or(&[][..], |config| config.protected.as_slice());
    let mut missing = 0;
    for (number, email) in protected.iter().enumerate() {
        if doors.find(email).await?.is_empty() {
            missing += 1;
            let advice = "correct the address, or give this person an account there";
            findings.push(format!("[doors.{name}] protected: number {} has no account there: {advice}", number + 1));
        }
    }
    if site.mode == Mode::Full && protected.len().saturating_sub(missing) < 2 {
        findings.push(format!("[doors.{name}] protected: mode \"full\" needs two people who have an account there"));
    }
    let shortage = doors.seats().await?.and_then(|seats| seats.shortage());
    findings.extend(shortage.map(|shortage| format!("[doors.{name}] {shortage}")));
    Ok(findings)
}

/// What is suspicious in one file although nothing in it is wrong.
pub fn alone(site: &Site) -> Vec<String> {
    let mut findings = Vec::new();
    if site.rules.is_empty() {
        findings.push("there is no [[rule]], so nothing ever opens: write one".to_owned());
    }
    for (name, config) in &site.doors {
        if !site.rules.iter().any(|rule| rule.doors == *name) && !site.rules.is_empty() {
            findings.push(format!("[doors.{name}] is opened by no rule: write one, or remove it"));
        }
        let same = site.doors.iter().take_while(|(other, _)| *other != name).find(|(_, other)| {
            (other.kind, &other.place, &other.secret) == (config.kind, &config.place, &config.secret)
        });
        if let Some((other, _)) = same {
            findings
                .push(format!("[doors.{name}] is the same place as [doors.{other}]: write its rules for one of them"));
        }
    }
    findings
}

/// What is wrong between files that are fine each by itself, with the number of the file it is said of.
pub fn together(sites: &[&Site]) -> Vec<(usize, String)> {
    let mut findings = Vec::new();
    for (number, site) in sites.iter().enumerate() {
        for other in sites.iter().take(number) {
            if other.id == site.id {
                findings.push((
                    number,
                    format!("another file says site = \"{}\" too: each site needs its own name", site.id),
                ));
            }
            findings.extend(both_remove(site, other).into_iter().map(|finding| (number, finding)));
        }
    }
    findings
}

/// Groups, by the words of the files, from which both sites would remove each other's people.
fn both_remove(site: &Site, other: &Site) -> Vec<String> {
    let theirs = exclusive(other);
    let ours = exclusive(site);
    let shared = ours.iter().filter(|(group, _)| theirs.iter().any(|(their, _)| their == group));
    let finding = |(group, line): &(Exclusive<'_>, usize)| {
        let advice = "let one of them say foreign = \"report\"";
        format!("line {line}: site \"{}\" removes foreign people from group \"{}\" too: {advice}", other.id, group.2)
    };
    shared.map(finding).collect()
}

/// Kind, place (or else the secret that leads there) and name of a group that a site keeps to itself.
type Exclusive<'s> = (DoorsKind, &'s str, &'s str);

fn exclusive(site: &Site) -> Vec<(Exclusive<'_>, usize)> {
    let mut groups: Vec<(Exclusive<'_>, usize)> = Vec::new();
    for rule in &site.rules {
        let Some(config) = site.doors.get(&rule.doors).filter(|config| config.foreign == Foreign::Remove) else {
            continue;
        };
        for group in &rule.opens {
            let group = (config.kind, config.place.as_deref().unwrap_or(&config.secret), group.as_str());
            if !groups.iter().any(|(known, _)| *known == group) {
                groups.push((group, rule.line));
            }
        }
    }
    groups
}
