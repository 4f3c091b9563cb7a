//! A desk: a machine with a world, its port with the console, and a browser in front of it.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Browser, USUAL, View};
use crate::support::town::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World};

/// What a console may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    Show,
    Act,
}

/// A world behind a port, and a browser that was opened with the printed address.
pub struct Desk {
    pub world: World,
    pub browser: Browser,
    /// The address of the port.
    pub at: String,
    /// The address that the start prints.
    pub entrance: String,
}

impl Desk {
    pub async fn of(world: World, may: May, view: View) -> Desk {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let console = world.machine.console(port, may == May::Act);
        let router = world.machine.router_at("127.0.0.1", Some(&console));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let at = format!("http://127.0.0.1:{port}");
        let entrance = format!("{at}{}", console.entrance());
        let browser = Browser::open(view).await;
        browser.goto(&entrance).await;
        Desk {
            world,
            browser,
            at,
            entrance,
        }
    }

    /// The usual world, in the usual window.
    pub async fn usual(may: May) -> Desk {
        Desk::of(morning().await, may, USUAL).await
    }

    pub async fn goto(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.at)).await;
    }

    pub async fn close(self) {
        self.browser.close().await;
    }
}

/// The usual things of the town: two members with a plan, and a booking of today.
pub fn usual() -> Value {
    town(json!({
        "memberships": [hot_desk("ada"), hot_desk("bob")],
        "bookings": [booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z")],
    }))
}

/// A morning at Kisi: Ada and Bob are members, and Ada has a booking at ten.
pub async fn morning() -> World {
    let scenario = Scenario::at(Doors::Kisi, &[PLAN, ROOM].concat());
    let fixture = DoorsFixture::with(&["Members", "Meeting", "Workshop"]);
    let world = scenario.start(usual(), fixture).await;
    world.reconcile().await;
    world
}
