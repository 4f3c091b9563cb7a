//! What a platform says for a while and is not so: lists that are empty or leave something out, and
//! answers by id that are no such thing. No access is lost by it, in a comparison or after a hint,
//! and no trace of it remains.

use serde_json::{Value, json};

use crate::support::{Doors, DoorsFixture, Platform, Scenario, World};

/// The groups, each opened by its own kind of thing.
pub(super) const GROUPS: [&str; 6] = ["Members", "Day", "Evening", "Meeting", "Desks", "Guests"];
pub(super) const START: &str = "2026-03-02T08:00:00Z";
pub(super) const ENDS: &str = "2026-03-02T23:45:00Z";

/// Who is inside where.
pub(super) async fn inside(world: &World) -> Vec<(&'static str, Vec<String>)> {
    let mut all = Vec::new();
    for group in GROUPS {
        all.push((group, world.inside(group).await));
    }
    all
}

/// What is told of a lie.
pub(super) struct Lie {
    /// Which one it is.
    pub(super) name: String,
    /// The faults of it.
    pub(super) faults: Value,
    /// What hints are sent while it lasts: the action, where the platform has some, and the body.
    pub(super) hints: Vec<(Option<u16>, String)>,
}

/// Lets the platform lie while hints come and everything is compared, and then no more.
pub(super) async fn lie(world: &mut World, lie: &Lie, minute: &mut i64) {
    let before = inside(world).await;
    let actions = world.audit().await.len();
    world.platform_faults(lie.faults.clone()).await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.revoked, report.untagged),
        (0, 0),
        "{}: {report:?}",
        lie.name
    );
    assert_eq!(inside(world).await, before, "{} in a comparison", lie.name);
    for (action, body) in &lie.hints {
        assert_eq!(
            world.deliver_to(*action, body.as_bytes()).await,
            202,
            "{}",
            lie.name
        );
    }
    assert_eq!(inside(world).await, before, "{} after hints", lie.name);
    pass(world, minute, 6).await;
    assert_eq!(
        inside(world).await,
        before,
        "{} after the last look",
        lie.name
    );
    assert_eq!(
        world.reconcile().await.revoked,
        0,
        "{} in a second comparison",
        lie.name
    );
    world.platform_faults(json!([])).await;
    pass(world, minute, 7).await;
    let healed = world.reconcile().await;
    let found = (healed.granted, healed.revoked, healed.held);
    assert_eq!(
        found,
        (0, 0, 0),
        "{}: nothing is left of it: {healed:?}",
        lie.name
    );
    assert_eq!(inside(world).await, before, "{} when it is over", lie.name);
    assert_eq!(
        world.audit().await.len(),
        actions,
        "{}: nothing was changed at the doors",
        lie.name
    );
}

async fn pass(world: &World, minute: &mut i64, minutes: i64) {
    *minute += minutes;
    let (hour, minute) = (8 + *minute / 60, *minute % 60);
    world
        .clock(&format!("2026-03-02T{hour:02}:{minute:02}:00Z"))
        .await;
}

/// All ways to get access at Nexudus, and one way for each list: a tariff's location, a team's
/// people, who pays for a team, the name of a pass, a check-in's pass, guests of a booking, desks
/// of a contract, a pause.
fn nexudus() -> Value {
    let contract = |coworker: u64, more: Value| {
        let mut all = super::nexudus::contract(coworker);
        all.as_object_mut()
            .expect("fields")
            .extend(more.as_object().expect("fields").clone());
        all
    };
    let pass = super::nexudus::pass;
    let mut used = pass(15, 52);
    let uses = json!({ "Used": true, "UsedDate": START, "UniqueId": "ev-15" });
    used.as_object_mut()
        .expect("fields")
        .extend(uses.as_object().expect("fields").clone());
    super::nexudus::town(json!({
        "Coworkers": [
            { "Id": 14, "FullName": "Kay Desk", "Email": "kay@example.test" },
            { "Id": 15, "FullName": "Lin Evening", "Email": "lin@example.test" },
            { "Id": 16, "FullName": "Pat Paused", "Email": "pat@example.test" },
        ],
        "Teams": [{ "Id": 32, "Name": "Shared", "TeamMembers": [11, 12, 13], "ShareTimePasses": true, "PayingMemberId": 11 }],
        "CoworkerContracts": [contract(11, json!({})), contract(14, json!({ "Desks": [61] })), contract(16, json!({}))],
        "ContractPausedPeriods": [{ "Id": 901, "CoworkerContractId": 116, "PauseFrom": "2026-03-01T00:00:00Z",
            "PauseUntil": "2026-03-20T00:00:00Z" }],
        "CoworkerTimePasses": [pass(11, 51), used],
        "Checkins": [{ "Id": 801, "CoworkerId": 15, "FromTime": START, "CoworkerTimePassGuid": "ev-15" }],
        "Bookings": [super::nexudus::booking(13, START, ENDS)],
        "BookingVisitors": [{ "Id": 701, "BookingId": 213, "VisitorFullName": "Gus Holst", "VisitorEmail": "gus@example.test" }],
    }))
}

