//! Who may use the console, as requests: the token, the cookie, the headers of a browser, and the
//! headers of every answer.

use axum::http::{HeaderValue, StatusCode, header};

use crate::support::town::{PLAN, hot_desk, town};
use crate::support::visitor::Visitor;
use crate::support::{Doors, DoorsFixture, Scenario, World};
use serde_json::json;

async fn world() -> World {
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    let world = Scenario::at(Doors::Kisi, PLAN)
        .start(things, DoorsFixture::with(&["Members"]))
        .await;
    world.reconcile().await;
    world
}

/// Every page, and what must not be seen from outside.
const PAGES: [&str; 6] = [
    "/",
    "/sites",
    "/holds",
    "/live",
    "/site/riverside/audit",
    "/site/riverside/no-such-page",
];

#[tokio::test]
async fn no_page_opens_without_the_cookie_of_this_start() {
    let world = world().await;
    let visitor = Visitor::of(&world, true).await;
    let other = Visitor::of(&world, true).await;
    for cookie in ["", "doorstep-8080=", other.cookie.as_str()] {
        for path in PAGES {
            let mut request = visitor.request("GET", path);
            let cookie = HeaderValue::from_str(cookie).expect("a header");
            request.headers_mut().insert(header::COOKIE, cookie);
            let answer = visitor.send(request).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    assert!(
        visitor
            .page("/site/riverside/audit")
            .await
            .contains("s-ada")
    );
}

#[tokio::test]
async fn requests_of_other_pages_and_other_names_are_refused() {
    let world = world().await;
    let visitor = Visitor::of(&world, true).await;
    let wrong = [
        ("host", "evil.example:8080"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:9"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x-forwarded-for", "10.0.0.1"),
    ];
    for (name, value) in wrong {
        for (method, path) in [("GET", "/sites"), ("POST", "/site/riverside/pause")] {
            let mut request = visitor.request(method, path);
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
            let answer = visitor.send(request).await;
            assert_eq!(
                answer.status(),
                StatusCode::FORBIDDEN,
                "{method} {name}: {value}"
            );
        }
    }
    // A form that says neither its origin nor its site comes from no browser page.
    let mut request = visitor.request("POST", "/site/riverside/pause");
    request.headers_mut().remove("sec-fetch-site");
    let answer = visitor.send(request).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(
        visitor
            .page("/site/riverside/pause")
            .await
            .contains("While a site is paused")
    );
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_copies() {
    let world = world().await;
    let visitor = Visitor::of(&world, false).await;
    for path in [
        "/sites",
        "/site/riverside/no-such-page",
        "/site/nowhere/audit",
    ] {
        let answer = visitor.send(visitor.request("GET", path)).await;
        let header = |name: &str| answer.headers()[name].to_str().expect("a text").to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin");
    }
    let text = visitor.page("/sites").await;
    for inline in ["<script>", "<style", " style=", " onclick=", " hx-on"] {
        assert!(!text.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn a_console_that_only_shows_refuses_every_act() {
    let world = world().await;
    let visitor = Visitor::of(&world, false).await;
    for path in ["pause", "resume", "hold/0123456789ab"] {
        let form = [("checksum", "0123456789ab"), ("why", "")];
        let (status, text) = visitor
            .post(&format!("/site/riverside/{path}"), &form)
            .await;
        assert_eq!(status, 403, "{path}: {text}");
    }
}

#[tokio::test]
async fn an_unknown_site_names_the_nearest() {
    let world = world().await;
    let visitor = Visitor::of(&world, false).await;
    let (status, text) = visitor.get("/site/riversid/audit").await;
    assert_eq!(status, 404);
    assert!(
        text.contains("did you mean &quot;riverside&quot;?"),
        "{text}"
    );
}
