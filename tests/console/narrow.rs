//! A narrow window and a zoomed one: nothing is wider than the page.

use crate::axe;
use crate::browser::{USUAL, View};
use crate::desk::{Desk, May, morning};
use crate::screens::SCREENS;

/// How much wider than the window the page is.
const TOO_WIDE: &str =
    "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";

async fn fits(view: View) {
    let desk = Desk::of(morning().await, May::Act, view).await;
    for (path, says) in SCREENS {
        desk.goto(path).await;
        assert!(desk.browser.text("main").await.contains(says), "{path}");
        let wide = desk.browser.script(TOO_WIDE).await;
        assert_eq!(wide, 0, "{path} at {} pixels", view.width);
        axe::finds_nothing(&desk.browser, path).await;
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_320_pixels_scrolls_in_one_direction() {
    fits(View {
        width: 320,
        height: 640,
        ..USUAL
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_at_200_percent_scrolls_in_one_direction() {
    // A window of 1280 pixels at 200 % is one of 640.
    fits(View {
        width: 640,
        height: 450,
        ..USUAL
    })
    .await;
}
