//! The console without scripts.

use crate::browser::{USUAL, View};
use crate::desk::{Desk, May, morning};
use crate::screens::SCREENS;

const SCRIPTLESS: View = View {
    scripts: false,
    ..USUAL
};

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_is_whole_without_scripts() {
    let desk = Desk::of(morning().await, May::Act, SCRIPTLESS).await;
    for (path, says) in SCREENS {
        desk.goto(path).await;
        assert!(!desk.browser.has("html.js").await, "{path}: no script ran");
        assert!(desk.browser.text("main").await.contains(says), "{path}");
    }
    desk.goto("/site/riverside/audit").await;
    desk.browser.follow("Verify the whole chain").await;
    let chain = desk.browser.text("#chain").await;
    assert!(chain.contains("whole since"), "{chain}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_paused_and_resumed_without_scripts() {
    let desk = Desk::of(morning().await, May::Act, SCRIPTLESS).await;
    desk.goto("/site/riverside/pause").await;
    desk.browser
        .fill("[name=why]", "the locks are changed")
        .await;
    desk.browser.click("main button.act").await;
    desk.browser
        .wait_for("main", "(the locks are changed)")
        .await;
    desk.browser.click("main button.act").await;
    desk.browser
        .wait_for("main", "While a site is paused")
        .await;
    desk.close().await;
}
