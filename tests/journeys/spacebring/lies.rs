//! Wrong answers of Spacebring: lists that are empty or incomplete, and lookups by id that answer
//! something else. Nobody loses access by them.

use serde_json::{Value, json};

use super::{
    ACME, ADA, BOARDROOM, BOB, DESK, EVE, HOT_DESK, OFFICE, RIVERSIDE, booking, id, subscription,
    town,
};
use crate::journeys::lies::{ENDS, GROUPS, Lie, START, inside, lie};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World};

const RULES: &str = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n\
    [[rule]]\nplan = \"Office\"\nopens = [\"Day\"]\n\
    [[rule]]\npass = \"*\"\nopens = [\"Evening\"]\n\
    [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n\
    [[rule]]\nfloor = \"Second floor\"\nopens = [\"Desks\"]\n\
    [[rule]]\nvisitor = \"Riverside\"\nopens = [\"Guests\"]\nbefore = \"15m\"\nafter = \"15h\"\n";

/// Every way to get access at Spacebring, once for each list.
fn things() -> Value {
    let mut shared = subscription(ADA);
    shared["id"] = json!(id(150));
    shared["customer"] = json!({ "id": id(ACME), "type": "company" });
    shared["items"] = json!([{ "planRef": id(OFFICE) }]);
    if let Some(fields) = shared.as_object_mut() {
        fields.remove("membershipRef");
    }
    // The platform names the customer of this one by the user.
    let mut by_user = subscription(EVE);
    by_user["customer"] = json!({ "id": id(900 + EVE), "type": "user" });
    if let Some(fields) = by_user.as_object_mut() {
        fields.remove("membershipRef");
    }
    let mut booked = booking(BOB, START, ENDS);
    booked["attendees"] = json!([
        { "membershipRef": id(EVE) },
        { "user": { "id": id(999), "email": "gus@example.test", "name": "Gus", "surname": "Holst" } },
    ]);
    let mut weekly = booking(ADA, START, ENDS);
    weekly["recurrence"] = json!("RRULE:FREQ=WEEKLY;COUNT=5");
    let expires = "2026-06-01T00:00:00.000Z";
    let bought = |number: u64, member: u64| {
        json!({
            "id": id(number), "membershipRef": id(member), "locationRef": id(RIVERSIDE),
            "type": "purchaseAllocation", "amount": 2,
            "amounts": [{ "amount": 2, "expirationDate": expires, "type": "expiring" }],
        })
    };
    let mut last = bought(503, ADA);
    last["amount"] = json!(1);
    last["amounts"] = json!([{ "amount": 1, "expirationDate": expires, "type": "expiring" }]);
    let used = json!({
        "id": id(504), "membershipRef": id(ADA), "locationRef": id(RIVERSIDE), "type": "booking",
        "amount": 1, "createDate": START,
        "amounts": [{ "amount": 1, "expirationDate": expires, "type": "expiring" }],
    });
    let visit = |number: u64, who: &str| {
        json!({
            "id": id(number), "locationRef": id(RIVERSIDE), "date": START,
            "visitor": { "email": format!("{who}@example.test"), "name": who, "surname": "Guest" },
        })
    };
    town(json!({
        "subscriptions": [subscription(ADA), by_user, shared],
        "assignments": [{ "id": id(301), "resourceRef": id(DESK), "subscription": { "id": id(100 + EVE) } }],
        "bookings": [booked, weekly],
        "dayPasses": [bought(501, EVE), bought(502, BOB), last, used],
        "visits": [visit(701, "hedy"), visit(702, "grace")],
    }))
}

/// The lists: their paths, their names in a world, the keys of one and of many records, and a
/// record that is left out. Some have no lookup by id.
const LISTS: [(&str, &str, &str, &str, u64); 11] = [
    (
        "locations/v1",
        "locations",
        "location",
        "locations",
        RIVERSIDE,
    ),
    ("floors/v1", "floors", "", "floors", 21),
    ("plans/v1", "plans", "plan", "plans", HOT_DESK),
    ("resources/v1", "resources", "resource", "resources", DESK),
    (
        "resources/v1/assignments",
        "assignments",
        "",
        "assignments",
        301,
    ),
    (
        "resources/bookings/v1",
        "bookings",
        "booking",
        "bookings",
        200 + BOB,
    ),
    (
        "community/companies/v1",
        "companies",
        "company",
        "companies",
        ACME,
    ),
    (
        "community/memberships/v1",
        "memberships",
        "membership",
        "memberships",
        EVE,
    ),
    (
        "subscriptions/v1",
        "subscriptions",
        "subscription",
        "subscriptions",
        100 + EVE,
    ),
    ("visitors/visits/v1", "visits", "visit", "visits", 701),
    (
        "transactions/day_passes/v1",
        "dayPasses",
        "",
        "transactions",
        501,
    ),
];

