//! Every way in which something is taken away, by every kind of news: what is planned is done at
//! once, what is inferred is held. See the tables of `guard::removal`.

use serde_json::{Value, json};

use super::{carded, full_by, hot_desk, member, names, scenario, who};
use crate::support::{Doors, World, address, at_both};

at_both!(
    b4_every_way_is_planned_where_it_is_signed_and_inferred_where_it_is_read,
    b4_every_way_that_a_site_file_takes_something_away_is_inferred,
);

/// So many people; enough of them to be held, and less than half of a list.
const PEOPLE: usize = 12;
const SOME: usize = 5;

/// One way in which something is taken from some people.
struct Way {
    name: &'static str,
    /// What is there besides.
    more: fn() -> Value,
    change: fn() -> Value,
    takes: Takes,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Takes {
    Memberships,
    /// What a rule names is still known by its id.
    Nothing,
    Cards,
}

fn nothing() -> Value {
    json!({})
}

fn each(kind: &str, one: impl Fn(usize) -> Value) -> Value {
    json!({ kind: (0..SOME).map(one).collect::<Vec<_>>() })
}

fn with(mut thing: Value, field: &str, value: Value) -> Value {
    thing[field] = value;
    thing
}

/// A company on the plan, with all people of the second half.
fn company() -> Value {
    let mut shared = hot_desk("firm");
    (shared["member"], shared["company"]) = (Value::Null, json!("c-firm"));
    let colleague = |n: usize| {
        with(
            with(member(n), "company", json!("c-firm")),
            "name",
            json!(who(n)),
        )
    };
    let own: Vec<Value> = (0..SOME)
        .map(|n| with(hot_desk(&who(n)), "plan", json!("p-office")))
        .collect();
    let memberships = [own, vec![shared]].concat();
    json!({
        "companies": [{ "_id": "c-firm", "name": "Firm" }],
        "members": (0..SOME).map(colleague).collect::<Vec<_>>(),
        "memberships": memberships,
    })
}

fn ways() -> Vec<Way> {
    let memberships = |name, change| Way {
        name,
        more: nothing,
        change,
        takes: Takes::Memberships,
    };
    vec![
        memberships(
            "removed",
            || json!({ "remove": { "memberships": (0..SOME).map(|n| format!("s-{}", who(n))).collect::<Vec<_>>() } }),
        ),
        memberships("ended", || {
            each("memberships", |n| {
                with(hot_desk(&who(n)), "endDate", json!("2026-02-01T00:00:00Z"))
            })
        }),
        memberships("another plan", || {
            each("memberships", |n| {
                with(hot_desk(&who(n)), "plan", json!("p-office"))
            })
        }),
        memberships("of another member", || {
            each("memberships", |n| {
                with(hot_desk(&who(n)), "member", json!("m-eve"))
            })
        }),
        memberships("not approved", || {
            each("memberships", |n| {
                with(hot_desk(&who(n)), "status", json!("not_approved"))
            })
        }),
        memberships("joined to another person", || {
            each("members", |n| {
                with(member(n), "email", json!(address("p11")))
            })
        }),
        Way {
            name: "a company is emptied",
            more: company,
            change: || each("members", |n| with(member(n), "company", Value::Null)),
            takes: Takes::Memberships,
        },
        Way {
            name: "people left their company",
            more: company,
            change: || {
                each("members", |n| {
                    with(
                        with(member(n), "company", json!("c-firm")),
                        "status",
                        json!("former"),
                    )
                })
            },
            takes: Takes::Memberships,
        },
        Way {
            name: "a plan is renamed",
            more: nothing,
            change: || json!({ "plans": [{ "_id": "p-hot", "name": "Warm desk" }] }),
            takes: Takes::Nothing,
        },
        Way {
            name: "numbers are gone",
            more: nothing,
            change: || {
                each("members", |n| {
                    with(member(n), "properties", json!({ "Card number": "" }))
                })
            },
            takes: Takes::Cards,
        },
    ]
}

async fn begun(at: Doors, way: &Way) -> World {
    let world = full_by(scenario(at), PEOPLE).await;
    let more = (way.more)();
    if more != nothing() {
        // Signed, so that nothing of how it was before is left over.
        world.change_and_deliver(more).await;
        world.reconcile().await;
    }
    assert_eq!(
        world.inside("Members").await,
        names(0..PEOPLE),
        "{}",
        way.name
    );
    world
}

async fn left(world: &World) -> (Vec<String>, usize) {
    // People who received the memberships of others get access.
    let inside = world
        .inside("Members")
        .await
        .into_iter()
        .filter(|who| who != "eve")
        .collect();
    (inside, carded(world).await)
}

fn after(takes: Takes) -> (Vec<String>, usize) {
    match takes {
        Takes::Memberships => (names(SOME..PEOPLE), PEOPLE - SOME),
        Takes::Nothing => (names(0..PEOPLE), PEOPLE),
        Takes::Cards => (names(0..PEOPLE), PEOPLE - SOME),
    }
}

async fn b4_every_way_is_planned_where_it_is_signed_and_inferred_where_it_is_read(at: Doors) {
    for way in ways() {
        let world = begun(at, &way).await;
        world.change((way.change)()).await;
        for _ in 0..2 {
            let report = world.reconcile().await;
            assert_eq!(
                (report.revoked, report.untagged),
                (0, 0),
                "{} is read: {report:?}",
                way.name
            );
            assert_eq!(
                left(&world).await,
                (names(0..PEOPLE), PEOPLE),
                "{} is read",
                way.name
            );
        }
        assert_eq!(
            world.holds().await.is_empty(),
            way.takes == Takes::Nothing,
            "{} is read",
            way.name
        );
        world.approve_all().await;
        let (inside, cards) = left(&world).await;
        let goes = way.takes == Takes::Memberships;
        assert_eq!(
            !inside.contains(&who(0)),
            goes,
            "{} is approved: {inside:?}",
            way.name
        );
        assert_eq!(cards, after(way.takes).1, "{} is approved", way.name);
        world.ends_in_order().await;

        if way.takes == Takes::Nothing {
            // Plans have no webhook.
            continue;
        }
        let world = begun(at, &way).await;
        world.change_and_deliver((way.change)()).await;
        let (inside, cards) = left(&world).await;
        let (expected, with_card) = after(way.takes);
        assert_eq!(
            (inside, cards),
            (expected, with_card),
            "{} is signed",
            way.name
        );
        assert!(world.holds().await.is_empty(), "{} is signed", way.name);
        world.ends_in_order().await;
    }
}

async fn b4_every_way_that_a_site_file_takes_something_away_is_inferred(at: Doors) {
    let rule = |plan: &str| format!("[[rule]]\nplan = \"{plan}\"\nopens = [\"Members\"]\n");
    let files = [
        (
            "another plan",
            crate::support::Scenario::at(at, &rule("Office"))
                .platform_says("card_property = \"Card number\""),
        ),
        ("another group", {
            let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Front\"]\n";
            crate::support::Scenario::at(at, rules).platform_says("card_property = \"Card number\"")
        }),
        (
            "another location",
            scenario(at)
                .platform_says("card_property = \"Card number\"\nlocations = [\"Harbour\"]"),
        ),
    ];
    for (name, file) in files {
        let world = full_by(scenario(at), PEOPLE).await;
        assert!(
            world
                .machine
                .push(&file.text())
                .await
                .expect("a push")
                .stored,
            "{name}"
        );
        world.reconcile().await;
        assert_eq!(left(&world).await, (names(0..PEOPLE), PEOPLE), "{name}");
        assert!(!world.holds().await.is_empty(), "{name}");
        world.approve_all().await;
        assert!(world.inside("Members").await.is_empty(), "{name}");
        world.ends_in_order().await;
    }
    // Leaving grant-only: what was to go all the while.
    let world = full_by(scenario(at).mode("grant-only"), PEOPLE).await;
    world
        .change_and_deliver(each("memberships", |n| {
            with(hot_desk(&who(n)), "plan", json!("p-office"))
        }))
        .await;
    world
        .change_and_deliver(
            json!({ "members": [with(member(SOME), "properties", json!({ "Card number": "" }))] }),
        )
        .await;
    assert_eq!(left(&world).await, (names(0..PEOPLE), PEOPLE));
    world
        .machine
        .push(&scenario(at).text())
        .await
        .expect("a push");
    world.reconcile().await;
    assert_eq!(
        left(&world).await,
        (names(0..PEOPLE), PEOPLE),
        "leaving grant-only"
    );
    world.approve_all().await;
    assert_eq!(left(&world).await, (names(SOME..PEOPLE), PEOPLE - SOME - 1));
    world.ends_in_order().await;
}
