//! The refusals of SALTO KS: the table of its error codes, and what the operator can do about each.
//!
//! It never repeats the vendor's `Message`, which may name a person.

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::wire::VENDOR;
use crate::http::Response;
use crate::vendor_http;
use doorstep_core::model::error::{Error, Result};

/// A member of a pod. Only the pod may change the member's access.
const POD_MEMBER: u32 = 2220;
/// A `$filter` that SALTO KS does not understand.
const BAD_FILTER: u32 = 1102;

/// An answer, with the error code that even a 2xx may contain `[M]`.
pub(super) struct SaltoAnswer {
    status: StatusCode,
    code: Option<u32>,
    body: Bytes,
}

/// The body of a successful answer.
pub(super) struct SaltoBody(Bytes);

impl SaltoBody {
    /// Deserializes the body.
    ///
    /// # Errors
    /// [`Error::Retry`] for a body that cannot be parsed.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        vendor_http::json(VENDOR, &self.0)
    }
}

impl From<Response> for SaltoAnswer {
    fn from(answer: Response) -> Self {
        let status = answer.status();
        let body = answer.into_body();
        SaltoAnswer {
            status,
            code: error_code(&body),
            body,
        }
    }
}

impl SaltoAnswer {
    /// Returns the body of a successful answer.
    ///
    /// # Errors
    /// The error of the refusal: see [`meaning`].
    pub(super) fn done(self) -> Result<SaltoBody> {
        if self.is_yes() {
            Ok(SaltoBody(self.body))
        } else {
            Err(meaning(self.status, self.code))
        }
    }

    /// Succeeds as [`SaltoAnswer::done`] does, and also if the thing is gone already.
    pub(super) fn done_or_gone(self) -> Result<()> {
        if self.is_missing() {
            Ok(())
        } else {
            self.done().map(drop)
        }
    }

    pub(super) fn is_yes(&self) -> bool {
        self.status.is_success() && self.code.is_none()
    }

    /// Returns whether the answer is a refusal with this status.
    pub(super) fn is_status(&self, status: StatusCode) -> bool {
        !self.is_yes() && self.status == status
    }

    /// Returns whether the answer is a 404, or its error code under another status.
    pub(super) fn is_missing(&self) -> bool {
        !self.is_yes() && (self.status == StatusCode::NOT_FOUND || self.code == Some(2202))
    }

    /// Returns whether the token was refused.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED || self.code == Some(1500)
    }

    /// Returns whether there is no valid subscription, or no free seat `[M]`.
    pub(super) fn is_without_subscription(&self) -> bool {
        self.code == Some(2212)
    }

    /// Returns whether the answer may mean "already so", as for a member added twice or an address
    /// in use `[?]`. An error within a 2xx has no status of its own `[M]`, so every code counts
    /// there that has no other meaning.
    pub(super) fn may_be_so_already(&self) -> bool {
        let status = self.status.is_success() || matches!(self.status.as_u16(), 400 | 409 | 422);
        let refused = status && !self.is_yes() && self.code != Some(POD_MEMBER);
        refused && !self.is_unauthorized() && !self.is_about_site()
    }

    /// Returns whether the `$filter` was not understood `[M]`.
    pub(super) fn is_bad_filter(&self) -> bool {
        self.code == Some(BAD_FILTER)
    }

    /// Returns whether the account is too new to be known everywhere: the same call works a minute
    /// later `[M]`.
    pub(super) fn is_not_yet(&self) -> bool {
        self.is_missing() || self.code == Some(2203)
    }

    /// Returns whether the refusal is about one person, so that calls for others may succeed.
    pub(super) fn is_about_one(&self) -> bool {
        !self.is_yes() && !self.is_unauthorized() && !self.is_about_site()
    }

    /// Returns whether the refusal applies to every person. A 403 without a code means that the
    /// system user lacks rights.
    fn is_about_site(&self) -> bool {
        matches!(self.code, Some(2201 | 2210 | 2212))
            || (self.status == StatusCode::FORBIDDEN && self.code.is_none())
    }
}

/// Parses the error code. `ErrorCode` is a text `[D]`; a number is accepted too.
fn error_code(body: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Code {
        Text(String),
        Number(u32),
    }
    #[derive(Deserialize)]
    struct ErrorBody {
        #[serde(rename = "ErrorCode")]
        code: Code,
    }
    match serde_json::from_slice::<ErrorBody>(body).ok()?.code {
        Code::Number(code) => Some(code),
        Code::Text(text) => Some(text.trim().parse().unwrap_or(u32::MAX)),
    }
}

/// Translates a refusal `[M]`. A code is more specific than the status, so codes come first.
fn meaning(status: StatusCode, code: Option<u32>) -> Error {
    match (code, status) {
        (Some(1500), _) | (_, StatusCode::UNAUTHORIZED) => Error::permanent(
            "SALTO KS does not accept our token: check the credentials and that the system user is active",
        ),
        (Some(2201), _) => Error::retry("SALTO KS had an internal error (2201)"),
        (Some(2203), _) => Error::retry("SALTO KS does not allow this now (2203)"),
        (Some(2210), _) => Error::permanent(
            "this SALTO KS site is not released (2210): its installer must release it to its owner",
        ),
        (Some(2212), _) => Error::permanent(
            "this SALTO KS site has no valid subscription (2212): renew it, then nothing else is needed",
        ),
        (Some(POD_MEMBER), _) => Error::permanent(
            "this person is a pod member of SALTO KS (2220): their access is changed in the pod alone",
        ),
        (Some(BAD_FILTER), _) => Error::permanent("SALTO KS rejected a filter (1102)"),
        (Some(2202), _) | (None, StatusCode::NOT_FOUND) => Error::permanent(
            "SALTO KS does not know the site, group or user (2202): check place and the rules' groups",
        ),
        (_, StatusCode::CONFLICT) => {
            Error::retry("SALTO KS reports that nothing would change; reading again")
        }
        (None, StatusCode::FORBIDDEN) => Error::permanent(
            "SALTO KS forbids this: give the system user a role at the site that may manage users",
        ),
        (Some(code), _) if code != u32::MAX => {
            Error::permanent(format!("SALTO KS refused with code {code}"))
        }
        _ => Error::permanent(format!("SALTO KS refused with status {}", status.as_u16())),
    }
}
