//! The console by keyboard alone.

use crate::desk::{Desk, May};

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_finds_and_g_and_a_letter_goes() {
    let desk = Desk::usual(May::Show).await;
    desk.goto("/site/riverside/audit").await;
    desk.browser.type_keys("go").await;
    desk.browser.wait_for("h1", "On time").await;
    desk.browser.type_keys("gc").await;
    desk.browser.wait_for("h1", "Came and went").await;
    desk.browser.type_keys("/").await;
    let active = desk.browser.active().await;
    let id = active.attr("id").await.expect("an attribute");
    assert_eq!(id.as_deref(), Some("search"));
    // In the field the letters are letters.
    desk.browser.type_keys("go").await;
    assert_eq!(desk.browser.path().await, "/site/riverside/came-and-went");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_leads_past_the_navigation_and_the_focus_is_seen() {
    let desk = Desk::usual(May::Show).await;
    desk.goto("/sites").await;
    desk.browser.type_keys("\u{e004}").await;
    let active = desk.browser.active().await;
    assert_eq!(active.text().await.expect("a text"), "Skip to the content");
    let outline = "return getComputedStyle(document.activeElement).outlineStyle;";
    assert_eq!(desk.browser.script(outline).await, "solid");
    active.send_keys("\u{e007}").await.expect("a key");
    let focus = "return document.activeElement.id;";
    assert_eq!(desk.browser.script(focus).await, "main");
    desk.close().await;
}
