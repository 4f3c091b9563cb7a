//! The rules in a browser: what an operator does who sees them for the first time.

use serde_json::Value;

use crate::axe;
use crate::browser::{USUAL, View};
use crate::desk::{Desk, May, morning};

const RULES: &str = "/site/riverside/rules";

async fn text(desk: &Desk) -> String {
    let text = desk
        .browser
        .script("return document.getElementById('text').value;")
        .await;
    text.as_str().expect("a text").to_owned()
}

fn tick(label: &str) -> String {
    format!("button.tick[aria-label=\"{label}\"]")
}

/// Looks for errors with axe-core, which is a script.
async fn check(desk: &Desk, place: &str) {
    if desk.browser.has("html.js").await {
        axe::finds_nothing(&desk.browser, place).await;
    }
}

/// Opens the Workshop for those who book the Boardroom, from 30 minutes before.
async fn edit(desk: &Desk) {
    desk.goto(RULES).await;
    desk.browser.click(&tick("Boardroom opens Workshop")).await;
    desk.browser
        .wait_for("#chosen", "Boardroom opens Workshop")
        .await;
    check(desk, "a ticked cell").await;
    desk.browser.fill("[name=before-2]", "30").await;
    desk.browser.click("#chosen button").await;
    desk.browser
        .wait_for("table.rules", "30 min before, 15 after")
        .await;
}

async fn save(desk: &Desk) {
    desk.browser.click("main button.act").await;
    desk.browser.wait_for("h1", "Save the rules").await;
    check(desk, "review").await;
    desk.browser.click("main button.act").await;
    desk.browser
        .wait_for("main", "Version 2 is in force, mode full")
        .await;
    desk.world.clock("2026-03-02T09:30:00Z").await;
    assert_eq!(desk.world.inside("Workshop").await, ["ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boardroom_opens_earlier_and_what_changes_is_seen_before() {
    let desk = Desk::usual(May::Act).await;
    edit(&desk).await;
    // The page was not loaded again: only its parts were replaced.
    assert!(text(&desk).await.contains("before = \"30m\""));
    desk.browser
        .wait_for("#draft", "Nothing would change at the doors now")
        .await;
    desk.browser
        .wait_for("#draft", "Compared with version 1")
        .await;
    axe::finds_nothing(&desk.browser, "a draft with its changes").await;
    save(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boardroom_opens_earlier_without_scripts() {
    let view = View {
        scripts: false,
        ..USUAL
    };
    let desk = Desk::of(morning().await, May::Act, view).await;
    edit(&desk).await;
    desk.browser
        .click("button[formaction$=\"rules/change\"]")
        .await;
    desk.browser
        .wait_for("#answer", "Nothing would change at the doors now")
        .await;
    desk.browser.click("main form button").await;
    desk.browser.wait_for("h1", "Rules").await;
    desk.browser
        .click("button[formaction$=\"rules/day\"]")
        .await;
    desk.browser
        .wait_for("#answer", "1 person gains access")
        .await;
    desk.browser.click("main form button").await;
    desk.browser.wait_for("h1", "Rules").await;
    save(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_shown_at_its_line_while_the_text_is_typed() {
    let desk = Desk::usual(May::Act).await;
    desk.goto(RULES).await;
    desk.browser.click("#text").await;
    // To the end of the text.
    desk.browser.type_keys("\u{e009}\u{e010}\u{e000}").await;
    desk.browser
        .type_keys("[[rule]]\nplan = \"Gold\"\nopens = [\"Members\"]\n")
        .await;
    desk.browser
        .wait_for("#findings", "no plan is named \"Gold\"")
        .await;
    let typed = text(&desk).await;
    assert!(
        typed.ends_with("plan = \"Gold\"\nopens = [\"Members\"]\n"),
        "{typed}"
    );
    let focus = desk
        .browser
        .script("return document.activeElement.id;")
        .await;
    assert_eq!(focus, "text", "the typing goes on");
    axe::finds_nothing(&desk.browser, "an error").await;
    desk.browser.click("#findings a").await;
    let chosen = "const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd);";
    assert_eq!(desk.browser.script(chosen).await, "[[rule]]");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_from_tab_to_tab_and_is_discarded() {
    let desk = Desk::usual(May::Act).await;
    desk.goto(RULES).await;
    desk.browser.click(&tick("Pier room opens Meeting")).await;
    desk.browser.wait_for("#draft", "This is a draft").await;
    desk.browser
        .click(".tabs button[formaction$=\"selector=plan\"]")
        .await;
    desk.browser.wait_for("#table-title", "on a plan").await;
    assert!(text(&desk).await.contains("Pier room"));
    let address = desk.browser.script("return location.search;").await;
    assert_eq!(address, "?selector=plan", "a colleague can open it");
    desk.browser.click(&tick("Office opens Members")).await;
    desk.browser
        .wait_for("#chosen", "Office opens Members")
        .await;
    assert!(text(&desk).await.contains("\"Office\""));
    desk.browser.follow("Discard the draft").await;
    desk.browser.wait_for("#draft", "is in force").await;
    assert!(!text(&desk).await.contains("Pier room"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_fits_into_320_pixels_and_the_keyboard_is_enough() {
    let view = View {
        width: 320,
        height: 640,
        dark: true,
        ..USUAL
    };
    let desk = Desk::of(morning().await, May::Act, view).await;
    desk.goto(RULES).await;
    let focus =
        "document.querySelector('button.tick[aria-label=\"Boardroom opens Workshop\"]').focus();";
    desk.browser.script(focus).await;
    desk.browser.type_keys(" ").await;
    desk.browser
        .wait_for("#chosen", "Boardroom opens Workshop")
        .await;
    let label = "return document.activeElement.getAttribute('aria-label');";
    let label = desk.browser.script(label).await;
    assert_eq!(label, "Boardroom opens Workshop", "the focus stays");
    let fields = "document.querySelector('[name=before-2]').select();";
    desk.browser.script(fields).await;
    desk.browser.type_keys("45\u{e007}").await;
    desk.browser
        .wait_for("table.rules", "45 min before, 15 after")
        .await;
    let wide =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
    assert_eq!(desk.browser.script(wide).await, Value::from(0));
    axe::finds_nothing(&desk.browser, "a narrow draft in the dark").await;
    desk.close().await;
}
