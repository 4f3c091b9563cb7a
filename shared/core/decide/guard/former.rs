//! Whether a revoke is inferred: the same person is judged once more, by what was known before changes that only full
//! reads told of, and by the site files that were in force before. Whoever could still go in by these is taken out by
//! inference. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::decide::entitlement::{Before, Desired, Entitlement, PersonFacts, Rules, derive, next_boundary};
use crate::model::account::Group;
use crate::model::fact::Fact;
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{Resolved, resolve};
use crate::site::{Mode, Site};

/// A site file that was in force, with what its names stand for.
struct FormerRules {
    site: Site,
    resolved: Resolved,
}

/// What the platform's catalogue was before changes that only full reads told of.
pub struct CatalogueBefore {
    /// What it was.
    pub catalogue: Catalogue,
    /// When the latest change was read.
    pub until: Timestamp,
    /// One of the changes is believed only because it was repeated.
    pub doubted: bool,
}

impl CatalogueBefore {
    /// Among facts that are known, and those that were known before; `None` where the catalogue did not change so.
    pub fn of<'f>(
        now: impl IntoIterator<Item = &'f Fact>,
        before: impl IntoIterator<Item = &'f Before>,
    ) -> Option<CatalogueBefore> {
        let named = |before: &&Before| Catalogue::KINDS.contains(&before.fact.what.kind());
        let before: Vec<&Before> = before.into_iter().filter(named).collect();
        let until = before.iter().map(|before| before.until).max()?;
        let doubted = before.iter().any(|before| before.doubted);
        // Of two of one id the later one counts.
        let facts = now.into_iter().chain(before.iter().map(|before| before.fact.as_ref()));
        Some(CatalogueBefore { catalogue: Catalogue::of(facts), until, doubted })
    }
}

/// What was so before, as far as nobody vouched for the change.
#[derive(Default)]
pub struct Baseline {
    rules: Vec<FormerRules>,
    catalogue: Option<Catalogue>,
    since: Option<Timestamp>,
    doubted: bool,
    /// One of the files revoked nothing: what was claimed until this instant, when the one in force took its place, may be
    /// revoked because of that.
    lenient: Option<Timestamp>,
}

impl Baseline {
    /// Of a site whose names are now looked for in these `groups`, and meant what `resolved` says before.
    ///
    /// `older` are the files that were in force since the last one of which everything was done, and when the latest
    /// took their place.
    pub fn of(
        site: &Site,
        groups: &BTreeMap<String, Vec<Group>>,
        resolved: Option<&Resolved>,
        older: (Vec<Site>, Timestamp),
        catalogue: (&Catalogue, Option<CatalogueBefore>),
    ) -> Baseline {
        let (now, before) = catalogue;
        let (until, doubted) = (before.as_ref().map(|before| before.until), before.as_ref().is_some_and(|b| b.doubted));
        let before = before.map(|before| before.catalogue);
        let (older, replaced) = older;
        let lenient = older.iter().any(|site| site.mode != Mode::Full).then_some(replaced);
        let since = until.max((!older.is_empty()).then_some(replaced));
        let renamed = before.as_ref().map(|_| site.clone());
        let rules = older.into_iter().chain(renamed).map(|site| {
            let resolved = resolve(&site, before.as_ref().unwrap_or(now), groups, resolved);
            FormerRules { site, resolved }
        });
        Baseline { rules: rules.collect(), since, doubted, lenient, catalogue: before }
    }
}

/// How sure it is that something is to be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Somebody vouched for it, or its time is over.
    Planned,
    /// It follows from a full read, or from a new site file.
    Inferred,
    /// It was left to the file in force by one that revoked nothing, or became so since.
    Left,
    /// It follows from full reads that lost half of what was known, three times alike.
    Doubted,
}

impl Baseline {
    /// When the latest change was read, or the former file replaced, of what this person is judged by; `None` where
    /// everything is confirmed.
    pub(super) fn changed(&self, dossier: &PersonFacts) -> Option<Timestamp> {
        dossier.vouched.values().map(|before| before.until).max().max(self.since)
    }

    /// How sure it is that something is to be taken that was `theirs` before, or not, and is ours since `claimed`.
    pub(super) fn graded(&self, dossier: &PersonFacts, theirs: bool, claimed: Option<Timestamp>) -> Certainty {
        let doubted = self.doubted || dossier.vouched.values().any(|before: &Before| before.doubted);
        let left = self.lenient.is_some_and(|until| claimed.is_none_or(|since| since <= until));
        match (theirs, doubted) {
            (false, _) if left => Certainty::Left,
            (false, _) => Certainty::Planned,
            (true, false) => Certainty::Inferred,
            (true, true) => Certainty::Doubted,
        }
    }

    /// The first instant after `now` at which anything opens or closes for this person, by what is known now or by what
    /// was before: what is held must still end when its recorded time is over.
    pub fn next_boundary(
        &self,
        rules: Rules<'_>,
        dossier: &PersonFacts,
        desired: &Desired,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let next = next_boundary(desired, now);
        if self.since.is_none() && dossier.vouched.is_empty() {
            return next;
        }
        let before = self.before(rules, dossier, now);
        let ends = before.iter().filter(|one| one.window.holds(now)).filter_map(|one| one.window.until);
        ends.chain(next).min()
    }

    /// What they could open before.
    pub(super) fn before(&self, rules: Rules<'_>, dossier: &PersonFacts, now: Timestamp) -> Vec<Entitlement> {
        let dossier = dossier.as_vouched();
        let catalogue = self.catalogue.as_ref().unwrap_or(rules.catalogue);
        let derive = |site, resolved| derive(Rules { site, resolved, catalogue }, &dossier, now).entitlements;
        let mut before = derive(rules.site, rules.resolved);
        before.extend(self.rules.iter().flat_map(|old| derive(&old.site, &old.resolved)));
        before
    }
}
