//! Views of a site for the operator. They read the table and change nothing.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::cards::shown as shown_number;
use doorstep_core::decide::entitlement::{Entitlement, PersonFacts, Rules, derive};
use doorstep_core::model::account::{Group, GroupRef};
use doorstep_core::model::audit::{self, Head, Verdict};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_jobs::settle::{catalogue, load_facts};

/// Maximum number of entitlements that are shown of one person.
const MOST_SHOWN: usize = 200;
/// Maximum number of people that are loaded at the same time.
const AT_ONCE: usize = 16;

/// Returns the people with their entitlements, claims, problems and next boundary.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn people(environment: &Environment, site: &SiteId) -> Result<Value> {
    let stored = in_force(environment, site).await?;
    let site = stored.site()?;
    let rules = KnownRules::of(environment, &site).await?;
    let people = environment.store.all_people(&site.id).await?;
    let each: Vec<_> = people
        .known
        .iter()
        .map(|person| shown(environment, &site, &rules, person))
        .collect();
    let mut people_shown: Vec<Value> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
    let unreadable = people.unreadable.iter().zip(people.problems(&site.id));
    let each = unreadable
        .map(|(id, problem)| one(&site, &Person::new(id.clone(), None), &[], vec![problem]));
    people_shown.extend(each);
    let mut people = people_shown;
    // While the site is paused, each person shows that first.
    let paused = if stored.paused.is_some() {
        stored.remarks(&site.id)
    } else {
        Vec::new()
    };
    for problems in people
        .iter_mut()
        .filter_map(|person| person.get_mut("problems")?.as_array_mut())
    {
        problems.extend(paused.iter().cloned().map(Value::from));
    }
    Ok(Value::Array(people))
}

async fn shown(
    environment: &Environment,
    site: &Site,
    rules: &KnownRules,
    person: &Person,
) -> Result<Value> {
    let profiles: Vec<FactId> = person.profiles.iter().cloned().collect();
    let (person_facts, _) = load_facts(environment, &site.id, &profiles).await?;
    let problems = person.problems.iter().map(ToString::to_string).collect();
    Ok(one(
        site,
        person,
        &rules.entitlements(site, &person_facts, environment.time.now()),
        problems,
    ))
}

/// The resolved names of the site file, as far as the table has them.
pub(crate) struct KnownRules {
    catalogue: Catalogue,
    resolved: Resolved,
}

impl KnownRules {
    /// Resolves the names of a site's file.
    pub(crate) async fn of(environment: &Environment, site: &Site) -> Result<Self> {
        let (catalogue, _) = catalogue(environment, &site.id).await?;
        let mut groups = BTreeMap::new();
        for name in site.doors.keys() {
            groups.extend(
                environment
                    .store
                    .doors_read(&site.id, name)
                    .await?
                    .map(|read| (name.clone(), read.groups)),
            );
        }
        let before = environment.store.resolved(&site.id).await?;
        Ok(KnownRules::from_known(
            site,
            catalogue,
            &groups,
            before.as_ref(),
        ))
    }

    /// Resolves the names of a site's file with what was loaded already.
    pub(crate) fn from_known(
        site: &Site,
        catalogue: Catalogue,
        groups: &BTreeMap<DoorsName, Vec<Group>>,
        before: Option<&Resolved>,
    ) -> Self {
        KnownRules {
            resolved: resolve(site, &catalogue, groups, before),
            catalogue,
        }
    }

    /// Returns the rules with everything that their evaluation needs.
    pub(crate) fn by<'a>(&'a self, site: &'a Site) -> Rules<'a> {
        Rules {
            site,
            resolved: &self.resolved,
            catalogue: &self.catalogue,
        }
    }

    /// Returns the resolved names.
    pub(crate) fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// Returns every group that a rule grants.
    pub(crate) fn ruled(&self, site: &Site) -> impl Iterator<Item = GroupRef> {
        let rules = site.rules.iter().zip(&self.resolved.rules);
        rules.flat_map(|(rule, resolved)| {
            resolved
                .groups
                .iter()
                .map(|group| GroupRef::new(&rule.doors, group))
        })
    }

    /// Returns the current and later entitlements of a person, sorted by their begin.
    fn entitlements(
        &self,
        site: &Site,
        person_facts: &PersonFacts,
        now: Timestamp,
    ) -> Vec<Entitlement> {
        let mut entitlements = derive(self.by(site), person_facts, now).entitlements;
        entitlements.retain(|entitlement| entitlement.window.until.is_none_or(|until| until > now));
        entitlements.sort_by_key(|entitlement| entitlement.window);
        entitlements.truncate(MOST_SHOWN);
        entitlements
    }
}

fn one(site: &Site, person: &Person, entitlements: &[Entitlement], problems: Vec<String>) -> Value {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let platform = names
        .entry(site.platform.kind.word().to_owned())
        .or_default();
    platform.extend(person.profiles.iter().map(|name| name.id.to_string()));
    for (doors, linked) in &person.accounts {
        let word = site
            .doors
            .get(doors)
            .map_or(doors.as_str(), |config| config.kind.word());
        names
            .entry(word.to_owned())
            .or_default()
            .push(linked.account.id.to_string());
    }
    let entitlements: Vec<Value> = entitlements
        .iter()
        .map(|entitlement| {
            let because: Vec<String> = entitlement.because.iter().map(ToString::to_string).collect();
            json!({
                "doors": entitlement.doors, "group": entitlement.group, "from": entitlement.window.from,
                "until": entitlement.window.until, "because": because, "rule": entitlement.rule,
                "line": entitlement.line,
            })
        })
        .collect();
    let claims: Vec<Value> = person
        .claims
        .iter()
        .map(|claim| {
            json!({
                "doors": claim.doors, "group": claim.group, "since": claim.since, "account": claim.account,
                "until": claim.until, "because": claim.because,
            })
        })
        .collect();
    let tags: Vec<Value> = person
        .accounts
        .iter()
        .flat_map(|(doors, linked)| linked.cards.iter().map(move |card| (doors, card)))
        .map(|(doors, card)| json!({ "doors": doors, "tag": shown_number(&card.number), "since": card.since }))
        .collect();
    json!({
        "id": person.id, "names": names, "email": person.email, "entitlements": entitlements, "claims": claims,
        "tags": tags, "problems": problems, "next": person.next,
    })
}

/// Returns the audit chain of a site, in service or retired, oldest first.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for a site that never existed.
pub async fn audit(environment: &Environment, site: &SiteId) -> Result<Vec<audit::Record>> {
    was_ever_served(environment, site).await?;
    environment.store.audit(site).await
}

/// Verifies the audit chain of a site, in service or retired, with a record that the operator noted
/// earlier.
///
/// # Errors
/// As [`audit()`].
pub async fn verify_audit(
    environment: &Environment,
    site: &SiteId,
    noted: Option<Head>,
) -> Result<Verdict> {
    was_ever_served(environment, site).await?;
    environment.store.verify_audit(site, noted).await
}

/// Checks that a site is in service, or was: a retired site keeps its audit chain.
async fn was_ever_served(environment: &Environment, site: &SiteId) -> Result<()> {
    match environment.store.has_chain(site).await? {
        true => Ok(()),
        false => in_force(environment, site).await.map(drop),
    }
}
