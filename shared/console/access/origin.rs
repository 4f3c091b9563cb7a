//! Decides which requests may come from this machine's operator. A web page that the operator visits
//! can send requests to a port of this machine too.
//!
//! Browsers send the page's site in `Origin` and `Sec-Fetch-Site`, and the name that was looked up
//! in `Host`. A page cannot change these. A page whose own name resolves to this machine (DNS
//! rebinding) is detected by its `Host`.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, header};

/// Names that always mean this machine.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
/// The values that a browser sends for a request that no other site caused.
const SAME_SITE: [&str; 2] = ["same-origin", "none"];
/// Headers of proxies. A proxy makes the requests of others look like the operator's own.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
];

/// The host names under which this machine may be controlled.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Returns the loopback names, and the name or address that the operator chose to listen on.
    pub fn with(listen: &str) -> Self {
        let is_v6 = listen.parse::<std::net::Ipv6Addr>().is_ok();
        Hosts(vec![if is_v6 {
            format!("[{listen}]")
        } else {
            listen.to_ascii_lowercase()
        }])
    }

    fn hold(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        LOOPBACK.contains(&host.as_str()) || self.0.contains(&host)
    }
}

/// Accepts requests of this machine's operator.
///
/// # Errors
/// The reason why a request is rejected, with what to do.
pub fn judge(hosts: &Hosts, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut named = Vec::new();
    named.extend(uri.authority().cloned());
    for value in headers.get_all(header::HOST) {
        let host = value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Authority>().ok());
        named.push(host.ok_or("the Host header is no host name: call 127.0.0.1 or localhost")?);
    }
    if named.iter().any(|named| !hosts.hold(named.host())) {
        return Err(
            "this address answers only to loopback names: call 127.0.0.1 or localhost, or start with --listen NAME",
        );
    }
    if FORWARDED
        .iter()
        .any(|name| headers.contains_key(HeaderName::from_static(name)))
    {
        return Err(
            "a proxy forwarded this request: forward /hooks only, and call this address directly",
        );
    }
    let foreign = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|value| !SAME_SITE.iter().any(|own| value == own));
    let origins = headers.get_all(header::ORIGIN);
    if foreign
        || origins
            .iter()
            .any(|origin| !origin.to_str().is_ok_and(|origin| is_own(origin, &named)))
    {
        return Err(
            "a web page from another origin sent this request: send it from this machine without a browser",
        );
    }
    Ok(())
}

/// Returns whether a page's origin is exactly the address that it calls, including the port.
fn is_own(origin: &str, called: &[Authority]) -> bool {
    let of_page = origin
        .strip_prefix("http://")
        .and_then(|rest| rest.parse::<Authority>().ok());
    of_page.is_some_and(|of_page| {
        called
            .iter()
            .any(|called| called.as_str().eq_ignore_ascii_case(of_page.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(listen: &str, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        judge(
            &Hosts::with(listen),
            &Uri::from_static("/sandbox/clock"),
            &map,
        )
        .is_ok()
    }

    #[test]
    fn only_loopback_names_and_the_listening_name_are_answered() {
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "LOCALHOST:9",
            "[::1]:8080",
            "doors.example:80",
        ] {
            assert!(judged("doors.example", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:8080",
            "[::2]",
            "10.0.0.1",
            "a b",
            "",
        ] {
            assert!(!judged("127.0.0.1", &[("host", host)]), "{host}");
        }
        assert!(
            judged("::1", &[("host", "[::1]:80")])
                && judged("10.0.0.5", &[("host", "10.0.0.5:80")])
        );
        assert!(
            !judged(
                "127.0.0.1",
                &[("host", "localhost"), ("host", "evil.example")]
            ),
            "two of them"
        );
        assert!(judged("127.0.0.1", &[]), "no browser leaves the host out");
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let own = ("host", "localhost:8080");
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost:3000"),
            ("origin", "https://localhost:8080"),
            ("origin", "http://127.0.0.1:8080"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", ""),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-host", "localhost"),
            ("forwarded", "host=localhost"),
        ] {
            assert!(
                !judged("127.0.0.1", &[own, (name, value)]),
                "{name}: {value}"
            );
        }
        assert!(judged(
            "127.0.0.1",
            &[
                own,
                ("origin", "http://localhost:8080"),
                ("sec-fetch-site", "same-origin")
            ]
        ));
        assert!(judged("127.0.0.1", &[own, ("sec-fetch-site", "none")]));
    }
}
