//! Pages of door systems: lists with their headers and links, cursors of access attempts as they
//! are stored and as a vendor sends them, and lookups. A list ends after a bounded number of calls.

#![no_main]

use doorstep_core::model::account::{DoorsKind, GroupId};
use doorstep_core::model::ids::DoorsName;
use doorstep_fuzz::vendor::{FuzzVendor, run};
use doorstep_fuzz::{choice, parts, pick};
use doorstep_vendors::doors::attempts::Cursor;
use doorstep_vendors::doors::{DoorsVendor, ReadDoors};
use libfuzzer_sys::fuzz_target;

/// The door systems.
const DOORS: [DoorsKind; 2] = [DoorsKind::SaltoKs, DoorsKind::Kisi];

fuzz_target!(|data: &[u8]| {
    let (Some((doors, rest)), true) = (choice(data), data.len() > 2) else {
        return;
    };
    let Some((action, rest)) = choice(rest) else {
        return;
    };
    let stored = parts(rest).next().unwrap_or_default();
    let cursor: Cursor = serde_json::from_slice(stored).unwrap_or_default();
    let vendor = FuzzVendor::new(rest);
    let place = (action & 0x80 == 0).then_some("1");
    let (reader, _) = pick(&DOORS, doors).connect(place, vendor.access());
    run(read(&*reader, action & 0x7f, &cursor));
    vendor.is_left_alone();
});

/// Reads. What is read does not matter here, only that reading ends.
async fn read(reader: &dyn ReadDoors, action: u8, cursor: &Cursor) {
    let group = GroupId("1".to_owned());
    match action % 12 {
        0 => drop(reader.groups().await),
        1 => drop(reader.group_problem(&group).await),
        2 => drop(reader.is_gone(&group).await),
        3 => drop(reader.rows(&group).await),
        4 => drop(reader.find("ada@example.test").await),
        5 => account(reader).await,
        6 => drop(reader.guests().await),
        7 => drop(reader.seats().await),
        8 => drop(reader.cards().await),
        9 => drop(reader.attempts().locks().await),
        10 => drop(
            reader
                .attempts()
                .webhook_trouble("/hooks/site/kisi/main")
                .await,
        ),
        _ => {
            let page = reader
                .attempts()
                .page(&DoorsName::from("main"), cursor)
                .await;
            if let Ok(Some(page)) = page {
                let next = Cursor {
                    since: cursor.since,
                    token: page.next,
                };
                let stored = serde_json::to_string(&next).expect("a cursor is JSON");
                let read: Cursor = serde_json::from_str(&stored).expect("a cursor can be read");
                assert_eq!(read, next);
            }
        }
    }
}

/// Reads all accounts and then the first of them.
async fn account(reader: &dyn ReadDoors) {
    let Ok(accounts) = reader.accounts().await else {
        return;
    };
    if let Some(account) = accounts.first() {
        drop(reader.account(account).await);
        drop(reader.group_count(account).await);
    }
}
