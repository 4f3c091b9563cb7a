//! Everything that is known of one site's platform, in memory, found by whom it is about.

use std::collections::HashMap;
use std::sync::Arc;

use crate::entitlement::Dossier;
use crate::fact::{Fact, FactId, Holder, Kind, Profile, What};
use crate::ledger::facts::Record;

/// Live facts of one site.
#[derive(Default)]
pub struct Known {
    facts: HashMap<FactId, Arc<Fact>>,
    by_holder: HashMap<Holder, Vec<Arc<Fact>>>,
}

impl Known {
    /// Adds a record, in place of what was known of the same thing.
    pub fn put(&mut self, record: &Record) {
        let name = record.fact.name();
        if let Some(old) = self.facts.remove(&name) {
            for holder in old.holders() {
                self.by_holder.entry(holder).or_default().retain(|fact| !Arc::ptr_eq(fact, &old));
            }
        }
        if !record.gone {
            for holder in record.fact.holders() {
                self.by_holder.entry(holder).or_default().push(record.fact.clone());
            }
            self.facts.insert(name, record.fact.clone());
        }
    }

    /// Every profile, of members and of guests, in no order.
    pub fn profiles(&self) -> impl Iterator<Item = (&FactId, &Profile)> {
        self.facts.iter().filter_map(|(name, fact)| Some((name, profile(fact)?)))
    }

    /// One profile.
    pub fn profile(&self, name: &FactId) -> Option<&Profile> {
        self.facts.get(name).and_then(|fact| profile(fact))
    }

    /// All facts, in no order.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.values().map(AsRef::as_ref)
    }

    /// Everything about these profiles and their teams.
    pub fn dossier(&self, profiles: &[FactId]) -> Dossier {
        let mut dossier = Dossier { profiles: profiles.to_vec(), ..Dossier::default() };
        for profile in profiles {
            let Some(fact) = self.facts.get(profile) else { continue };
            dossier.facts.insert(profile.clone(), fact.clone());
            let (own, teams) = match &fact.what {
                What::Member(member) => (Holder::Member(profile.id.clone()), member.teams.as_slice()),
                _ => (Holder::Visitor(profile.id.clone()), [].as_slice()),
            };
            self.add(&mut dossier, &own, |_| true);
            for team in teams.iter().cloned().map(Holder::Team) {
                self.add(&mut dossier, &team, |kind| kind != Kind::Member);
            }
        }
        dossier
    }

    fn add(&self, dossier: &mut Dossier, holder: &Holder, counts: impl Fn(Kind) -> bool) {
        let about = self.by_holder.get(holder).into_iter().flatten().filter(|fact| counts(fact.what.kind()));
        dossier.facts.extend(about.map(|fact| (fact.name(), fact.clone())));
    }
}

fn profile(fact: &Fact) -> Option<&Profile> {
    match &fact.what {
        What::Member(profile) | What::Visitor(profile) => Some(profile),
        _ => None,
    }
}
