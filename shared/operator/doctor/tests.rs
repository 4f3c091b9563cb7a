//! Tests of the doctor's findings.

use jiff::{SignedDuration, Timestamp};

use super::judge::judge;
use super::vitals::{DoorsVitals, PlatformVitals, Vitals};
use super::{Checkup, FindingSubject};
use doorstep_cloud::store::site_version::{Paused, SiteVersion};
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_cloud::trigger_queue::QueueDepth;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Error;
use doorstep_core::site::{Mode, Site};
use doorstep_vendors::doors::Seats;
use doorstep_vendors::platform::Hearing;

fn healthy() -> Vitals {
    let text = include_str!("../../../infra/sites/riverside.toml");
    let mut site = Site::parse(text).expect("a site file");
    site.mode = Mode::Full;
    let now: Timestamp = "2026-03-02T08:00:00Z".parse().expect("an instant");
    let seats = Some(Seats {
        used: 7,
        paid: Some(10),
    });
    let doors = DoorsVitals {
        answers: Ok(()),
        shut: Vec::new(),
        seats,
        missing: Vec::new(),
        hearing: None,
        read: Some(DoorsRead::default()),
    };
    Vitals {
        doors: site
            .doors
            .keys()
            .map(|name| (name.clone(), doors_like(&doors)))
            .collect(),
        stored: SiteVersion::after(None, text, now),
        site,
        now,
        platform: PlatformVitals {
            word: "officernd",
            verifies: Ok(true),
            answers: Some(Ok(())),
            hearing: Ok(Hearing::default()),
            read: PlatformRead {
                complete: Some(now),
                ..PlatformRead::default()
            },
        },
        unreadable: Vec::new(),
        names: Vec::new(),
        troubled: Vec::new(),
        out_of_reach: Default::default(),
        holds: Vec::new(),
        unread: 0,
        overdue: 0,
        queue: Ok(QueueDepth {
            waiting: 3,
            dead: Some(0),
        }),
        schedules: Ok(2),
        due_soon: 2,
        ahead: Some(SignedDuration::from_secs(-30)),
    }
}

fn doors_like(doors: &DoorsVitals) -> DoorsVitals {
    let DoorsVitals {
        answers,
        shut,
        seats,
        missing,
        hearing,
        read,
    } = doors;
    DoorsVitals {
        answers: answers.clone(),
        shut: shut.clone(),
        seats: *seats,
        missing: missing.clone(),
        hearing: hearing.clone(),
        read: read.clone(),
    }
}

fn found(change: impl FnOnce(&mut Vitals, &mut DoorsVitals)) -> Vec<FindingSubject> {
    let mut vitals = healthy();
    let name = vitals.doors.keys().next().cloned().expect("doors");
    let mut doors = vitals.doors.remove(&name).expect("its own");
    change(&mut vitals, &mut doors);
    vitals.doors.insert(name, doors);
    let Checkup { findings, .. } = judge(&vitals);
    assert!(
        findings
            .iter()
            .all(|finding| !finding.what.is_empty() && !finding.advice.is_empty()),
        "{findings:?}"
    );
    findings.into_iter().map(|finding| finding.about).collect()
}

#[test]
fn a_healthy_site_has_nothing_to_do() {
    assert_eq!(found(|_, _| {}), []);
    let said = judge(&healthy()).to_string();
    assert!(
        said.ends_with("nothing to do")
            && said.contains("+ no dead letters, 3 triggers in the queue"),
        "{said}"
    );
}

#[test]
fn each_trouble_is_one_finding_with_what_to_do() {
    let away = || Error::retry("away");
    let wrong = || Error::permanent("not accepted");
    let at = Timestamp::UNIX_EPOCH;
    assert_eq!(
        found(|v, _| v.stored.paused = Some(Paused { at, why: None })),
        [FindingSubject::Mode]
    );
    assert_eq!(
        found(|v, _| v.stored.observing = true),
        [FindingSubject::Mode]
    );
    assert_eq!(
        found(|v, _| v.site.mode = Mode::Observe),
        [FindingSubject::Mode]
    );
    assert_eq!(
        found(|v, _| v.platform.verifies = Ok(false)),
        [FindingSubject::Credentials]
    );
    assert_eq!(
        found(|v, _| v.platform.answers = Some(Err(wrong()))),
        [FindingSubject::Credentials]
    );
    assert_eq!(
        found(|_, d| d.answers = Err(away())),
        [FindingSubject::Credentials]
    );
    assert_eq!(
        found(|v, _| v.platform.read.complete = None),
        [FindingSubject::Reads]
    );
    assert_eq!(
        found(|v, _| v.platform.read.complete = Some(at)),
        [FindingSubject::Reads]
    );
    assert_eq!(
        found(|v, _| v.platform.read.failing = Some(at)),
        [FindingSubject::Reads]
    );
    assert_eq!(found(|_, d| d.read = None), [FindingSubject::Reads]);
    assert_eq!(
        found(|v, _| v.platform.hearing = Err(wrong())),
        [FindingSubject::Webhooks]
    );
    assert_eq!(
        found(|_, d| d.hearing = Some("the webhook is disabled".into())),
        [FindingSubject::Webhooks]
    );
    assert_eq!(
        found(|v, _| v.names.push("no plan".into())),
        [FindingSubject::Names]
    );
    assert_eq!(
        found(|_, d| d.shut.push(("Members".into(), "it has no schedule".into()))),
        [FindingSubject::Groups]
    );
    assert_eq!(
        found(|_, d| d.seats = Some(Seats {
            used: 8,
            paid: Some(10)
        })),
        [FindingSubject::Seats]
    );
    assert_eq!(
        found(|_, d| d.missing = vec![1, 2]),
        [FindingSubject::Protected; 2]
    );
    assert_eq!(found(|v, _| v.unread = 1), [FindingSubject::Unread]);
    assert_eq!(found(|v, _| v.overdue = 1), [FindingSubject::Queue]);
    assert_eq!(
        found(|v, _| v.queue = Ok(QueueDepth {
            waiting: 0,
            dead: Some(1)
        })),
        [FindingSubject::Queue]
    );
    assert_eq!(found(|v, _| v.queue = Err(away())), [FindingSubject::Queue]);
    assert_eq!(
        found(|v, _| v.schedules = Err(away())),
        [FindingSubject::Schedules]
    );
    assert_eq!(
        found(|v, _| v.schedules = Ok(1)),
        [FindingSubject::Schedules]
    );
    assert_eq!(
        found(|v, _| v.ahead = Some(SignedDuration::from_secs(31))),
        [FindingSubject::Clock]
    );
    assert_eq!(
        found(|v, _| v.ahead = Some(SignedDuration::from_secs(-31))),
        [FindingSubject::Clock]
    );
}
