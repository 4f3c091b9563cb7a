//! The console: the operator's screens, served to a browser on the operator's own machine.
//!
//! Each screen is one value of `doorstep_operator`, read from the table alone, and one page that
//! shows it. The console decides nothing. Its acts are the functions of the operator's command.

#![warn(missing_docs)]
// Futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

pub mod access;
pub mod address;
pub mod assets;
mod chart;
pub mod command;
pub mod host;
pub mod layout;
pub mod live;
pub mod pages;
mod reject;
mod time;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use jiff::Timestamp;

use access::session::Session;
use command::CommandTarget;
use doorstep_cloud::environment::Environment;
use host::Host;

/// What a console is started with.
pub struct ConsoleSettings {
    /// The names under which the console may be called.
    pub hosts: access::origin::Hosts,
    /// The port on which it listens. Two consoles of one machine share the cookies of a host, so
    /// the name of the cookie contains it.
    pub port: u16,
    /// Whether it may act. Otherwise it only shows.
    pub can_act: bool,
    /// The target options of the `doorstep` commands that the pages print.
    pub target: CommandTarget,
}

/// A console. Clones share it.
#[derive(Clone)]
pub struct Console {
    parts: Arc<Parts>,
}

struct Parts {
    host: Box<dyn Host>,
    settings: ConsoleSettings,
    session: Session,
    shown: pages::approve::ShownHolds,
}

impl Console {
    /// Creates a console with a new access token.
    pub fn new(host: impl Host, settings: ConsoleSettings) -> Console {
        let parts = Parts {
            host: Box::new(host),
            session: Session::new(settings.port),
            settings,
            shown: pages::approve::ShownHolds::default(),
        };
        Console {
            parts: Arc::new(parts),
        }
    }

    /// Returns the path, with the access token, that opens the console in a browser.
    pub fn entrance(&self) -> String {
        self.parts.session.entrance()
    }

    /// Returns the routes of a program that serves the console and nothing else.
    pub fn app(&self) -> Router {
        self.router().fallback(pages::unknown)
    }

    /// Returns all routes of the console.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        pages::router()
            .layer(from_fn_with_state(self.clone(), access::admit))
            .merge(assets::router())
            .layer(from_fn_with_state(self.clone(), access::own_origin))
            .with_state(self.clone())
    }

    /// Returns whether the console may act.
    pub fn can_act(&self) -> bool {
        self.parts.settings.can_act
    }

    pub(crate) fn host(&self) -> &dyn Host {
        self.parts.host.as_ref()
    }

    pub(crate) fn environment(&self) -> &Environment {
        self.parts.host.environment()
    }

    /// Returns the present instant of the stack.
    pub(crate) fn now(&self) -> Timestamp {
        self.environment().time.now()
    }

    pub(crate) fn target(&self) -> &CommandTarget {
        &self.parts.settings.target
    }

    pub(crate) fn shown(&self) -> &pages::approve::ShownHolds {
        &self.parts.shown
    }
}
