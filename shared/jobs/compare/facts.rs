//! All facts of one site's platform, in memory, indexed by the profile or team that they concern.

use std::collections::HashMap;
use std::hash::{Hash, Hasher, RandomState};
use std::sync::Arc;

use hashbrown::{Equivalent, HashSet};
use jiff::Timestamp;

use doorstep_core::decide::entitlement::{Before, PersonFacts};
use doorstep_core::decide::guard::baseline::CatalogueBefore;
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, Profile, What};
use doorstep_core::model::record::{FactRecord, Source};

/// A fact that hashes and compares by its name, which is part of the fact.
struct NamedFact(Arc<Fact>);

impl NamedFact {
    /// Returns the parts of the name in the order of [`FactId`], so that both have the same hash.
    fn parts(&self) -> (Kind, &Id) {
        (self.0.what.kind(), &self.0.id)
    }
}

impl Hash for NamedFact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for NamedFact {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for NamedFact {}

impl Equivalent<NamedFact> for FactId {
    fn equivalent(&self, named: &NamedFact) -> bool {
        (self.kind, &self.id) == named.parts()
    }
}

/// The existing facts of one site.
#[derive(Default)]
pub struct FactIndex {
    facts: HashSet<NamedFact, RandomState>,
    by_holder: HashMap<Holder, Vec<Arc<Fact>>>,
    /// The confirmed state of facts that have an unconfirmed change. Usually empty.
    before: HashMap<FactId, Before>,
    before_by_holder: HashMap<Holder, Vec<FactId>>,
    /// Profiles of people who cannot be read.
    set_aside: std::collections::HashSet<FactId>,
}

impl FactIndex {
    /// Adds a record. It replaces the record of the same thing.
    pub fn put(&mut self, record: &FactRecord) {
        let name = record.fact.name();
        if let Some(NamedFact(old)) = self.facts.take(&name) {
            for holder in old.holders() {
                self.by_holder
                    .entry(holder)
                    .or_default()
                    .retain(|fact| !Arc::ptr_eq(fact, &old));
            }
        }
        self.put_before(&name, record.before());
        if !record.gone {
            for holder in record.fact.holders() {
                self.by_holder
                    .entry(holder)
                    .or_default()
                    .push(record.fact.clone());
            }
            self.facts.insert(NamedFact(record.fact.clone()));
        }
    }

    fn put_before(&mut self, name: &FactId, before: Option<Before>) {
        if let Some(old) = self.before.remove(name) {
            for holder in old.fact.holders() {
                self.before_by_holder
                    .entry(holder)
                    .or_default()
                    .retain(|other| other != name);
            }
        }
        if let Some(before) = before {
            for holder in before.fact.holders() {
                self.before_by_holder
                    .entry(holder)
                    .or_default()
                    .push(name.clone());
            }
            self.before.insert(name.clone(), before);
        }
    }

    /// Sets the profiles of unreadable people aside, so that they do not count as new.
    pub fn set_aside(&mut self, profiles: Vec<FactId>) {
        self.set_aside.extend(profiles);
    }

    /// Returns whether a profile belongs to a person who cannot be read.
    pub fn is_set_aside(&self, name: &FactId) -> bool {
        self.set_aside.contains(name)
    }

    /// Returns the confirmed catalogue, if the catalogue has an unconfirmed change.
    pub fn catalogue_before(&self) -> Option<CatalogueBefore> {
        CatalogueBefore::of(self.facts(), self.before.values())
    }

    /// Iterates over the confirmed state of the facts that have an unconfirmed change.
    pub fn before(&self) -> impl Iterator<Item = (&FactId, &Before)> {
        self.before.iter()
    }

    /// Iterates over all profiles, of members and of visitors, in no order.
    pub fn profiles(&self) -> impl Iterator<Item = (FactId, &Profile)> {
        self.facts()
            .filter_map(|fact| Some((fact.name(), profile(fact)?)))
    }

