//! Whether Nexudus still tells us anything: after ten failures in a row it switches a webhook off and tells nobody. `[C]`

use serde_json::Value;

use super::actions;
use super::calls::Calls;
use super::entity::WEBHOOK;
use super::list;
use crate::error::Result;
use crate::platform::Hearing;
use crate::platform::fields::Record;

/// A webhook that posts to us.
struct Hook {
    id: String,
    action: String,
    active: bool,
    failures: f64,
    error: bool,
}

/// How the webhooks are that post to `site`.
pub(super) async fn hearing(calls: &Calls, site: &str) -> Result<Hearing> {
    let ours = list::all(calls, &WEBHOOK, &[], |record| of(record, site)).await?;
    let mut hearing = Hearing { problems: ours.iter().filter_map(trouble).collect(), silence: None };
    let missing: Vec<_> = actions::all_needed()
        .filter(|action| !ours.iter().any(|hook| actions::find(&hook.action) == Some(action)))
        .map(|action| format!("{} ({})", action.number, action.name))
        .collect();
    let advice = format!(
        "in Nexudus, add a webhook for each to the address that ends with /hooks/{site}/nexudus/ and its number"
    );
    let what = "changes are only found by comparing everything, every 15 minutes";
    if ours.is_empty() {
        hearing.silence = Some(format!(
            "no webhook of Nexudus posts to this site, so {what}: {advice}; needed are {}",
            missing.join(", ")
        ));
    } else if !missing.is_empty() {
        let said = format!("webhooks are missing for {}, whose {what}: {advice}", missing.join(", "));
        hearing.problems.push(said);
    }
    Ok(hearing)
}

/// A webhook, if its address is this site's.
fn of(record: &Value, site: &str) -> Option<Hook> {
    let record = Record::of(record)?;
    let url = record.text("URL").or_else(|| record.text("Url"))?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (before, action) = path.rsplit_once('/')?;
    before.ends_with(&format!("/hooks/{site}/nexudus")).then(|| Hook {
        id: record.text("Id").unwrap_or_default(),
        action: action.to_owned(),
        active: record.flag_or("Active", true),
        failures: record.number("ErrorCount").unwrap_or(0.0),
        error: record.text("LastError").is_some(),
    })
}

/// What is wrong with a webhook, and what to do. What Nexudus says of the error may hold anything and is not repeated.
fn trouble(hook: &Hook) -> Option<String> {
    let name = actions::find(&hook.action).map_or_else(String::new, |action| format!(" ({})", action.name));
    let which = format!("webhook {} for action {}{name}", hook.id, hook.action);
    let look = "see its last error at Nexudus, and that its shared secret is one of webhook_secrets";
    if !hook.active {
        return Some(format!(
            "{which} is switched off, so nothing of it is heard: {look}; then switch it on again at Nexudus"
        ));
    }
    (hook.failures > 0.0 && hook.error)
        .then(|| format!("{which} failed {} times and is switched off after 10 in a row: {look}", hook.failures))
}
