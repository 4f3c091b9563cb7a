//! Adds desks and offices to memberships.

use std::collections::{BTreeMap, BTreeSet};

use super::PlatformReading;
use doorstep_core::decide::credibility::{Credibility, Loss, LossLimit};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Assignment, Fact, FactId, Id, What};
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Selector;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{IdSelection, resolve};
use doorstep_vendors::platform::ReadPlatform;
use doorstep_vendors::platform::found::FactList;

/// The name of assignments among the lists that are judged.
const ASSIGNMENTS: &str = "assignment";

impl PlatformReading<'_> {
    /// Adds desks and offices to memberships. They are read for the resources that rules name. For
    /// other resources the stored ones stay.
    pub(super) async fn assigned(
        &mut self,
        reader: &dyn ReadPlatform,
        mut memberships: FactList,
        stored: &BTreeMap<FactId, FactRecord>,
    ) -> Result<FactList> {
        let resources = self.ruled_resources();
        let mut read: BTreeMap<Id, Vec<Assignment>> = BTreeMap::new();
        let assigned = reader.assignments(&resources).await?;
        for (membership, assignment) in assigned.read {
            read.entry(membership).or_default().push(assignment);
        }
        self.remark(assigned.unreadable.iter());
        memberships.nameless += assigned.nameless;
        let listed: BTreeSet<&Id> = read.values().flatten().map(|one| &one.id).collect();
        let unreadable: BTreeSet<&Id> = assigned.unreadable.iter().map(|one| &one.id).collect();
        let ruled = stored
            .values()
            .filter(|record| !record.gone)
            .flat_map(|record| assigned_to(&record.fact));
        let ruled: Vec<&Assignment> = ruled
            .filter(|one| resources.contains(&one.resource))
            .collect();
        let is_there = |one: &Assignment| listed.contains(&one.id) || unreadable.contains(&one.id);
        let lost: BTreeSet<Id> = ruled
            .iter()
            .filter(|one| !is_there(one))
            .map(|one| one.id.clone())
            .collect();
        let accepted = self.since.is_some() || self.accepts_assignments(ruled.len(), &lost);
        let stays = |other: &Assignment| {
            let kept = unreadable.contains(&other.id) || !accepted && lost.contains(&other.id);
            !resources.contains(&other.resource) || kept
        };
        for fact in &mut memberships.facts {
            let name = fact.name();
            let What::Membership(membership) = &mut fact.what else {
                continue;
            };
            let before = stored.get(&name).map(|record| &record.fact.what);
            let others = match before {
                Some(What::Membership(before)) => before.assignments.clone(),
                _ => Vec::new(),
            };
            membership.assignments = read.remove(&fact.id).unwrap_or_default();
            membership
                .assignments
                .extend(others.into_iter().filter(stays));
            membership.assignments.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(memberships)
    }

    /// Returns whether the lists of assignments are accepted, given that they lost `lost` of
    /// `known`. An assignment cannot be read by id, so an empty list cannot be told from a wrong
    /// one.
    fn accepts_assignments(&mut self, known: usize, lost: &BTreeSet<Id>) -> bool {
        let loss = Loss {
            known,
            lost: lost.len(),
        };
        let credibility =
            self.refused_lists
                .judge(ASSIGNMENTS, lost, loss, LossLimit::HalfOrAllOfThree);
        match credibility {
            Credibility::Credible => {}
            Credibility::Repeated => self.remarks.push(format!("the lists of assignments {loss}, three times alike")),
            Credibility::Incredible => self
                .refused
                .push(format!("the lists of assignments {loss} since the last read; nothing is revoked because of it")),
        }
        credibility != Credibility::Incredible
    }

    /// Returns the resources whose assignments open a group.
    fn ruled_resources(&self) -> Vec<Id> {
        let catalogue = Catalogue::of(self.known.facts());
        let resolved = resolve(self.site, &catalogue, &BTreeMap::new(), None);
        let rules = self.site.rules.iter().zip(&resolved.rules);
        let wanted: Vec<(Selector, &IdSelection)> = rules
            .map(|(rule, resolved)| (rule.selector, &resolved.wanted))
            .collect();
        let counts = |id: &str, location: Option<&str>, floor: Option<&str>| {
            wanted.iter().any(|(selector, ids)| {
                let about = match selector {
                    Selector::Assignable => Some(id),
                    Selector::Location => location,
                    Selector::Floor => floor,
                    _ => None,
                };
                about.is_some_and(|about| match ids {
                    IdSelection::Any => true,
                    IdSelection::Of(ids) => ids.contains(about),
                })
            })
        };
        let resources = catalogue.resources.iter();
        let ruled =
            resources.filter(|(id, at)| counts(id, at.location.as_deref(), at.floor.as_deref()));
        ruled.map(|(id, _)| id.clone()).collect()
    }
}

fn assigned_to(fact: &Fact) -> &[Assignment] {
    match &fact.what {
        What::Membership(membership) => &membership.assignments,
        _ => &[],
    }
}
