//! Members who have not paid.

use serde_json::{Value, json};

use super::{PLAN, begin, contract};
use crate::support::{Doors, address, at_both};

at_both! {
    v3_a_member_with_an_overdue_invoice_waits_or_has_a_grace,
    v3_a_member_who_pays_gets_in_again,
    v3_a_wrong_ledger_empties_no_building,
    v3_a_grace_that_ends_for_everyone_is_held,
}

const WAIT: &str = "[members]\nunpaid = \"wait\"\n";
const GRACE: &str = "[members]\nunpaid = \"14d\"\n";

fn rules(says: &str) -> String {
    format!("{says}{PLAN}")
}

fn invoice(coworker: u64, due: &str) -> Value {
    json!({ "Id": 800 + coworker, "BusinessId": 1, "CoworkerId": coworker, "DueDate": due, "TotalAmount": 250.0 })
}

/// So many coworkers, each with a contract; and their invoices.
fn crowd(count: u64, due: &str) -> (Value, Value) {
    let who = |n: u64| format!("p{n:02}");
    let coworker =
        |n: u64| json!({ "Id": 1000 + n, "FullName": who(n), "Email": address(&who(n)) });
    let contract = |n: u64| json!({ "Id": 2000 + n, "CoworkerId": 1000 + n, "TariffId": 41, "StartDate": "2026-01-01T00:00:00Z" });
    let all = |one: &dyn Fn(u64) -> Value| (0..count).map(one).collect::<Vec<_>>();
    let things = json!({ "Coworkers": all(&coworker), "CoworkerContracts": all(&contract) });
    let invoices = all(&|n| invoice(1000 + n, due));
    (things, json!({ "CoworkerInvoices": invoices }))
}

async fn v3_a_member_with_an_overdue_invoice_waits_or_has_a_grace(at: Doors) {
    let things = |due: &str| json!({ "CoworkerContracts": [contract(13)], "CoworkerInvoices": [invoice(13, due)] });
    for (says, due, is_inside) in [
        ("", "2026-01-10T00:00:00Z", true),
        (
            "[members]\nunpaid = \"open\"\n",
            "2026-01-10T00:00:00Z",
            true,
        ),
        (WAIT, "2026-03-01T00:00:00Z", false),
        (WAIT, "2026-03-09T00:00:00Z", true),
        (GRACE, "2026-02-16T00:00:00Z", false),
        (GRACE, "2026-02-20T00:00:00Z", true),
    ] {
        let world = begin(at, &rules(says), things(due), &["Members"]).await;
        let inside = world.inside("Members").await;
        assert_eq!(!inside.is_empty(), is_inside, "{says} {due}");
        world.ends_well().await;
    }
}

async fn v3_a_member_who_pays_gets_in_again(at: Doors) {
    let things = json!({
        "CoworkerContracts": [contract(11), contract(13)],
        "CoworkerInvoices": [invoice(13, "2026-02-18T00:00:00Z")],
    });
    let mut world = begin(at, &rules(GRACE), things, &["Members"]).await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world
        .at("2026-03-03T23:59:00Z", "Members", &["ada", "eve"])
        .await;
    world.clock("2026-03-04T00:00:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    // Neither a ledger that cannot be read nor a delivery about the contract changes anything.
    let broken =
        json!({ "match": "GET /api/billing/coworkerinvoices", "status": 403, "times": -1 });
    world.platform_faults(json!([broken])).await;
    let report = world.reconcile().await;
    let said = report.problems.iter().filter(|it| it.contains("unpaid"));
    assert_eq!(said.count(), 1, "{report:?}");
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.platform_faults(json!([])).await;
    world
        .change_and_deliver(json!({ "CoworkerContracts": [{ "Id": 113, "Notes": "called" }] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change(json!({ "CoworkerInvoices": [{ "Id": 813, "Paid": true }] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.ends_well().await;
}

async fn v3_a_wrong_ledger_empties_no_building(at: Doors) {
    let (things, invoices) = crowd(12, "2026-02-01T00:00:00Z");
    let mut world = begin(at, &rules(WAIT), things, &["Members"]).await;
    let all = world.inside("Members").await;
    assert_eq!(all.len(), 12);
    for fault in [
        json!({ "match": "GET /api/billing/coworkerinvoices", "status": 403, "times": -1 }),
        json!({ "match": "GET /api/billing/coworkerinvoices", "status": 503, "times": -1 }),
        json!({ "match": "GET /api/billing/coworkerinvoices", "status": 200, "body": "{}", "times": -1 }),
    ] {
        world.platform_faults(json!([fault])).await;
        let report = world.reconcile().await;
        let said = report
            .problems
            .iter()
            .any(|it| it.contains("unpaid invoices"));
        assert!(said, "{fault}: {report:?}");
        assert_eq!(world.inside("Members").await, all, "{fault}");
    }
    world.platform_faults(json!([])).await;
    // Suddenly no one has paid, and a delivery is about each contract.
    let contracts: Vec<Value> = (0..12).map(|n| json!({ "Id": 2000 + n })).collect();
    world.change(invoices).await;
    world
        .change_and_deliver(json!({ "CoworkerContracts": contracts }))
        .await;
    assert_eq!(world.inside("Members").await, all);
    let report = world.reconcile().await;
    assert_eq!((report.revoked, report.held), (0, 12), "{report:?}");
    assert_eq!(world.inside("Members").await, all);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn v3_a_grace_that_ends_for_everyone_is_held(at: Doors) {
    let (things, invoices) = crowd(12, "2026-02-18T00:00:00Z");
    let world = begin(at, &rules(GRACE), things, &["Members"]).await;
    let all = world.inside("Members").await;
    world.change(invoices).await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, all);
    world.clock("2026-03-04T00:05:00Z").await;
    let report = world.reconcile().await;
    assert_eq!(world.inside("Members").await, all, "{report:?}");
    assert_eq!(world.holds().await.len(), 1);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}
