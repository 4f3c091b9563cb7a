//! Every act: nothing acts without showing first, and what was shown is what is done.

use serde_json::{Value, json};

use crate::axe;
use crate::browser::USUAL;
use crate::desk::{Desk, May};
use crate::support::town::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address};

fn who(n: usize) -> String {
    format!("p{n:02}")
}

/// So many people with a membership each.
fn people(count: usize) -> Value {
    let member = |n: usize| json!({ "_id": format!("m-{}", who(n)), "name": who(n), "email": address(&who(n)) });
    json!({
        "members": (0..count).map(member).collect::<Vec<_>>(),
        "memberships": (0..count).map(|n| hot_desk(&who(n))).collect::<Vec<_>>(),
    })
}

/// A list that lost the memberships of so many people: the guard holds their removal.
async fn held(count: usize, lost: usize) -> World {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(people(count)), DoorsFixture::with(&["Members"]))
        .await;
    lose(&world, 0..lost).await;
    world
}

async fn lose(world: &World, range: std::ops::Range<usize>) {
    let lost: Vec<String> = range.map(|n| format!("s-{}", who(n))).collect();
    world
        .change(json!({ "remove": { "memberships": lost } }))
        .await;
    world.reconcile().await;
}

async fn hold_page(desk: &Desk) -> String {
    let holds = desk.world.holds().await;
    format!("/site/riverside/hold/{}", holds[0].hold.checksum.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_what_was_shown_is_approved() {
    let desk = Desk::of(held(12, 5).await, May::Act, USUAL).await;
    desk.goto("/holds").await;
    assert!(desk.browser.text("main").await.contains("5 revokes"));
    desk.goto(&hold_page(&desk).await).await;
    let text = desk.browser.text("main").await;
    for n in 0..5 {
        assert!(text.contains(&address(&who(n))), "{text}");
    }
    assert!(!text.contains(&address(&who(5))), "{text}");
    assert!(text.contains("membership s-p00 by rule 1"), "why: {text}");
    axe::finds_nothing(&desk.browser, "approve").await;
    desk.browser.click("main button.act").await;
    desk.browser.wait_for("main", "Approved at").await;
    assert_eq!(desk.world.inside("Members").await.len(), 7);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_changed_meanwhile_is_refused_and_its_difference_is_shown() {
    let desk = Desk::of(held(12, 5).await, May::Act, USUAL).await;
    desk.goto(&hold_page(&desk).await).await;
    lose(&desk.world, 5..6).await;
    desk.browser.click("main button.act").await;
    desk.browser.wait_for("h1", "The hold changed").await;
    let text = desk.browser.text("main").await;
    assert!(text.contains("Nothing was approved"), "{text}");
    assert!(text.contains("Held now, and not shown before"), "{text}");
    assert!(text.contains(&address(&who(5))), "{text}");
    axe::finds_nothing(&desk.browser, "changed").await;
    assert_eq!(desk.world.inside("Members").await.len(), 12);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_twenty_people_need_their_number() {
    let desk = Desk::of(held(60, 22).await, May::Act, USUAL).await;
    desk.goto(&hold_page(&desk).await).await;
    desk.browser.fill("[name=people]", "21").await;
    desk.browser.click("main button.act").await;
    desk.browser
        .wait_for("[role=alert]", "Nothing was approved")
        .await;
    assert_eq!(desk.world.inside("Members").await.len(), 60);
    desk.browser.fill("[name=people]", "22").await;
    desk.browser.click("main button.act").await;
    desk.browser.wait_for("main", "Approved at").await;
    assert_eq!(desk.world.inside("Members").await.len(), 38);
    desk.close().await;
}
