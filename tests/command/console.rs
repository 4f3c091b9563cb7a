//! B2, the console of a stack: `doorstep console` serves the screens with the operator's own
//! credentials, until it is stopped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::Value;

use super::Desk;
use super::trust::{run, ways};
use crate::support::SITE;
use doorstep_vendors::http::Http;
use doorstep_vendors::network;

/// A console as a process. It ends with this value.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts a console of the stack. Returns the address that it prints.
async fn start(desk: &Desk, options: &[&str]) -> (Serving, String) {
    let usual = ["console", "--port", "0", "--json", "--sandbox", &desk.local];
    let mut command = desk.command(&[&usual[..], options].concat());
    command.stdout(Stdio::piped());
    let first = move || {
        let mut child = command.spawn()?;
        let mut lines = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        while !lines.ends_with("}\n") && out.read_line(&mut lines)? > 0 {}
        std::io::Result::Ok((Serving(child), lines))
    };
    let started = tokio::task::spawn_blocking(first).await.expect("it runs");
    let (serving, lines) = started.expect("it starts");
    let said: Value = serde_json::from_str(&lines).expect("JSON");
    (
        serving,
        said["address"].as_str().expect("an address").to_owned(),
    )
}

async fn get(http: &Http, address: &str, cookie: &str) -> http::Response<Bytes> {
    let request = Request::get(address).header(header::COOKIE, cookie);
    let request = request.body(Bytes::new()).expect("a request");
    http.send(request).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_console_of_a_stack_shows_its_sites_and_acts_only_if_it_was_started_so() {
    let desk = Desk::set().await;
    let http = network::client(None).expect("a client");
    for (options, says) in [(&[][..], "only shows"), (&["--act"][..], "may act")] {
        let (_serving, address) = start(&desk, options).await;
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        let answer = get(&http, &address, "").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()[header::SET_COOKIE]
            .to_str()
            .expect("a text");
        let (base, _) = address.split_once("/?").expect("a token");
        let page = format!("{base}/sites");
        let denied = get(&http, &page, "").await;
        assert_eq!(denied.status(), StatusCode::UNAUTHORIZED);
        let shown = get(&http, &page, cookie.split(';').next().expect("a pair")).await;
        let text = String::from_utf8(shown.body().to_vec()).expect("text");
        assert!(text.contains(SITE) && text.contains(says), "{text}");
        assert!(text.contains("doorstep sites</code>"), "{text}");
        let unknown = get(&http, &format!("{base}/no-such-page"), cookie).await;
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_run_on_one_machine_serves_its_own_console() {
    let desk = Desk::set().await;
    let (_, error, code) = desk.run(&["console", "--local"]).await;
    assert!(
        error.contains("serves its own console") && code == Some(2),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_reconcile_is_requested() {
    let desk = Desk::set().await;
    for way in ways(&desk) {
        let (shown, error, code) = run(&desk, &["reconcile", SITE], &way).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        assert!(
            shown.starts_with("a reconcile of riverside is requested"),
            "{shown}"
        );
        let (_, error, code) = run(&desk, &["reconcile", "riversid"], &way).await;
        assert!(
            error.contains("no such site") || error.contains("riverside"),
            "{error}"
        );
        assert_eq!(code, Some(2));
    }
}