const NEXUDUS_RULES: &str = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n\
    [[rule]]\npass = \"Day pass\"\nopens = [\"Day\"]\n\
    [[rule]]\npass = \"Evening pass\"\nopens = [\"Evening\"]\n\
    [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n\
    [[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desks\"]\n";

/// Nexudus' lists: their address, their name in a world, and an id of each.
const NEXUDUS_LISTS: [(&str, &str, u64); 13] = [
    ("sys/businesses", "Businesses", 1),
    ("spaces/coworkers", "Coworkers", 12),
    ("spaces/teams", "Teams", 32),
    ("billing/tariffs", "Tariffs", 41),
    ("billing/coworkercontracts", "CoworkerContracts", 111),
    (
        "billing/contractpausedperiods",
        "ContractPausedPeriods",
        901,
    ),
    ("billing/timepasses", "TimePasses", 51),
    ("billing/coworkertimepasses", "CoworkerTimePasses", 5111),
    ("spaces/resources", "Resources", 61),
    ("sys/floorplandesks", "FloorPlanDesks", 61),
    ("spaces/bookings", "Bookings", 213),
    ("spaces/bookingvisitors", "BookingVisitors", 701),
    ("spaces/checkins", "Checkins", 801),
];

/// Hints about all people, the booking, a contract, the teams, a desk and a tariff. Their bodies
/// differ with each lie, for equal ones would count as one.
fn nexudus_hints(number: usize) -> Vec<(Option<u16>, String)> {
    let about =
        |action: u16, id: u64| (Some(action), format!("[{{\"Id\":{id},\"Lie\":{number}}}]"));
    let people = (11..=16).map(|coworker| about(61, coworker));
    let others = [
        (7, 213),
        (60, 111),
        (60, 114),
        (58, 32),
        (58, 31),
        (73, 61),
        (76, 41),
        (48, 801),
        (2, 12),
    ];
    people
        .chain(others.map(|(action, id)| about(action, id)))
        .collect()
}

async fn nexudus_world(organization: &str) -> World {
    let scenario = Scenario::at(Doors::Kisi, NEXUDUS_RULES)
        .on(Platform::Nexudus)
        .platform_says(organization);
    let world = scenario.begin(nexudus(), DoorsFixture::with(&GROUPS)).await;
    assert_eq!(
        inside(&world).await,
        [
            ("Members", vec!["ada".to_owned(), "kay".to_owned()]),
            ("Day", ["ada", "bob", "eve"].map(str::to_owned).to_vec()),
            ("Evening", vec!["lin".to_owned()]),
            ("Meeting", vec!["eve".to_owned(), "gus".to_owned()]),
            ("Desks", vec!["kay".to_owned()]),
            ("Guests", vec![]),
        ]
    );
    world
}

fn page(records: &[Value]) -> String {
    let total = records.len();
    json!({ "Records": records, "CurrentPage": 1, "TotalItems": total, "TotalPages": 1, "HasNextPage": false })
        .to_string()
}

async fn nexudus_lies(organization: &str, lies: impl Fn(usize, &str, &[Value], u64) -> Vec<Value>) {
    let mut world = nexudus_world(organization).await;
    let (things, mut minute) = (nexudus(), 0);
    for (number, (path, list, id)) in NEXUDUS_LISTS.into_iter().enumerate() {
        let records = things[list].as_array().expect("a list").clone();
        for (which, fault) in lies(number, path, &records, id).into_iter().enumerate() {
            let name = format!("{path}, {fault}");
            let told = Lie {
                name,
                faults: json!([fault]),
                hints: nexudus_hints(number * 100 + which),
            };
            lie(&mut world, &told, &mut minute).await;
        }
    }
    world.ends_well().await;
}

