//! The decision about one person, at each door system.

use std::collections::BTreeMap;

use crate::decide::action::Action;
use crate::decide::cards::{CardClaim, Trouble};
use crate::model::account::GroupId;
use crate::model::claim::Claim;
use crate::model::ids::DoorsName;
use crate::model::person::Person;
use crate::model::problem::Problem;

/// What must change for one person, by door system. Door systems where nothing changes are absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonDecision {
    /// The decision at each door system.
    pub by_doors: BTreeMap<DoorsName, DoorsDecision>,
}

/// What must change for one person at one door system.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DoorsDecision {
    /// The actions, in the order in which they must run.
    pub actions: Vec<Action>,
    /// Memberships that become claims without a change at the door system.
    pub adopt: Vec<Claim>,
    /// Groups whose claim is dropped without a change at the door system.
    pub disown: Vec<GroupId>,
    /// Cards of the account that become Doorstep's without a change at the door system.
    pub adopt_cards: Vec<CardClaim>,
    /// Numbers of cards whose record is dropped without a change at the door system.
    pub disown_cards: Vec<String>,
    /// Problems with the person's card numbers.
    pub troubles: Vec<Trouble>,
}

impl DoorsDecision {
    /// Returns whether nothing changes at the door system or in the store. Problems do not count.
    pub fn is_unchanged(&self) -> bool {
        let DoorsDecision {
            actions,
            adopt,
            disown,
            adopt_cards,
            disown_cards,
            troubles: _,
        } = self;
        let cards = adopt_cards.is_empty() && disown_cards.is_empty();
        actions.is_empty() && adopt.is_empty() && disown.is_empty() && cards
    }

    /// Returns whether the account is created.
    pub fn creates(&self) -> bool {
        self.actions.contains(&Action::Create)
    }

    /// Returns whether a card changes, or has a problem.
    pub fn concerns_cards(&self) -> bool {
        let changes = self
            .actions
            .iter()
            .any(|action| matches!(action, Action::Tag(_) | Action::Untag(_)));
        changes
            || !self.adopt_cards.is_empty()
            || !self.disown_cards.is_empty()
            || !self.troubles.is_empty()
    }
}

impl PersonDecision {
    /// Returns whether nothing changes at the door systems or in the store. Problems do not count.
    pub fn is_unchanged(&self) -> bool {
        self.by_doors.values().all(DoorsDecision::is_unchanged)
    }

    /// Iterates over all actions, each with its door system.
    pub fn actions(&self) -> impl Iterator<Item = (&DoorsName, &Action)> {
        let each = self.by_doors.iter();
        each.flat_map(|(doors, here)| here.actions.iter().map(move |action| (doors, action)))
    }

    /// Adds those actions of another decision for which `counts` returns true.
    pub fn add_actions(
        &mut self,
        other: &PersonDecision,
        counts: impl Fn(&DoorsName, &Action) -> bool,
    ) {
        for (doors, action) in other
            .actions()
            .filter(|(doors, action)| counts(doors, action))
        {
            self.by_doors
                .entry(doors.clone())
                .or_default()
                .actions
                .push(action.clone());
        }
    }

    /// Keeps the actions for which `keeps` returns true.
    pub fn retain_actions(&mut self, mut keeps: impl FnMut(&DoorsName, &Action) -> bool) {
        for (doors, here) in &mut self.by_doors {
            here.actions.retain(|action| keeps(doors, action));
        }
    }

    /// Adds the adopted claims to the person, and drops the disowned ones.
    pub fn settle_claims(&self, person: &mut Person) {
        for (doors, here) in &self.by_doors {
            let is_dropped = |claim: &Claim| {
                let is_adopted = here.adopt.iter().any(|new| new.group == claim.group);
                claim.doors == *doors && (is_adopted || here.disown.contains(&claim.group))
            };
            person.claims.retain(|claim| !is_dropped(claim));
            person.claims.extend(here.adopt.iter().cloned());
        }
    }

    /// Iterates over the problems with card numbers, each with its door system.
    pub fn troubles(&self) -> impl Iterator<Item = (&DoorsName, &Trouble)> {
        let each = self.by_doors.iter();
        each.flat_map(|(doors, here)| here.troubles.iter().map(move |trouble| (doors, trouble)))
    }

    /// Iterates over the problems with card numbers, as problems of the person.
    pub fn card_problems(&self) -> impl Iterator<Item = Problem> {
        self.troubles()
            .map(|(doors, trouble)| trouble.problem(doors))
    }
}
