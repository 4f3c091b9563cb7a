//! One item of each kind that the table holds is broken, and the site goes on: settle opens doors,
//! reconcile ends well, nothing is taken away, and the item is reported.

use std::panic::AssertUnwindSafe;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::super::{PLAN, ROOM, andcards, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Item, Platform, SITE, Scenario, Table, World};
use doorstep_cloud::store::key::Key;
use doorstep_cloud::store::unreadable::key_hash;
use doorstep_core::model::ids::SiteId;

/// What becomes of a broken item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Reconcile reports it.
    Reported,
    /// Its content is never read, or only at another vendor, or only on request.
    Unread,
    /// Deliveries are answered 503 until reconcile has written it anew, and reported it.
    RefusesDeliveries,
    /// It is the site itself: nothing is done at the site, and nothing is taken away.
    StopsItsSite,
}

/// A kind of item, and what becomes of a broken one.
#[derive(Debug, Clone, Copy)]
struct Broken<'a> {
    wanted: &'a str,
    then: Then,
}

/// Every kind of item that the table holds. A new kind must be added here: each journey that ends
/// well looks for it.
const KINDS: [(&str, Then); 34] = [
    ("person", Then::Reported),
    ("person records", Then::Unread),
    ("people", Then::Unread),
    ("profile", Then::Unread),
    ("email", Then::Unread),
    ("account", Then::Unread),
    ("fact", Then::Reported),
    ("holder", Then::Unread),
    ("holder ~version", Then::Unread),
    ("due", Then::Reported),
    ("unreadable", Then::Unread),
    ("delivery", Then::Unread),
    ("audit", Then::Unread),
    ("site active", Then::StopsItsSite),
    ("site version", Then::Unread),
    ("site resolved", Then::Reported),
    ("route", Then::RefusesDeliveries),
    ("group", Then::Unread),
    ("read platform", Then::Reported),
    ("read doors", Then::Reported),
    ("read entries", Then::Unread),
    ("read observed", Then::Reported),
    ("run", Then::Unread),
    ("attempt", Then::Unread),
    ("hold", Then::Reported),
    ("hold-changes", Then::Unread),
    ("release", Then::Reported),
    ("guard", Then::Unread),
    ("token", Then::Unread),
    ("push update", Then::Reported),
    ("push forgotten", Then::Unread),
    ("push snapshot", Then::Reported),
    ("push text", Then::Unread),
    ("push accepted", Then::Reported),
];

/// Kinds that a quiet day does not make, each with a place in the table where one is.
const SELDOM: [(&str, &str, &str); 11] = [
    (
        "person records",
        "person#nobody",
        "records#00000000000000000001",
    ),
    ("due", "due", "20260302T0800#person#ghost"),
    ("unreadable", "unreadable", "hash"),
    ("read entries", "read", "entries#main"),
    ("run", "run", "reconcile"),
    (
        "attempt",
        "attempt#2026-03-02",
        "20260302T070000.000000#main#1",
    ),
    ("hold", "hold", "checksum"),
    ("hold-changes", "hold-changes#checksum", "00000"),
    ("release", "release", "doubt"),
    ("guard", "guard", "recent"),
    ("push forgotten", "push", "forgotten#hash"),
];

/// The kind of the item at a key: what is written in front of ids.
fn kind(pk: &str, sk: &str) -> String {
    let tag = match pk {
        "sites" => "route",
        pk if pk.ends_with("#token") => "token",
        pk if pk.starts_with("group#") => "group",
        pk => pk.split('#').nth(1).unwrap_or(pk),
    };
    let word = sk.split('#').next().unwrap_or_default();
    match (tag, word) {
        ("site" | "read", _) | ("person", "records") | ("holder", "~version") => {
            format!("{tag} {word}")
        }
        ("push", "unconfirmed") => "push accepted".to_owned(),
        ("push", _) => format!("{tag} {word}"),
        _ => tag.to_owned(),
    }
}

impl World {
    /// Every item of the table is of a kind whose breaking is tried here.
    pub async fn assert_every_kind_is_broken_somewhere(&self) {
        for item in Table::of(self).items().await {
            let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
            let kind = kind(&pk, &sk);
            assert!(
                KINDS.iter().any(|(known, _)| *known == kind),
                "{kind} is new: add it to KINDS in every_kind.rs"
            );
        }
    }
}

fn text(item: &Item, name: &str) -> String {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}

/// Ways in which an item is broken: no JSON, no content at all, a shape of an unknown version.
const BREAKS: [Option<&str>; 3] = [Some("{\"id\": "), None, Some("{\"shape\":\"of tomorrow\"}")];

/// Breaks the item of one kind that is Ada's, or else the first one. Returns its key.
async fn break_one(world: &World, wanted: &str, breaks: Option<&str>) -> Key {
    let table = Table::of(world);
    let items = table.items().await;
    let mut of_kind: Vec<&Item> = items
        .iter()
        .filter(|item| kind(&text(item, "pk"), &text(item, "sk")) == wanted)
        .collect();
    of_kind.sort_by_key(|item| {
        let all = format!(
            "{} {} {}",
            text(item, "pk"),
            text(item, "sk"),
            text(item, "body")
        );
        (!all.contains("ada"), all)
    });
    // The audit chain ends with its last record, and a person's places begin with their item.
    let found = if wanted == "audit" {
        of_kind.last()
    } else {
        of_kind.first()
    };
    let seldom = SELDOM.iter().find(|(kind, ..)| *kind == wanted);
    let mut item: Item = match (found, seldom) {
        (Some(item), _) => (*item).clone(),
        (None, Some((_, pk, sk))) => {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            [
                ("pk".to_owned(), text(&format!("{SITE}#{pk}"))),
                ("sk".to_owned(), text(sk)),
            ]
            .into()
        }
        (None, None) => panic!("there is no {wanted}"),
    };
    match breaks {
        Some(body) => drop(item.insert("body".to_owned(), AttributeValue::S(body.to_owned()))),
        None => drop(item.remove("body")),
    }
    let key = Key {
        pk: text(&item, "pk"),
        sk: text(&item, "sk"),
    };
    table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item))
        .send()
        .await
        .expect("it is put");
    key
}

