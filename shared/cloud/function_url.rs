//! A Function URL's request and answer, as Lambda passes them (payload format 2.0, AWS Lambda
//! Developer Guide, "Invoking Lambda function URLs").
//!
//! Only the path, the headers and the body are read. The query string is never parsed, because a
//! sender may write anything into it. `aws_lambda_events::LambdaFunctionUrlRequest` is not used: it
//! refuses a whole event for one invalid header, or for a missing field that no code here reads,
//! and the sender would get 502.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

/// One request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionUrlRequest {
    raw_path: Option<String>,
    headers: Option<HashMap<String, Option<String>>>,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionUrlAnswer {
    status_code: u16,
    headers: HashMap<&'static str, &'static str>,
    body: String,
    is_base64_encoded: bool,
}

/// The error that the body is not the base64 that the event announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase64;

impl FunctionUrlRequest {
    /// Returns the delivery that was posted.
    ///
    /// An invalid header is left out, because it cannot verify anything. The values of a header
    /// that was sent twice arrive joined with a comma; no valid signature has that form.
    ///
    /// # Errors
    /// [`NotBase64`].
    pub fn delivery(self) -> Result<Delivery, NotBase64> {
        let body = match (self.body, self.is_base64_encoded) {
            (None, _) => Bytes::new(),
            (Some(text), false) => Bytes::from(text),
            (Some(text), true) => Bytes::from(STANDARD.decode(text).map_err(|_| NotBase64)?),
        };
        let headers = self.headers.unwrap_or_default();
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value?.as_bytes()).ok()?))
        });
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            // Names that differ only in case are one header that was sent twice.
            all.append(name, value);
        }
        Ok(Delivery {
            path: self.raw_path.unwrap_or_default(),
            headers: all,
            body,
        })
    }
}

impl From<WebhookAnswer> for FunctionUrlAnswer {
    fn from(answer: WebhookAnswer) -> Self {
        FunctionUrlAnswer {
            status_code: answer.status,
            headers: HashMap::from([("content-type", "application/json")]),
            body: answer.body,
            is_base64_encoded: false,
        }
    }
}

/// Answers one request with the answer of `take` to its delivery.
pub async fn answer(
    request: FunctionUrlRequest,
    take: impl AsyncFnOnce(Delivery) -> WebhookAnswer,
) -> FunctionUrlAnswer {
    match request.delivery() {
        Ok(delivery) => take(delivery).await.into(),
        Err(NotBase64) => WebhookAnswer::not_base64().into(),
    }
}

#[cfg(test)]
mod tests;