type List = (&'static str, &'static str, &'static str, &'static str, u64);

/// A delivery about every kind of thing. Equal bodies would count as one, so each lie has its own.
fn hints(number: usize) -> Vec<(Option<u16>, String)> {
    let about = |event: &str, thing: &str, id: String| {
        let body = json!({ "type": event, "lie": number, thing: { "id": id } });
        (None, body.to_string())
    };
    let mut bare = subscription(EVE);
    (bare["period"], bare["lie"]) = (json!("month"), json!(number));
    vec![
        about("booking.updated", "booking", id(200 + BOB)),
        about("booking.updated", "booking", id(200 + ADA)),
        about("membership.created", "membership", id(EVE)),
        about("company.created", "company", id(ACME)),
        about("resource.updated", "resource", id(BOARDROOM)),
        about("location.updated", "location", id(RIVERSIDE)),
        (
            None,
            json!({ "lie": number, "visit": { "id": id(701) } }).to_string(),
        ),
        (None, bare.to_string()),
    ]
}

async fn begin() -> World {
    let world = Scenario::at(Doors::Kisi, RULES)
        .on(Platform::Spacebring)
        .begin(things(), DoorsFixture::with(&GROUPS))
        .await;
    let names = |all: &[&str]| {
        all.iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        inside(&world).await,
        [
            ("Members", names(&["ada", "eve"])),
            ("Day", names(&["ada", "bob"])),
            ("Evening", names(&["ada", "bob", "eve"])),
            ("Meeting", names(&["ada", "bob", "eve", "gus"])),
            ("Desks", names(&["eve"])),
            ("Guests", names(&["grace", "hedy"])),
        ]
    );
    world
}

async fn tell(lies: impl Fn(List) -> Vec<Value>) {
    let (mut world, mut minute) = (begin().await, 0);
    for (number, list) in LISTS.into_iter().enumerate() {
        for (which, fault) in lies(list).into_iter().enumerate() {
            let told = Lie {
                name: format!("{}, {fault}", list.0),
                faults: json!([fault]),
                hints: hints(number * 100 + which),
            };
            lie(&mut world, &told, &mut minute).await;
        }
    }
    world.ends_well().await;
}

fn lasting(path: &str, mut faults: Vec<Value>) -> Vec<Value> {
    for fault in &mut faults {
        fault["match"] = json!(format!("GET */{path}"));
        fault["times"] = json!(-1);
    }
    faults
}

#[tokio::test]
async fn b4_no_list_of_spacebring_that_is_empty_or_leaves_something_out_revokes_anything() {
    let things = things();
    tell(|(path, world, one, many, left_out)| {
        let records = things[world].as_array().cloned().unwrap_or_default();
        let others: Vec<Value> = records
            .into_iter()
            .filter(|record| record["id"] != json!(id(left_out)))
            .collect();
        let mut all = vec![
            json!({ "body": json!({ many: [] }).to_string() }),
            json!({ "body": "{}" }),
            json!({ "status": 500 }),
        ];
        // Where there is no lookup by id, the list is the only source.
        all.extend(
            (!one.is_empty()).then(|| json!({ "body": json!({ many: others }).to_string() })),
        );
        lasting(path, all)
    })
    .await;
}

#[tokio::test]
async fn b4_no_lookup_of_spacebring_that_answers_something_else_revokes_anything() {
    tell(|(path, _, one, _, about)| {
        if one.is_empty() {
            return Vec::new();
        }
        let other = json!({ one: { "id": id(999_999) } });
        let all = vec![
            json!({ "body": "{}" }),
            json!({ "body": json!({ one: {} }).to_string() }),
            json!({ "body": other.to_string() }),
            json!({ "status": 500 }),
        ];
        lasting(&format!("{path}/{}", id(about)), all)
    })
    .await;
}
