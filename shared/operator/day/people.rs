//! Decides the windows of each person on one day, from everything that the table has. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::bars::Bars;
use super::judge::{Circumstances, ExpectedWindow, Judged, judge, judge_unexplained};
use super::shape::{BarNote, BarPerson, BarState};
use super::stays::{PersonRecords, Stay, stays};
use crate::at_doors::PersonAtDoors;
use crate::known_site::KnownSite;
use crate::preview::closed::kept_closed;
use crate::preview::diff::ShownPerson;
use doorstep_core::decide::entitlement::{ClosedEntitlement, Desired, OpenInterval};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::audit::Record;
use doorstep_core::model::claim::Claim;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::window::Window;
use doorstep_core::site::Mode;

/// The name of a person of whom no name is known.
const UNNAMED: &str = "Guest";

/// What is the same for everyone.
#[derive(Clone, Copy)]
pub struct DayContext<'a> {
    /// What the table has of the site.
    pub known: &'a KnownSite,
    /// The day.
    pub day: Window,
    /// The instant of the answer.
    pub now: Timestamp,
    /// The facts of the day are known.
    pub with_facts: bool,
}

/// One person on one day.
pub struct PersonDay<'a> {
    /// The person, as settle would leave them.
    pub person: &'a Person,
    /// The name, where one is known.
    pub name: Option<String>,
    /// The windows that the facts and rules give.
    pub desired: Desired,
    /// What closures take away.
    pub closed: Vec<ClosedEntitlement>,
    /// The records of the day.
    pub records: Option<&'a PersonRecords<'a>>,
}

impl<'a> PersonDay<'a> {
    /// Returns a person of whom only records are known.
    pub fn of_records(person: &'a Person, records: &'a PersonRecords<'a>) -> Self {
        PersonDay {
            person,
            name: None,
            desired: Desired::new(),
            closed: Vec::new(),
            records: Some(records),
        }
    }

    /// Adds the person's windows to the bars.
    pub fn add_to(&self, bars: &mut Bars, context: DayContext<'_>) {
        let groups = self.groups();
        let mut doors: Option<AtDoors<'_>> = None;
        for at in &groups {
            let here = match doors.take().filter(|here| here.applies.is_at(&at.doors)) {
                Some(here) => here,
                None => AtDoors::of(self, &at.doors, context.known),
            };
            AtGroup::of(self, at, &here, context).windows(bars);
            doors = Some(here);
        }
        for kept in kept_closed(&self.desired, &self.closed, &context.day) {
            let person = BarPerson {
                who: self.who(&kept.at.doors),
                window: kept.window,
                reasons: kept.because.named().into_iter().cloned().collect(),
                record: None,
                opened: None,
                closed: None,
                note: Some(BarNote::Closed { by: kept.closed }),
            };
            bars.add(&kept.at, BarState::Closed, person);
        }
    }

    fn groups(&self) -> BTreeSet<GroupRef> {
        let moved = self.records.into_iter().flat_map(|all| all.moves.keys());
        let claims = self.person.claims.iter();
        let claims = claims.map(|claim| GroupRef::new(&claim.doors, &claim.group));
        let named = self.desired.keys().chain(moved).cloned();
        named.chain(claims).collect()
    }

    fn who(&self, doors: &DoorsName) -> Arc<ShownPerson> {
        let linked = self.person.accounts.get(doors);
        let account = linked.map(|linked| linked.account.id.clone());
        let recorded = || {
            let mut moves = self.records?.moves.iter();
            let (_, records) = moves.find(|(at, _)| at.doors == *doors)?;
            Some(records.last()?.action.account.clone())
        };
        Arc::new(ShownPerson {
            name: self.name.clone().unwrap_or_else(|| UNNAMED.to_owned()),
            email: self.person.email.clone(),
            person: Some(self.person.id.clone()).filter(|id| !id.is_empty()),
            account: account.or_else(recorded),
        })
    }
}

/// One person at one door system.
struct AtDoors<'a> {
    who: Arc<ShownPerson>,
    applies: PersonAtDoors<'a>,
}

impl<'a> AtDoors<'a> {
    fn of(of: &'a PersonDay<'a>, doors: &'a DoorsName, known: &'a KnownSite) -> Self {
        AtDoors {
            who: of.who(doors),
            applies: PersonAtDoors::of(known, of.person, doors),
        }
    }
}

/// One person at one group.
struct AtGroup<'a> {
    of: &'a PersonDay<'a>,
    at: &'a GroupRef,
    here: &'a AtDoors<'a>,
    context: DayContext<'a>,
    claim: Option<&'a Claim>,
    intervals: &'a [OpenInterval],
    stays: Vec<Stay<'a>>,
}

