//! The event bus: what operators, and the reconcile function, may want to act on.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::json;

use crate::audit::{Deed, Happened};
use crate::aws::Lazy;
use crate::doors::Seats;
use crate::error::{Error, Result};
use crate::guard::Hold;

/// Something that is published.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A bell asks for everything to be read.
    ReconcileWanted,
    /// A change at a door.
    Changed(Deed),
    /// What a source answered is not believed; no revoke was inferred from it.
    ReadRefused(String),
    /// A platform or a door system, by its name in reports, could not be read, and why.
    VendorUnreachable {
        /// Who.
        vendor: String,
        /// Why.
        why: String,
    },
    /// A set of changes waits for a human.
    Held(Hold),
    /// A human approved a set of changes.
    Approved(Hold),
    /// Nearly all seats of a door system are in use, or all.
    SeatsShort {
        /// Door system.
        doors: String,
        /// How many, of how many.
        seats: Seats,
    },
}

impl Notice {
    /// `vendor` could not be read.
    pub fn unreachable(vendor: &str, why: &str) -> Self {
        Notice::VendorUnreachable { vendor: vendor.to_owned(), why: why.to_owned() }
    }

    /// Its detail-type.
    fn word(&self) -> &'static str {
        match self {
            Notice::ReconcileWanted => "reconcile.wanted",
            Notice::ReadRefused(_) => "read.refused",
            Notice::VendorUnreachable { .. } => "vendor.unreachable",
            Notice::SeatsShort { .. } => "seats.short",
            Notice::Held(_) => "hold.waiting",
            Notice::Approved(_) => "hold.approved",
            Notice::Changed(deed) => match deed.what {
                Happened::Granted => "granted",
                Happened::Revoked => "revoked",
                Happened::Refused => "refused",
                Happened::Invited => "invited",
                Happened::Renamed => "renamed",
                Happened::Suspended => "suspended",
                Happened::Resumed => "resumed",
                Happened::Deleted => "deleted",
                Happened::Tagged => "tagged",
                Happened::Untagged => "untagged",
                Happened::Forgotten => "forgotten",
            },
        }
    }

    /// Its detail: ids and reasons, never names or addresses. The shapes are promised in docs/events.md.
    fn detail(&self, site: &str) -> serde_json::Value {
        match self {
            Notice::ReconcileWanted => json!({"version": 1, "site": site}),
            Notice::ReadRefused(why) => json!({"version": 1, "site": site, "why": why}),
            Notice::VendorUnreachable { vendor, why } => {
                json!({"version": 1, "site": site, "vendor": vendor, "why": why})
            }
            Notice::SeatsShort { doors, seats } => {
                json!({"version": 1, "site": site, "doors": doors, "used": seats.used, "paid": seats.paid})
            }
            Notice::Held(hold) | Notice::Approved(hold) => json!({
                "version": 1, "site": site, "checksum": hold.checksum, "scope": hold.scope.to_string(),
                "revokes": hold.revokes, "accounts": hold.accounts, "reason": hold.reason, "since": hold.since,
            }),
            Notice::Changed(deed) => json!({
                "version": 1, "site": site, "doors": deed.doors, "account": deed.account, "group": deed.group,
                "because": deed.because, "answer": deed.answer,
            }),
        }
    }
}

/// The bus.
#[derive(Clone)]
pub struct Bus {
    events: Lazy<Client>,
    name: String,
}

impl Bus {
    /// The bus called `name`.
    pub fn new(events: Lazy<Client>, name: String) -> Self {
        Bus { events, name }
    }

    /// Publishes notices of one site.
    ///
    /// # Errors
    /// [`Error::Later`] where the bus did not take all of them.
    pub async fn publish(&self, site: &str, notices: &[Notice]) -> Result<()> {
        for chunk in notices.chunks(10) {
            let entries = chunk.iter().map(|notice| {
                PutEventsRequestEntry::builder()
                    .event_bus_name(&self.name)
                    .source("doorstep")
                    .detail_type(notice.word())
                    .detail(notice.detail(site).to_string())
                    .build()
            });
            let sent = self.events.put_events().set_entries(Some(entries.collect())).send().await;
            match sent {
                Ok(answer) if answer.failed_entry_count == 0 => {}
                Ok(_) => return Err(Error::later("the bus did not take a notice")),
                Err(error) => {
                    return Err(Error::later(format!("the bus cannot be reached: {}", DisplayErrorContext(&error))));
                }
            }
        }
        Ok(())
    }
}
