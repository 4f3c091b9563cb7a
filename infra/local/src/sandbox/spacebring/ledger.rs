//! Day passes: balances as the sum of transactions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::object::Object;
use crate::sandbox::platform_tables::PlatformTables;

/// The key of a balance: when it expires, and the subscription behind it.
type BalanceKey = (Option<String>, Option<String>);

#[derive(Default)]
struct Balance {
    allocated: f64,
    used: f64,
}

/// Returns the company or membership of a transaction.
pub fn holder(item: &Object) -> Option<String> {
    let customer = item
        .0
        .get("customer")
        .and_then(|customer| customer.get("id"));
    let customer = customer.and_then(Value::as_str).map(str::to_owned);
    let named = |field: &str| item.text(field).map(str::to_owned);
    customer
        .or_else(|| named("customerRef"))
        .or_else(|| named("companyRef"))
        .or_else(|| named("membershipRef"))
}

/// Returns whether a transaction takes days.
pub fn takes(item: &Object) -> bool {
    matches!(
        item.text("type"),
        Some("booking" | "adminCharge" | "expiration" | "subscriptionExpiration")
    )
}

/// Returns the balances of a company or membership, as the interface shows them.
pub fn balances(things: &PlatformTables, of: &str, now: Timestamp) -> Vec<Value> {
    let shown = all(things, of, now)
        .into_iter()
        .map(|((expires, subscription), balance)| {
            let mut shown = json!({
                "allocation": balance.allocated,
                "amount": balance.allocated - balance.used,
                "crossLocationUsage": 0,
            });
            if let Some(expires) = expires {
                shown["expirationDate"] = json!(expires);
            }
            if let Some(subscription) = subscription {
                shown["subscriptionRef"] = json!(subscription);
            }
            shown
        });
    shown.collect()
}

/// Returns how many days a company or membership has.
pub fn days(things: &PlatformTables, of: &str, now: Timestamp) -> f64 {
    all(things, of, now)
        .values()
        .map(|balance| balance.allocated - balance.used)
        .sum()
}

fn all(things: &PlatformTables, of: &str, now: Timestamp) -> BTreeMap<BalanceKey, Balance> {
    let mut all: BTreeMap<BalanceKey, Balance> = BTreeMap::new();
    let theirs = things.visible("dayPasses", now).map(|(_, item)| item);
    let theirs: Vec<&Object> = theirs
        .filter(|item| holder(item).as_deref() == Some(of))
        .collect();
    for item in theirs.iter().filter(|item| !takes(item)) {
        for (key, amount) in amounts(item) {
            all.entry(key).or_default().allocated += amount;
        }
    }
    for item in theirs.iter().filter(|item| takes(item)) {
        for (key, amount) in amounts(item) {
            let named = all.contains_key(&key).then_some(key);
            let open = |(_, balance): &(&BalanceKey, &Balance)| balance.allocated > balance.used;
            let key = named.or_else(|| all.iter().find(open).map(|(key, _)| key.clone()));
            if let Some(balance) = key.and_then(|key| all.get_mut(&key)) {
                balance.used += amount;
            }
        }
    }
    all.retain(|(expires, _), _| {
        let expires = expires.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
        expires.is_none_or(|at| at > now)
    });
    all
}

/// Returns the parts of a transaction, each with the balance that it concerns.
pub fn amounts(item: &Object) -> Vec<(BalanceKey, f64)> {
    let part = |part: &Object, usual: f64| {
        let amount = part
            .0
            .get("amount")
            .and_then(Value::as_f64)
            .unwrap_or(usual);
        let text = |field: &str| part.text(field).map(str::to_owned);
        (
            (text("expirationDate"), text("subscriptionRef")),
            amount.abs(),
        )
    };
    let several = item.list("amounts").iter().filter_map(Value::as_object);
    let several: Vec<_> = several.map(|one| part(&Object(one.clone()), 0.0)).collect();
    if several.is_empty() {
        vec![part(item, 1.0)]
    } else {
        several
    }
}
