//! A page that is open follows what changes, and keeps what its reader is typing.

use crate::desk::{Desk, May};
use doorstep_core::model::ids::SiteId;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_open_shows_what_happens() {
    let desk = Desk::usual(May::Show).await;
    desk.goto("/").await;
    assert!(
        desk.browser
            .text("main")
            .await
            .contains("Nothing needs you")
    );
    let site = SiteId::from("riverside");
    let paused = desk
        .world
        .machine
        .pause(&site, Some("the locks are changed"));
    paused.await.expect("it is paused");
    desk.browser.wait_for("main", "the locks are changed").await;
    desk.world.machine.resume(&site).await.expect("it resumes");
    desk.browser.wait_for("main", "Nothing needs you").await;
    desk.goto("/site/riverside/today").await;
    desk.world.clock("2026-03-02T09:45:00Z").await;
    desk.browser.wait_for("main", "now 09:45").await;
    desk.close().await;
}
