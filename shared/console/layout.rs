//! The frame of every page: heading, navigation, search, and what the page says of itself.

use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use crate::time::Zone;
use crate::{Console, address, assets};
use doorstep_core::model::ids::SiteId;

/// The settings of htmx: no scripts in attributes, and no styles of its own.
const HTMX: &str = r#"{"includeIndicatorCSS":false,"history":false}"#;

/// A screen of one site, in the order of the navigation: its path, its name, and its key after `g`.
const SCREENS: [(&str, &str, &str); 7] = [
    ("today", "Today", "t"),
    ("groups", "Groups", "g"),
    ("rules", "Rules", "r"),
    ("came-and-went", "Came and went", "c"),
    ("deliveries", "Deliveries", "d"),
    ("on-time", "On time", "o"),
    ("audit", "Audit", "a"),
];

/// What a page says of itself.
pub(crate) struct Frame<'a> {
    console: &'a Console,
    title: String,
    site: Option<&'a SiteId>,
    screen: &'a str,
    search: &'a str,
    as_of: Option<(Timestamp, Zone)>,
    commands: Vec<String>,
    is_live: bool,
}

impl<'a> Frame<'a> {
    /// Creates the frame of a page about all sites.
    pub(crate) fn of_all(console: &'a Console, title: impl Into<String>) -> Self {
        Frame {
            console,
            title: title.into(),
            site: None,
            screen: "",
            search: "",
            as_of: None,
            commands: Vec::new(),
            is_live: false,
        }
    }

    /// Creates the frame of a page about one site. `screen` is its path in the navigation.
    pub(crate) fn of_site(
        console: &'a Console,
        site: &'a SiteId,
        screen: &'a str,
        title: impl Into<String>,
    ) -> Self {
        Frame {
            site: Some(site),
            screen,
            ..Frame::of_all(console, title)
        }
    }

    /// Marks the page in the navigation of all sites.
    pub(crate) fn screen(self, screen: &'a str) -> Self {
        Frame { screen, ..self }
    }

    /// Says as of when the page is.
    pub(crate) fn dated(self, at: Timestamp, timezone: &str) -> Self {
        Frame {
            as_of: Some((at, Zone::named(timezone))),
            ..self
        }
    }

    /// Prints the `doorstep` command that says the same. Words are quoted for a shell.
    pub(crate) fn command(mut self, words: &[&str]) -> Self {
        self.commands.push(self.console.target().command(words));
        self
    }

    /// Keeps what was searched for in the search field.
    pub(crate) fn searched(self, search: &'a str) -> Self {
        Frame { search, ..self }
    }

    /// Lets the page follow what changes.
    pub(crate) fn live(self) -> Self {
        Frame {
            is_live: true,
            ..self
        }
    }

    /// Returns the whole page.
    pub(crate) fn page(self, body: Markup) -> Response {
        let live = self.is_live.then(|| match self.site {
            Some(site) => address::with_query("/live", &[("site", site)]),
            None => "/live".to_owned(),
        });
        let whole = html! {
            a class="skip" href="#main" { "Skip to the content" }
            (self.header())
            main id="main" tabindex="-1" data-live=[live.as_deref()] {
                h1 { (self.title) }
                (body)
                (self.itself())
            }
        };
        document(&self.whole_title(), whole).into_response()
    }

    fn whole_title(&self) -> String {
        match self.site {
            Some(site) => format!("{} · {} · Doorstep", self.title, site.as_str()),
            None => format!("{} · Doorstep", self.title),
        }
    }

    fn header(&self) -> Markup {
        html! {
            header {
                div class="bar" {
                    a class="brand" href=(address::NEEDS) { "Doorstep" }
                    form class="search" role="search" action=(address::FIND) method="get" {
                        @if let Some(site) = self.site { input type="hidden" name="site" value=(site.as_str()); }
                        label class="unseen" for="search" { "Find a person" }
                        input id="search" type="search" name="q" value=(self.search) autocomplete="off"
                            placeholder="Find a person: name, e-mail, card" aria-keyshortcuts="/";
                        button type="submit" { "Find" }
                    }
                }
                nav aria-label="All sites" {
                    (self.link(address::NEEDS, "Needs you", "n", "needs"))
                    (self.link(address::SITES, "Sites", "s", "sites"))
                }
                @if let Some(site) = self.site {
                    nav aria-label=(format!("Site {}", site.as_str())) {
                        span class="site" { (site.as_str()) }
                        @for (path, name, key) in SCREENS {
                            (self.link(&address::of_site(site, path), name, key, path))
                        }
                    }
                }
            }
        }
    }

    fn link(&self, address: &str, name: &str, key: &str, screen: &str) -> Markup {
        let here = (self.screen == screen).then_some("page");
        html! { a href=(address) data-go=(key) aria-keyshortcuts=(format!("g {key}")) aria-current=[here] { (name) } }
    }

    /// Says as of when the page is, which command says the same, and what the console may do.
    fn itself(&self) -> Markup {
        html! {
            footer {
                @if let Some((at, zone)) = &self.as_of {
                    p { "As of " time datetime=(at) { (zone.text(*at, "%a %-d %b %Y, %H:%M:%S")) } " (" (zone.name()) ")." }
                }
                @for command in &self.commands {
                    p { "The same in a shell: " code { (command) } }
                }
                p {
                    @if self.console.can_act() { "This console may act." }
                    @else { "This console only shows. Started with " code { "--act" } ", it may act." }
                    " Keys: " kbd { "/" } " finds, " kbd { "g" } " and a letter goes: "
                    kbd { "n" } " needs you, " kbd { "s" } " sites"
                    @if self.site.is_some() {
                        @for (_, name, key) in SCREENS { ", " kbd { (key) } " " (name.to_lowercase()) }
                    }
                    "."
                }
            }
        }
    }
}

/// Returns an HTML document with this body.
pub(crate) fn document(title: &str, body: Markup) -> Html<String> {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (title) }
                link rel="icon" type="image/svg+xml" href=(assets::address("icon.svg", ""));
                link rel="stylesheet" href=(assets::address("style.css", assets::STYLE));
                script src=(assets::address("htmx.js", assets::HTMX)) defer {}
                script src=(assets::address("console.js", assets::SCRIPT)) defer {}
            }
            body { (body) }
        }
    };
    Html(whole.into_string())
}

/// Returns a state in word and shape. `class` gives the colour and the shape.
pub(crate) fn state(class: &str, word: &str) -> Markup {
    html! { span class=(format!("state {class}")) { span class="shape" aria-hidden="true" {} (word) } }
}

/// Returns a part of a page that scrolls by itself where it is wider than the page, also by keyboard.
pub(crate) fn scroll(label: &str, wide: Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (wide) } }
}

/// Returns a name of others. It does not turn the direction of the text around it.
pub(crate) fn name(name: &str) -> Markup {
    html! { bdi { (name) } }
}
