//! The values that are stored: one of each kind, with every field filled.

use std::collections::{BTreeMap, BTreeSet};

use super::people::ADA;
use super::{SITE, instant, noon};
use doorstep_cloud::store::attempts::AttemptsRead;
use doorstep_cloud::store::deliveries::HourOfDeliveries;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::observed::{
    ForeignAccount, Observed, ObservedDoors, RemovedMembership, SeatCount, WebhookTrouble,
};
use doorstep_cloud::store::runs::{Lease, Runs};
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_core::decide::credibility::{RefusedList, RefusedLists};
use doorstep_core::decide::guard::{Hold, Scope, Tally, UnconfirmedChange, WaitingChange};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::account::{AccountId, Group, GroupId, GroupRef};
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::cause::Cause;
use doorstep_core::model::delivery_counts::{DeliveryCount, DeliveryCounts, DeliveryOutcome};
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::fact::{
    Assignment, Booking, Fact, FactId, Holder, Kind, Membership, Pause, Profile, Series, What,
};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::push_update::{
    AcceptedSnapshot, ChangeHint, ForgottenThing, PushUpdate, Receipt, SnapshotReport,
    UnconfirmedSnapshot, UpdateBody, UpdateVersion, thing_hash,
};
use doorstep_core::model::reasons::{Reason, Reasons};
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_core::model::shared_group::{Neighbour, RuledGroup};
use doorstep_core::model::subject::Subject;
use doorstep_core::model::webhook_sender::WebhookSender;
use doorstep_vendors::doors::attempts::Cursor;
use doorstep_vendors::secret::Secret;
use doorstep_vendors::tokens::{RefusedSignIn, Token};

pub fn id(kind: Kind, id: &str) -> FactId {
    FactId::new(kind, id)
}

pub fn group(id: &str) -> GroupId {
    GroupId(id.into())
}

pub fn main_account() -> AccountId {
    AccountId("a-7".into())
}

fn counts() -> BTreeMap<String, usize> {
    BTreeMap::from([("member".to_owned(), 12), ("booking".to_owned(), 40)])
}

/// A member whose name only a full read changed.
pub fn member() -> FactRecord {
    let profile = |name: &str| {
        What::Member(Profile {
            name: name.into(),
            email: Some("ada@example.test".into()),
            teams: vec!["acme".into()],
            location: Some("l-1".into()),
            shares_team: true,
            active: false,
            cards: vec!["04A1B2".into()],
        })
    };
    let fact = |name: &str| Fact {
        id: "m-ada".into(),
        what: profile(name),
        changed: Some(noon()),
    };
    let confirmed = Some(fact("Ada Byron").into());
    let since = Some(instant("2026-02-28T09:00:00Z"));
    FactRecord {
        since,
        confirmed,
        ..FactRecord::new(fact("Ada Lovelace"), noon(), Source::Read)
    }
}

pub fn membership() -> FactRecord {
    let day = |text: &str| Some(text.parse().expect("a date"));
    let from = "2026-08-01".parse().expect("a date");
    let what = What::Membership(Membership {
        items: Vec::new(),
        plan: Some("plan-1".into()),
        holder: Some(Holder::Team("acme".into())),
        location: Some("l-1".into()),
        from: day("2026-01-01"),
        until: day("2026-12-31"),
        approved: true,
        unpaid_since: None,
        assignments: vec![Assignment {
            id: "x-1".into(),
            resource: "desk-4".into(),
            from: day("2026-02-01"),
            until: None,
        }],
        pauses: vec![Pause {
            id: Some("y-1".into()),
            from,
            until: day("2026-08-31"),
        }],
        awaits_next: true,
    });
    FactRecord::new(
        Fact {
            id: "s-1".into(),
            what,
            changed: None,
        },
        noon(),
        Source::Refetch,
    )
}

/// A booking that was removed: the only kind of fact that expires.
pub fn booking() -> FactRecord {
    let what = What::Booking(Box::new(Booking {
        resource: Some("r-1".into()),
        location: Some("l-1".into()),
        booker: Some("m-ada".into()),
        members: vec!["m-bob".into()],
        visitors: vec!["v-1".into()],
        teams: vec!["acme".into()],
        start: noon(),
        end: instant("2026-03-01T18:00:00Z"),
        timezone: Some("Europe/London".into()),
        series: Some(Series {
            rule: "FREQ=DAILY".into(),
            except: vec![noon()],
            until: Some(noon()),
        }),
        alias: Some("b-0".into()),
        cancelled: true,
        tentative: true,
        unpaid: true,
    }));
    let known = FactRecord::new(
        Fact {
            id: "b-1".into(),
            what,
            changed: None,
        },
        noon(),
        Source::Refetch,
    );
    known.gone(noon(), Source::Delivery("delivery-1".into()))
}