fn lists(path: &str, records: &[Value], id: u64) -> Vec<Value> {
    let others: Vec<Value> = records
        .iter()
        .filter(|record| record["Id"] != json!(id))
        .cloned()
        .collect();
    let fault =
        |body: String| json!({ "match": format!("GET /api/{path}"), "body": body, "times": -1 });
    let all = [
        page(&[]),
        page(&others),
        "{}".to_owned(),
        r#"{"Status":500,"WasSuccessful":false}"#.to_owned(),
    ];
    all.map(fault).to_vec()
}

#[tokio::test]
async fn b4_no_list_of_nexudus_that_is_empty_or_leaves_something_out_revokes_anything() {
    nexudus_lies("", |_, path, records, id| lists(path, records, id)).await;
}

#[tokio::test]
async fn b4_the_same_where_only_one_business_counts() {
    let counts = |path: &str| {
        !matches!(
            path,
            "sys/businesses" | "spaces/coworkers" | "spaces/checkins"
        )
    };
    let lies = |_, path: &str, records: &[Value], id| {
        let all = if counts(path) {
            lists(path, records, id)
        } else {
            Vec::new()
        };
        all.into_iter().take(2).collect()
    };
    nexudus_lies("organization = [\"1\"]\n", lies).await;
}

#[tokio::test]
async fn b4_no_answer_of_nexudus_by_an_id_that_is_no_such_thing_revokes_anything() {
    let lies = |_, path: &str, records: &[Value], id: u64| -> Vec<Value> {
        let whole = records
            .iter()
            .find(|record| record["Id"] == json!(id))
            .cloned()
            .unwrap_or_default();
        // Lists leave out collections; this one leaves them out by its id, too.
        let mut bare = whole;
        let fields = bare.as_object_mut().expect("fields");
        for collection in ["Teams", "TeamMembers", "Desks"] {
            fields.remove(collection);
        }
        let other = json!({ "Id": 999_999 });
        let mut all = vec![
            json!({ "status": 500 }),
            json!({ "status": 404, "body": "{}" }),
            json!({ "body": "{}" }),
            json!({ "body": other.to_string() }),
        ];
        all.extend(
            matches!(path, "spaces/teams" | "spaces/coworkers")
                .then(|| json!({ "body": bare.to_string() })),
        );
        for fault in &mut all {
            fault["match"] = json!(format!("GET /api/{path}/{id}"));
            fault["times"] = json!(-1);
        }
        all
    };
    nexudus_lies("", lies).await;
}

/// All ways to get access at OfficeRnD.
fn officernd() -> Value {
    let desk = |n: u64, who: &str| {
        json!({ "_id": format!("a-{n}"), "resource": "r-desk", "membership": format!("s-{who}"),
            "startDate": "2026-01-01T00:00:00Z" })
    };
    let mut shared = super::hot_desk("acme");
    (shared["member"], shared["company"], shared["plan"]) =
        (json!(null), json!("c-acme"), json!("p-office"));
    let mut booked = super::booking("eve", START, ENDS);
    booked["visitors"] = json!(["v-gus"]);
    super::town(json!({
        "memberships": [super::hot_desk("ada"), super::hot_desk("bob"), super::hot_desk("eve"), shared],
        "assignments": [desk(1, "ada"), desk(2, "bob"), desk(3, "eve")],
        "bookings": [booked],
        "visitors": [{ "_id": "v-gus", "name": "Gus Holst", "email": "gus@example.test" }],
        "passes": [{ "_id": "p-1", "member": "m-eve", "count": 5, "usedCount": 0, "validFrom": "2026-03-01T00:00:00Z",
            "validTo": "2026-03-20T00:00:00Z" }],
        "checkins": [{ "_id": "k-1", "member": "m-eve", "start": START, "location": "l-riverside" }],
    }))
}

const OFFICERND_RULES: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n\
    [[rule]]\nplan = \"Office\"\nopens = [\"Day\"]\n\
    [[rule]]\npass = \"*\"\nopens = [\"Evening\"]\n\
    [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n\
    [[rule]]\nfloor = \"Second floor\"\nopens = [\"Desks\"]\n\
    [[rule]]\nlocation = \"Riverside\"\nopens = [\"Guests\"]\n";

