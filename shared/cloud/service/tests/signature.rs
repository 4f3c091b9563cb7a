//! Signatures, checked by a second implementation, which AWS's published vectors check.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::*;

#[tokio::test]
async fn every_request_is_signed_as_a_second_implementation_signs_it() {
    for token in [None, Some("a-session-token")] {
        let sent = Arc::<Mutex<Vec<Request>>>::default();
        let seen = sent.clone();
        let http = Http::from_fn(move |request| {
            seen.lock().expect("requests").push(request);
            async { http::Response::new(Bytes::from_static(b"{}")) }
        });
        let time: SharedTime = Arc::new(Pauses::default());
        let service = AwsService::new(&SSM, caller(token), http.clone(), time.clone());
        let call: Value = service
            .call("PutParameter", &json!({ "Value": "ö" }))
            .await
            .expect("JSON");
        assert_eq!(call, json!({}));
        let path = "/schedules?ScheduleGroup=a-b&NamePrefix=x.y-&NextToken=a%2Bb%2Fc%3D%3D";
        let call = ("ListSchedules", http::Method::GET);
        let _page: Value = service.rest(call, path, None::<&()>).await.expect("JSON");
        for request in sent.lock().expect("requests").iter() {
            let given = request.headers()["authorization"].to_str().expect("text");
            assert_eq!(given, authorization(request), "{request:?}");
            assert_eq!(
                request.headers().contains_key("x-amz-security-token"),
                token.is_some()
            );
        }
    }
}

/// A published vector: the method, the signed headers, the body and the signature.
type Published<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// The requests `get-vanilla`, `get-vanilla-with-session-token` and `post-x-www-form-urlencoded` of
/// the signing test suite that AWS publishes with its SDKs.
#[test]
fn the_second_implementation_signs_as_aws_publishes() {
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let hash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
    let form = "application/x-www-form-urlencoded";
    let published: [Published; 3] = [
        (
            "GET",
            &[],
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            &[("x-amz-security-token", token)],
            "",
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ),
        (
            "POST",
            &[
                ("content-length", "13"),
                ("content-type", form),
                ("x-amz-content-sha256", hash),
            ],
            "Param1=value1",
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        ),
    ];
    for (method, headers, body, signature) in published {
        let mut names = vec!["host", "x-amz-date"];
        names.extend(headers.iter().map(|(name, _)| name));
        names.sort_unstable();
        let names = names.join(";");
        let scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
        let given = format!(
            "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
        );
        let request = http::Request::builder()
            .method(method)
            .uri("https://example.amazonaws.com/")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", &given);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request.body(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.expect("a request");
        assert_eq!(authorization(&request), given);
    }
}

/// Computes the header `authorization` again: over the headers that `request` names as signed, for
/// the scope that it names. Source: IAM user guide, "Create a signed AWS API request". `[D]`
fn authorization(request: &Request) -> String {
    let given = request.headers()["authorization"].to_str().expect("text");
    let part = |name: &str| {
        let (_, rest) = given.split_once(name).expect("a part");
        rest.split(',').next().expect("a value")
    };
    let (credential, names) = (part("Credential="), part("SignedHeaders="));
    let (_, scope) = credential.split_once('/').expect("a scope");
    let canonical = canonical(request, names);
    let date = request.headers()["x-amz-date"].to_str().expect("text");
    let hash = hex::encode(Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let first = format!("AWS4{SECRET_KEY}").into_bytes();
    let key = scope
        .split('/')
        .fold(first, |key, part| mac(&key, part.as_bytes()));
    let signature = hex::encode(mac(&key, to_sign.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
}

fn canonical(request: &Request, names: &str) -> String {
    let mut query: Vec<&str> = request
        .uri()
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .collect();
    query.sort_unstable();
    let headers: String = names
        .split(';')
        .map(|name| {
            let value = match name {
                "host" => request.uri().host().expect("a host"),
                _ => request.headers()[name].to_str().expect("text").trim(),
            };
            format!("{name}:{value}\n")
        })
        .collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{names}\n{}",
        request.method(),
        request.uri().path(),
        query.join("&"),
        hex::encode(Sha256::digest(request.body()))
    )
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
