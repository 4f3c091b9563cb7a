//! What Doorstep stores and sends, byte by byte: one item of each kind of key, the messages of both
//! queues, a schedule and events. `stored.txt` holds them, one section each.
//!
//! A format that changes by accident fails here. After a wanted change, `DOORSTEP_GOLDEN=accept`
//! rewrites the file:
//!
//! ```text
//! DOORSTEP_GOLDEN=accept cargo test --features operator --test doorstep golden::what_is_stored
//! ```

mod file;
mod items;
mod messages;
mod people;
mod table;
mod values;

use std::collections::BTreeSet;

use file::Section;
use jiff::Timestamp;
use table::GoldenTable;

/// The site of every golden value.
const SITE: &str = "riverside";
/// The instant of every write.
const NOON: &str = "2026-03-01T12:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn noon() -> Timestamp {
    instant(NOON)
}

#[tokio::test]
async fn what_is_stored_and_sent_is_what_the_golden_file_holds() {
    let table = GoldenTable::empty().await;
    items::write(&table.store).await;
    let mut now = table.sections(&items::record_lists()).await;
    now.extend(messages::sections().await);
    if std::env::var("DOORSTEP_GOLDEN").is_ok_and(|word| word == "accept") {
        file::write(&now);
    }
    let differences = file::differences(&file::read(), &now);
    assert!(
        differences.is_empty(),
        "stored formats differ from tests/golden/stored.txt (- the file, + the code):\n\n{differences}\n\
         If this change is wanted, set DOORSTEP_GOLDEN=accept, run the test again and commit the file."
    );
}

#[tokio::test]
async fn every_golden_item_is_read_as_what_was_written() {
    let table = GoldenTable::empty().await;
    for section in file::read()
        .iter()
        .filter(|section| section.value("pk").is_some())
    {
        table.put(section).await;
    }
    items::assert_read(&table.store).await;
    assert_eq!(table.store.unreadable().problems(), [""; 0]);
}

#[test]
fn every_golden_message_is_read_as_what_was_sent() {
    messages::assert_read(&file::read());
}

/// The first word of a section's name is the function of the module `key` that makes the item's
/// key.
#[test]
fn every_function_that_makes_a_key_has_a_golden_item() {
    let golden = file::read();
    let named: BTreeSet<&str> = golden
        .iter()
        .filter_map(|section| section.name.split(' ').next())
        .collect();
    let code = include_str!("../../shared/cloud/store/key.rs");
    let functions = code.split("\npub fn ").skip(1).filter_map(|function| {
        let (signature, _) = function.split_once('{')?;
        signature
            .trim_end()
            .ends_with("-> Key")
            .then(|| signature.split(['(', '<']).next())?
    });
    let functions: BTreeSet<&str> = functions.collect();
    assert!(
        functions.contains("person"),
        "the functions of key.rs are found"
    );
    let missing: Vec<&&str> = functions.difference(&named).collect();
    assert!(
        missing.is_empty(),
        "no golden item for key::{missing:?}: add one to tests/golden/items.rs"
    );
}

#[test]
fn every_kind_of_item_that_is_broken_in_journeys_has_a_golden_item() {
    let code = include_str!("../journeys/broken_items/every_kind.rs");
    let (_, list) = code.split_once("const KINDS").expect("the list of kinds");
    let (list, _) = list.split_once("];").expect("its end");
    let kinds: Vec<&str> = list
        .split("(\"")
        .skip(1)
        .filter_map(|entry| entry.split('"').next())
        .collect();
    assert!(kinds.contains(&"person"), "the kinds are found");
    let golden = file::read();
    let missing: Vec<&&str> = kinds
        .iter()
        .filter(|kind| !golden.iter().any(|item| is_of_kind(item, kind)))
        .collect();
    assert!(
        missing.is_empty(),
        "no golden item of the kinds {missing:?}: add one to tests/golden/items.rs"
    );
}

/// Returns whether the key of an item has every word of a kind.
fn is_of_kind(item: &Section, kind: &str) -> bool {
    let (Some(pk), Some(sk)) = (item.value("pk"), item.value("sk")) else {
        return false;
    };
    match kind {
        "route" => pk == "sites",
        kind => kind
            .split(' ')
            .all(|word| pk.split('#').chain(sk.split('#')).any(|part| part == word)),
    }
}
