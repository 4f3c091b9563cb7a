//! What is shown of a site to whoever runs it. It reads the table and changes nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::outside::Outside;
use crate::person::Person;
use crate::site::Site;

/// People with their entitlements, claims, problems and next boundary.
///
/// # Errors
/// [`Error::Refused`] for a site that is not here.
pub async fn people(outside: &Outside, site: &str) -> Result<Value> {
    let stored = outside.ledger.active(site).await?;
    let stored = stored.ok_or_else(|| Error::refused(format!("there is no site {site}")))?;
    let site = Site::parse(&stored.text).map_err(|error| Error::report(error.to_string()))?;
    let people = outside.ledger.everybody(&site.id).await?;
    Ok(people.iter().map(|person| one(&site, person)).collect())
}

fn one(site: &Site, person: &Person) -> Value {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let platform = names.entry(site.platform.kind.word().to_owned()).or_default();
    platform.extend(person.profiles.iter().map(|name| name.id.clone()));
    for (doors, linked) in &person.accounts {
        let word = site.doors.get(doors).map_or(doors.as_str(), |config| config.kind.word());
        names.entry(word.to_owned()).or_default().push(linked.account.id.to_string());
    }
    let entitlements: Vec<Value> = person
        .entitlements
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
    json!({
        "id": person.id, "names": names, "email": person.email, "entitlements": entitlements, "claims": claims,
        "problems": person.problems, "next": person.next,
    })
}

/// The audit chain, oldest first.
///
/// # Errors
/// [`Error::Refused`] for a site that is not here.
pub async fn audit(outside: &Outside, site: &str) -> Result<Value> {
    if outside.ledger.active(site).await?.is_none() {
        return Err(Error::refused(format!("there is no site {site}")));
    }
    let records = outside.ledger.audit(site).await?;
    serde_json::to_value(records).map_err(|_| Error::report("the audit chain cannot be shown"))
}
