//! The ledger alone, against whichever engine answers: the embedded one, or AWS's DynamoDB Local
//! where `DOORSTEP_DYNAMODB` says where it listens. What these tests say is what Doorstep relies
//! on.

mod answers;
mod chain;
mod conditions;
mod erased;
mod kept;
mod limits;
mod other_callers;
mod reading;
mod together;

use doorstep_cloud::store::key::Key;
use doorstep_cloud::store::{Store, Write};
use doorstep_core::model::error::Error;
use doorstep_local::{Data, Machine, Setup};

/// Where the clock stands.
const NOON: &str = "2026-03-01T12:00:00Z";
/// Most that one item may hold, in bytes: names and values of all its attributes.
const LARGEST: usize = 400 << 10;

/// A machine without any site.
async fn machine() -> Machine {
    let clock = Some(NOON.parse().expect("an instant"));
    let setup = Setup {
        sites: Vec::new(),
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    };
    Machine::start(setup).await.expect("it starts")
}

/// An empty table.
async fn empty() -> Store {
    machine().await.environment().store.clone()
}

/// A place in the partition of most tests.
fn at(sk: &str) -> Key {
    Key {
        pk: "p".into(),
        sk: sk.into(),
    }
}

fn put(sk: &str, body: &str) -> Write {
    Write::put(at(sk), body.into())
}

/// A content that makes an item of [`at`] exactly `size` bytes large.
fn filling(sk: &str, size: usize) -> String {
    "x".repeat(size - "pk".len() - "p".len() - "sk".len() - sk.len() - "body".len())
}

/// What is kept there.
async fn body(store: &Store, sk: &str) -> Option<String> {
    store
        .get(&at(sk))
        .await
        .expect("it reads")
        .map(|item| item.body)
}

/// Every sort key of the partition, in the table's order.
async fn all(store: &Store) -> Vec<String> {
    store
        .list("p", "")
        .await
        .expect("it lists")
        .into_iter()
        .map(|item| item.sk)
        .collect()
}

/// The table will never take this: trying again is no use.
fn is_for_nothing(error: &Error) -> bool {
    matches!(error, Error::Permanent(_))
}
