//! Whether OfficeRnD still tells us anything: its webhooks can be switched off, and it tells nobody. `[?]`

use serde_json::Value;

use crate::platform::Hearing;
use crate::platform::fields::Record;

/// Fields in which a webhook may give the address that it posts to `[?]`.
const ADDRESSES: [&str; 4] = ["url", "targetUrl", "callbackUrl", "endpoint"];

/// A webhook that posts to us.
pub(super) struct Hook {
    id: String,
    enabled: bool,
}

/// A webhook, if its address is this site's.
pub(super) fn of(record: &Value, site: &str) -> Option<Hook> {
    let record = Record::of(record)?;
    let url = ADDRESSES.iter().find_map(|field| record.text(field))?;
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let enabled = record.flag_or("isEnabled", true);
    path.ends_with(&format!("/hooks/{site}/officernd"))
        .then(|| Hook { id: record.text("_id").unwrap_or_default(), enabled })
}

/// What is wrong with these webhooks, and what to do.
pub(super) fn hearing(hooks: &[Hook], site: &str) -> Hearing {
    let off = hooks.iter().filter(|hook| !hook.enabled);
    let problems = off.map(|hook| {
        format!(
            "webhook {} is switched off, so nothing of it is heard: see at OfficeRnD why, and that its secret is one of \
             webhook_secrets; then switch it on again there",
            hook.id
        )
    });
    let silence = hooks.is_empty().then(|| {
        format!(
            "no webhook of OfficeRnD posts to this site, so changes are only found by comparing everything, every 15 \
             minutes: add one at OfficeRnD to the address that ends with /hooks/{site}/officernd"
        )
    });
    Hearing { problems: problems.collect(), silence, ..Hearing::default() }
}

/// What is said where the application may not read its webhooks.
pub(super) fn unknown() -> Hearing {
    let silence = "whether OfficeRnD's webhooks are switched on cannot be seen: grant the application the scope \
                   flex.settings.webhooks.read";
    Hearing { silence: Some(silence.to_owned()), ..Hearing::default() }
}
