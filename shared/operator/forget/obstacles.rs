//! What must be done before a person can be forgotten, and what remains afterwards.

use std::collections::BTreeSet;

use super::ForgetSite;
use super::traces::{PersonTraces, email_of, name_of};
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::cards::shown;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::site::Site;
use doorstep_vendors::platform::found::Lookup;

/// Returns what must be done first, one text for each obstacle.
pub(super) async fn obstacles(
    environment: &Environment,
    site: &Site,
    traces: &PersonTraces,
) -> Result<Vec<String>> {
    let mut obstacles = Vec::new();
    for (doors, config) in &site.doors {
        if traces
            .email
            .as_deref()
            .is_some_and(|email| config.protects(email))
        {
            obstacles.push(format!(
                "the site file protects the address at {doors}: remove it from the file, and push the file"
            ));
        }
    }
    obstacles.extend(traces.foreign().map(|(doors, foreign)| {
        format!(
            "account {} is in group {} at {doors}, where a hand added it: remove it there, and run one reconcile",
            foreign.account, foreign.group
        )
    }));
    for person in &traces.people {
        // Doorstep cannot reach a door system that the file no longer has: see `remains`.
        for claim in person
            .claims
            .iter()
            .filter(|claim| site.doors.contains_key(&claim.doors))
        {
            obstacles.push(format!(
                "the person is still in group {} at {}: end the entitlement at the platform, and wait until Doorstep revokes the access",
                claim.group, claim.doors
            ));
        }
        if person.has_begun() {
            obstacles.push(
                "a change of the access of this person is in progress: try again in a few minutes"
                    .to_owned(),
            );
        }
        for (doors, linked) in &person.accounts {
            let tags = linked.cards.iter().map(|card| {
                let tag = shown(&card.number);
                format!(
                    "Doorstep assigned tag {tag} at {doors}: take it back at the door system, and run one reconcile"
                )
            });
            obstacles.extend(tags);
        }
    }
    let platform = environment.platform(site).await?;
    let gone: BTreeSet<FactId> = traces
        .facts
        .iter()
        .filter(|record| record.gone)
        .map(|record| record.fact.name())
        .collect();
    for profile in traces.profiles.difference(&gone) {
        let is_known = match platform.fetch(profile).await? {
            Lookup::Fact(fact) => name_of(&fact).is_some() || email_of(&fact).is_some(),
            Lookup::Unreadable(_) => true,
            Lookup::Missing => false,
        };
        if is_known {
            obstacles.push(format!(
                "the platform still has the person as {profile}: delete the profile there, because the next read would \
                 bring it back"
            ));
        }
    }
    Ok(obstacles)
}

/// Returns what Doorstep cannot erase.
pub(super) fn remains(place: &ForgetSite, traces: &PersonTraces) -> Vec<String> {
    let site = place.site();
    let mut remains = Vec::new();
    for person in &traces.people {
        remains.extend(person.claims.iter().map(|claim| {
            format!(
                "the person is still in group {} at {}: remove the membership at the door system",
                claim.group, claim.doors
            )
        }));
        for (doors, linked) in &person.accounts {
            remains.push(format!(
                "account {} at {doors} still has the name and the address: delete it at the door system",
                linked.account.id
            ));
        }
    }
    if !remains.is_empty() {
        let days = site.entries.keep_days;
        remains.push(format!(
            "access attempts are kept for {days} days, with the account id only"
        ));
    }
    let called = traces.teams.iter().filter(|record| !record.gone);
    remains.extend(called.map(|record| {
        format!(
            "{} at the platform still has the name of the person",
            record.fact.name()
        )
    }));
    if traces.unreadable > 0 {
        remains.push(format!(
            "{} people cannot be read from the table: run `doorstep doctor`",
            traces.unreadable
        ));
    }
    remains.push(
        "backups of the table keep the data until they expire: forget the person again after you restore one"
            .to_owned(),
    );
    remains
}