/// A person who is due, and a thing that is fetched again.
pub fn dues() -> [Due; 2] {
    let at = instant("2026-03-01T12:00:30Z");
    let hint = ChangeHint {
        about: id(Kind::Booking, "b-1"),
        reaches: Some(noon()),
        removed: true,
    };
    let look = Subject::Refetch {
        hint,
        refetches: 1,
        delivery: Some("delivery-1".into()),
    };
    let person = Due::at(at, Subject::Person(ADA.into()))
        .because_of(Cause::Comparison)
        .with_groups(
            vec![GroupRef::new(&DoorsName::from("main"), &group("g-1"))],
            true,
        )
        .with_refetch_at(BTreeSet::from(["main".into()]))
        .with_cards(true);
    [person, Due::at(at, look)]
}

pub fn action() -> AuditEntry {
    let because = Reason {
        facts: vec![id(Kind::Booking, "b-1")],
        rule: 2,
        line: 20,
    };
    let because = &Reasons::from_iter([because]);
    let action = AuditEntry::new(
        AuditAction::Granted,
        &DoorsName::from("main"),
        &main_account(),
        because,
    );
    let action = action.in_group(&group("g-1")).answered("201");
    AuditEntry {
        due: Some(noon()),
        delay: Some("Kisi was closed".into()),
        ..action
    }
}

pub fn attempt() -> AccessAttempt {
    AccessAttempt {
        at: instant("2026-03-01T11:58:03.25Z"),
        doors: "main".into(),
        id: "e-1".into(),
        lock: "lock-1".into(),
        lock_name: Some("Front door".into()),
        account: Some(main_account()),
        refused: Some("no access right".into()),
    }
}

pub fn attempts_read() -> AttemptsRead {
    AttemptsRead {
        of: "kisi 31".into(),
        mark: Some(Cursor {
            since: noon(),
            token: Some("page-2".into()),
        }),
        newest: Some(noon()),
        swept: Some(noon()),
        locks: BTreeMap::from([("lock-1".to_owned(), "Front door".to_owned())]),
        locks_read: Some(noon()),
    }
}

pub fn platform_read() -> PlatformRead {
    PlatformRead {
        complete: Some(noon()),
        whole: Some(noon()),
        whole_of: BTreeMap::from([("member".to_owned(), noon())]),
        failing: Some(noon()),
        counts: counts(),
        wanted: Some(noon()),
        judged: Some(1),
        compared: Some(2),
        refused: RefusedLists::from_iter([(
            "member".to_owned(),
            RefusedList {
                said: "5a1d".into(),
                times: 2,
            },
        )]),
    }
}

pub fn doors_read() -> DoorsRead {
    DoorsRead {
        of: "kisi 31".into(),
        groups: vec![Group {
            id: group("g-1"),
            name: "Members".into(),
            problem: Some("it has a schedule".into()),
        }],
        taken: BTreeSet::from([group("g-1")]),
        cards_taken: true,
        protected: BTreeSet::from([AccountId("a-ops".into())]),
        accounts: Some(120),
        registered: BTreeSet::from([group("g-1")]),
        shared: BTreeSet::from([Neighbour {
            site: "mill".into(),
            doors: "house".into(),
        }]),
    }
}

pub fn deliveries() -> HourOfDeliveries {
    let mut counts = DeliveryCounts::default();
    for (outcome, count) in DeliveryOutcome::ALL.into_iter().zip(1..) {
        *counts.of_mut(outcome) = DeliveryCount {
            count,
            last: Some(noon()),
        };
    }
    HourOfDeliveries {
        hour: noon(),
        sender: WebhookSender::Doors("main".into()),
        counts,
    }
}

pub fn observed() -> Observed {
    let trouble = |what: &str| WebhookTrouble {
        what: what.into(),
        since: noon(),
    };
    let here = ObservedDoors {
        failing: Some(noon()),
        seats: Some(SeatCount {
            used: 24,
            paid: Some(25),
        }),
        webhook: Some(trouble("it is off: switch it on")),
        foreign: vec![ForeignAccount {
            group: group("g-1"),
            account: AccountId("a-eve".into()),
            person: Some("p-eve".into()),
            name: Some("Eve".into()),
            email: Some("eve@example.test".into()),
            goes: true,
            since: noon(),
        }],
        removed: vec![RemovedMembership {
            group: group("g-1"),
            account: main_account(),
            person: ADA.into(),
            record: 7,
            since: noon(),
        }],
        left_out: 3,
    };
    Observed {
        at: noon(),
        webhooks: vec![trouble("it fails: correct its address")],
        doors: BTreeMap::from([("main".into(), here)]),
    }
}

