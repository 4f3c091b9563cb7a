//! Entitlements from passes: days bought in advance. A pass opens until all of its days are used,
//! or its validity ends.

use super::days::{DayWindow, day_of, days};
use super::{IndexedRule, RuleEvaluator, holds};
use crate::model::fact::{Checkin, Fact, FactId, Holder, Kind, Pass, Profile, What};
use crate::model::window::Window;
use crate::site::PassOpening;
use crate::site::resolve::IdSelection;

impl<'a> RuleEvaluator<'a> {
    /// Evaluates a rule about passes: for the holders of a pass, or for everyone in the company
    /// that holds it.
    pub(super) fn passes(&mut self, asked: IndexedRule<'_>) {
        let person_facts = self.person_facts;
        for fact in person_facts.facts.values() {
            let What::Pass(pass) = &fact.what else {
                continue;
            };
            let mut reaching = pass
                .holders
                .iter()
                .filter_map(|holder| Some((holder, person_facts.reached(holder)?)));
            let Some((holder, profile)) = reaching.next() else {
                continue;
            };
            let location = pass
                .location
                .as_deref()
                .or_else(|| self.location_of(holder, profile));
            if is_wanted(&asked.resolved.wanted, fact, pass) && self.in_place(asked, location) {
                self.pass(asked, fact, pass, location);
            }
        }
    }

    fn pass(&mut self, asked: IndexedRule<'_>, fact: &Fact, pass: &Pass, location: Option<&str>) {
        let zone = self.zone(location);
        let DayWindow::Window(valid) = days(pass.from, pass.until, &zone) else {
            return self.problem(
                &fact.name(),
                "ends before it starts and opens nothing: correct its dates at the platform",
            );
        };
        let unused = pass.count.is_none_or(|count| pass.used < count);
        if unused && self.rules.site.passes == PassOpening::WhileUnused {
            return self.open(asked, valid, location, &[fact.name()]);
        }
        // Using the last day does not remove its holder's access: a person who checked in keeps it
        // until local midnight.
        if let Some(day) = pass
            .used_at
            .filter(|at| valid.holds(*at))
            .and_then(|at| day_of(at, &zone))
            && let Some(day) = day.overlap(&valid)
        {
            self.open(asked, day, location, &[fact.name()]);
        }
        // A check-in that used another pass does not reopen a pass that is used up.
        let counts =
            |checkin: &Checkin| unused || checkin.pass.as_ref().is_none_or(|used| *used == fact.id);
        for (name, checkin) in self
            .checkins()
            .into_iter()
            .filter(|(_, checkin)| counts(checkin))
        {
            let day: Option<Window> = day_of(checkin.at, &zone);
            if valid.holds(checkin.at)
                && let Some(day) = day.and_then(|day| day.overlap(&valid))
            {
                self.open(asked, day, location, &[fact.name(), name]);
            }
        }
    }

    fn checkins(&self) -> Vec<(FactId, &'a Checkin)> {
        let person_facts = self.person_facts;
        let mine = |checkin: &Checkin| {
            let member = checkin.member.as_deref();
            member.is_some_and(|member| person_facts.members().any(|(id, _)| id == member))
        };
        let all = person_facts
            .facts
            .values()
            .filter_map(|fact| match &fact.what {
                What::Checkin(checkin) if mine(checkin) => Some((fact.name(), checkin)),
                _ => None,
            });
        all.collect()
    }

    /// Returns the location of a pass that names none: the team's, or else the profile's.
    fn location_of(&self, holder: &Holder, profile: &'a Profile) -> Option<&'a str> {
        let team = match holder {
            Holder::Team(id) => self
                .person_facts
                .facts
                .get(&FactId::new(Kind::Team, id.clone())),
            _ => None,
        };
        let of_team = team.and_then(|fact| match &fact.what {
            What::Team(team) => team.location.as_deref(),
            _ => None,
        });
        of_team.or(profile.location.as_deref())
    }
}

fn is_wanted(wanted: &IdSelection, fact: &Fact, pass: &Pass) -> bool {
    holds(wanted, Some(&fact.id)) || holds(wanted, pass.name.as_deref())
}
