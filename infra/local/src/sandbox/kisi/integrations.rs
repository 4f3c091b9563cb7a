//! Kisi's integrations. Event webhooks are one kind of them: created, changed, and switched off
//! when they fail `[D]`.

use serde_json::{Value, json};

use super::list::{PageRequest, among, fuzzy};
use super::wire::{LONG_AGO, number};
use super::{KisiWorld, error};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::object::Object;
use crate::sandbox::shape::{Field, FieldKind, may, must};

const WEBHOOK: &str = "event_webhook";

const NEW: &[Field] = &[
    must("name", FieldKind::Text),
    must("type", FieldKind::OneOf(&[WEBHOOK])),
    must("url", FieldKind::Uri),
    may("enabled", FieldKind::Flag),
    may("enabled_events", FieldKind::Texts),
    may("signature_key", FieldKind::Text),
];

const CHANGED: &[Field] = &[
    may("name", FieldKind::Text),
    may("url", FieldKind::Uri),
    may("enabled", FieldKind::Flag),
    may("enabled_events", FieldKind::Texts),
    may("signature_key", FieldKind::Text),
];

impl KisiWorld {
    fn all_integrations(&self) -> Vec<Object> {
        let all = self.0.top.list("integrations").iter();
        all.filter_map(Value::as_object)
            .map(|item| Object(item.clone()))
            .collect()
    }

    /// Returns whether any webhook takes events of this kind. A world without a list of webhooks
    /// has one that takes all.
    pub(super) fn posts(&self, kind: &str) -> bool {
        let all = self.all_integrations();
        let takes = |one: &Object| {
            let chosen = one.texts("enabled_events");
            let on = one.or("enabled", true) == json!(true) && !one.flag("disabled_due_to_error");
            on && (chosen.is_empty() || chosen.contains(&kind))
        };
        all.is_empty() || all.iter().any(takes)
    }

    pub(super) fn integrations(&self, ask: &Ask) -> Result<Answer, Answer> {
        let page = PageRequest::read(ask, 10, 250)?;
        let enabled = ask.param("enabled").map(|asked| asked == "true");
        let mut all = self.all_integrations();
        all.retain(|one| {
            let on = one.or("enabled", true) == json!(true);
            enabled.is_none_or(|asked| asked == on)
                && among(ask, one.text("id").unwrap_or_default())
                && fuzzy(ask, &[one.text("name").unwrap_or_default()])
        });
        Ok(page.of(&all, summary))
    }

    pub(super) fn one_integration(&self, id: &str) -> Result<Answer, Answer> {
        let all = self.all_integrations();
        let one = all
            .iter()
            .find(|one| one.text("id") == Some(id))
            .ok_or_else(error::not_found)?;
        Ok(answer::json(200, &whole(one)))
    }

    pub(super) fn make_integration(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let mut new = Object(error::body(ask, "integration", NEW)?);
        let mut all = self.all_integrations();
        let ids = all
            .iter()
            .filter_map(|one| one.text("id")?.parse::<u64>().ok());
        new.set("id", (ids.max().unwrap_or(0) + 1).to_string());
        new.set("created_at", ask.now.to_string());
        new.set_missing("enabled", true);
        let shown = whole(&new);
        all.push(new);
        self.0.change_top().set("integrations", json!(all));
        Ok(answer::json(200, &shown))
    }

    /// Changes an integration. Enabling one that was switched off restores it.
    pub(super) fn change_integration(&mut self, id: &str, ask: &Ask) -> Result<Answer, Answer> {
        let given = error::body(ask, "integration", CHANGED)?;
        let mut all = self.all_integrations();
        let one = all
            .iter_mut()
            .find(|one| one.text("id") == Some(id))
            .ok_or_else(error::not_found)?;
        one.0.extend(given);
        one.set("updated_at", ask.now.to_string());
        if one.flag("enabled") {
            one.set("disabled_due_to_error", false);
            one.set("disabled_due_to_error_at", Value::Null);
        }
        self.0.change_top().set("integrations", json!(all));
        Ok(answer::empty(204))
    }

    pub(super) fn delete_integration(&mut self, id: &str) -> Result<Answer, Answer> {
        let mut all = self.all_integrations();
        let before = all.len();
        all.retain(|one| one.text("id") != Some(id));
        if all.len() == before {
            return Err(error::not_found());
        }
        self.0.change_top().set("integrations", json!(all));
        Ok(answer::empty(204))
    }
}

/// Returns an integration as the list shows it: without address and events `[D]`.
fn summary(one: &Object) -> Value {
    json!({
        "id": number(one.text("id").unwrap_or_default()),
        "resource_type": "Integration",
        "name": one.or("name", "Webhook"),
        "type": one.or("type", WEBHOOK),
        "enabled": one.or("enabled", true),
        "disabled_due_to_error": one.or("disabled_due_to_error", false),
        "disabled_due_to_error_at": one.or_null("disabled_due_to_error_at"),
        "created_at": one.or("created_at", LONG_AGO),
        "updated_at": one.or("updated_at", LONG_AGO),
        "organization_id": 1,
        "organization": { "id": 1, "resource_type": "Organization", "name": "Sandbox", "domain": "sandbox" },
        "place_id": null,
    })
}

/// Returns an integration as the read by id shows it. The signature key is never shown.
fn whole(one: &Object) -> Value {
    let mut shown = summary(one);
    shown["url"] = one.or("url", "");
    shown["enabled_events"] = one.or("enabled_events", json!([]));
    shown
}