pub fn ruled_group() -> RuledGroup {
    let at = Neighbour {
        site: SITE.into(),
        doors: "main".into(),
    };
    RuledGroup {
        system: "kisi https://api.kisi.io".into(),
        group: group("g-1"),
        at,
        place: Some("31".into()),
    }
}

pub fn runs() -> Runs {
    let lease = Lease {
        holder: "message-1".into(),
        until: instant("2026-03-01T12:15:00Z"),
    };
    Runs {
        begun: 5,
        at: Some(noon()),
        ended: 4,
        ended_at: Some(instant("2026-03-01T11:46:00Z")),
        lease: Some(lease),
    }
}

pub fn hold() -> Hold {
    Hold {
        checksum: "0123456789abcdef".into(),
        site: SITE.into(),
        scope: Scope::Group("main".into(), group("g-1")),
        revokes: 30,
        accounts: 1,
        cards: 2,
        rests: 3,
        moves: 4,
        reason: "30 of 40 members".into(),
        since: noon(),
        reported: noon(),
        approved: Some(noon()),
        pieces: 1,
        version: 0,
    }
}

/// A revoke, as the guard names it.
pub fn revoke() -> UnconfirmedChange {
    UnconfirmedChange::Leaves {
        doors: "main".into(),
        group: group("g-1"),
        account: main_account(),
    }
}

/// A change of each kind that can be held, with a subject of each kind.
pub fn waiting() -> Vec<WaitingChange> {
    let (doors, account, profile) = ("main".to_owned(), main_account(), id(Kind::Member, "m-ada"));
    let person = Subject::Person(ADA.into());
    let of_account = Subject::Account {
        doors: doors.clone().into(),
        id: account.clone(),
    };
    let card = UnconfirmedChange::Card {
        doors: doors.clone().into(),
        account: account.clone(),
        card: "c-1".into(),
    };
    let foreign = WaitingChange {
        foreign: true,
        unconfirmed: true,
        joined: true,
        ..WaitingChange::new(revoke(), of_account)
    };
    let moves = UnconfirmedChange::Moves {
        profile: profile.clone(),
        to: "p-bob".into(),
    };
    vec![
        foreign,
        WaitingChange {
            tag: Some("04A1B2".into()),
            ..WaitingChange::new(card, person.clone())
        },
        WaitingChange::new(
            UnconfirmedChange::Made {
                doors: doors.clone().into(),
                profile: profile.clone(),
            },
            Subject::Profile(profile),
        ),
        WaitingChange::new(
            UnconfirmedChange::Rests {
                doors: doors.into(),
                account,
            },
            person.clone(),
        ),
        WaitingChange::new(moves, person),
    ]
}

pub fn tally() -> Tally {
    Tally {
        left: BTreeMap::from([(revoke(), noon())]),
        ..Tally::default()
    }
}

pub fn token() -> Token {
    Token {
        access: Secret::new("access-1"),
        refresh: Some(Secret::new("refresh-1")),
        expires: noon(),
    }
}

pub fn refused_sign_in() -> RefusedSignIn {
    RefusedSignIn {
        credentials: "f1".into(),
        until: instant("2026-03-01T13:00:00Z"),
    }
}

fn version(hash: &str) -> UpdateVersion {
    UpdateVersion {
        at: noon(),
        hash: hash.into(),
    }
}

pub fn receipt() -> Receipt {
    Receipt {
        at: noon(),
        delivery: "5e11".into(),
    }
}

/// A push of one thing, and one part of a snapshot.
pub fn pushed() -> [PushUpdate; 2] {
    let data = r#"{"id":"m-1","name":"Ada"}"#;
    let thing = UpdateBody::Thing {
        entity: "user",
        id: "m-1".into(),
        data: Some(data.into()),
    };
    let part = UpdateBody::Snapshot {
        snapshot: "2026-03-01".into(),
        part: 1,
        parts: 2,
        data: format!("[{data}]"),
    };
    let reported = |hash: &str, body| PushUpdate {
        version: version(hash),
        body,
        hints: Vec::new(),
    };
    [reported("a1", thing), reported("b2", part)]
}

pub fn accepted() -> AcceptedSnapshot {
    AcceptedSnapshot {
        snapshot: "2026-03-01".into(),
        version: version("b2"),
        counts: counts(),
    }
}

pub fn unconfirmed() -> UnconfirmedSnapshot {
    let report = SnapshotReport {
        version: version("c3"),
        receipt: receipt(),
    };
    UnconfirmedSnapshot {
        content: "d4".into(),
        latest: accepted(),
        reports: vec![report],
    }
}

pub fn forgotten_thing() -> ForgottenThing {
    ForgottenThing {
        entity: "user".into(),
        hash: thing_hash(&SiteId::from(SITE), "user", "m-gone"),
        until: version("e5"),
    }
}
