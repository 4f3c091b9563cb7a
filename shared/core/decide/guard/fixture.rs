//! A site with its baseline, for tests of what is taken away.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::baseline::{Baseline, CatalogueBefore, Catalogues, OlderFiles};
use crate::decide::entitlement::{
    Before, Desired, Entitlement, PersonFacts, Rules, derive, desired,
};
use crate::model::account::{Group, GroupId};
use crate::model::fact::{Fact, FactId, Holder, Kind, Membership, Plan, Profile, What};
use crate::site::Site;
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{Resolved, resolve};

pub(super) const NOW: &str = "2026-03-10T12:00:00Z";

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The card number of the member.
pub(super) const CARD: &str = "0004-AB12";

/// Returns a site in this mode whose rule opens the group `g` to people on the plan.
pub(super) fn site(mode: &str, plan: &str) -> Site {
    let text = format!(
        r#"
        site = "s"
        timezone = "Europe/London"
        mode = "{mode}"
        [platform]
        kind = "officernd"
        organization = "o"
        secret = "s/officernd"
        [doors.main]
        kind = "kisi"
        secret = "s/kisi"
        protected = ["one@example.test", "two@example.test"]
        [doors.back]
        kind = "kisi"
        secret = "s/back"
        protected = ["one@example.test", "two@example.test"]
        [[rule]]
        plan = "{plan}"
        doors = "main"
        opens = ["g"]
        "#
    );
    Site::parse(&text).expect("a site file")
}

pub(super) fn fact(id: &str, what: What) -> Fact {
    Fact {
        id: id.into(),
        what,
        changed: None,
    }
}

pub(super) fn plan(name: &str) -> Fact {
    let (name, location) = (name.into(), None);
    fact("p", What::Plan(Plan { name, location }))
}

/// Returns a membership on the plan until a day, that day included.
pub(super) fn membership(until: &str) -> Fact {
    let what = Membership {
        items: Vec::new(),
        plan: Some("p".into()),
        holder: Some(Holder::Member("m".into())),
        location: None,
        from: Some("2026-03-01".parse().expect("a day")),
        until: Some(until.parse().expect("a day")),
        approved: true,
        unpaid_since: None,
        assignments: Vec::new(),
        pauses: Vec::new(),
        awaits_next: false,
    };
    fact("s", What::Membership(what))
}

pub(super) fn before(former: Fact, until: &str, unconfirmed: bool) -> Before {
    Before {
        fact: Arc::new(former),
        until: instant(until),
        unconfirmed,
    }
}

/// Returns what the platform says of one member, and what it said before changes that are not
/// confirmed.
pub(super) fn person(now: Vec<Fact>, confirmed: Vec<Before>) -> PersonFacts {
    let profile = What::Member(Profile {
        name: "Ada".into(),
        email: None,
        teams: Vec::new(),
        location: None,
        shares_team: true,
        active: true,
        cards: vec![CARD.to_owned()],
    });
    let facts = now.into_iter().chain([fact("m", profile)]);
    PersonFacts {
        facts: facts.map(|fact| (fact.name(), Arc::new(fact))).collect(),
        profiles: vec![FactId::new(Kind::Member, "m")],
        confirmed: confirmed
            .into_iter()
            .map(|before| (before.fact.name(), before))
            .collect(),
    }
}

/// A site in force with its baseline.
pub(super) struct Fixture {
    pub(super) site: Site,
    pub(super) catalogue: Catalogue,
    pub(super) resolved: Resolved,
    pub(super) baseline: Baseline,
}

impl Fixture {
    pub(super) fn new(site: Site, older: Vec<Site>, facts: &[Fact], changed: &[Before]) -> Fixture {
        let group = Group {
            id: GroupId("g".to_owned()),
            name: "g".to_owned(),
            problem: None,
        };
        let groups = BTreeMap::from([("main".into(), vec![group])]);
        let catalogue = Catalogue::of(facts);
        let resolved = resolve(&site, &catalogue, &groups, None);
        let older = OlderFiles {
            files: older,
            replaced: instant("2026-03-10T10:00:00Z"),
        };
        let catalogues = Catalogues {
            now: &catalogue,
            before: CatalogueBefore::of(facts, changed),
        };
        let baseline = Baseline::of(&site, &groups, None, older, catalogues);
        Fixture {
            site,
            catalogue,
            resolved,
            baseline,
        }
    }

    pub(super) fn confirmed() -> Fixture {
        Fixture::new(site("full", "P"), Vec::new(), &[plan("P")], &[])
    }

    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            site: &self.site,
            resolved: &self.resolved,
            catalogue: &self.catalogue,
        }
    }

    /// Returns until when the person was entitled before the unconfirmed changes, by each rule.
    pub(super) fn before(&self, person: &PersonFacts) -> Vec<String> {
        let before = self.baseline.before(self.rules(), person, instant(NOW));
        let until = |one: &Entitlement| one.window.until.map(|until| until.to_string());
        before.iter().filter_map(until).collect()
    }

    /// Returns the access that follows from the present facts.
    pub(super) fn desired(&self, person: &PersonFacts) -> Desired {
        desired(&derive(self.rules(), person, instant(NOW)).entitlements)
    }

    /// Returns the next boundary of this person, whom the present facts entitle or not.
    pub(super) fn next_boundary(&self, person: &PersonFacts) -> Option<String> {
        let desired = self.desired(person);
        let next = self
            .baseline
            .next_boundary(self.rules(), person, &desired, instant(NOW));
        next.map(|at| at.to_string())
    }
}
