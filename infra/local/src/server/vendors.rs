//! The sandbox vendors behind the port: their own paths, their control calls, and webhooks signed
//! on their behalf.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::{Refused, answer, refusal};
use super::{attempts, body, known};
use crate::Machine;
use crate::sandbox::Post;
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::delivery::Delivery;

type RawRequest = http::Request<Bytes>;

/// Changes a platform's world.
const CHANGE: &str = "/_change";
/// Makes a push platform send a snapshot.
const ROSTER: &str = "/_roster";

/// Handles every call below `/sandbox/{vendor}` or `/sandbox/{vendor}@{organization or place}`.
pub(super) async fn call(
    State(machine): State<Machine>,
    request: Request,
) -> Result<Response, Refused> {
    let mut segments = request
        .uri()
        .path()
        .splitn(4, '/')
        .skip(2)
        .map(str::to_owned);
    let vendor = segments.next().unwrap_or_default();
    let path = format!("/{}", segments.next().unwrap_or_default());
    let (mut parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let back_door = path.starts_with("/_");
    // The vendors' own paths reject unknown parameters, so `of` is removed.
    let (query, of) = if back_door {
        (query, None)
    } else {
        without(&query, "of")
    };
    let (vendor, of) = match vendor.split_once('@') {
        Some((vendor, named)) => (vendor.to_owned(), Some(named.to_owned())),
        None => (vendor, of),
    };
    parts.uri = address(&path, &query)?;
    let sent = RawRequest::from_parts(parts, body::read(body, body::LARGEST_WORLD).await?);
    if !back_door {
        return Ok(machine
            .sandboxes()
            .vendor(&vendor, of.as_deref(), sent)
            .await
            .map(Into::into));
    }
    machine.settle_down().await;
    if path == CHANGE || path == ROSTER {
        return change_and_deliver(&machine, &vendor, &path, sent).await;
    }
    Ok(machine
        .sandboxes()
        .back_door(&vendor, sent)
        .await
        .map(Into::into))
}

/// Changes a platform's world or creates a snapshot. If `deliver` names a site, posts the webhooks
/// of the platform to it.
async fn change_and_deliver(
    machine: &Machine,
    platform: &str,
    page: &str,
    sent: RawRequest,
) -> Result<Response, Refused> {
    if sent.method() != Method::POST {
        return Ok(refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "use POST for this call",
        ));
    }
    let query = sent.uri().query().unwrap_or_default();
    let (query, deliver) = without(query, "deliver");
    let (query, of) = without(&query, "of");
    if let Some(kind) = attempts::kind(platform).filter(|_| page == CHANGE) {
        return attempts::change(
            machine,
            kind,
            of.as_deref(),
            deliver.as_deref(),
            sent.into_body(),
        )
        .await;
    }
    let post = match &deliver {
        Some(site) => {
            let id = SiteId::from(site.as_str());
            known(machine, &id)?;
            let secret = machine.webhook_secret(&id);
            Some((
                site,
                secret.ok_or_else(|| Refused::new(StatusCode::CONFLICT, attempts::NOT_OWN))?,
            ))
        }
        None => None,
    };
    let posts = if page == ROSTER {
        let parts = without(&query, "parts")
            .1
            .map_or(Ok(1), |parts| parts.parse());
        let parts = parts.ok().filter(|parts| (1..=1_000).contains(parts));
        let parts =
            parts.ok_or_else(|| Refused::bad("parts must be a whole number from 1 to 1000"))?;
        machine
            .sandboxes()
            .roster(platform, of.as_deref(), parts)
            .await
    } else {
        machine
            .sandboxes()
            .post(platform, of.as_deref(), sent.into_body())
            .await
    };
    let posts = match posts {
        Ok(posts) => posts,
        Err(refused) => return Ok(refused.map(Into::into)),
    };
    let mut statuses = Vec::new();
    if let Some((site, secret)) = post {
        for post in posts {
            let headers = match post.action {
                Some(_) => sign_body(&secret, &post)?,
                None => sign(platform, &secret, machine.now(), &post.body)?,
            };
            let action = post
                .action
                .map(|action| format!("/{action}"))
                .unwrap_or_default();
            let path = format!("/hooks/{site}/{platform}{action}");
            statuses.push(
                machine
                    .deliver(Delivery {
                        path,
                        headers,
                        body: post.body,
                    })
                    .await
                    .status,
            );
        }
    }
    Ok(answer(StatusCode::OK, &json!({ "delivered": statuses })))
}

