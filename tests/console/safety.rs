//! What a page of another origin, another browser and a hostile name can do: nothing.

use serde_json::json;

use crate::axe;
use crate::browser::{Browser, USUAL};
use crate::desk::{Desk, May, morning, usual};
use crate::support::town::{PLAN, hot_desk};
use crate::support::{Doors, DoorsFixture, Scenario, with_more};
use tokio::net::TcpListener;

/// A name that is a script, a tag, an attribute and a direction of writing.
const HOSTILE: &str = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">\"'\u{202e}&amp;";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_the_printed_address_sees_nothing() {
    let desk = Desk::usual(May::Act).await;
    let other = Browser::open(USUAL).await;
    other
        .goto(&format!("{}/site/riverside/audit", desk.at))
        .await;
    let text = other.text("body").await;
    assert!(text.contains("This browser is not admitted"), "{text}");
    assert!(!text.contains("ada"), "{text}");
    axe::finds_nothing(&other, "not admitted").await;
    other.goto(&format!("{}/?token=0123456789", desk.at)).await;
    assert!(other.text("body").await.contains("is not admitted"));
    // The right address opens it, and leaves no token in the address bar.
    other.goto(&desk.entrance).await;
    assert!(
        !other
            .client
            .current_url()
            .await
            .expect("one")
            .as_str()
            .contains("token")
    );
    assert!(other.text("main").await.contains("riverside"));
    let cookies = other.script("return document.cookie;").await;
    assert_eq!(cookies, "", "no script reads the cookie");
    other.close().await;
    desk.close().await;
}

/// A page of another origin, which posts a form to the console and frames it.
async fn evil(at: &str) -> String {
    let page = format!(
        "<!doctype html><title>evil</title><form id=f method=post action=\"{at}/site/riverside/pause\"><input name=why value=evil></form>\
         <a id=l href=\"{at}/sites\">link</a><iframe src=\"{at}/sites\"></iframe>"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("one"));
    let router = axum::Router::new().fallback(async move || axum::response::Html(page));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_can_neither_act_nor_frame_nor_lead_in() {
    let desk = Desk::usual(May::Act).await;
    let address = evil(&desk.at).await;
    desk.browser.goto(&address).await;
    desk.browser
        .script("document.getElementById('f').submit();")
        .await;
    desk.browser.wait_for("h1", "This request is refused").await;
    desk.goto("/site/riverside/pause").await;
    let text = desk.browser.text("main").await;
    assert!(
        text.contains("While a site is paused"),
        "not paused: {text}"
    );
    // A link of a message is refused first, and opens from the console's own page.
    desk.browser.goto(&address).await;
    desk.browser.click("#l").await;
    desk.browser.wait_for("h1", "This request is refused").await;
    desk.browser.follow("Open this address again").await;
    desk.browser.wait_for("h1", "Sites").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_only_shows_has_no_act() {
    let desk = Desk::usual(May::Show).await;
    desk.goto("/site/riverside/pause").await;
    assert!(!desk.browser.has("main form").await);
    // Not even for a request of its own origin.
    let post = "const done = arguments[0]; fetch('/site/riverside/pause', { method: 'POST', \
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'why=x' }).then((r) => done(r.status));";
    assert_eq!(desk.browser.script_until_done(post).await, json!(403));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_others_are_text() {
    let things = with_more(
        usual(),
        json!({
            "members": [{ "_id": "m-mal", "name": HOSTILE, "email": "mal@example.test", "location": "l-riverside" }],
            "memberships": [hot_desk("mal")],
        }),
    );
    let world = Scenario::at(Doors::Kisi, PLAN)
        .start(things, DoorsFixture::with(&["Members"]))
        .await;
    world.reconcile().await;
    let desk = Desk::of(world, May::Act, USUAL).await;
    desk.goto("/site/riverside/audit").await;
    let text = desk.browser.text("main").await;
    assert!(
        text.contains("<script>"),
        "the name is shown as it is: {text}"
    );
    assert!(!desk.browser.has("main script, main img").await);
    let title = desk.browser.client.title().await.expect("a title");
    assert!(title.starts_with("Audit"), "{title}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_the_pages_forbids_scripts_inside_them() {
    let desk = Desk::of(morning().await, May::Show, USUAL).await;
    desk.goto("/sites").await;
    // A script that a hostile page would add to the document.
    let add = "const s = document.createElement('script'); s.textContent = \"document.title = 'taken'\"; \
        document.body.append(s); const i = document.createElement('div'); i.setAttribute('onclick', \"document.title = 'taken'\"); \
        document.body.append(i); i.click(); return document.title;";
    let title = desk.browser.script(add).await;
    assert_eq!(title, "Sites · Doorstep");
    desk.close().await;
}
