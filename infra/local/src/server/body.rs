//! Request bodies. They are read completely, because senders read the answer only after they sent
//! everything.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use super::answer::Refused;

/// Largest body of a sandbox call: a complete world.
pub(super) const LARGEST_WORLD: usize = 256 << 20;
/// Largest part of an oversized body that is read and discarded, so that its sender receives the
/// answer.
const LARGEST_WASTE: usize = 256 << 20;

/// Reads a body of up to `largest` bytes. The rest of a larger one is read and discarded.
pub(super) async fn read(mut body: Body, largest: usize) -> Result<Bytes, Refused> {
    let mut bytes = BytesMut::new();
    let mut wasted = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refused::bad("the request body is incomplete"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if wasted == 0 && bytes.len() + data.len() <= largest {
            bytes.extend_from_slice(&data);
        } else {
            wasted += data.len();
        }
        if wasted > LARGEST_WASTE {
            break;
        }
    }
    if wasted > 0 {
        return Err(Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large",
        ));
    }
    Ok(bytes.freeze())
}

/// A JSON body, regardless of its content type.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        let bytes = read(request.into_body(), LARGEST_WORLD).await?;
        let json = serde_json::from_slice(&bytes);
        json.map(Json).map_err(|error| {
            Refused::bad(format!("the request body does not fit this call: {error}"))
        })
    }
}
