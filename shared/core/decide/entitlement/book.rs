//! Index of a site's rules by what they are about. Of hundreds of rules, only a few can concern one
//! person.

use std::collections::HashMap;

use super::{RuleEvaluator, Rules};
use crate::model::fact::{Id, What};
use crate::site::Selector;
use crate::site::resolve::IdSelection;

/// Index of the rules that open a group, built once for many people.
pub struct RuleIndex<'a> {
    pub(super) rules: Rules<'a>,
    by_plan: HashMap<&'a str, Vec<usize>>,
    by_resource: HashMap<&'a str, Vec<usize>>,
    /// Rules that may concern any person.
    others: Vec<usize>,
}

impl<'a> RuleIndex<'a> {
    /// Builds the index. Leaves out rules that open no group.
    pub fn of(rules: Rules<'a>) -> Self {
        let mut book = RuleIndex {
            rules,
            by_plan: HashMap::new(),
            by_resource: HashMap::new(),
            others: Vec::new(),
        };
        for (place, (rule, resolved)) in rules
            .site
            .rules
            .iter()
            .zip(&rules.resolved.rules)
            .enumerate()
        {
            if resolved.groups.is_empty() {
                continue;
            }
            let (index, ids) = match (rule.selector, &resolved.wanted) {
                (Selector::Plan, IdSelection::Of(ids)) => (&mut book.by_plan, ids),
                (Selector::Resource, IdSelection::Of(ids)) => (&mut book.by_resource, ids),
                _ => {
                    book.others.push(place);
                    continue;
                }
            };
            for id in ids {
                index.entry(id).or_default().push(place);
            }
        }
        book
    }

    /// Returns the positions of the rules that may concern the person, in the order of the site
    /// file.
    pub(super) fn places(&self, bench: &RuleEvaluator<'_>) -> Vec<usize> {
        let mut places = self.others.clone();
        let plans = bench
            .memberships
            .iter()
            .flat_map(|(_, membership, _)| membership.plans().map(Id::as_str));
        places.extend(plans.filter_map(|plan| self.by_plan.get(plan)).flatten());
        let booked = bench
            .person_facts
            .facts
            .values()
            .filter_map(|fact| match &fact.what {
                What::Booking(booking) => booking.resource.as_deref(),
                _ => None,
            });
        places.extend(
            booked
                .filter_map(|resource| self.by_resource.get(resource))
                .flatten(),
        );
        places.sort_unstable();
        places.dedup();
        places
    }
}