    /// Returns one profile.
    pub fn profile(&self, name: &FactId) -> Option<&Profile> {
        self.facts
            .get(name)
            .and_then(|NamedFact(fact)| profile(fact))
    }

    /// Returns the confirmed state of a profile: the state before an unconfirmed change, if there
    /// is one.
    pub fn confirmed_profile(&self, name: &FactId) -> Option<&Profile> {
        self.before
            .get(name)
            .and_then(|before| profile(&before.fact))
            .or_else(|| self.profile(name))
    }

    /// Returns one fact.
    pub fn fact(&self, name: &FactId) -> Option<&Fact> {
        self.facts.get(name).map(|NamedFact(fact)| fact.as_ref())
    }

    /// Iterates over all facts, in no order.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().map(|NamedFact(fact)| fact.as_ref())
    }

    /// Returns an index with exactly these facts. A fact that differs from the present one or that
    /// is gone counts as doubted.
    pub fn replaced_by(&self, facts: Vec<Fact>, at: Timestamp) -> FactIndex {
        let mut then = FactIndex {
            set_aside: self.set_aside.clone(),
            ..FactIndex::default()
        };
        let mut said: HashMap<FactId, Fact> =
            facts.into_iter().map(|fact| (fact.name(), fact)).collect();
        for NamedFact(fact) in &self.facts {
            let confirmed = self
                .before
                .get(&fact.name())
                .map(|before| before.fact.clone());
            let (read, since) = (at, None);
            let now = FactRecord {
                fact: fact.clone(),
                read,
                gone: false,
                source: Source::Read,
                since,
                confirmed,
            };
            let new = match said.remove(&fact.name()) {
                Some(said) if said == **fact => now,
                Some(said) => FactRecord::new(said, at, Source::Unconfirmed).after(Some(&now)),
                None => now.gone(at, Source::Unconfirmed).after(Some(&now)),
            };
            then.put(&new);
        }
        said.into_values()
            .for_each(|fact| then.put(&FactRecord::new(fact, at, Source::Unconfirmed)));
        then
    }

    /// Returns the facts about these profiles and their teams.
    pub fn facts_of<'p>(&self, profiles: impl Iterator<Item = &'p FactId> + Clone) -> PersonFacts {
        let mut of_person = PersonFacts {
            profiles: profiles.clone().cloned().collect(),
            ..PersonFacts::default()
        };
        for profile in profiles {
            let own = Holder::of_profile(profile);
            // The profile is one of its own facts.
            let about = self
                .by_holder
                .get(&own)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let now = about
                .iter()
                .find(|fact| fact.what.kind() == profile.kind && fact.id == profile.id);
            let before = self.before.get(profile).map(|before| &before.fact);
            if now.is_none() && before.is_none() {
                continue;
            }
            self.add(&mut of_person, &own, |_| true);
            for fact in now.into_iter().chain(before) {
                let What::Member(member) = &fact.what else {
                    continue;
                };
                for team in member.teams.iter().cloned().map(Holder::Team) {
                    self.add(&mut of_person, &team, |kind| kind != Kind::Member);
                }
            }
        }
        of_person
    }

    fn add(&self, person_facts: &mut PersonFacts, holder: &Holder, counts: impl Fn(Kind) -> bool) {
        let about = self
            .by_holder
            .get(holder)
            .into_iter()
            .flatten()
            .filter(|fact| counts(fact.what.kind()));
        person_facts
            .facts
            .extend(about.map(|fact| (fact.name(), fact.clone())));
        let about = self
            .before_by_holder
            .get(holder)
            .into_iter()
            .flatten()
            .filter(|name| counts(name.kind));
        let before = about.filter_map(|name| Some((name.clone(), self.before.get(name)?.clone())));
        person_facts.confirmed.extend(before);
    }
}

fn profile(fact: &Fact) -> Option<&Profile> {
    match &fact.what {
        What::Member(profile) | What::Visitor(profile) => Some(profile),
        _ => None,
    }
}
