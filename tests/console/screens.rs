//! Every screen says what it is about, in the light and in the dark, and axe-core finds nothing.

use crate::axe;
use crate::browser::{USUAL, View};
use crate::desk::{Desk, May, morning};

/// The screens of the usual world, each with a text that it must show.
pub const SCREENS: [(&str, &str); 15] = [
    ("/", "Nothing needs you. Next: 09:45 Meeting"),
    ("/site/riverside/deliveries", "Last reads"),
    ("/find?q=byron", "Ada Byron"),
    ("/site/riverside/today", "Next: 09:45 Meeting"),
    ("/site/riverside/day/2026-03-03", "Tuesday 3 March 2026"),
    ("/site/riverside/groups", "Every group is as it should be"),
    ("/sites", "riverside"),
    ("/holds", "No change is held"),
    ("/site/riverside/holds", "No change is held"),
    ("/site/riverside/came-and-went", "Openings by hour and door"),
    ("/site/riverside/on-time", "2026-03-02"),
    ("/site/riverside/audit", "membership s-ada by rule 1"),
    ("/site/riverside/pause", "While a site is paused"),
    ("/site/riverside/rules?selector=plan", "Hot desk"),
    ("/site/riverside/rules?selector=resource", "Boardroom"),
];

async fn every_screen(view: View) {
    let desk = Desk::of(morning().await, May::Act, view).await;
    for (path, says) in SCREENS {
        desk.goto(path).await;
        let text = desk.browser.text("main").await;
        assert!(text.contains(says), "{path}: {text}");
        assert!(text.contains("As of "), "{path}: {text}");
        assert!(
            text.contains("The same in a shell: doorstep "),
            "{path}: {text}"
        );
        axe::finds_nothing(&desk.browser, &format!("{path} {view:?}")).await;
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_shows_its_values_and_axe_finds_nothing() {
    every_screen(USUAL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_has_enough_contrast_in_the_dark() {
    every_screen(View {
        dark: true,
        ..USUAL
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_verified_while_the_page_is_read() {
    let desk = Desk::usual(May::Show).await;
    desk.goto("/site/riverside/audit").await;
    desk.browser.wait_for("#chain", "whole since").await;
    let end = desk.browser.text("#end").await;
    let (seq, hash) = end.split_once(':').expect("SEQ:HASH");
    assert!(seq.parse::<u64>().is_ok() && hash.len() == 64, "{end}");
    desk.close().await;
}
