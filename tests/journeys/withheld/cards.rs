//! Cards count like memberships.

use serde_json::{Value, json};

use super::{carded, full, full_by, member, names, number, scenario, who};
use crate::support::{Doors, World, at_both};

at_both!(
    b4_a_read_without_the_card_property_takes_no_card_back,
    b4_a_read_without_card_numbers_three_times_alike_is_held_until_a_human_approves,
    b4_card_numbers_that_vanish_are_held_like_revokes,
    b4_few_card_numbers_that_vanish_are_taken_back_at_once,
    b4_a_signed_change_of_one_number_is_planned_and_of_half_of_them_is_not,
    b4_a_site_file_that_names_another_property_takes_no_card_back,
    b4_what_a_held_revoke_would_take_besides_waits_with_it,
);

/// Members whose record has no number any more.
fn bare(range: std::ops::Range<usize>) -> Value {
    let bare = |n| {
        let mut member = member(n);
        member["properties"] = json!({});
        member
    };
    json!({ "members": range.map(bare).collect::<Vec<_>>() })
}

fn whole(range: std::ops::Range<usize>) -> Value {
    json!({ "members": range.map(member).collect::<Vec<_>>() })
}

async fn b4_a_read_without_the_card_property_takes_no_card_back(at: Doors) {
    let world = full(at, 30).await;
    world.change(bare(0..30)).await;
    let report = world.reconcile().await;
    assert_eq!((report.untagged, report.held), (0, 0), "{report:?}");
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("lost 30 of 30 card numbers")),
        "{report:?}"
    );
    assert_eq!(carded(&world).await, 30);
    world.change(whole(0..30)).await;
    world.ends_well().await;
    assert_eq!(carded(&world).await, 30);
}

async fn b4_a_read_without_card_numbers_three_times_alike_is_held_until_a_human_approves(
    at: Doors,
) {
    let world = full(at, 12).await;
    world.change(bare(0..12)).await;
    for _ in 0..2 {
        assert_eq!(world.reconcile().await.held, 0);
    }
    let report = world.reconcile().await;
    assert_eq!((report.untagged, report.held), (0, 12), "{report:?}");
    assert_eq!(world.reconcile().await.held, 12, "and it stays so");
    assert_eq!(carded(&world).await, 12);
    world.approve_all().await;
    assert_eq!(carded(&world).await, 0);
    assert_eq!(
        world.inside("Members").await,
        names(0..12),
        "their memberships are not concerned"
    );
    world.ends_well().await;
}

async fn b4_card_numbers_that_vanish_are_held_like_revokes(at: Doors) {
    let world = full(at, 12).await;
    world.change(bare(0..5)).await;
    let report = world.reconcile().await;
    assert_eq!((report.untagged, report.held), (0, 5), "{report:?}");
    assert_eq!(carded(&world).await, 12);
    let held = world.holds().await;
    assert_eq!(
        (held.len(), held[0].hold.cards, held[0].hold.revokes),
        (1, 5, 0)
    );
    let shown = held[0].to_string();
    assert!(shown.contains("the tag …00 is taken from p00"), "{shown}");
    assert!(
        !shown.contains(&number(0)),
        "no number stands there whole: {shown}"
    );
    // A person is settled for another reason: still held.
    let mut renamed = bare(0..1);
    renamed["members"][0]["name"] = json!("Another Name");
    world.change(renamed).await;
    world.reconcile().await;
    assert_eq!(carded(&world).await, 12);
    world.approve_all().await;
    assert_eq!(carded(&world).await, 7);
    world.ends_well().await;
}

async fn b4_few_card_numbers_that_vanish_are_taken_back_at_once(at: Doors) {
    let world = full(at, 12).await;
    world.change(bare(0..4)).await;
    let report = world.reconcile().await;
    assert_eq!((report.untagged, report.held), (4, 0), "{report:?}");
    assert_eq!(carded(&world).await, 8);
    world.change(bare(4..5)).await;
    assert_eq!(
        world.reconcile().await.held,
        1,
        "that makes five of twelve within a day"
    );
    world.clock("2026-03-03T09:00:00Z").await;
    assert_eq!(
        world.reconcile().await.held,
        0,
        "the first four are a day ago"
    );
    assert_eq!(carded(&world).await, 7);
    world.ends_well().await;
}

async fn told_one_by_one(world: &World, range: std::ops::Range<usize>) {
    for n in range {
        world.change_and_deliver(bare(n..n + 1)).await;
    }
}

async fn b4_a_signed_change_of_one_number_is_planned_and_of_half_of_them_is_not(at: Doors) {
    let world = full(at, 20).await;
    told_one_by_one(&world, 0..9).await;
    assert_eq!(carded(&world).await, 11, "each was announced");
    // The property was renamed, and each further record that is read for another reason has none.
    told_one_by_one(&world, 9..20).await;
    assert_eq!(
        carded(&world).await,
        11,
        "half of all numbers: it is not the people who changed"
    );
    let report = world.reconcile().await;
    assert_eq!(
        (report.untagged, carded(&world).await),
        (0, 11),
        "{report:?}"
    );
    world.change(whole(0..20)).await;
    world.ends_in_order().await;
    assert_eq!(carded(&world).await, 20);
}

async fn b4_a_site_file_that_names_another_property_takes_no_card_back(at: Doors) {
    let world = full_by(scenario(at), 12).await;
    let other = scenario(at)
        .platform_says("card_property = \"Badge\"")
        .text();
    assert!(world.machine.push(&other).await.expect("a push").stored);
    world.reconcile().await;
    assert_eq!(carded(&world).await, 12);
    world.reconcile().await;
    world.reconcile().await;
    assert_eq!(carded(&world).await, 12, "accepted at last, and held");
    assert_eq!(world.holds().await[0].hold.cards, 12);
    world.approve_all().await;
    assert_eq!(carded(&world).await, 0);
    world.ends_well().await;
}

async fn b4_what_a_held_revoke_would_take_besides_waits_with_it(at: Doors) {
    let world = full_by(scenario(at).doors_say("without_access = \"suspend\""), 12).await;
    let gone: Vec<String> = (0..5).map(|n| format!("s-{}", who(n))).collect();
    world
        .change(json!({ "remove": { "memberships": gone } }))
        .await;
    world.reconcile().await;
    let hold = &world.holds().await[0].hold;
    assert_eq!((hold.revokes, hold.cards, hold.rests), (5, 5, 5));
    assert_eq!(
        (world.inside("Members").await.len(), carded(&world).await),
        (12, 12)
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(5..12));
    assert_eq!(carded(&world).await, 7, "one word of a human for all of it");
    assert_eq!(
        world.actions("p00").await.last().map(String::as_str),
        Some("suspended")
    );
    world.ends_well().await;
}
