//! A second site of the stack, with its own platform and rules of its own for groups of the same
//! door systems. A person may be in a group while either site says so.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::dice::Dice;
use super::platform;
use super::scenario::{GeneratedScenario, SITE};
use super::story::Story;
use super::{things, times};
use crate::reference_model::{Entry, Minute, may_be_in};
use crate::support::Platform;

/// The name of the second site.
pub const NEXT: &str = "next";
/// Where its platform is.
pub const NEXT_WORLD: &str = "/_world?of=next-hub";

/// The second site. Nothing changes at its platform; only time passes.
#[derive(Debug, Clone)]
pub struct NextSite {
    scenario: GeneratedScenario,
    pub world: Value,
}

impl NextSite {
    /// Creates a site at the door systems of the first one.
    pub fn beside(first: &GeneratedScenario, story: &Story) -> NextSite {
        let names: Vec<&'static str> = first.doors.iter().map(|doors| doors.name).collect();
        let dice = Dice(story.scenario);
        let mut scenario = GeneratedScenario::at(&names, dice, story, Platform::OfficeRnd);
        scenario.doors = first.doors.clone();
        scenario.platform_quirks = Vec::new();
        scenario.start = first.start;
        let mut world = things::world(story, first.start, &[]);
        // People without an address are someone else at each site, and could not be told apart.
        for member in world["members"].as_array_mut().into_iter().flatten() {
            if member["email"].is_null() {
                member["email"] = json!(format!(
                    "{}@people.test",
                    member["_id"].as_str().unwrap_or_default()
                ));
            }
        }
        platform::fit(Platform::OfficeRnd, &mut world);
        NextSite { scenario, world }
    }

    pub fn file(&self) -> String {
        let file = self.scenario.file();
        let named = file.replacen(&format!("{SITE:?}"), &format!("{NEXT:?}"), 1);
        named.replace("prop-hub", "next-hub")
    }

    pub fn scenario(&self) -> &GeneratedScenario {
        &self.scenario
    }

    /// Returns the people whom this site lets in.
    pub fn open(&self, at: Minute) -> BTreeSet<Entry> {
        may_be_in(&self.world, &self.scenario.site, at)
    }

    /// Returns the instants after `now` at which access may begin or end here.
    pub fn times_after(&self, now: Minute) -> BTreeSet<Minute> {
        times::after(&self.world, &self.scenario, now)
    }
}
