//! Compares one day under two sets of rules. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccessDifference, DifferenceKind};
use crate::preview::diff::ShownPerson;
use doorstep_core::decide::entitlement::{
    ClosedEntitlement, Desired, OpenInterval, PersonFacts, RuleIndex, Rules, derive_by, desired,
};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::model::reasons::ClosedReason;
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
        let derived = derive_by(book, person_facts, day.from);
        (desired(&derived.entitlements), derived.closed)
    };
    let mut changes = Vec::new();
    for projected in Projection::of(AddressSource::Confirmed, people, known).people {
        let person_facts = known.facts_of(projected.person.profiles.iter());
        let (old, was_closed) = open(&books.0, &person_facts);
        let (new, is_closed) = open(&books.1, &person_facts);
        let groups: BTreeSet<&GroupRef> = old.keys().chain(new.keys()).collect();
        for group in groups {
            let (was, is) = (intervals(&old, group), intervals(&new, group));
            let gains = only(is, was, day)
                .into_iter()
                .flat_map(|part| by_closure(part, group, &was_closed))
                .map(|part| (DifferenceKind::Gains, part));
            let loses = only(was, is, day)
                .into_iter()
                .flat_map(|part| by_closure(part, group, &is_closed))
                .map(|part| (DifferenceKind::Loses, part));
            let name = names.get(group).unwrap_or(&group.group.0);
            changes.extend(gains.chain(loses).filter_map(|(what, part)| {
                let Part {
                    window,
                    because,
                    closed,
                } = part;
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
                    closed,
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

/// One part of a difference, in which the same closure applies throughout.
#[derive(Debug, PartialEq)]
struct Part {
    window: Window,
    because: String,
    closed: Option<ClosedReason>,
}

/// Splits a part at the edges of the closed days that keep this group closed.
fn by_closure(
    (window, because): (Window, String),
    group: &GroupRef,
    closed: &[ClosedEntitlement],
) -> Vec<Part> {
    let part = |window: Window, closed: Option<ClosedReason>| Part {
        window,
        because: because.clone(),
        closed,
    };
    let (mut parts, mut left) = (Vec::new(), vec![window]);
    for one in closed {
        let hole = one.entitlement.window;
        if one.entitlement.doors != group.doors || one.entitlement.group != group.group {
            continue;
        }
        let inside = left.iter().filter_map(|window| window.overlap(&hole));
        parts.extend(inside.map(|window| part(window, Some(one.closed))));
        left = left
            .iter()
            .flat_map(|window| window.without(&hole))
            .collect();
    }
    parts.extend(left.into_iter().map(|window| part(window, None)));
    parts
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
    use doorstep_core::decide::entitlement::Entitlement;
    use doorstep_core::model::account::GroupId;
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
    fn a_difference_is_split_at_the_edges_of_closed_days() {
        let closed = ClosedReason {
            from: "2026-03-01".parse().expect("a day"),
            until: "2026-03-01".parse().expect("a day"),
            line: 9,
        };
        let group = GroupRef::new(&"main".into(), &GroupId("g".into()));
        let one = |group: &str| ClosedEntitlement {
            entitlement: Entitlement {
                doors: "main".into(),
                group: GroupId(group.into()),
                window: interval(120, Some(150)).window,
                because: Vec::new(),
                rule: 1,
                line: 3,
            },
            closed,
        };
        let split = |all: &[ClosedEntitlement]| {
            let whole = interval(100, Some(200)).window;
            let parts = by_closure((whole, "why".to_owned()), &group, all);
            let parts = parts.into_iter().map(|part| (part.window, part.closed));
            parts.collect::<Vec<_>>()
        };
        let twice = [one("g"), one("g"), one("h")];
        assert_eq!(
            split(&twice),
            [
                (interval(120, Some(150)).window, Some(closed)),
                (interval(100, Some(120)).window, None),
                (interval(150, Some(200)).window, None),
            ]
        );
        assert_eq!(split(&[]), [(interval(100, Some(200)).window, None)]);
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
