//! A visitor of the console: requests as a browser sends them, without a browser.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use tower::ServiceExt;

use super::World;

/// The host that a visitor calls.
pub const HOST: &str = "127.0.0.1:8080";

/// A browser that was opened with the printed address.
pub struct Visitor {
    router: Router,
    /// The cookie that it got.
    pub cookie: String,
    /// The address that the start prints, without its host.
    pub entrance: String,
}

impl Visitor {
    /// Opens the console of a world.
    pub async fn of(world: &World, can_act: bool) -> Visitor {
        let console = world.machine.console(8080, can_act);
        let mut visitor = Visitor {
            router: world.machine.router_at("127.0.0.1", Some(&console)),
            cookie: String::new(),
            entrance: console.entrance(),
        };
        let answer = visitor
            .send(visitor.request("GET", &visitor.entrance))
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()[header::SET_COOKIE].to_str();
        let cookie = cookie.expect("a text").split(';').next();
        visitor.cookie = cookie.expect("a pair").to_owned();
        visitor
    }

    /// Returns a request of the console's own page.
    pub fn request(&self, method: &str, path: &str) -> Request<Body> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, &self.cookie);
        request.body(Body::empty()).expect("a request")
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Response {
        let answer = self.router.clone().oneshot(request).await;
        answer.expect("an answer")
    }

    /// Returns the status and the text of a page.
    pub async fn get(&self, path: &str) -> (u16, String) {
        read(self.send(self.request("GET", path)).await).await
    }

    /// Returns the text of a page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    /// Posts a form. Returns the status, and the address to which the answer leads or its text.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let mut request = self.request("POST", path);
        let kind = "application/x-www-form-urlencoded"
            .parse()
            .expect("a header");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        let origin = format!("http://{HOST}").parse().expect("a header");
        request.headers_mut().insert(header::ORIGIN, origin);
        *request.body_mut() = serde_urlencoded::to_string(form).expect("a form").into();
        let answer = self.send(request).await;
        let leads = answer.headers().get(header::LOCATION).cloned();
        match leads {
            Some(leads) => (
                answer.status().as_u16(),
                leads.to_str().expect("an address").to_owned(),
            ),
            None => read(answer).await,
        }
    }
}

async fn read(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX)
        .await
        .expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}
