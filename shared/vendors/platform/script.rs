//! A platform that answers from a script and records the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::access::{Access, ApiSecrets, Extras};
use crate::http::{Http, Request, Response};
use crate::platform::nexudus::Nexudus;
use crate::platform::officernd::OfficeRnd;
use crate::platform::spacebring::Spacebring;
use crate::platform::{PlatformApi, ReadPlatform};
use crate::secret::Secret;
use crate::time::Time;

/// A clock that moves only while code waits on it.
pub(crate) struct ScriptClock(Mutex<Timestamp>);

#[async_trait]
impl Time for ScriptClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the clock")
    }

    async fn pass(&self, span: Duration) {
        let span = SignedDuration::try_from(span).expect("a short wait");
        *self.0.lock().expect("the clock") += span;
    }
}

/// One answer of the script.
#[derive(Clone)]
pub(crate) struct ScriptedAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Returns an answer with a body.
pub(crate) fn answer(status: u16, body: impl ToString) -> ScriptedAnswer {
    ScriptedAnswer {
        status,
        headers: Vec::new(),
        body: body.to_string(),
    }
}

impl ScriptedAnswer {
    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A text that a request must contain, and the answers to such requests.
type ScriptPart = (&'static str, VecDeque<ScriptedAnswer>);

/// Answers for the requests whose method, address and query contain a text, in order. The last
/// answer repeats without end.
#[derive(Clone)]
pub(crate) struct PlatformScript {
    platform: &'static dyn PlatformApi,
    organization: &'static str,
    parts: Arc<Mutex<Vec<ScriptPart>>>,
    asked: Arc<Mutex<Vec<(String, Request)>>>,
    pub(crate) clock: Arc<ScriptClock>,
    extras: Extras,
}

impl PlatformScript {
    fn of(platform: &'static dyn PlatformApi, organization: &'static str) -> Self {
        let start = "2026-01-12T08:00:00Z".parse().expect("an instant");
        let clock = Arc::new(ScriptClock(Mutex::new(start)));
        PlatformScript {
            platform,
            organization,
            parts: Arc::default(),
            asked: Arc::default(),
            clock,
            extras: Extras::default(),
        }
    }

    /// Returns a Nexudus with a token service, for these businesses.
    pub(crate) fn nexudus(organization: &'static str) -> Self {
        let token = r#"{"access_token":"token-1","refresh_token":"refresh-1","expires_in":3600}"#;
        PlatformScript::of(&Nexudus, organization).on("/api/token", [answer(200, token)])
    }

    /// Returns a Spacebring with one location.
    pub(crate) fn spacebring() -> Self {
        let location =
            r#"{"locations":[{"id":"l","title":"Riverside","timezoneId":"Europe/London"}]}"#;
        PlatformScript::of(&Spacebring, "").on("/locations/v1", [answer(200, location)])
    }

    /// Returns an OfficeRnD with a token service and no region of its own.
    pub(crate) fn new() -> Self {
        PlatformScript::of(&OfficeRnd, "riverside")
            .on(
                "/oauth/token",
                [answer(
                    200,
                    r#"{"access_token":"token-1","expires_in":3600}"#,
                )],
            )
            .on(
                "/api/v1/organizations/",
                [answer(200, r#"{"slug":"riverside"}"#)],
            )
    }

    /// Sets the optional lists that the site file makes necessary.
    pub(crate) fn reading(mut self, extras: Extras) -> Self {
        self.extras = extras;
        self
    }

    /// Adds answers. A part that is added later takes precedence.
    pub(crate) fn on(
        self,
        part: &'static str,
        answers: impl IntoIterator<Item = ScriptedAnswer>,
    ) -> Self {
        self.parts
            .lock()
            .expect("the script")
            .insert(0, (part, answers.into_iter().collect()));
        self
    }

    fn answer(&self, request: Request) -> Response {
        let line = format!("{} {}", request.method(), request.uri());
        let mut parts = self.parts.lock().expect("the script");
        let found = parts
            .iter_mut()
            .find(|(part, _)| line.contains(part))
            .map(|(_, answers)| match answers.len() {
                0 | 1 => answers.front().cloned(),
                _ => answers.pop_front(),
            });
        let answer = found
            .flatten()
            .unwrap_or_else(|| answer(404, r#"{"statusCode":404}"#));
        self.asked
            .lock()
            .expect("what was asked")
            .push((line, request));
        let mut builder = http::Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            builder = builder.header(*name, value);
        }
        builder.body(Bytes::from(answer.body)).expect("an answer")
    }

    /// Returns the method and address of each request so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .expect("what was asked")
            .iter()
            .map(|(line, _)| line.clone())
            .collect()
    }

    /// Returns the requests whose method and address contain `part`.
    pub(crate) fn requests(&self, part: &str) -> Vec<Request> {
        let asked = self.asked.lock().expect("what was asked");
        asked
            .iter()
            .filter(|(line, _)| line.contains(part))
            .map(|(_, request)| request.clone())
            .collect()
    }

    /// Returns the access from which a reader is built.
    pub(crate) fn access(&self) -> Access {
        let script = self.clone();
        let http = Http::from_fn(move |request| std::future::ready(script.answer(request)));
        let secrets = ApiSecrets {
            client_id: Some(Secret::new("id")),
            client_secret: Some(Secret::new("s&cret")),
            username: Some(Secret::new("desk@example.test")),
            password: Some(Secret::new("p&ss")),
            ..ApiSecrets::default()
        };
        let token_name = "riverside/platform".to_owned();
        Access {
            extras: self.extras,
            ..Access::new(http, self.clock.clone(), secrets, token_name)
        }
    }

    /// Returns a reader of the vendor's own address.
    pub(crate) fn reader(&self) -> Box<dyn ReadPlatform> {
        self.platform.reader(self.organization, self.access())
    }
}
