//! Access attempts at a sandbox door system, and the signed webhooks that the door system would
//! post about them.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::answer::{Refused, answer};
use super::known;
use crate::Machine;
use doorstep_cloud::routes::address;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::delivery::Delivery;
use doorstep_vendors::doors::DoorsVendor;

/// The answer when a sandbox cannot sign for a site.
pub(super) const NOT_OWN: &str = "the sandbox signs only with its own secrets, and this site uses others: start without \
    --secrets, or sign the delivery yourself and post it to /hooks";

/// Returns the door system of that name, or `None` if the vendor is not one.
pub(super) fn kind(vendor: &str) -> Option<DoorsKind> {
    DoorsKind::ALL
        .into_iter()
        .find(|kind| kind.word() == vendor)
}

/// Applies the change to the world `of`. If `deliver` names a site, posts the webhooks of the door
/// system to it.
pub(super) async fn change(
    machine: &Machine,
    kind: DoorsKind,
    of: Option<&str>,
    deliver: Option<&str>,
    body: Bytes,
) -> Result<Response, Refused> {
    let post = match deliver {
        Some(site) => Some(doors_webhook(machine, kind, of, &SiteId::from(site))?),
        None => None,
    };
    let posts = match machine.sandboxes().change(kind.word(), of, body).await {
        Ok(posts) => posts,
        Err(refused) => return Ok(refused.map(Into::into)),
    };
    let mut statuses = Vec::new();
    if let Some((path, secret)) = post {
        for post in posts {
            let headers = sign(&secret, &post)?;
            statuses.push(
                machine
                    .deliver(Delivery {
                        path: path.clone(),
                        headers,
                        body: post,
                    })
                    .await
                    .status,
            );
        }
    }
    Ok(answer(StatusCode::OK, &json!({ "delivered": statuses })))
}

/// Returns the webhook address of the door system and the secret that signs for it.
fn doors_webhook(
    machine: &Machine,
    kind: DoorsKind,
    of: Option<&str>,
    site: &SiteId,
) -> Result<(String, String), Refused> {
    known(machine, site)?;
    if kind.webhook().is_none() {
        return Err(Refused::new(
            StatusCode::CONFLICT,
            "this door system posts no webhooks: a reconcile reads the access attempts",
        ));
    }
    let conflict = |why: &str| Refused::new(StatusCode::CONFLICT, why);
    let (doors, secret) = machine
        .doors_webhook(site, kind.word(), of)
        .ok_or_else(|| conflict("this site has no door system of this kind and place"))?;
    let secret = secret.ok_or_else(|| conflict(NOT_OWN))?;
    Ok((address(site, kind, &doors), secret))
}

/// Signs for Kisi: HMAC-SHA256 over the body. `[D]`
fn sign(secret: &str, body: &[u8]) -> Result<HeaderMap, Refused> {
    let unusable = || {
        Refused::new(
            StatusCode::CONFLICT,
            "the webhook secret of these doors cannot sign: use a valid secret",
        )
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| unusable())?;
    mac.update(body);
    let header = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(
        "x-signature",
        HeaderValue::from_str(&header).map_err(|_| unusable())?,
    );
    Ok(headers)
}