/// Ada is a member. People added by hand are removed: memberships that are not known as ours are
/// revoked.
async fn begin(platform: Platform) -> World {
    let rules = format!("{PLAN}{ROOM}");
    let scenario = Scenario::at(Doors::Kisi, &rules).doors_say("foreign = \"remove\"");
    let groups = ["Members", "Meeting"];
    let world = match platform {
        Platform::Andcards => andcards::begin(scenario, json!({}), &groups).await,
        _ => {
            scenario
                .begin(town(json!({})), DoorsFixture::with(&groups))
                .await
        }
    };
    world.change_and_deliver(news(platform, "ada")).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
}

/// A person gets a plan.
fn news(platform: Platform, who: &str) -> Value {
    match platform {
        Platform::Andcards => json!({ "subscriptions": [andcards::subscription(who)] }),
        _ => json!({ "memberships": [hot_desk(who)] }),
    }
}

async fn reconciles(world: &World, key: &Key, Broken { wanted, then }: Broken<'_>, first: First) {
    let reconciled = world.machine.reconcile(&SiteId::from(SITE)).await;
    if then == Then::StopsItsSite {
        assert!(reconciled.is_err(), "{wanted}");
        return;
    }
    let report = reconciled.unwrap_or_else(|error| panic!("{wanted} ends a reconcile: {error}"));
    let said = report
        .problems
        .iter()
        .any(|problem| problem.contains(&key_hash(key)));
    // Settle may have put it right before.
    assert!(
        said || then == Then::Unread || first == First::Settle,
        "{wanted}: {report:?}"
    );
    assert_eq!(
        (report.revoked, report.held),
        (0, 0),
        "{wanted}: {report:?}"
    );
    let problems = report.problems.join("\n");
    assert!(
        !problems.contains("example.test") && !problems.contains("of tomorrow"),
        "{wanted}: {problems}"
    );
}

async fn assert_goes_on(
    platform: Platform,
    Broken { wanted, then }: Broken<'_>,
    breaks: Option<&str>,
    first: First,
) {
    let world = begin(platform).await;
    let key = break_one(&world, wanted, breaks).await;
    if first == First::Reconcile {
        reconciles(&world, &key, Broken { wanted, then }, first).await;
    }
    if then != Then::StopsItsSite && (then != Then::RefusesDeliveries || first == First::Reconcile)
    {
        world.change_and_deliver(news(platform, "eve")).await;
        assert_eq!(
            world.inside("Members").await,
            ["ada", "eve"],
            "{wanted} {breaks:?}, {first:?} first"
        );
    }
    if first == First::Settle {
        reconciles(&world, &key, Broken { wanted, then }, first).await;
    }
    world.clock("2026-03-02T08:40:00Z").await;
    let inside = world.inside("Members").await;
    assert!(
        inside.contains(&"ada".to_owned()),
        "{wanted} {breaks:?}, {first:?} first: {inside:?}"
    );
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Settle,
    Reconcile,
}

fn is_of(platform: Platform, wanted: &str) -> bool {
    match platform {
        Platform::Andcards => wanted.starts_with("push "),
        _ => !wanted.starts_with("push ") || wanted == "push forgotten",
    }
}

async fn all_go_on(platform: Platform, first: First) {
    let mut failed = Vec::new();
    for (n, (wanted, then)) in KINDS
        .into_iter()
        .enumerate()
        .filter(|(_, (wanted, _))| is_of(platform, wanted))
    {
        // Settle may put a thing right before reconcile sees it.
        let breaks = BREAKS[(n + usize::from(first == First::Settle)) % BREAKS.len()];
        let tried = AssertUnwindSafe(assert_goes_on(
            platform,
            Broken { wanted, then },
            breaks,
            first,
        ))
        .catch_unwind()
        .await;
        failed.extend(tried.err().map(|_| wanted));
    }
    assert!(failed.is_empty(), "{first:?} first: {failed:?}");
}

#[tokio::test]
async fn i4_one_unreadable_item_of_any_kind_stops_no_settle() {
    all_go_on(Platform::OfficeRnd, First::Settle).await;
}

#[tokio::test]
async fn i4_one_unreadable_item_of_any_kind_stops_no_reconcile() {
    all_go_on(Platform::OfficeRnd, First::Reconcile).await;
}

#[tokio::test]
async fn i4_one_unreadable_item_of_what_was_pushed_stops_no_settle() {
    all_go_on(Platform::Andcards, First::Settle).await;
}

#[tokio::test]
async fn i4_one_unreadable_item_of_what_was_pushed_stops_no_reconcile() {
    all_go_on(Platform::Andcards, First::Reconcile).await;
}

#[tokio::test]
async fn i4_a_person_who_cannot_be_read_in_any_way_keeps_what_is_theirs() {
    let person = Broken {
        wanted: "person",
        then: Then::Reported,
    };
    for breaks in BREAKS {
        for first in [First::Settle, First::Reconcile] {
            assert_goes_on(Platform::OfficeRnd, person, breaks, first).await;
        }
    }
}
