//! State of the Nexudus webhooks. After ten failures in a row Nexudus switches a webhook off and
//! informs no one. `[C]`

use serde_json::Value;

use super::calls::NexudusApi;
use super::entity::WEBHOOK;
use super::{actions, list};
use crate::platform::fields::JsonRecord;
use crate::platform::{Hearing, Unheard};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::Id;
use doorstep_core::model::ids::SiteId;

/// A webhook that posts to Doorstep.
struct NexudusHook {
    id: String,
    action: String,
    location: Option<Id>,
    active: bool,
    failures: f64,
    error: bool,
}

/// Returns the state of the webhooks that post to `site`. A webhook belongs to one location and
/// reports no other `[D]`. Each of `locations`, given as id and name, therefore needs its own
/// webhooks.
pub(super) async fn hearing(
    calls: &NexudusApi,
    site: &SiteId,
    locations: &[(Id, String)],
) -> Result<Hearing> {
    let ours = list::all(calls, &WEBHOOK, &[], |record| of(record, site)).await?;
    let problems = ours.iter().filter_map(trouble).collect();
    if ours.is_empty() {
        let all = missing(|_| true, site).unwrap_or_default();
        let silence = Some(format!(
            "no webhook of Nexudus posts to this site: they are {all}"
        ));
        return Ok(Hearing {
            problems,
            silence,
            unheard: Vec::new(),
        });
    }
    // Without a location in any webhook, locations cannot be told apart.
    if ours.iter().all(|hook| hook.location.is_none()) {
        let said = missing(|action| !is_subscribed(&ours, action, None), site);
        let said = said.map(|missing| format!("webhooks are {missing}"));
        return Ok(Hearing {
            problems: problems.into_iter().chain(said).collect(),
            ..Hearing::default()
        });
    }
    let unheard = locations.iter().filter_map(|(location, name)| {
        let missing = missing(|action| !is_subscribed(&ours, action, Some(location)), site)?;
        let problem = format!("at location {name} ({location}) webhooks are {missing}");
        Some(Unheard {
            location: location.clone(),
            name: name.clone(),
            problem,
        })
    });
    Ok(Hearing {
        problems,
        silence: None,
        unheard: unheard.collect(),
    })
}

/// Returns the text about the needed actions for which `is_missing` is true: what it means and what
/// to do. `None` if there is no such action.
fn missing(is_missing: impl Fn(&actions::WebhookAction) -> bool, site: &SiteId) -> Option<String> {
    let needed = actions::all_needed().filter(|action| is_missing(action));
    let missing: Vec<_> = needed
        .map(|action| format!("{} ({})", action.number, action.name))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "missing for {}, whose changes are only found by comparing everything, every 15 minutes: in Nexudus, at each \
             location, add a webhook for each to the address that ends with /hooks/{site}/nexudus/ and its number",
            missing.join(", ")
        )
    })
}

/// Returns whether one of the webhooks reports an action, at `location` if it is given.
fn is_subscribed(
    hooks: &[NexudusHook],
    action: &actions::WebhookAction,
    location: Option<&Id>,
) -> bool {
    let there = |hook: &&NexudusHook| {
        location.is_none() || hook.location.is_none() || hook.location.as_ref() == location
    };
    hooks
        .iter()
        .filter(there)
        .any(|hook| actions::find(&hook.action) == Some(action))
}

/// Returns a webhook, if it posts to this site.
fn of(record: &Value, site: &SiteId) -> Option<NexudusHook> {
    let record = JsonRecord::of(record)?;
    let url = record.text("URL").or_else(|| record.text("Url"))?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (before, action) = path.rsplit_once('/')?;
    before
        .ends_with(&format!("/hooks/{site}/nexudus"))
        .then(|| NexudusHook {
            id: record.text("Id").unwrap_or_default(),
            action: action.to_owned(),
            location: record.reference("BusinessId"),
            active: record.flag_or("Active", true),
            failures: record.number("ErrorCount").unwrap_or(0.0),
            error: record.text("LastError").is_some(),
        })
}

/// Returns what is wrong with a webhook, and what to do. The text leaves out Nexudus' error, which
/// may contain anything.
fn trouble(hook: &NexudusHook) -> Option<String> {
    let name = actions::find(&hook.action)
        .map_or_else(String::new, |action| format!(" ({})", action.name));
    let which = format!("webhook {} for action {}{name}", hook.id, hook.action);
    let advice =
        "see its last error at Nexudus, and check that its shared secret is one of webhook_secrets";
    if !hook.active {
        return Some(format!(
            "{which} is switched off, so its changes do not arrive: {advice}; then switch it on again at Nexudus"
        ));
    }
    (hook.failures > 0.0 && hook.error).then(|| {
        format!(
            "{which} failed {} times and is switched off after 10 in a row: {advice}",
            hook.failures
        )
    })
}
