//! The text of the answer about deliveries. No code reads it.

use std::fmt;

use jiff::Timestamp;

use super::shape::{Deliveries, WebhookDay};
use crate::zone::Zone;
use doorstep_core::model::delivery_counts::{DeliveryCounts, DeliveryOutcome};
use doorstep_core::model::shown::shown;
use doorstep_core::shown_line;

impl fmt::Display for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = Zone::named(&self.timezone);
        let at =
            |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| zone.minute(at));
        shown_line!(
            f,
            "{} on {} (times in {})",
            self.site,
            self.day,
            self.timezone
        )?;
        for webhook in &self.webhooks {
            webhook.print(f, &zone)?;
        }
        let platform = &self.platform;
        shown_line!(
            f,
            "\n{}: last whole read {}, last complete read {}",
            platform.platform.word(),
            at(platform.whole),
            at(platform.complete)
        )?;
        if let Some(since) = platform.failing {
            shown_line!(f, "! no complete read since {}", zone.minute(since))?;
        }
        for doors in &self.doors {
            match doors.failing {
                Some(since) => {
                    shown_line!(
                        f,
                        "! {}: no complete read since {}",
                        doors.doors,
                        zone.minute(since)
                    )?;
                }
                None => shown_line!(
                    f,
                    "{}: last complete read {}",
                    doors.doors,
                    at(doors.complete)
                )?,
            }
        }
        for one in &self.unreadable {
            shown_line!(
                f,
                "! {}: a delivery could not be read: {}",
                at(one.at),
                one.why
            )?;
        }
        let text = match self.reconcile.running {
            Some(since) => format!("a reconcile is running since {}", zone.minute(since)),
            None => format!("last reconcile ended: {}", at(self.reconcile.ended)),
        };
        f.write_str(&shown(&text))
    }
}

impl WebhookDay {
    fn print(&self, f: &mut fmt::Formatter<'_>, zone: &Zone) -> fmt::Result {
        let address = self.address.as_deref().unwrap_or("not in the site file");
        shown_line!(f, "\n{} ({address}): {}", self.sender, said(&self.of_day))?;
        for trouble in &self.troubles {
            shown_line!(f, "! {trouble}")?;
        }
        for hour in self.hours.iter().filter(|hour| hour.counts.total() > 0) {
            shown_line!(f, "  {}  {}", zone.minute(hour.from), said(&hour.counts))?;
        }
        for outcome in DeliveryOutcome::ALL {
            if let Some(last) = self.all.of(outcome).last {
                shown_line!(f, "  last {}: {}", outcome.word(), zone.minute(last))?;
            }
        }
        Ok(())
    }
}

fn said(counts: &DeliveryCounts) -> String {
    let each = DeliveryOutcome::ALL.iter();
    let each: Vec<String> = each
        .map(|outcome| format!("{} {}", counts.of(*outcome).count, outcome.word()))
        .collect();
    each.join(", ")
}