/// OfficeRnD's lists, and an id of each.
const OFFICERND_LISTS: [(&str, &str); 12] = [
    ("locations", "l-riverside"),
    ("floors", "f-second"),
    ("resources", "r-desk"),
    ("plans", "p-hot"),
    ("companies", "c-acme"),
    ("members", "m-ada"),
    ("memberships", "s-ada"),
    ("assignments", "a-1"),
    ("bookings", "b-eve"),
    ("passes", "p-1"),
    ("visitors", "v-gus"),
    ("checkins", "k-1"),
];

/// Hints of OfficeRnD about a member, a company, a membership, the booking and the pass.
fn officernd_hints(number: usize) -> Vec<(Option<u16>, String)> {
    let about = |kind: &str, id: &str| {
        let event = format!("{kind}.updated");
        let body = json!({ "event": event, "eventType": event, "lie": number, "data": { "object": { "_id": id } } });
        (None, body.to_string())
    };
    let things = [
        ("member", "m-ada"),
        ("company", "c-acme"),
        ("membership", "s-acme"),
        ("booking", "b-eve"),
        ("pass", "p-1"),
    ];
    things.map(|(kind, id)| about(kind, id)).to_vec()
}

async fn officernd_lies(lies: impl Fn(&str, &[Value], &str) -> Vec<Value>) {
    let scenario = Scenario::at(Doors::SaltoKs, OFFICERND_RULES);
    let mut world = scenario
        .begin(officernd(), DoorsFixture::with(&GROUPS))
        .await;
    let all_people = || ["ada", "bob", "eve"].map(str::to_owned).to_vec();
    assert_eq!(
        inside(&world).await,
        [
            ("Members", all_people()),
            ("Day", vec!["ada".to_owned(), "bob".to_owned()]),
            ("Evening", vec!["eve".to_owned()]),
            ("Meeting", vec!["eve".to_owned(), "gus".to_owned()]),
            ("Desks", all_people()),
            ("Guests", all_people()),
        ]
    );
    let (things, mut minute) = (officernd(), 0);
    for (number, (list, id)) in OFFICERND_LISTS.into_iter().enumerate() {
        let records = things[list].as_array().expect("a list").clone();
        for (which, fault) in lies(list, &records, id).into_iter().enumerate() {
            let (name, faults) = (format!("{list}, {fault}"), json!([fault]));
            let told = Lie {
                name,
                faults,
                hints: officernd_hints(number * 100 + which),
            };
            lie(&mut world, &told, &mut minute).await;
        }
    }
    world.ends_well().await;
}

#[tokio::test]
async fn b4_no_list_of_officernd_that_is_empty_or_leaves_something_out_revokes_anything() {
    let lies = |list: &str, records: &[Value], id: &str| {
        let others = records
            .iter()
            .filter(|record| record["_id"] != json!(id))
            .cloned();
        // What worlds may leave out and the interface never does.
        let whole = |mut record: Value| {
            record
                .as_object_mut()
                .expect("fields")
                .entry("status")
                .or_insert(json!("approved"));
            record
        };
        let others: Vec<Value> = others.map(whole).collect();
        let body =
            |results: &[Value]| json!({ "results": results, "cursorNext": null }).to_string();
        let mut all = vec![
            json!({ "body": body(&[]) }),
            json!({ "body": "{}" }),
            json!({ "status": 500 }),
        ];
        // Of assignments there is no other word than their lists.
        all.extend((list != "assignments").then(|| json!({ "body": body(&others) })));
        for fault in &mut all {
            fault["match"] = json!(format!("GET */{list}"));
            fault["times"] = json!(-1);
        }
        all
    };
    officernd_lies(lies).await;
}

#[tokio::test]
async fn b4_no_answer_of_officernd_by_an_id_that_is_no_such_thing_revokes_anything() {
    let lies = |list: &str, _: &[Value], id: &str| {
        let mut all = match list {
            "assignments" => Vec::new(),
            _ => vec![
                json!({ "body": "{}" }),
                json!({ "body": r#"{"_id":"other"}"# }),
                json!({ "status": 500 }),
            ],
        };
        for fault in &mut all {
            fault["match"] = json!(format!("GET */{list}/{id}"));
            fault["times"] = json!(-1);
        }
        all
    };
    officernd_lies(lies).await;
}
