//! Compares one day under two sets of rules. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccessDifference, DifferenceKind};
use crate::preview::diff::ShownPerson;
use doorstep_core::decide::entitlement::{
    Desired, OpenInterval, PersonFacts, RuleIndex, Rules, derive_by, desired,
};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::window::Window;
use doorstep_jobs::compare::facts::FactIndex;
use doorstep_jobs::compare::people::{AddressSource, ProjectedPerson, Projection};

/// The rules that are compared.
pub struct RuleChange<'a> {
    /// The rules in force.
    pub before: Rules<'a>,
    /// The rules that are tried.
    pub after: Rules<'a>,
}

/// Returns what of `day` differs for each person between the rules before and after.
pub fn compare(
    rules: RuleChange<'_>,
    known: &FactIndex,
    people: &[Person],
    day: Window,
    names: &BTreeMap<GroupRef, String>,
) -> Vec<AccessDifference> {
    let books = (RuleIndex::of(rules.before), RuleIndex::of(rules.after));
    let open = |book: &RuleIndex<'_>, person_facts: &PersonFacts| {
        desired(&derive_by(book, person_facts, day.from).entitlements)
    };
    let mut changes = Vec::new();
    for projected in Projection::of(AddressSource::Confirmed, people, known).people {
        let person_facts = known.facts_of(projected.person.profiles.iter());
        let (old, new) = (open(&books.0, &person_facts), open(&books.1, &person_facts));
        let groups: BTreeSet<&GroupRef> = old.keys().chain(new.keys()).collect();
        for group in groups {
            let (was, is) = (intervals(&old, group), intervals(&new, group));
            let gains = only(is, was, day)
                .into_iter()
                .map(|part| (DifferenceKind::Gains, part));
            let loses = only(was, is, day)
                .into_iter()
                .map(|part| (DifferenceKind::Loses, part));
            let name = names.get(group).unwrap_or(&group.group.0);
            changes.extend(gains.chain(loses).filter_map(|(what, (window, because))| {
                let (from, until) = (window.from, window.until?);
                let (doors, id) = (group.doors.clone(), group.group.0.clone());
                let who = who(&projected, &person_facts, &doors);
                Some(AccessDifference {
                    doors,
                    group: id,
                    name: name.clone(),
                    who,
                    what,
                    from,
                    until,
                    because,
                })
            }));
        }
    }
    changes.sort_by(|a, b| {
        let order = |one: &AccessDifference| {
            (
                one.doors.clone(),
                one.name.clone(),
                one.group.clone(),
                one.who.clone(),
                one.from,
            )
        };
        order(a).cmp(&order(b)).then(a.what.cmp(&b.what))
    });
    changes
}

fn intervals<'a>(desired: &'a Desired, group: &GroupRef) -> &'a [OpenInterval] {
    desired.get(group).map(Vec::as_slice).unwrap_or_default()
}

/// Returns what of these intervals lies in the day and in none of the others.
fn only(these: &[OpenInterval], others: &[OpenInterval], day: Window) -> Vec<(Window, String)> {
    let mut found = Vec::new();
    for interval in these {
        let mut left: Vec<Window> = interval.window.overlap(&day).into_iter().collect();
        for other in others {
            left = left
                .iter()
                .flat_map(|window| window.without(&other.window))
                .collect();
        }
        found.extend(
            left.into_iter()
                .map(|window| (window, interval.because.to_string())),
        );
    }
    found
}

fn who(
    projected: &ProjectedPerson<'_>,
    person_facts: &PersonFacts,
    doors: &DoorsName,
) -> ShownPerson {
    let account = projected
        .person
        .accounts
        .get(doors)
        .map(|linked| &linked.account);
    let named = || account.and_then(|account| account.called());
    ShownPerson {
        name: person_facts
            .name()
            .map(str::to_owned)
            .or_else(named)
            .unwrap_or_else(|| "Guest".to_owned()),
        email: projected.person.email.clone(),
        person: projected.stored.map(|person| person.id.clone()),
        account: account.map(|account| account.id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use doorstep_core::model::fact::{FactId, Kind};
    use doorstep_core::model::reasons::Reasons;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("an instant")
    }

    fn interval(from: i64, until: Option<i64>) -> OpenInterval {
        OpenInterval {
            window: Window {
                from: at(from),
                until: until.map(at),
            },
            because: Reasons::of(FactId::new(Kind::Booking, from.to_string()), 1),
        }
    }

    #[test]
    fn what_only_one_of_them_opens_is_cut_to_the_day_and_keeps_its_reason() {
        let day = Window {
            from: at(100),
            until: Some(at(200)),
        };
        let (long, two) = (
            [interval(50, None)],
            [interval(90, Some(120)), interval(150, Some(160))],
        );
        let parts: Vec<_> = only(&long, &two, day)
            .into_iter()
            .map(|(window, _)| window)
            .collect();
        assert_eq!(
            parts,
            [
                interval(120, Some(150)).window,
                interval(160, Some(200)).window
            ]
        );
        assert_eq!(only(&two, &long, day), []);
        let whole = only(&two, &[], day);
        assert_eq!(
            whole[0],
            (
                Window {
                    from: at(100),
                    until: Some(at(120))
                },
                "booking 90 by rule 1 (line 1)".to_owned()
            )
        );
        assert_eq!(
            only(&[interval(0, Some(100)), interval(200, None)], &[], day),
            [],
            "beside the day"
        );
    }
}