impl<'a> AtGroup<'a> {
    fn of(
        of: &'a PersonDay<'a>,
        at: &'a GroupRef,
        here: &'a AtDoors<'a>,
        context: DayContext<'a>,
    ) -> Self {
        let moves = of.records.and_then(|records| records.moves.get(at));
        let moves = moves.map(Vec::as_slice).unwrap_or_default();
        let claim = of.person.claim(&at.doors, &at.group);
        AtGroup {
            intervals: of.desired.get(at).map(Vec::as_slice).unwrap_or_default(),
            stays: stays(moves, claim, context.now),
            of,
            at,
            here,
            context,
            claim,
        }
    }

    fn windows(&self, bars: &mut Bars) {
        let refused = self.refused();
        let circumstances = self.circumstances(&refused);
        for (place, interval) in self.intervals.iter().enumerate() {
            if interval.window.overlap(&self.context.day).is_none() {
                continue;
            }
            let next = self.intervals.get(place + 1);
            let expected = ExpectedWindow {
                window: interval.window,
                known: self.known_since(interval),
                next: next.map(|next| next.window.from),
            };
            if let Some(judged) = judge(&expected, &circumstances) {
                let reasons = interval.because.named().into_iter().cloned();
                let state = judged.state;
                let person = BarPerson {
                    reasons: reasons.collect(),
                    ..self.behind(interval.window, judged)
                };
                bars.add(self.at, state, person);
            }
        }
        for stay in self.stays.iter().filter(|stay| !self.is_explained(stay)) {
            let judged = judge_unexplained(stay, self.unexplained_since(), &circumstances);
            let (window, record) = recorded(stay);
            let state = judged.state;
            let person = BarPerson {
                record,
                ..self.behind(window, judged)
            };
            bars.add(self.at, state, person);
        }
    }

    /// Returns the person behind a bar, without the reason.
    fn behind(&self, window: Window, judged: Judged) -> BarPerson {
        let Judged {
            state: _,
            note,
            opened,
            closed,
        } = judged;
        BarPerson {
            who: self.here.who.clone(),
            window,
            reasons: Vec::new(),
            record: None,
            opened,
            closed,
            note,
        }
    }

    fn is_explained(&self, stay: &Stay<'_>) -> bool {
        let mut windows = self.intervals.iter().map(|interval| &interval.window);
        windows.any(|window| stay.overlaps(window))
    }

    fn circumstances<'c>(&'c self, refused: &'c [&'c Record]) -> Circumstances<'c> {
        let (known, applies) = (self.context.known, &self.here.applies);
        let (group, claimed) = (&self.at.group, self.claim.map(|claim| &claim.account));
        Circumstances {
            now: self.context.now,
            stays: &self.stays,
            refused,
            observing: known.site.mode == Mode::Observe,
            revokes: known.site.mode == Mode::Full && !applies.protected,
            stale: known.stale,
            suspended: applies.suspended.as_deref(),
            problem: applies.problem.as_deref(),
            held_account: applies.held_account,
            held_removal: applies.held_removal(group, claimed),
            by_hand: applies.by_hand(group).is_some(),
            protected: applies.protected,
        }
    }

    fn refused(&self) -> Vec<&Record> {
        let all = self.of.records.map(|records| records.refused.as_slice());
        let here = all.unwrap_or_default().iter().filter(|record| {
            let group = record.action.group.as_ref();
            record.action.doors == self.at.doors
                && group.is_none_or(|group| *group == self.at.group)
        });
        here.copied().collect()
    }

    /// Returns since when everything behind an interval is known.
    fn known_since(&self, interval: &OpenInterval) -> Timestamp {
        let reasons = interval.because.named();
        let facts = reasons.iter().flat_map(|reason| &reason.facts);
        self.last_change(facts).unwrap_or(Timestamp::MIN)
    }

    /// Returns since when no window explains that the person is in the group. On a day of which the
    /// facts are not known, nothing needs an explanation.
    fn unexplained_since(&self) -> Option<Timestamp> {
        if !self.context.with_facts {
            return None;
        }
        let claim = self.claim?;
        let facts = claim.basis.iter().map(|basis| &basis.fact);
        Some(self.last_change(facts).unwrap_or(claim.since))
    }

    /// Returns when these facts or the site file last changed.
    fn last_change<'f>(&self, facts: impl Iterator<Item = &'f FactId>) -> Option<Timestamp> {
        let known = self.context.known;
        let facts = facts.filter_map(|fact| known.since.get(fact).copied());
        facts.chain(known.stored.at).max()
    }
}

/// Returns the window of a span that no fact explains, by the instants at which its changes were
/// due, and the reason that was recorded.
fn recorded(stay: &Stay<'_>) -> (Window, Option<String>) {
    let due = |record: Option<&Record>| record?.action.due;
    let window = Window {
        from: due(stay.opened).or(stay.from).unwrap_or(Timestamp::MIN),
        until: due(stay.closed).or(stay.until),
    };
    let record = stay.opened.or(stay.closed);
    (window, record.map(|record| record.action.because.clone()))
}
