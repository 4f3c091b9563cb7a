//! Measures the pages of the console at a site of 1,000 people and 20 groups. The table answers in
//! this process; on AWS each call to it takes some milliseconds more.

use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use tower::ServiceExt;

use crate::figure::Figure;
use crate::stage::Stage;
use crate::town::{Doors, SITE, Town};
use crate::{Options, Outcome, ms};

/// The site.
const TOWN: Town = Town {
    doors: Doors::Kisi,
    members: 1_000,
    groups: 20,
    on_plans: true,
    accounts: true,
    inside: true,
};
/// The pages, by their addresses behind that of the site; the first is the landing page.
const PAGES: [&str; 8] = [
    "",
    "today",
    "groups",
    "rules",
    "came-and-went",
    "deliveries",
    "on-time",
    "audit",
];
/// A search over all people.
const FIND: &str = "/find?q=lastname-1";
/// The limit of a page in milliseconds.
const AIM: f64 = 100.0;

/// Measures.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(TOWN, "2026-03-02T08:00:00Z".parse()?).await?;
    stage.reconcile().await?;
    let console = stage.machine.console(8080, false);
    let router = stage.machine.router_at("127.0.0.1", Some(&console));
    let admitted = ask(&router, &console.entrance(), "").await?;
    let cookie = admitted.headers.get(header::SET_COOKIE);
    let cookie = cookie.ok_or("no cookie")?.to_str()?.to_owned();
    let found = ask(&router, FIND, &cookie).await?;
    let person = found.link_to("/person/").ok_or("no person is found")?;
    let pages = PAGES.into_iter().map(|page| match page {
        "" => ("/".to_owned(), "needs you"),
        page => (format!("/site/{SITE}/{page}"), page),
    });
    let pages = pages.chain([(FIND.to_owned(), "find"), (person, "person")]);
    let mut figures = Vec::new();
    for (address, name) in pages {
        let mut times = Vec::new();
        for _ in 0..options.runs {
            let begun = Instant::now();
            let answer = ask(&router, &address, &cookie).await?;
            times.push(ms(begun.elapsed()));
            if answer.status != StatusCode::OK {
                return Err(format!("{address} answers {}", answer.status).into());
            }
        }
        let name = format!("console, {name}, 1,000 people");
        figures.push(Figure::new(name, "ms", times).at_most(AIM));
    }
    Ok(figures)
}

/// The parts of an answer that are looked at.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    /// Returns the first address on the page that contains `part`.
    fn link_to(&self, part: &str) -> Option<String> {
        let links = self.body.split("href=\"").skip(1);
        let mut addresses = links.filter_map(|rest| rest.split('"').next());
        addresses
            .find(|address| address.contains(part))
            .map(str::to_owned)
    }
}

async fn ask(router: &Router, address: &str, cookie: &str) -> Outcome<Answer> {
    let request = Request::get(address)
        .header(header::HOST, HeaderValue::from_static("127.0.0.1:8080"))
        .header(header::COOKIE, cookie)
        .body(Body::empty())?;
    let answer = router.clone().oneshot(request).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body(), usize::MAX).await?;
    Ok(Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
