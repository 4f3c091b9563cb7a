//! The session of one start: a random token in the printed address, and the cookie that a browser
//! gets for it.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The key of the token in an address.
const KEY: &str = "token";

/// The token of one start, and the cookie that stands for it.
pub(crate) struct Session {
    token: String,
    secret: String,
    cookie: String,
}

impl Session {
    /// Creates a session with random secrets.
    pub(crate) fn new(port: u16) -> Session {
        Session {
            token: random(),
            secret: random(),
            cookie: format!("doorstep-{port}"),
        }
    }

    /// Returns the path that admits a browser.
    pub(crate) fn entrance(&self) -> String {
        format!("/?{KEY}={}", self.token)
    }

    /// Returns the address without its token, if the token is the right one.
    pub(crate) fn entered(&self, uri: &Uri) -> Option<String> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(uri.query()?).ok()?;
        let is_token = |(key, _): &&(String, String)| key == KEY;
        let (_, given) = pairs.iter().find(is_token)?;
        if !is_same(given, &self.token) {
            return None;
        }
        let rest: Vec<&(String, String)> = pairs.iter().filter(|pair| !is_token(pair)).collect();
        let query = serde_urlencoded::to_string(rest).ok()?;
        let mark = if query.is_empty() { "" } else { "?" };
        // A path of two slashes would be another host.
        let path = format!("/{}", uri.path().trim_start_matches('/'));
        Some(format!("{path}{mark}{query}"))
    }

    /// Returns the header that sets the cookie. It ends with the browser's session.
    pub(crate) fn cookie(&self) -> HeaderValue {
        let Session { secret, cookie, .. } = self;
        let text = format!("{cookie}={secret}; HttpOnly; SameSite=Strict; Path=/");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Returns whether a request has the cookie.
    pub(crate) fn is_open(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE);
        let texts = cookies.iter().filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == self.cookie && is_same(value, &self.secret))
    }
}

/// Returns 244 random bits from the operating system.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn is_same(given: &str, right: &str) -> bool {
    given.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(session: &Session, rest: &str) -> Option<String> {
        let uri = format!("{}{rest}", session.entrance());
        session.entered(&uri.parse().unwrap())
    }

    #[test]
    fn the_token_of_a_start_opens_the_address_behind_it() {
        let session = Session::new(8080);
        assert_eq!(entered(&session, ""), Some("/".to_owned()));
        assert_eq!(entered(&session, "&q=a%26b"), Some("/?q=a%26b".to_owned()));
        let other = Session::new(8080);
        assert_eq!(session.entered(&other.entrance().parse().unwrap()), None);
        assert_eq!(session.entered(&"/?token=".parse().unwrap()), None);
        assert_eq!(session.entered(&"/".parse().unwrap()), None);
    }

    #[test]
    fn a_path_of_two_slashes_leads_to_this_host() {
        let session = Session::new(8080);
        let uri = session.entrance().replace("/?", "//evil.example/?");
        assert_eq!(
            session.entered(&uri.parse().unwrap()),
            Some("/evil.example/".to_owned())
        );
    }

    #[test]
    fn only_the_cookie_of_this_start_admits() {
        let (session, other) = (Session::new(8080), Session::new(8081));
        let headers = |session: &Session| {
            let cookie = session.cookie().to_str().unwrap().to_owned();
            assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"));
            let pair = cookie.split(';').next().unwrap().to_owned();
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, format!("a=b; {pair}").parse().unwrap());
            headers
        };
        assert!(session.is_open(&headers(&session)));
        assert!(!session.is_open(&headers(&other)));
        assert!(!session.is_open(&HeaderMap::new()));
    }
}
