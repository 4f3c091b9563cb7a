//! The pictures of the README and the docs: the screens of the sample day.

use std::path::PathBuf;

use doorstep_local::{Data, Machine, Setup, sample};
use tokio::net::TcpListener;

use crate::browser::{Browser, USUAL, View};

/// One picture.
struct Picture {
    file: &'static str,
    path: &'static str,
    /// The link to follow from there.
    link: Option<&'static str>,
    /// A text that the screen must show before it is taken.
    says: &'static str,
}

const PICTURES: [Picture; 3] = [
    Picture {
        file: "today.png",
        path: "/site/riverside/today",
        link: None,
        says: "Front door",
    },
    Picture {
        file: "person.png",
        path: "/find?q=ben",
        link: Some("Ben Example"),
        says: "Front door",
    },
    Picture {
        file: "rules.png",
        path: "/site/riverside/rules?selector=resource",
        link: None,
        says: "Boardroom",
    },
];

/// The folder of the pictures; `None` takes them and keeps none.
fn folder() -> Option<PathBuf> {
    std::env::var_os("DOORSTEP_PICTURES").map(PathBuf::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_day_is_pictured() {
    let setup = Setup {
        sites: sample::sites(),
        secrets: None,
        clock: Some(sample::begins(jiff::civil::date(2026, 11, 20))),
        reconcile: Some(std::time::Duration::from_secs(900)),
        data: Data::Memory,
    };
    let machine = Machine::start(setup).await.expect("it starts");
    sample::show(&machine, &mut Vec::new())
        .await
        .expect("the day plays");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("one");
    // The commands of the pictures are those of a usual start.
    let console = machine.console(8080, true);
    let router = machine.router_at("127.0.0.1", Some(&console));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let view = View {
        width: 1200,
        height: 800,
        ..USUAL
    };
    let browser = Browser::open(view).await;
    browser
        .goto(&format!("http://{address}{}", console.entrance()))
        .await;
    for Picture {
        file,
        path,
        link,
        says,
    } in PICTURES
    {
        browser.goto(&format!("http://{address}{path}")).await;
        if let Some(link) = link {
            browser.follow(link).await;
        }
        browser.wait_for("main", says).await;
        let picture = browser.client.screenshot_as_png().await.expect("a picture");
        if let Some(folder) = folder() {
            std::fs::write(folder.join(file), picture).expect("the folder of pictures");
        }
    }
    browser.close().await;
}
