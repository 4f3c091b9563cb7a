//! The event bus: events for the operator's own rules and for the reconcile function.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::json;

use crate::aws::{Lazy, failure};
use crate::reconcile_request::AskedBy;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_vendors::backoff::BackOff;
use doorstep_vendors::doors::Seats;
use doorstep_vendors::time::SharedTime;

/// Maximum number of events in one call (EventBridge quotas: `PutEvents` takes 10 entries).
const MOST_ENTRIES: usize = 10;

/// An event that Doorstep publishes.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A reconcile of the site is requested.
    ReconcileWanted(AskedBy),
    /// A change at a door system.
    Changed(AuditEntry),
    /// A source's list is not credible. No revoke was inferred from it.
    ReadRefused(String),
    /// A platform or a door system could not be read.
    VendorUnreachable {
        /// Its name in reports.
        vendor: String,
        /// The reason.
        why: String,
    },
    /// A set of changes waits for an approval.
    Held(Hold),
    /// The operator approved a set of changes.
    Approved(Hold),
    /// Nearly all seats of a door system are in use, or all.
    SeatsShort {
        /// The door system.
        doors: DoorsName,
        /// The used and the paid seats.
        seats: Seats,
    },
}

impl Notice {
    /// Creates the event that `vendor` could not be read.
    pub fn unreachable(vendor: &str, why: &str) -> Self {
        Notice::VendorUnreachable {
            vendor: vendor.to_owned(),
            why: why.to_owned(),
        }
    }

    /// Returns the detail type.
    fn word(&self) -> &'static str {
        match self {
            Notice::ReconcileWanted(_) => "reconcile.wanted",
            Notice::ReadRefused(_) => "read.refused",
            Notice::VendorUnreachable { .. } => "vendor.unreachable",
            Notice::SeatsShort { .. } => "seats.short",
            Notice::Held(_) => "hold.waiting",
            Notice::Approved(_) => "hold.approved",
            Notice::Changed(action) => match action.what {
                AuditAction::Granted => "granted",
                AuditAction::Revoked => "revoked",
                AuditAction::Refused => "refused",
                AuditAction::Invited => "invited",
                AuditAction::Renamed => "renamed",
                AuditAction::Suspended => "suspended",
                AuditAction::Resumed => "resumed",
                AuditAction::Deleted => "deleted",
                AuditAction::Tagged => "tagged",
                AuditAction::Untagged => "untagged",
                AuditAction::Forgotten => "forgotten",
            },
        }
    }

    /// Returns the detail: ids and reasons, never names or addresses. docs/events.md documents the
    /// shapes.
    fn detail(&self, site: &SiteId) -> serde_json::Value {
        match self {
            Notice::ReconcileWanted(by) => json!({"version": 1, "site": site, "asked_by": by}),
            Notice::ReadRefused(why) => json!({"version": 1, "site": site, "why": why}),
            Notice::VendorUnreachable { vendor, why } => {
                json!({"version": 1, "site": site, "vendor": vendor, "why": why})
            }
            Notice::SeatsShort { doors, seats } => {
                json!({"version": 1, "site": site, "doors": doors, "used": seats.used, "paid": seats.paid})
            }
            Notice::Held(hold) | Notice::Approved(hold) => json!({
                "version": 1, "site": site, "checksum": hold.checksum, "scope": hold.scope.to_string(),
                "revokes": hold.revokes, "accounts": hold.accounts, "cards": hold.cards, "reason": hold.reason, "since": hold.since,
            }),
            Notice::Changed(action) => json!({
                "version": 1, "site": site, "doors": action.doors, "account": action.account, "group": action.group,
                "because": action.because, "answer": action.answer,
            }),
        }
    }
}

/// A client of the event bus.
#[derive(Clone)]
pub struct EventBus {
    events: Lazy<Client>,
    name: String,
    time: SharedTime,
}

impl EventBus {
    /// Creates a client of the bus named `name`.
    pub fn new(events: Lazy<Client>, name: String, time: SharedTime) -> Self {
        EventBus { events, name, time }
    }

    /// Publishes the events of one site. Events that the bus refuses are sent again, a limited
    /// number of times.
    ///
    /// # Errors
    /// [`Error::Retry`] if the bus did not take all of them. No access depends on an event: callers
    /// log the error and continue.
    pub async fn publish(&self, site: &SiteId, notices: &[Notice]) -> Result<()> {
        for chunk in notices.chunks(MOST_ENTRIES) {
            let mut back_off = BackOff::new(&self.time);
            let mut entries: Vec<_> = chunk
                .iter()
                .map(|notice| self.entry(site, notice))
                .collect();
            loop {
                let left = self.put(entries.clone()).await?;
                if left.is_empty() {
                    break;
                }
                if !back_off.may_send_again(entries.len(), left.len()).await {
                    return Err(Error::retry(format!(
                        "the bus did not take {} events",
                        left.len()
                    )));
                }
                entries = left;
            }
        }
        Ok(())
    }

    /// Requests a reconcile of a site. If the bus is unavailable, the scheduled reconcile within 15
    /// minutes replaces it, so this returns no error.
    pub async fn want_reconcile(&self, site: &SiteId, by: AskedBy) {
        if let Err(error) = self.publish(site, &[Notice::ReconcileWanted(by)]).await {
            tracing::warn!(site = site.as_str(), %error, "a reconcile could not be asked for; the next one comes by itself");
        }
    }

    fn entry(&self, site: &SiteId, notice: &Notice) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source("doorstep")
            .detail_type(notice.word())
            .detail(notice.detail(site).to_string())
            .build()
    }

    /// Sends one batch. Returns the events that the bus refused.
    async fn put(&self, entries: Vec<PutEventsRequestEntry>) -> Result<Vec<PutEventsRequestEntry>> {
        let sent = self
            .events
            .put_events()
            .set_entries(Some(entries.clone()))
            .send()
            .await;
        let answer = sent.map_err(|error| {
            Error::retry(format!(
                "the bus cannot be reached: {}",
                failure("events PutEvents", &error)
            ))
        })?;
        let failed = answer
            .entries
            .unwrap_or_default()
            .into_iter()
            .map(|result| result.error_code.is_some());
        Ok(entries
            .into_iter()
            .zip(failed)
            .filter(|(_, failed)| *failed)
            .map(|(entry, _)| entry)
            .collect())
    }
}