/// Signs for Nexudus: HMAC-SHA256 over the body alone, in upper-case hex. `[D]``[C]`
fn sign_body(secret: &str, post: &Post) -> Result<HeaderMap, Refused> {
    let unusable = |_| {
        Refused::new(
            StatusCode::CONFLICT,
            "the webhook secret of this site cannot sign: use a valid secret",
        )
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(unusable)?;
    mac.update(&post.signed());
    let tag = hex::encode_upper(mac.finalize().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let tag =
        HeaderValue::from_str(&tag).map_err(|_| Refused::bad("the signature cannot be sent"))?;
    headers.insert("x-nexudus-hook-signature", tag);
    Ok(headers)
}

/// Returns the signature headers of a platform.
fn sign(platform: &str, secret: &str, now: Timestamp, body: &[u8]) -> Result<HeaderMap, Refused> {
    let unusable = || {
        Refused::new(
            StatusCode::CONFLICT,
            "the webhook secret of this site cannot sign: use a valid secret",
        )
    };
    let signed = match platform {
        "andcards" | "deskworks" => standard_webhooks(secret, now, body),
        "spacebring" => svix(secret, now, body),
        _ => officernd(secret, now, body),
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in signed.ok_or_else(unusable)? {
        let value = HeaderValue::from_str(&value)
            .map_err(|_| Refused::bad("the instant of the clock cannot be sent"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

type Signed = Vec<(&'static str, String)>;

/// Signs for OfficeRnD: HMAC-SHA256 over body, dot and timestamp. `[D]``[C]`
fn officernd(secret: &str, now: Timestamp, body: &[u8]) -> Option<Signed> {
    let at = now.as_second().to_string();
    let tag = hmac(secret.as_bytes(), &[body, b".", at.as_bytes()])?;
    Some(vec![(
        "officernd-signature",
        format!("t={at},signature={}", hex::encode(tag)),
    )])
}

/// Signs a push update as Standard Webhooks. Its id follows from the body, which contains the
/// instant of the update.
fn standard_webhooks(secret: &str, now: Timestamp, body: &[u8]) -> Option<Signed> {
    let id = format!("msg_{}", hex::encode(Sha256::digest(body)).get(..24)?);
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    signed_by(names, secret, &id, now, body)
}

/// Signs as Svix: Standard Webhooks under other names, with an id for each delivery. `[D]`
fn svix(secret: &str, now: Timestamp, body: &[u8]) -> Option<Signed> {
    let id = format!("msg_{}", uuid::Uuid::new_v4().simple());
    let names = ["svix-id", "svix-timestamp", "svix-signature"];
    signed_by(names, secret, &id, now, body)
}

/// Signs with HMAC-SHA256 over id, dot, timestamp, dot and body, in base64. `[D]`
fn signed_by(
    names: [&'static str; 3],
    secret: &str,
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Option<Signed> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let at = now.as_second().to_string();
    let tag = hmac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body])?;
    let signature = format!("v1,{}", STANDARD.encode(tag));
    let values = [id.to_owned(), at, signature];
    Some(names.into_iter().zip(values).collect())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac.finalize().into_bytes().to_vec())
}

/// Returns `query` without the parameter `name`, and that parameter's value. The other parameters
/// stay verbatim.
fn without(query: &str, name: &str) -> (String, Option<String>) {
    let is_it = |pair: &&str| pair.split('=').next() == Some(name);
    let value = query.split('&').find(is_it).and_then(|pair| {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(pair).ok()?;
        pairs.into_iter().next().map(|(_, value)| value)
    });
    let rest: Vec<_> = query.split('&').filter(|pair| !is_it(pair)).collect();
    (rest.join("&"), value)
}

fn address(path: &str, query: &str) -> Result<Uri, Refused> {
    let text = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    text.parse()
        .map_err(|_| Refused::bad("the path or query is not valid in a URL"))
}

#[cfg(test)]
mod tests {
    use super::{Post, Timestamp, sign, sign_body, standard_webhooks, without};

    #[test]
    fn the_signature_is_the_vendors() {
        let body = r#"{"event":"booking.created","eventType":"booking.created","data":{"object":{"_id":"603dfbc260f4054084125d39"}}}"#;
        let at = Timestamp::from_second(1_767_225_600).unwrap();
        let headers = sign(
            "officernd",
            "1b1b1b1b-1b1b-1b1b-1b1b-1b1b1b1b1b1b",
            at,
            body.as_bytes(),
        )
        .ok()
        .unwrap();
        let expected = "t=1767225600,signature=fcfbfbfb8b46fc272c32582275abfe2e74829f95d1556d6676a0f2f30eed2a58";
        assert_eq!(headers["officernd-signature"], expected);
    }

    #[test]
    fn a_push_update_is_signed_as_standard_webhooks_says() {
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed =
            standard_webhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at, b"{}").unwrap();
        assert_eq!(signed[1], ("webhook-timestamp", "1614265330".to_owned()));
        // Checked with openssl: the id is the first 24 digits of the body's SHA-256.
        assert_eq!(signed[0].1, "msg_44136fa355b3678a1146ad16");
        assert_eq!(
            signed[2].1,
            "v1,QOQhT4c4Kixh/E2O4uu52lYMJdQ8C18hOHey4+JjNDk="
        );
        assert!(standard_webhooks("whsec_%", at, b"{}").is_none());
    }

    #[test]
    fn nexudus_signs_the_body_alone() {
        let signed = |name: &str, folded| {
            let body = format!(
                r#"[{{"Id":1418686279,"CoworkerFullName":"{name} Example","FromTime":"2026-01-01T09:00:00Z"}}]"#
            );
            let post = Post {
                action: Some(6),
                body: body.into(),
                folded,
            };
            sign_body("nexudus-shared-secret", &post).ok().unwrap()["x-nexudus-hook-signature"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(
            signed("Ada", false),
            "EE6CF829D5C7943182817BE5050130D5454E833888C0F524991CD38B29A25A65"
        );
        assert_eq!(
            signed("Zoë", false),
            "9EB088246D6DDFB28DD8F096AD8F4CFAFC164BCF4279ECEFAF4F5BED62FF56FE"
        );
        assert_eq!(
            signed("Zoë", true),
            "CC8649980FB2E7D07B862A4FD16BBEF88ADEFDB0BAFED62D48AE221F4216A672"
        );
    }

    #[test]
    fn one_parameter_is_taken_out_and_the_rest_stays() {
        assert_eq!(
            without("of=a%20b&$limit=50", "of"),
            ("$limit=50".into(), Some("a b".into()))
        );
        assert_eq!(
            without("$filter=a%20eq%20'b'", "of"),
            ("$filter=a%20eq%20'b'".into(), None)
        );
        assert_eq!(without("", "of"), (String::new(), None));
    }
}
