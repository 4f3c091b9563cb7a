//! Decides whether a revoke is inferred. The person is evaluated once more: with the last confirmed
//! facts, and with the site files that were in force before. A revoke is inferred if the person
//! would still have access by these. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::decide::entitlement::{
    Before, Desired, Entitlement, PersonFacts, Rules, derive, next_boundary,
};
use crate::model::account::Group;
use crate::model::fact::Fact;
use crate::model::ids::DoorsName;
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{Resolved, resolve};
use crate::site::{Mode, Site};

/// A site file that was in force, with its names resolved.
struct BaselineRules {
    site: Site,
    resolved: Resolved,
}

/// The platform's catalogue before unconfirmed changes.
pub struct CatalogueBefore {
    /// The former catalogue.
    pub catalogue: Catalogue,
    /// When the latest of the changes was read.
    pub until: Timestamp,
    /// Whether one of the changes is accepted only because it was repeated.
    pub unconfirmed: bool,
}

impl CatalogueBefore {
    /// Builds the former catalogue from the present facts and the former ones. Returns `None` if no
    /// change to the catalogue is unconfirmed.
    pub fn of<'f>(
        now: impl IntoIterator<Item = &'f Fact>,
        before: impl IntoIterator<Item = &'f Before>,
    ) -> Option<CatalogueBefore> {
        let named = |before: &&Before| Catalogue::KINDS.contains(&before.fact.what.kind());
        let before: Vec<&Before> = before.into_iter().filter(named).collect();
        let until = before.iter().map(|before| before.until).max()?;
        let unconfirmed = before.iter().any(|before| before.unconfirmed);
        // The former fact comes last and replaces the present one with the same id.
        let facts = now
            .into_iter()
            .chain(before.iter().map(|before| before.fact.as_ref()));
        Some(CatalogueBefore {
            catalogue: Catalogue::of(facts),
            until,
            unconfirmed,
        })
    }
}

/// The site files that were in force since the last one that was carried out completely.
pub struct OlderFiles {
    /// The files, oldest first.
    pub files: Vec<Site>,
    /// The instant at which the latest of them was replaced.
    pub replaced: Timestamp,
}

/// The platform's catalogue, now and before.
pub struct Catalogues<'a> {
    /// The catalogue as it was read.
    pub now: &'a Catalogue,
    /// The catalogue before unconfirmed changes; `None` if there are none.
    pub before: Option<CatalogueBefore>,
}

/// The former rules and catalogue, as far as the changes since are not confirmed.
#[derive(Default)]
pub struct Baseline {
    rules: Vec<BaselineRules>,
    catalogue: Option<Catalogue>,
    since: Option<Timestamp>,
    unconfirmed: bool,
    /// Set if one of the former files did not revoke. Holds the instant at which the file in force
    /// replaced the latest of them: a claim that is not newer may be revoked only because the file
    /// in force revokes.
    lenient: Option<Timestamp>,
}

impl Baseline {
    /// Builds the baseline of a site. Names of the former files are looked up in these `groups`;
    /// they keep the meaning that `resolved` gave them.
    pub fn of(
        site: &Site,
        groups: &BTreeMap<DoorsName, Vec<Group>>,
        resolved: Option<&Resolved>,
        older: OlderFiles,
        catalogues: Catalogues<'_>,
    ) -> Baseline {
        let Catalogues { now, before } = catalogues;
        let (until, unconfirmed) = (
            before.as_ref().map(|before| before.until),
            before.as_ref().is_some_and(|b| b.unconfirmed),
        );
        let before = before.map(|before| before.catalogue);
        let OlderFiles {
            files: older,
            replaced,
        } = older;
        let lenient = older
            .iter()
            .any(|site| site.mode != Mode::Full)
            .then_some(replaced);
        let since = until.max((!older.is_empty()).then_some(replaced));
        let renamed = before.as_ref().map(|_| site.clone());
        let rules = older.into_iter().chain(renamed).map(|site| {
            let resolved = resolve(&site, before.as_ref().unwrap_or(now), groups, resolved);
            BaselineRules { site, resolved }
        });
        Baseline {
            rules: rules.collect(),
            since,
            unconfirmed,
            lenient,
            catalogue: before,
        }
    }
}

/// How certain it is that something is to be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The change is confirmed, or a recorded end passed.
    Planned,
    /// It follows from an unconfirmed change, or from a new site file.
    Inferred,
    /// A former file that did not revoke left it in place, or it became due for removal since then.
    /// The file in force revokes it.
    Left,
    /// It follows from full reads that lost half of what was known, three of which agreed.
    Unconfirmed,
}

impl Baseline {
    /// Returns when the latest unconfirmed change for this person was read, or the former file was
    /// replaced. Returns `None` if everything is confirmed.
    pub(super) fn changed(&self, person_facts: &PersonFacts) -> Option<Timestamp> {
        person_facts
            .confirmed
            .values()
            .map(|before| before.until)
            .max()
            .max(self.since)
    }

    /// Grades a removal. `theirs` says whether the person had a right to it before; `claimed` is
    /// the instant of the claim.
    pub(super) fn graded(
        &self,
        person_facts: &PersonFacts,
        theirs: bool,
        claimed: Option<Timestamp>,
    ) -> Certainty {
        let unconfirmed = self.unconfirmed
            || person_facts
                .confirmed
                .values()
                .any(|before: &Before| before.unconfirmed);
        let left = self
            .lenient
            .is_some_and(|until| claimed.is_none_or(|since| since <= until));
        match (theirs, unconfirmed) {
            (false, _) if left => Certainty::Left,
            (false, _) => Certainty::Planned,
            (true, false) => Certainty::Inferred,
            (true, true) => Certainty::Unconfirmed,
        }
    }

    /// Returns the first instant after `now` at which a window opens, or at which one closes, by
    /// the present facts or by the former ones. A membership must still end when its recorded time
    /// is over.
    pub fn next_boundary(
        &self,
        rules: Rules<'_>,
        person_facts: &PersonFacts,
        desired: &Desired,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let next = next_boundary(desired, now);
        if self.since.is_none() && person_facts.confirmed.is_empty() {
            return next;
        }
        let before = self.before(rules, person_facts, now);
        let ends = before
            .iter()
            .filter(|one| one.window.holds(now))
            .filter_map(|one| one.window.until);
        ends.chain(next).min()
    }

    /// Returns the person's entitlements by the former facts and rules.
    pub(super) fn before(
        &self,
        rules: Rules<'_>,
        person_facts: &PersonFacts,
        now: Timestamp,
    ) -> Vec<Entitlement> {
        let person_facts = person_facts.as_confirmed();
        let catalogue = self.catalogue.as_ref().unwrap_or(rules.catalogue);
        let derive = |site, resolved| {
            derive(
                Rules {
                    site,
                    resolved,
                    catalogue,
                },
                &person_facts,
                now,
            )
            .entitlements
        };
        let mut before = derive(rules.site, rules.resolved);
        before.extend(
            self.rules
                .iter()
                .flat_map(|old| derive(&old.site, &old.resolved)),
        );
        before
    }
}

#[cfg(test)]
mod tests;
