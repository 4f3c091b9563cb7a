//! Answers of platforms through their readers: no panic, a bounded number of calls, and every fact
//! can be stored and read again.

#![no_main]

use doorstep_core::model::fact::{Fact, FactId, Id};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_fuzz::vendor::{FuzzVendor, run};
use doorstep_fuzz::{choice, now, pick};
use doorstep_vendors::platform::found::Lookup;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform, Span};
use libfuzzer_sys::fuzz_target;

/// The platforms that are read.
const PLATFORMS: [PlatformKind; 3] = [
    PlatformKind::OfficeRnd,
    PlatformKind::Nexudus,
    PlatformKind::Spacebring,
];

fuzz_target!(|data: &[u8]| {
    let (Some((platform, rest)), true) = (choice(data), data.len() > 2) else {
        return;
    };
    let Some((action, answers)) = choice(rest) else {
        return;
    };
    let vendor = FuzzVendor::new(answers);
    let kind = pick(&PLATFORMS, platform);
    let reader = kind.api().reader("1", vendor.access());
    for fact in run(facts(&*reader, action)) {
        let stored = serde_json::to_string(&fact).expect("a fact is JSON");
        let read: Fact = serde_json::from_str(&stored).expect("a stored fact can be read");
        assert_eq!(read, fact);
    }
    vendor.is_left_alone();
});

async fn facts(reader: &dyn ReadPlatform, action: u8) -> Vec<Fact> {
    let kinds = reader.kinds();
    let kind = pick(&kinds, action >> 3);
    let about = FactId::new(kind, "1");
    let span = Span {
        changed_since: None,
        checkins_from: now(),
    };
    match action & 7 {
        0..=2 => reader
            .read(kind, &span)
            .await
            .map_or(Vec::new(), |list| list.facts),
        3 => match reader.fetch(&about).await {
            Ok(Lookup::Fact(fact)) => vec![fact],
            _ => Vec::new(),
        },
        4 => reader
            .around(&about, None, false)
            .await
            .map_or(Vec::new(), |around| around.facts),
        5 => {
            let _ = reader.assignments(&[Id::from("1")]).await;
            Vec::new()
        }
        6 => {
            let _ = reader.bridged().await;
            Vec::new()
        }
        _ => {
            let _ = reader.hearing(&SiteId::from("site")).await;
            Vec::new()
        }
    }
}
