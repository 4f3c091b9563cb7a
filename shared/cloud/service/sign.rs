//! Signature version 4, by the SDKs' own crate for it.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signature};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use doorstep_vendors::http::Request;

/// Signs every header and the body of `request` for a service of a region. Returns `None` if the
/// credentials or the request cannot be signed, and leaves the request as it was.
pub(super) fn sign(
    request: &mut Request,
    (service, region): (&str, &str),
    identity: &Identity,
    at: Timestamp,
) -> Option<()> {
    let params = SigningParams::builder()
        .identity(identity)
        .region(region)
        .name(service)
        .time(SystemTime::from(at))
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect::<Option<Vec<_>>>()?;
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )
    .ok()?;
    let (instructions, _) = signature(signable, &params).ok()?.into_parts();
    let (headers, _) = instructions.into_parts();
    for header in headers {
        let mut value = HeaderValue::from_str(header.value()).ok()?;
        value.set_sensitive(header.sensitive());
        request
            .headers_mut()
            .insert(HeaderName::from_static(header.name()), value);
    }
    Some(())
}
