//! Unpaid invoices: who has not paid, and since when. `[D]`
//!
//! The ledger is read beside the contracts, and only if the site file says that something follows
//! from it. If it cannot be read, what was known of each member stays: no one loses access, and
//! no one who owes gets it back.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use serde_json::Value;

use super::entity::INVOICE;
use super::list;
use super::reader::{DueDate, Ledger, NexudusReader};
use crate::platform::fields::JsonRecord;
use doorstep_core::model::fact::{Fact, Holder, Id, What};

/// An unpaid record of the ledger.
enum LedgerRecord {
    /// An invoice of a coworker that is due on this day.
    Owed {
        of: Id,
        due: Date,
        alias: Option<Id>,
    },
    /// A credit note, which cancels the invoice with this other id.
    Cancels(Id),
    /// An invoice with a field that cannot be read.
    Unreadable { invoice: Id, field: String },
}

impl NexudusReader {
    /// Reads all unpaid invoices, once. A failure becomes a flaw of the read.
    pub(super) async fn read_ledger(&self) {
        if !self.extras.invoices || self.invoices.initialized() {
            return;
        }
        let ledger = self.invoices.get_or_init(|| self.unpaid(None)).await;
        if let Err(error) = ledger {
            let why = format!(
                "the unpaid invoices cannot be read, so everyone counts as before: {error}"
            );
            self.earlier(|earlier| earlier.flaws.insert(why));
        }
    }

    /// Returns since when a coworker owes something; `None` if nothing follows from it.
    ///
    /// # Errors
    /// The error of the ledger.
    pub(super) async fn owed_since(&self, coworker: &Id) -> DueDate {
        if !self.extras.invoices {
            return Ok(None);
        }
        if let Some(ledger) = self.invoices.get() {
            let ledger = ledger.as_ref().map_err(Clone::clone)?;
            return Ok(ledger.get(coworker).copied());
        }
        if let Some(known) = self.earlier(|earlier| earlier.owed.get(coworker).cloned()) {
            return known;
        }
        let ledger = self.unpaid(Some(coworker)).await;
        let owed = ledger.map(|ledger| ledger.get(coworker).copied());
        self.earlier(|earlier| earlier.owed.insert(coworker.clone(), owed.clone()));
        owed
    }

    /// Sets since when the member of a contract owes something, as far as the ledger says it.
    pub(super) async fn note_overdue(&self, fact: &mut Fact) {
        let What::Membership(membership) = &mut fact.what else {
            return;
        };
        if let (true, Some(Holder::Member(coworker))) = (membership.approved, &membership.holder) {
            membership.unpaid_since = self.owed_since(coworker).await.unwrap_or_default();
        }
    }

    /// Returns who owes something at the reader's locations: everyone, or one coworker.
    async fn unpaid(&self, of: Option<&Id>) -> Ledger {
        let mut filters = vec![(INVOICE.filter("Paid"), "false".to_owned())];
        filters.extend(of.map(|of| (INVOICE.filter("Coworker"), of.to_string())));
        let ours = |record: &Value| self.is_ours(record, "BusinessId");
        let read = |record: &Value| ledger_record(record).filter(|_| ours(record));
        let (mut owed, mut cancelled) = (Vec::new(), HashSet::new());
        for record in list::all(&self.calls, &INVOICE, &filters, read).await? {
            match record {
                LedgerRecord::Owed { of, due, alias } => owed.push((of, due, alias)),
                LedgerRecord::Cancels(alias) => drop(cancelled.insert(alias)),
                LedgerRecord::Unreadable { invoice, field } => {
                    let why = format!(
                        "invoice {invoice}: its field {field} cannot be read, so nothing follows from it: correct it at the platform"
                    );
                    self.earlier(|earlier| earlier.flaws.insert(why));
                }
            }
        }
        let mut ledger: HashMap<Id, Date> = HashMap::new();
        for (of, due, alias) in owed {
            if alias.is_none_or(|alias| !cancelled.contains(&alias)) {
                let first = ledger.entry(of).or_insert(due);
                *first = due.min(*first);
            }
        }
        Ok(ledger)
    }
}

/// Translates a record of the ledger; `None` for one that asks no one for money: a draft, a paid or
/// refunded invoice, one with nothing left to pay or without a due date. Some lists ignore filters
/// `[C]`, so an invoice must say itself that it is not paid.
fn ledger_record(value: &Value) -> Option<LedgerRecord> {
    let record = &JsonRecord::of(value)?;
    if record.flag("CreditNote") {
        let alias = record.text("OriginalInvoiceGuid")?;
        return Some(LedgerRecord::Cancels(alias.to_lowercase().into()));
    }
    let unpaid = record.value("Paid").is_some() && !record.flag("Paid");
    if !unpaid || record.flag("Draft") || record.flag("Refunded") {
        return None;
    }
    let (invoice, of) = (record.id("Id")?, record.reference("CoworkerId"));
    let due = record.day("DueDate");
    let left = left_to_pay(record);
    if let Some(field) = record.malformed() {
        return Some(LedgerRecord::Unreadable { invoice, field });
    }
    let alias = record.text("UniqueId").map(|it| it.to_lowercase().into());
    match (of, due) {
        (Some(of), Some(due)) if left => Some(LedgerRecord::Owed { of, due, alias }),
        _ => None,
    }
}

/// Returns whether something of an invoice is neither paid nor credited. An invoice without an
/// amount counts as a whole one.
fn left_to_pay(record: &JsonRecord<'_>) -> bool {
    let amount = |field| record.number(field).unwrap_or_default();
    let settled = amount("PaidAmount") + amount("CreditedAmount");
    record
        .number("TotalAmount")
        .is_none_or(|total| total > settled)
}
