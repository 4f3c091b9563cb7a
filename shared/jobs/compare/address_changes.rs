//! Finds the people whom an unconfirmed address would join or part, and the access that this would
//! take away. Pure.
//!
//! People stay as they are until the guard releases the change. A change that takes nothing away
//! needs no judgement. One that does is judged as one set with everything that it takes away.

use std::collections::{BTreeMap, BTreeSet};

use super::CompareContext;
use super::decide::removals;
use super::people::{AddressSource, ProjectedPerson, Projection};
use doorstep_core::decide::guard::{UnconfirmedChange, WaitingChange};
use doorstep_core::decide::identity::ProfileAddress;
use doorstep_core::model::email::email_digest;
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::ids::PersonId;
use doorstep_core::model::subject::Subject;

/// The unconfirmed changes of addresses, and what follows from them.
#[derive(Debug, Default)]
pub struct AddressChanges {
    /// Profiles that would move to another person, and the removals that follow.
    pub waiting: Vec<WaitingChange>,
    /// The profiles that would move.
    pub profiles: BTreeSet<FactId>,
}

/// An unconfirmed address of a profile.
struct Changed {
    to: String,
    unconfirmed: bool,
}

/// A profile with an unconfirmed change of its address.
struct Pending {
    profile: FactId,
    to: String,
    unconfirmed: bool,
    /// Index of the present owner in the projection.
    from: usize,
    /// Index of the future owner in the projection.
    into: usize,
}

/// Finds the people who would be joined or parted. Returns early if no address has an unconfirmed
/// change, which is usual.
pub fn address_changes(context: CompareContext<'_>) -> AddressChanges {
    let changed = changed(context);
    if changed.is_empty() {
        return AddressChanges::default();
    }
    let mut after = Projection::of(AddressSource::Read, context.people, context.facts);
    let pending = pending(changed, &after.people);
    let touched: BTreeSet<usize> = pending
        .iter()
        .flat_map(|one| [one.from, one.into])
        .collect();
    let already = removals_before(context, &touched, &after.people);
    let mut taken = removals(context, &mut after, &touched);
    taken.retain(|(_, waiting)| !already.contains(&waiting.change));
    let harmed = harmed(&pending, taken.iter().map(|(place, _)| *place).collect());
    let unconfirmed = pending.iter().any(|one| one.unconfirmed);
    let profiles = pending.iter().map(|one| one.profile.clone()).collect();
    let moves = pending.into_iter().map(|one| {
        let joined = harmed.contains(&one.from) || harmed.contains(&one.into);
        let who = Subject::Profile(one.profile.clone());
        let change = UnconfirmedChange::Moves {
            profile: one.profile,
            to: one.to,
        };
        WaitingChange {
            joined,
            unconfirmed: one.unconfirmed && joined,
            ..WaitingChange::new(change, who)
        }
    });
    let mut waiting: Vec<WaitingChange> = moves.collect();
    waiting.extend(taken.into_iter().map(|(_, waiting)| WaitingChange {
        joined: true,
        unconfirmed,
        ..waiting
    }));
    AddressChanges { waiting, profiles }
}

/// Returns the removals from the same people that follow without the changes. `after` are the
/// people at these indexes of `touched`.
fn removals_before(
    context: CompareContext<'_>,
    touched: &BTreeSet<usize>,
    after: &[ProjectedPerson<'_>],
) -> BTreeSet<UnconfirmedChange> {
    let stored = touched.iter().filter_map(|&place| after.get(place)?.stored);
    let ids: BTreeSet<&PersonId> = stored.map(|stored| &stored.id).collect();
    let mut before = Projection::of(AddressSource::Confirmed, context.people, context.facts);
    let is_same =
        |one: &ProjectedPerson<'_>| one.stored.is_some_and(|stored| ids.contains(&stored.id));
    let places = before
        .people
        .iter()
        .enumerate()
        .filter(|(_, one)| is_same(one))
        .map(|(place, _)| place)
        .collect();
    removals(context, &mut before, &places)
        .into_iter()
        .map(|(_, waiting)| waiting.change)
        .collect()
}

/// Returns the profiles of stored people whose address has an unconfirmed change, unless the person
/// has that address.
fn changed(context: CompareContext<'_>) -> BTreeMap<FactId, Changed> {
    let mut changed = BTreeMap::new();
    for (name, before) in context
        .facts
        .before()
        .filter(|(name, _)| matches!(name.kind, Kind::Member | Kind::Visitor))
    {
        let Some(profile) = context.facts.profile(name) else {
            continue;
        };
        let address = ProfileAddress::of(profile, context.facts.confirmed_profile(name));
        if let Some(to) = address
            .read
            .filter(|read| Some(read) != address.confirmed.as_ref())
        {
            changed.insert(
                name.clone(),
                Changed {
                    to,
                    unconfirmed: before.unconfirmed,
                },
            );
        }
    }
    changed.retain(|name, changed| {
        let owner = context
            .people
            .iter()
            .find(|person| person.profiles.contains(name));
        owner.is_some_and(|person| person.email.as_ref() != Some(&changed.to))
    });
    changed
}

fn pending(changed: BTreeMap<FactId, Changed>, after: &[ProjectedPerson<'_>]) -> Vec<Pending> {
    let (mut present, mut future) = (BTreeMap::new(), BTreeMap::new());
    for (place, one) in after.iter().enumerate() {
        let stored = one.stored.iter().flat_map(|stored| stored.profiles.iter());
        present.extend(
            stored
                .filter(|name| changed.contains_key(name))
                .map(|name| (name.clone(), place)),
        );
        let projected = one
            .person
            .profiles
            .iter()
            .filter(|name| changed.contains_key(name));
        future.extend(projected.map(|name| (name.clone(), place)));
    }
    let one = |(profile, Changed { to, unconfirmed }): (FactId, Changed)| {
        let (from, into) = (*present.get(&profile)?, *future.get(&profile)?);
        Some(Pending {
            profile,
            to: email_digest(&to),
            unconfirmed,
            from,
            into,
        })
    };
    changed.into_iter().filter_map(one).collect()
}

/// Returns the people who lose access, and all people who would be joined with them or parted from
/// them.
fn harmed(pending: &[Pending], mut harmed: BTreeSet<usize>) -> BTreeSet<usize> {
    loop {
        let touches = |one: &&Pending| harmed.contains(&one.from) || harmed.contains(&one.into);
        let more: BTreeSet<usize> = pending
            .iter()
            .filter(touches)
            .flat_map(|one| [one.from, one.into])
            .collect();
        if more.is_subset(&harmed) {
            return harmed;
        }
        harmed.extend(more);
    }
}
