//! The calls that an [`AwsService`] sends, and what it makes of every kind of answer.

mod signature;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::parameters::{ParameterStore, SSM};
use doorstep_core::budgets::aws::TRIES;
use doorstep_vendors::http::NoAnswer;
use doorstep_vendors::time::Time;

const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: &str = "2026-03-01T12:00:00Z";

/// A stopped clock that notes every pause.
#[derive(Default)]
struct Pauses(Mutex<Vec<Duration>>);

#[async_trait]
impl Time for Pauses {
    fn now(&self) -> Timestamp {
        NOW.parse().expect("an instant")
    }

    async fn pass(&self, span: Duration) {
        self.0.lock().expect("pauses").push(span);
    }
}

/// AWS, as far as it answers: each call takes the next answer, and the last one stays.
struct Aws {
    store: ParameterStore,
    sent: Arc<Mutex<Vec<Request>>>,
    pauses: Arc<Pauses>,
}

type Answer = Result<Response, fn() -> NoAnswer>;

impl Aws {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let sent = Arc::<Mutex<Vec<Request>>>::default();
        let seen = sent.clone();
        let http = Http::new(tower::service_fn(move |request: Request| {
            seen.lock().expect("requests").push(request);
            let mut answers = answers.lock().expect("answers");
            let answer = match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().expect("an answer"),
            };
            async move { answer.map_err(|none| none()) }
        }));
        let pauses = Arc::<Pauses>::default();
        let store = ParameterStore::new(caller(None), http, pauses.clone());
        Aws {
            store,
            sent,
            pauses,
        }
    }

    fn tries(&self) -> usize {
        self.sent.lock().expect("requests").len()
    }

    /// The text of the failure, and how often it was tried.
    async fn failure(&self) -> (String, usize) {
        let failed = self.store.secret("/doorstep/a/api").await;
        (failed.expect_err("a failure").to_string(), self.tries())
    }
}

fn caller(token: Option<&str>) -> AwsCaller {
    let token = token.map(str::to_owned);
    AwsCaller {
        region: "eu-west-1".to_owned(),
        credentials: Credentials::new("AKIDEXAMPLE", SECRET_KEY, token, None, "test"),
        endpoint: None,
    }
}

fn answer(status: u16, body: impl Into<String>) -> Answer {
    let answer = http::Response::builder()
        .status(status)
        .header("x-amzn-requestid", "4f1c-22")
        .header("date", "Sun, 01 Mar 2026 12:10:00 GMT");
    Ok(answer.body(Bytes::from(body.into())).expect("an answer"))
}

fn refusal(status: u16, code: &str) -> Answer {
    let body = json!({ "__type": format!("com.amazonaws.ssm#{code}"), "message": "hunter2" });
    answer(status, body.to_string())
}

