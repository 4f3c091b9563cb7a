//! The first opening of a person's windows, and the platforms that are not read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::NotReadReason;
use super::judge::not_read;
use super::next::opening;
use doorstep_cloud::store::runs::Runs;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_core::decide::entitlement::{Desired, OpenInterval};
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::reasons::Reasons;
use doorstep_core::model::window::Window;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).expect("an instant")
}

fn group(id: &str) -> GroupRef {
    GroupRef::new(&"main".into(), &GroupId(id.to_owned()))
}

fn open(windows: &[(i64, i64)]) -> Vec<OpenInterval> {
    let interval = |(from, until): &(i64, i64)| OpenInterval {
        window: Window {
            from: at(*from),
            until: Some(at(*until)),
        },
        because: Reasons::default(),
    };
    windows.iter().map(interval).collect()
}

#[test]
fn the_first_opening_is_the_first_window_that_begins_later() {
    let windows: Desired = BTreeMap::from([
        (group("front"), open(&[(1, 5), (9, 10)])),
        (group("meeting"), open(&[(3, 4), (7, 8)])),
    ]);
    let first =
        |now: i64| opening(&windows, at(now)).map(|(at, group)| (at, group.group.0.as_str()));
    assert_eq!(first(0), Some((at(1), "front")));
    assert_eq!(
        first(1),
        Some((at(3), "meeting")),
        "a window that began is no opening"
    );
    assert_eq!(first(4), Some((at(7), "meeting")));
    assert_eq!(first(8), Some((at(9), "front")));
    assert_eq!(first(9), None);
}

#[test]
fn a_reconcile_that_reads_the_platform_and_never_ends_counts_as_stopped() {
    let read = PlatformRead {
        complete: Some(at(10)),
        ..PlatformRead::default()
    };
    let runs = |begun: u64, ended: u64, ended_at: Option<i64>| Runs {
        begun,
        at: Some(at(10)),
        ended,
        ended_at: ended_at.map(at),
        lease: None,
    };
    let stopped = |since: i64| Some((NotReadReason::Stopped, at(since)));
    let of = |runs: Runs| not_read(&read, &runs, Some(at(1)), at(10));
    assert_eq!(of(runs(3, 3, Some(10))), None);
    assert_eq!(of(Runs::default()), None, "the operator reconciled");
    assert_eq!(of(runs(3, 2, Some(8))), stopped(8));
    assert_eq!(
        of(runs(3, 0, None)),
        stopped(1),
        "since the file is in force"
    );
    assert_eq!(
        of(runs(3, 2, Some(10))),
        None,
        "the last one is still fresh"
    );
}
