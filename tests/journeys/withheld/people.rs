//! People who would be joined or separated by unconfirmed addresses.

use serde_json::{Value, json};

use super::{carded, full, member, names, who};
use crate::support::{Doors, World, address, at_both};

at_both!(
    b4_one_address_for_everyone_joins_no_one_and_healing_heals_whole,
    b4_one_address_for_everyone_can_be_approved_and_healing_heals_whole,
    b4_few_who_are_joined_by_a_read_are_joined_at_once_and_healing_heals_whole,
    b4_who_is_parted_from_others_by_a_read_is_judged_as_a_set,
    b4_a_signed_change_of_an_address_is_planned,
    o16_an_address_that_only_a_read_told_of_is_taken_over_where_that_takes_nothing,
    l2_profiles_whose_facts_are_gone_are_dropped,
);

/// Members with one address.
fn joined(range: std::ops::Range<usize>, email: &str) -> Value {
    let joined = |n| {
        let mut member = member(n);
        member["email"] = json!(email);
        member
    };
    json!({ "members": range.map(joined).collect::<Vec<_>>() })
}

fn healed(range: std::ops::Range<usize>) -> Value {
    json!({ "members": range.map(member).collect::<Vec<_>>() })
}

async fn count(world: &World) -> usize {
    world.people().await.len()
}

async fn b4_one_address_for_everyone_joins_no_one_and_healing_heals_whole(at: Doors) {
    for email in ["info@example.test".to_owned(), address("p07")] {
        let world = full(at, 30).await;
        let before = count(&world).await;
        world.change(joined(0..30, &email)).await;
        for _ in 0..3 {
            let report = world.reconcile().await;
            assert_eq!(report.revoked, 0, "{report:?}");
            assert_eq!(
                (world.inside("Members").await, carded(&world).await),
                (names(0..30), 30)
            );
        }
        let held = world.holds().await;
        assert_eq!((held.len(), held[0].hold.revokes), (1, 29), "{held:?}");
        assert_eq!(count(&world).await, before);
        // A day later it is still not confirmed.
        world.clock("2026-03-04T08:00:00Z").await;
        world.reconcile().await;
        assert_eq!(world.inside("Members").await, names(0..30));
        world.change(healed(0..30)).await;
        world.reconcile().await;
        assert!(world.holds().await.is_empty());
        world.ends_well().await;
        assert_eq!(
            (world.inside("Members").await, count(&world).await),
            (names(0..30), before)
        );
    }
}

async fn b4_one_address_for_everyone_can_be_approved_and_healing_heals_whole(at: Doors) {
    let world = full(at, 30).await;
    let before = count(&world).await;
    world.change(joined(0..30, "info@example.test")).await;
    world.reconcile().await;
    world.approve_all().await;
    assert_eq!(
        world.inside("Members").await.len(),
        1,
        "exactly what was shown"
    );
    world.ends_in_order().await;
    world.change(healed(0..30)).await;
    world.ends_in_order().await;
    assert_eq!(
        (world.inside("Members").await, count(&world).await),
        (names(0..30), before)
    );
    world.ends_well().await;
}

async fn b4_few_who_are_joined_by_a_read_are_joined_at_once_and_healing_heals_whole(at: Doors) {
    let world = full(at, 30).await;
    let before = count(&world).await;
    world.change(joined(0..3, "info@example.test")).await;
    let report = world.reconcile().await;
    assert_eq!(report.held, 0, "{report:?}");
    assert_eq!(world.inside("Members").await.len(), 28);
    world.ends_in_order().await;
    world.change(healed(0..3)).await;
    world.ends_in_order().await;
    assert_eq!(
        (world.inside("Members").await, count(&world).await),
        (names(0..30), before)
    );
    world.ends_well().await;
}

/// Ten people under one address from the start; a read gives each an own one, and with it another
/// person.
async fn b4_who_is_parted_from_others_by_a_read_is_judged_as_a_set(at: Doors) {
    let world = full(at, 12).await;
    world
        .change_and_deliver(joined(0..12, &address("p00")))
        .await;
    assert_eq!(world.inside("Members").await, ["p00"], "each was announced");
    world.ends_in_order().await;
    world.change(healed(0..12)).await;
    world.ends_in_order().await;
    assert_eq!(
        world.inside("Members").await,
        names(0..12),
        "no access is lost"
    );
    world.ends_well().await;
}

async fn b4_a_signed_change_of_an_address_is_planned(at: Doors) {
    let world = full(at, 12).await;
    world
        .change_and_deliver(joined(1..7, &address("p00")))
        .await;
    assert_eq!(
        world.inside("Members").await,
        [names(0..1), names(7..12)].concat()
    );
    assert!(world.holds().await.is_empty());
    world.ends_in_order().await;
}

async fn o16_an_address_that_only_a_read_told_of_is_taken_over_where_that_takes_nothing(at: Doors) {
    let world = full(at, 12).await;
    let before = count(&world).await;
    for n in 0..12 {
        world
            .change(joined(n..n + 1, &address(&format!("new{n}"))))
            .await;
    }
    let report = world.reconcile().await;
    assert_eq!((report.held, report.revoked), (0, 0), "{report:?}");
    assert_eq!(
        (world.inside("Members").await, count(&world).await),
        (names(0..12), before)
    );
    assert!(
        world
            .problems("new3")
            .await
            .iter()
            .any(|problem| problem.contains("change it at the door system"))
    );
    world.ends_well().await;
}

async fn l2_profiles_whose_facts_are_gone_are_dropped(at: Doors) {
    let world = full(at, 3).await;
    for n in 0..40 {
        let twin =
            json!({ "_id": format!("m-twin{n}"), "name": "Twin", "email": address(&who(0)) });
        world.change_and_deliver(json!({ "members": [twin] })).await;
        world
            .change_and_deliver(json!({ "remove": { "members": [format!("m-twin{n}")] } }))
            .await;
    }
    let people = world.people().await;
    let person = people
        .iter()
        .find(|person| person["email"] == address(&who(0)))
        .expect("a person");
    let profiles = person["names"]["officernd"]
        .as_array()
        .expect("profiles")
        .len();
    assert!(profiles <= 2, "{profiles} profiles of which one is there");
    assert_eq!(world.inside("Members").await, names(0..3));
    world.ends_well().await;
}