fn found() -> Answer {
    answer(200, r#"{"Parameter":{"Name":"/x","Value":"{}"}}"#)
}

#[tokio::test]
async fn a_parameter_is_asked_for_as_its_api_reference_says() {
    let aws = Aws::answering([found()]);
    let value = aws.store.secret("/doorstep/a/api").await;
    assert_eq!(value.expect("an answer").as_deref(), Some("{}"));
    let sent = aws.sent.lock().expect("requests");
    let [request] = sent.as_slice() else {
        panic!("one call: {sent:?}")
    };
    let header = |name: &str| request.headers()[name].to_str().expect("text");
    assert_eq!(request.uri(), "https://ssm.eu-west-1.amazonaws.com/");
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(header("x-amz-target"), "AmazonSSM.GetParameter");
    assert_eq!(header("content-type"), "application/x-amz-json-1.1");
    let body: Value = serde_json::from_slice(request.body()).expect("JSON");
    assert_eq!(
        body,
        json!({ "Name": "/doorstep/a/api", "WithDecryption": true })
    );
}

#[tokio::test]
async fn a_parameter_that_is_missing_is_no_failure_and_is_asked_for_once() {
    let aws = Aws::answering([refusal(400, "ParameterNotFound")]);
    let value = aws.store.secret("/doorstep/a/api").await;
    assert_eq!(value.expect("an answer"), None);
    assert_eq!(aws.tries(), 1);
}

#[tokio::test]
async fn what_no_second_try_can_change_is_tried_once() {
    let denied = Aws::answering([refusal(400, "AccessDeniedException")]);
    let text = "ssm GetParameter: AccessDeniedException (HTTP 400, request 4f1c-22)";
    assert_eq!(denied.failure().await, (text.to_owned(), 1));
    let no_code = Aws::answering([answer(403, "hunter2")]);
    let text = "ssm GetParameter: an error without a code (HTTP 403, request 4f1c-22)";
    assert_eq!(no_code.failure().await, (text.to_owned(), 1));
    let out_of_time: Answer = Err(|| NoAnswer::OutOfTime);
    let no_time = Aws::answering([out_of_time]);
    let text = "ssm GetParameter: no answer in time";
    assert_eq!(no_time.failure().await, (text.to_owned(), 1));
}

#[tokio::test]
async fn what_may_pass_is_tried_four_times_and_then_said() {
    let tries = TRIES as usize;
    let cases: [(Answer, &str); 7] = [
        (
            refusal(400, "ThrottlingException"),
            "ThrottlingException (HTTP 400, request 4f1c-22)",
        ),
        (
            refusal(400, "RequestTimeout"),
            "RequestTimeout (HTTP 400, request 4f1c-22)",
        ),
        (
            answer(500, "hunter2"),
            "an error without a code (HTTP 500, request 4f1c-22)",
        ),
        (
            answer(503, r#"{"__type":"ServiceUnavailable"}"#),
            "ServiceUnavailable (HTTP 503, request 4f1c-22)",
        ),
        (
            answer(200, r#"{"Parameter":{"Value":"hunter2"#),
            "an answer that cannot be read (HTTP 200, request 4f1c-22)",
        ),
        (
            Err(|| NoAnswer::Lost("hunter2".to_owned())),
            "no connection",
        ),
        (Err(|| NoAnswer::Late), "no answer in time"),
    ];
    for (answer, text) in cases {
        let aws = Aws::answering([answer]);
        let text = format!("ssm GetParameter: {text}");
        assert_eq!(aws.failure().await, (text, tries));
    }
}

#[tokio::test]
async fn one_good_answer_ends_the_tries_and_pauses_grow_until_then() {
    let busy = || refusal(400, "ThrottlingException");
    let aws = Aws::answering([busy(), answer(500, ""), busy(), found()]);
    aws.store.secret("/x").await.expect("the fourth answer");
    let pauses = aws.pauses.0.lock().expect("pauses").clone();
    assert_eq!(pauses.len(), 3);
    for (pause, most) in pauses.iter().zip([100, 200, 400]) {
        assert!(*pause <= Duration::from_millis(most), "{pauses:?}");
    }
}

#[tokio::test]
async fn a_code_is_read_from_the_header_and_out_of_its_namespace() {
    let header = http::Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .header(
            "x-amzn-errortype",
            "ParameterNotFound:http://internal.amazon.com/coral/",
        )
        .body(Bytes::new())
        .expect("an answer");
    let aws = Aws::answering([Ok(header)]);
    assert_eq!(aws.store.secret("/x").await.expect("an answer"), None);
    let long = Aws::answering([refusal(400, "no word at all")]);
    let (text, _) = long.failure().await;
    assert!(text.contains("an error without a code"), "{text}");
}

/// The machine's clock is ten minutes behind that of AWS.
#[tokio::test]
async fn a_clock_that_differs_from_that_of_aws_is_corrected_once() {
    let skewed = || refusal(400, "InvalidSignatureException");
    let aws = Aws::answering([skewed(), found()]);
    aws.store.secret("/x").await.expect("the second answer");
    aws.store.secret("/x").await.expect("the third answer");
    let sent: Vec<Request> = std::mem::take(&mut *aws.sent.lock().expect("requests"));
    let dates: Vec<&str> = sent
        .iter()
        .map(|request| request.headers()["x-amz-date"].to_str().expect("text"))
        .collect();
    assert_eq!(
        dates,
        ["20260301T120000Z", "20260301T121000Z", "20260301T121000Z"]
    );
    let wrong_key = Aws::answering([skewed()]);
    let (_, tries) = wrong_key.failure().await;
    assert_eq!(tries, 2, "a signature that is wrong for another reason");
}

#[test]
fn a_region_has_the_domain_of_its_partition() {
    for (region, host) in [
        ("eu-west-1", "https://sqs.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "https://sqs.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "https://sqs.eusc-de-east-1.amazonaws.eu"),
        ("us-iso-east-1", "https://sqs.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "https://sqs.us-isob-east-1.sc2s.sgov.gov"),
        (
            "us-isof-east-1",
            "https://sqs.us-isof-east-1.csp.hci.ic.gov",
        ),
        (
            "eu-isoe-west-1",
            "https://sqs.eu-isoe-west-1.cloud.adc-e.uk",
        ),
    ] {
        assert_eq!(endpoint::of("sqs", region), host);
    }
}
