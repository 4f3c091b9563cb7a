//! Tests of retries, pauses and allowed addresses.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use doorstep_core::budgets::vendor_http::AT_ONCE;
use futures_util::future::join_all;
use http::Method;
use jiff::SignedDuration;
use url::Url;

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
    VendorHttp::new("V", access.http, access.time, RateLimit::NONE)
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
    let limit = RateLimit::new(1, Duration::from_millis(200));
    let caller = VendorHttp::new("V", access.http, access.time, limit);
    for _ in 0..3 {
        caller.read(get()).await.unwrap();
    }
    assert_eq!(script.passed(), [Duration::from_millis(200); 2]);
}

#[tokio::test]
async fn five_leave_at_once_and_the_sixth_waits_for_the_window() {
    let script = DoorsScript::new((0..7).map(|_| on("GET /a").is(200)));
    let access = script.access("v");
    let limit = RateLimit::new(5, Duration::from_secs(1));
    let caller = VendorHttp::new("V", access.http, access.time, limit);
    for _ in 0..7 {
        caller.read(get()).await.unwrap();
    }
    assert_eq!(script.passed(), [Duration::from_secs(1)]);
}

/// Other callers that are silent or not, and how often they were asked.
struct Others(bool, AtomicUsize);

#[async_trait::async_trait]
impl OtherCallers for Others {
    async fn are_silent(&self) -> bool {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0
    }
}

#[tokio::test]
async fn the_whole_limit_is_used_only_while_the_other_callers_are_silent() {
    let second = Duration::from_secs(1);
    for (silent, waits) in [(true, 2), (false, 4)] {
        let script = DoorsScript::new((0..13).map(|_| on("GET /a").is(200)));
        let access = script.access("v");
        let others = Arc::new(Others(silent, AtomicUsize::new(0)));
        let part = RateLimit::new(3, second);
        let caller = VendorHttp::new("V", access.http, access.time, part)
            .with_whole(RateLimit::new(5, second), Some(others.clone()));
        for n in 0..13 {
            caller.read(get()).await.unwrap();
            let asked = others.1.load(Ordering::SeqCst);
            assert!(n > 2 || asked == 0, "their part is enough for {n}");
        }
        assert_eq!(script.passed().len(), waits, "{silent}");
        assert!(script.passed().iter().all(|wait| *wait == second));
        let asked = others.1.load(Ordering::SeqCst);
        assert!(
            (2..=4).contains(&asked),
            "an answer counts for a second: {asked}"
        );
    }
}

/// A vendor that takes its time for each answer, and refuses the first `refused` calls.
#[derive(Default)]
struct Busy {
    refused: usize,
    calls: AtomicUsize,
    flying: AtomicUsize,
    most: AtomicUsize,
    /// The most calls in flight after the burst, and when they left.
    alone: AtomicUsize,
    left: std::sync::Mutex<Vec<Timestamp>>,
}

impl Busy {
    fn client(self: &Arc<Self>, script: &DoorsScript) -> VendorHttp {
        let (busy, time) = (self.clone(), script.access("v").time);
        let clock = time.clone();
        let http = Http::from_fn(move |_| busy.clone().answer(clock.clone()));
        VendorHttp::new("V", http, time, RateLimit::NONE)
    }

    async fn answer(self: Arc<Self>, time: SharedTime) -> Response {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let flying = self.flying.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(flying, Ordering::SeqCst);
        if number >= AT_ONCE {
            self.left.lock().unwrap().push(time.now());
        }
        // The first of them leaves while the answers of the burst arrive.
        if number > AT_ONCE {
            self.alone.fetch_max(flying, Ordering::SeqCst);
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.flying.fetch_sub(1, Ordering::SeqCst);
        let status = if number < self.refused { 429 } else { 200 };
        http::Response::builder()
            .status(status)
            .body(Bytes::new())
            .unwrap()
    }
}

#[tokio::test]
async fn at_most_five_wait_for_an_answer() {
    let (script, busy) = (DoorsScript::new([]), Arc::new(Busy::default()));
    let caller = busy.client(&script);
    let answers = join_all((0..20).map(|_| caller.read(get()))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(busy.most.load(Ordering::SeqCst), AT_ONCE);
}

#[tokio::test]
async fn where_a_vendor_asks_for_it_one_request_waits_for_the_answer_to_another() {
    let (script, busy) = (DoorsScript::new([]), Arc::new(Busy::default()));
    let caller = busy.client(&script).one_by_one();
    let answers = join_all((0..9).map(|_| caller.read(get()))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(busy.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_429_in_a_burst_pauses_all_and_ends_the_burst() {
    let refused = Busy {
        refused: 1,
        ..Busy::default()
    };
    let (script, busy) = (DoorsScript::new([]), Arc::new(refused));
    let caller = busy.client(&script);
    let began = script.access("v").time.now();
    let answers = join_all((0..9).map(|_| caller.read(get()))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(busy.calls.load(Ordering::SeqCst), 10, "one is sent again");
    assert_eq!(busy.alone.load(Ordering::SeqCst), 1, "they leave alone");
    let first = busy.left.lock().unwrap()[0].duration_since(began);
    assert!(first >= SignedDuration::from_millis(250), "{first:?}");
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
