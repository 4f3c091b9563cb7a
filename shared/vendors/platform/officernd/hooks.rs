//! State of the OfficeRnD webhooks. They can be switched off, and OfficeRnD informs no one. `[?]`

use serde_json::Value;

use crate::platform::Hearing;
use crate::platform::fields::JsonRecord;
use doorstep_core::model::ids::SiteId;

/// Fields that may contain the address to which a webhook posts `[?]`.
const ADDRESSES: [&str; 4] = ["url", "targetUrl", "callbackUrl", "endpoint"];

/// A webhook that posts to Doorstep.
pub(super) struct OfficerndHook {
    id: String,
    enabled: bool,
}

/// Returns a webhook, if it posts to this site.
pub(super) fn of(record: &Value, site: &SiteId) -> Option<OfficerndHook> {
    let record = JsonRecord::of(record)?;
    let url = ADDRESSES.iter().find_map(|field| record.text(field))?;
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let enabled = record.flag_or("isEnabled", true);
    path.ends_with(&format!("/hooks/{site}/officernd"))
        .then(|| OfficerndHook {
            id: record.text("_id").unwrap_or_default(),
            enabled,
        })
}

/// Returns what is wrong with these webhooks, and what to do.
pub(super) fn hearing(hooks: &[OfficerndHook], site: &SiteId) -> Hearing {
    let off = hooks.iter().filter(|hook| !hook.enabled);
    let problems = off.map(|hook| {
        format!(
            "webhook {} is switched off, so its changes do not arrive: find the reason at OfficeRnD, check that its secret \
             is one of webhook_secrets, and switch it on again there",
            hook.id
        )
    });
    let silence = hooks.is_empty().then(|| {
        format!(
            "no webhook of OfficeRnD posts to this site, so changes are only found by the reconcile every 15 \
             minutes: add one at OfficeRnD to the address that ends with /hooks/{site}/officernd"
        )
    });
    Hearing {
        problems: problems.collect(),
        silence,
        ..Hearing::default()
    }
}

/// Returns the state for an application that may not read its webhooks.
pub(super) fn unknown() -> Hearing {
    let silence = "the state of OfficeRnD's webhooks cannot be read: grant the application the scope \
                   flex.settings.webhooks.read";
    Hearing {
        silence: Some(silence.to_owned()),
        ..Hearing::default()
    }
}
