//! The first takeover of a large site. What it reads grows with the people, and no faster.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address};
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::subject::Subject;

/// The people of the smaller site.
const PEOPLE: usize = 120;
/// The due items of the smaller backlog: several batches.
const BACKLOG: usize = 1_200;
/// Twice as much may cost so many times as much.
const LINEAR: f64 = 2.2;

/// What was read from the table.
#[derive(Debug, Default, Clone, Copy)]
struct Read {
    calls: f64,
    units: f64,
    /// The units of due items alone.
    of_dues: f64,
    /// Reads of the group at the door system, in a takeover.
    of_group: u64,
}

impl Read {
    /// Returns what was read since the last time.
    fn since(world: &World) -> Self {
        let mut read = Read::default();
        for one in world.machine.cloud().units_used() {
            if one.is_write() {
                continue;
            }
            let units = one.units.unwrap_or_default();
            read.calls += 1.0;
            read.units += units;
            if one.operation == "Query" && one.keys.iter().any(|pk| pk.ends_with("#due")) {
                read.of_dues += units;
            }
        }
        read
    }

    fn is_linear_to(self, half: Read) -> bool {
        self.calls <= LINEAR * half.calls
            && self.units <= LINEAR * half.units
            && self.of_dues <= LINEAR * half.of_dues
    }
}

/// Takes over a site with so many members, who are in the group already.
async fn take_over(doors: Doors, people: usize) -> Read {
    let who = |n: usize| format!("t{n:04}");
    let member = |n: usize| {
        let name = who(n);
        json!({ "_id": format!("m-{name}"), "name": name, "email": address(&name) })
    };
    let things = json!({
        "members": (0..people).map(member).collect::<Vec<_>>(),
        "memberships": (0..people).map(|n| hot_desk(&who(n))).collect::<Vec<Value>>(),
    });
    let fixture = (0..people)
        .map(who)
        .fold(DoorsFixture::with(&["Members"]), |fixture, who| {
            fixture.person(&who).inside(&who, "Members")
        });
    let world = Scenario::at(doors, PLAN).start(town(things), fixture).await;
    world.machine.cloud().units_used();
    world.reconcile().await;
    let mut read = Read::since(&world);
    let calls = world.calls(doors.word()).await;
    let of_group = |call: &str| {
        call.starts_with("GET")
            && (call.contains("role_assignments")
                || call.ends_with("/access_groups/{access_group_id}/users"))
    };
    read.of_group = calls
        .iter()
        .filter(|(call, _)| of_group(call))
        .map(|(_, count)| count)
        .sum();
    let claimed = world.people().await;
    assert_eq!(claimed.len(), people, "everyone was taken over");
    read
}

#[tokio::test]
async fn l2_a_takeover_of_twice_the_people_reads_at_most_twice_as_much() {
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        let (half, whole) = (
            take_over(doors, PEOPLE).await,
            take_over(doors, 2 * PEOPLE).await,
        );
        assert!(whole.is_linear_to(half), "{half:?} {whole:?}");
        assert!(half.of_group > 0);
        if doors == Doors::Kisi {
            assert_eq!(half.of_group, whole.of_group, "not once for each batch");
        }
    }
}

/// Serves so many due items of profiles that no longer exist. Each of them costs two reads.
async fn serve_backlog(items: usize) -> Read {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    let (environment, site) = (world.machine.environment(), SiteId::from("riverside"));
    let now = world.machine.now();
    let dues: Vec<Due> = (0..items)
        .map(|n| FactId::new(Kind::Member, format!("gone-{n:05}").as_str()))
        .map(|name| Due::at(now, Subject::Profile(name)))
        .collect();
    environment.store.put_dues(&site, &dues).await.unwrap();
    let trigger = TriggerMessage::new(&site, Trigger::Due);
    environment.triggers.enqueue(&trigger, None).await.unwrap();
    world.machine.cloud().units_used();
    world.machine.quiet().await;
    let read = Read::since(&world);
    let left = environment.store.due_until(&site, now).await.unwrap();
    assert!(left.is_empty(), "{} were not served", left.len());
    read
}

/// Listing everything that is due before each batch reads two and a half times as much.
#[tokio::test]
async fn l2_a_backlog_of_twice_the_due_items_reads_at_most_twice_as_much() {
    let (half, whole) = (
        serve_backlog(BACKLOG).await,
        serve_backlog(2 * BACKLOG).await,
    );
    assert!(whole.is_linear_to(half), "{half:?} {whole:?}");
}

/// Compares a site at which so many bookings ended two years ago, once more.
async fn compare_with_ended(bookings: usize) -> Read {
    let ended = |n: usize| {
        let mut ended = booking("eve", "2024-03-01T10:00:00Z", "2024-03-01T11:00:00Z");
        ended["_id"] = json!(format!("b-ended-{n}"));
        ended
    };
    let things = json!({
        "memberships": [hot_desk("eve")],
        "bookings": (0..bookings).map(ended).collect::<Vec<Value>>(),
    });
    let rules = format!("{PLAN}{ROOM}");
    let world = Scenario::at(Doors::Kisi, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    world.machine.cloud().units_used();
    world.reconcile().await;
    let read = Read::since(&world);
    world
        .tell(
            json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    Read {
        units: read.units + Read::since(&world).units,
        ..read
    }
}

#[tokio::test]
async fn l2_bookings_that_ended_long_ago_cost_no_read() {
    let (none, many) = (compare_with_ended(0).await, compare_with_ended(150).await);
    assert_eq!((none.calls, none.units), (many.calls, many.units));
}

/// A site counts as large by its last read. A removal is not among the changes: the next whole read
/// of memberships finds it.
#[tokio::test]
async fn l2_a_large_site_is_read_by_its_changes_and_each_kind_whole_once_an_hour() {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    let (store, site) = (
        &world.machine.environment().store,
        SiteId::from("riverside"),
    );
    let mut mark = store.platform_read(&site).await.unwrap();
    mark.counts.insert("member".to_owned(), 60_000);
    store.keep_platform_read(&site, &mark).await.unwrap();
    world.clock("2026-03-02T08:15:00Z").await;
    world
        .change(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"], "a change");
    world
        .change(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world.clock("2026-03-02T08:30:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"], "no change says it");
    world.clock("2026-03-02T09:15:00Z").await;
    world.reconcile().await;
    assert!(world.inside("Members").await.is_empty(), "a whole list");
    let counts = store.platform_read(&site).await.unwrap().counts;
    assert_eq!(
        counts.get("member"),
        Some(&60_000),
        "it still counts as large"
    );
}
