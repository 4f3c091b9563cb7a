//! Tests of retries, pauses and allowed addresses.

use super::*;
use crate::doors::script::{DoorsScript, on};

fn get() -> Request {
    request(
        Method::GET,
        &Url::parse("sandbox://v/a").unwrap(),
        &[],
        None,
    )
    .unwrap()
}

fn post() -> Request {
    request(
        Method::POST,
        &Url::parse("sandbox://v/a").unwrap(),
        &[],
        None,
    )
    .unwrap()
}

fn caller(script: &DoorsScript) -> VendorHttp {
    let access = script.access("v");
    VendorHttp::new("V", access.http, access.time, Duration::ZERO)
}

#[tokio::test]
async fn a_read_is_tried_three_times_more() {
    let script = DoorsScript::new([
        on("GET /a").is(500),
        on("GET /a").lost(),
        on("GET /a").is(429).header("Retry-After", "2"),
        on("GET /a").is(200),
    ]);
    assert_eq!(caller(&script).read(get()).await.unwrap().status(), 200);
    assert_eq!(
        script.passed(),
        [250, 500, 2_000].map(Duration::from_millis)
    );
    script.is_over();

    let script = DoorsScript::new((0..4).map(|_| on("GET /a").is(503)));
    let error = caller(&script).read(get()).await.unwrap_err();
    assert_eq!(error, Error::retry("V answered 503"));
    script.is_over();
}

#[tokio::test]
async fn a_write_is_tried_again_after_429_alone() {
    let script = DoorsScript::new([on("POST /a").is(429), on("POST /a").is(201)]);
    assert_eq!(caller(&script).write(post()).await.unwrap().status(), 201);
    script.is_over();
    for step in [on("POST /a").is(500), on("POST /a").lost()] {
        let script = DoorsScript::new([step]);
        assert!(
            caller(&script)
                .write(post())
                .await
                .unwrap_err()
                .is_retryable()
        );
        script.is_over();
    }
}

#[tokio::test]
async fn a_long_pause_is_left_to_a_later_settle() {
    let script = DoorsScript::new([on("POST /a").is(429).header("Retry-After", "60")]);
    let error = caller(&script).write(post()).await.unwrap_err();
    assert_eq!(
        error,
        Error::Retry {
            why: "V answered 429".into(),
            after: Some(Duration::from_secs(60))
        }
    );
    let script = DoorsScript::new([on("GET /a").is(429).header("Retry-After", "3")]);
    let (first, second) = (caller(&script), get());
    first.read(get()).await.unwrap_err();
    let error = first.read(second).await.unwrap_err();
    let after = Some(Duration::from_secs(3));
    assert_eq!(
        error,
        Error::Retry {
            why: "V answered 429".into(),
            after
        },
        "it is not asked meanwhile"
    );
    script.is_over();
    let until = DoorsScript::new([
        on("GET /a")
            .is(503)
            .header("Retry-After", "Mon, 02 Mar 2026 10:00:02 GMT"),
        on("GET /a").is(200),
    ]);
    caller(&until).read(get()).await.unwrap();
    assert_eq!(until.passed(), [Duration::from_secs(2)]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let script = DoorsScript::new([on("GET /a")
        .is(302)
        .header("Location", "https://elsewhere.example/")]);
    assert!(matches!(
        caller(&script).read(get()).await,
        Err(Error::Permanent(_))
    ));
    script.is_over();
}

#[tokio::test]
async fn requests_keep_their_distance() {
    let script = DoorsScript::new((0..3).map(|_| on("GET /a").is(200)));
    let access = script.access("v");
    let caller = VendorHttp::new("V", access.http, access.time, Duration::from_millis(200));
    for _ in 0..3 {
        caller.read(get()).await.unwrap();
    }
    assert_eq!(script.passed(), [Duration::from_millis(200); 2]);
}

#[test]
fn an_id_cannot_change_the_path() {
    let host = base(Some("https://h.example/p/"), "").unwrap();
    assert_eq!(
        below(&host, &["a/b?c#d", "é"]).unwrap().as_str(),
        "https://h.example/p/a%2Fb%3Fc%23d/%C3%A9"
    );
    for swallowed in ["", ".", ".."] {
        assert!(below(&host, &["users", swallowed]).is_err());
    }
    for address in ["http://h.example", "ftp://h", "not an address", "https://"] {
        assert!(base(Some(address), "").is_err(), "{address}");
    }
}

#[tokio::test]
async fn every_request_says_who_we_are() {
    let script = DoorsScript::new([on("GET /a").is(200)]);
    caller(&script).read(get()).await.unwrap();
    let said = script.header(0, "user-agent");
    assert!(
        said.starts_with(concat!("doorstep/", env!("CARGO_PKG_VERSION"), " (+")),
        "{said}"
    );
}
