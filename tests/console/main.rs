//! The console in a real browser, over the worlds of the journeys: every screen, every act, with and
//! without scripts, by keyboard, narrow, in the dark, and from a page of another origin.
//!
//! `make test-console` installs what this needs: Chromium, its driver and axe-core.

// The journeys of the library nest futures deeper than the compiler follows by itself.
#![recursion_limit = "256"]

mod acts;
mod axe;
mod browser;
mod desk;
mod keyboard;
mod live;
mod narrow;
mod pictures;
mod rules;
mod safety;
mod screens;
mod scriptless;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod support;

impl support::World {
    /// The journeys check here that each kind of item is broken somewhere. No world of a browser's
    /// ends with that check.
    #[allow(dead_code)]
    async fn assert_every_kind_is_broken_somewhere(&self) {}
}
