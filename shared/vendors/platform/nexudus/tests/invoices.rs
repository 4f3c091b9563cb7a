//! Unpaid invoices.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::Extras;
use crate::platform::found::Lookup;
use crate::platform::relation::{self, Relation};
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use crate::platform::{ReadPlatform, Span};
use doorstep_core::model::fact::{Fact, FactId, Kind, What};

fn span(changed_since: Option<Timestamp>) -> Span {
    Span {
        changed_since,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn list(records: Value) -> ScriptedAnswer {
    answer(200, json!({ "Records": records, "HasNextPage": false }))
}

fn contracts(script: PlatformScript) -> PlatformScript {
    let contract = |id: u64, coworker: u64| json!({ "Id": id, "CoworkerId": coworker, "BusinessId": 1, "StartDate": "2026-01-01" });
    let mut over = contract(103, 13);
    over["Active"] = json!(false);
    script
        .on(
            "coworkercontracts",
            [list(json!([contract(101, 11), contract(102, 12), over]))],
        )
        .on("coworkercontracts/101", [answer(200, contract(101, 11))])
        .on("contractpausedperiods", [list(json!([]))])
        .reading(Extras {
            invoices: true,
            ..Extras::default()
        })
}

fn invoice(id: u64, coworker: u64, due: &str, more: Value) -> Value {
    let mut invoice = json!({ "Id": id, "UniqueId": format!("AB-{id}"), "CoworkerId": coworker,
        "BusinessId": 1, "DueDate": due, "TotalAmount": 100.0, "Paid": false });
    let more = more.as_object().expect("fields").clone();
    invoice.as_object_mut().expect("an invoice").extend(more);
    invoice
}

fn unpaid(fact: &Fact) -> Option<String> {
    let What::Membership(membership) = &fact.what else {
        panic!("{fact:?}")
    };
    membership.unpaid_since.map(|day| day.to_string())
}

/// Returns since when the member of each contract owes something.
async fn read(reader: &dyn ReadPlatform) -> Vec<Option<String>> {
    let all = reader.read(Kind::Membership, &span(None)).await;
    all.expect("a list").facts.iter().map(unpaid).collect()
}

async fn owed(invoices: Value) -> (Option<String>, Vec<String>) {
    let script = contracts(PlatformScript::nexudus("1"));
    let script = script.on("coworkerinvoices", [list(invoices)]);
    let reader = script.reader();
    let first = read(reader.as_ref()).await.swap_remove(0);
    (first, reader.flaws())
}

#[tokio::test]
async fn v3_the_oldest_unpaid_invoice_counts_on_every_page() {
    let page = |records: Value, more: bool| {
        answer(
            200,
            json!({ "Records": records, "TotalItems": 3, "HasNextPage": more }),
        )
    };
    let pages = [
        page(
            json!([
                invoice(1, 11, "2026-02-20T00:00:00Z", json!({})),
                invoice(2, 13, "2026-01-01", json!({}))
            ]),
            true,
        ),
        page(
            json!([invoice(3, 11, "2026-02-10T00:00:00Z", json!({}))]),
            false,
        ),
    ];
    let script = contracts(PlatformScript::nexudus("1")).on("coworkerinvoices", pages);
    let reader = script.reader();
    let expected = [Some("2026-02-10".to_owned()), None, None];
    assert_eq!(
        read(reader.as_ref()).await,
        expected,
        "a contract that is over owes nothing"
    );
    assert_eq!(read(reader.as_ref()).await, expected);
    let asked = script.requests("coworkerinvoices");
    assert_eq!(asked.len(), 2, "both pages, once");
    let asked = script.asked().join("\n");
    assert!(asked.contains("CoworkerInvoice_Paid=false"), "{asked}");
    assert_eq!(reader.flaws(), [""; 0]);
}

#[tokio::test]
async fn v3_what_asks_no_one_for_money_does_not_count() {
    let due = "2026-02-10T00:00:00Z";
    for more in [
        json!({ "Paid": true }),
        json!({ "Paid": null }),
        json!({ "Draft": true }),
        json!({ "Refunded": true }),
        json!({ "CreditNote": true }),
        json!({ "DueDate": null }),
        json!({ "TotalAmount": 0 }),
        json!({ "PaidAmount": 100 }),
        json!({ "PaidAmount": 40, "CreditedAmount": 60 }),
        json!({ "BusinessId": 2 }),
        json!({ "CoworkerId": 12 }),
    ] {
        let found = owed(json!([invoice(1, 11, due, more.clone())])).await;
        assert_eq!(found, (None, Vec::new()), "{more}");
    }
    let credit = json!({ "CreditNote": true, "OriginalInvoiceGuid": "ab-1" });
    let cancelled = json!([invoice(1, 11, due, json!({})), invoice(2, 11, due, credit)]);
    assert_eq!(owed(cancelled).await.0, None);
    for more in [
        json!({ "PaidAmount": 99.5 }),
        json!({ "TotalAmount": null }),
    ] {
        let found = owed(json!([invoice(1, 11, due, more.clone())])).await.0;
        assert_eq!(found.as_deref(), Some("2026-02-10"), "{more}");
    }
}

#[tokio::test]
async fn v3_an_invoice_that_cannot_be_read_is_said_and_counts_for_nothing() {
    let (found, flaws) = owed(json!([invoice(7, 11, "soon", json!({}))])).await;
    assert_eq!(found, None);
    assert!(
        flaws[0].starts_with("invoice 7: its field DueDate"),
        "{flaws:?}"
    );
}

#[tokio::test]
async fn v3_a_contract_asks_for_the_invoices_of_its_own_coworker() {
    let script = contracts(PlatformScript::nexudus(""));
    let script = script.on(
        "coworkerinvoices",
        [list(json!([
            invoice(1, 11, "2026-02-10", json!({})),
            invoice(2, 12, "2026-02-01", json!({}))
        ]))],
    );
    let reader = script.reader();
    let about = FactId::new(Kind::Membership, "101");
    for _ in 0..2 {
        let Ok(Lookup::Fact(fact)) = reader.fetch(&about).await else {
            panic!("a contract")
        };
        assert_eq!(unpaid(&fact).as_deref(), Some("2026-02-10"));
    }
    assert_eq!(script.requests("CoworkerInvoice_Coworker=11").len(), 1);
}

#[tokio::test]
async fn v3_a_ledger_that_cannot_be_read_leaves_everyone_as_before() {
    for bad in [answer(403, "{}"), answer(500, "{}"), answer(200, "[]")] {
        let script = contracts(PlatformScript::nexudus("")).on("coworkerinvoices", [bad]);
        let reader = script.reader();
        let facts = reader.read(Kind::Membership, &span(None)).await;
        let mut facts = facts.expect("the contracts").facts;
        assert!(reader.flaws()[0].starts_with("the unpaid invoices cannot be read"));
        let mut old = facts[0].clone();
        if let What::Membership(membership) = &mut old.what {
            membership.unpaid_since = Some("2026-02-10".parse().expect("a day"));
        }
        let lost = relation::lost(&old, &facts[0]);
        let about = Relation::Overdue {
            membership: "101".into(),
            member: "11".into(),
        };
        assert_eq!(lost, [about]);
        let unanswered = relation::confirm(reader.as_ref(), &old, &mut facts[0], |_| None).await;
        assert_eq!(unanswered.len(), 1);
        assert_eq!(unpaid(&facts[0]).as_deref(), Some("2026-02-10"));
    }
    let script = contracts(PlatformScript::nexudus("")).on("coworkerinvoices", [list(json!([]))]);
    let paid = Relation::Overdue {
        membership: "101".into(),
        member: "11".into(),
    };
    assert_eq!(script.reader().confirms(&paid).await, Ok(false));
}

#[tokio::test]
async fn v3_all_contracts_are_read_because_an_invoice_changes_none() {
    let since = Some("2026-01-11T00:00:00Z".parse().expect("an instant"));
    let script = contracts(PlatformScript::nexudus("")).on("coworkerinvoices", [list(json!([]))]);
    let read = script.reader().read(Kind::Membership, &span(since)).await;
    assert_eq!(read.expect("a list").facts.len(), 3);
    assert_eq!(script.requests("from_CoworkerContract_UpdatedOn").len(), 0);
}

#[tokio::test]
async fn v3_no_invoice_is_read_unless_something_follows_from_it() {
    let script = contracts(PlatformScript::nexudus("")).reading(Extras::default());
    let reader = script.reader();
    assert_eq!(read(reader.as_ref()).await, [None, None, None]);
    reader
        .fetch(&FactId::new(Kind::Membership, "101"))
        .await
        .expect("a contract");
    let overdue = Relation::Overdue {
        membership: "101".into(),
        member: "11".into(),
    };
    assert_eq!(reader.confirms(&overdue).await, Ok(false));
    assert_eq!(script.requests("coworkerinvoices").len(), 0);
}
