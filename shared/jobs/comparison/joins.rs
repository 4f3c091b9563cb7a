//! Finds the people whom an unconfirmed address would join or part, and the access that this would take away. Pure.
//!
//! People stay as they are until the guard releases the change. A change that takes nothing away needs no judgement.
//! One that does is judged as one set with everything that it takes away.

use std::collections::{BTreeMap, BTreeSet};

use super::CompareContext;
use super::doors::DoorsSnapshot;
use super::facts::FactIndex;
use super::judge::removals;
use super::people::{Addresses, ProjectedPerson, everybody_by};
use doorstep_core::decide::guard::{UnconfirmedChange, Waiting};
use doorstep_core::decide::identity::ProfileAddress;
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::person::{Person, email_digest};
use doorstep_core::model::subject::Subject;

/// The result.
#[derive(Debug, Default)]
pub struct Joins {
    /// Profiles that would move to another person, and the removals that follow.
    pub waiting: Vec<Waiting>,
    /// The profiles that would move.
    pub profiles: BTreeSet<FactId>,
}

/// A profile with an unconfirmed change of its address.
struct Pending {
    profile: FactId,
    to: String,
    doubted: bool,
    /// Index of the present owner in the list of projected people.
    from: usize,
    /// Index of the future owner in the list of projected people.
    into: usize,
}

/// Finds the people who would be joined or parted. Returns early if no address has an unconfirmed change, which is
/// usual.
pub fn joins(ground: CompareContext<'_>, known: &FactIndex, seen: &DoorsSnapshot, people: &[Person]) -> Joins {
    let changed = changed(known, people);
    if changed.is_empty() {
        return Joins::default();
    }
    let mut after = everybody_by(Addresses::Read, people, known);
    let pending = placed(changed, &after);
    let touched: BTreeSet<usize> = pending.iter().flat_map(|one| [one.from, one.into]).collect();
    let whose: BTreeMap<usize, Option<String>> = touched.iter().map(|&place| (place, id_of(&after, place))).collect();
    let mut before = everybody_by(Addresses::Confirmed, people, known);
    let ids: BTreeSet<&String> = whose.values().flatten().collect();
    let same =
        |(place, one): (usize, &ProjectedPerson<'_>)| one.known.filter(|known| ids.contains(&known.id)).map(|_| place);
    let there: BTreeSet<usize> = before.iter().enumerate().filter_map(same).collect();
    let already: BTreeSet<UnconfirmedChange> =
        removals(ground, known, seen, &mut before, &there).into_iter().map(|(_, waiting)| waiting.doubt).collect();
    let mut taken = removals(ground, known, seen, &mut after, &touched);
    taken.retain(|(_, waiting)| !already.contains(&waiting.doubt));
    let harmed = harmed(&pending, taken.iter().map(|(place, _)| *place).collect());
    let doubted = pending.iter().any(|one| one.doubted);
    let profiles = pending.iter().map(|one| one.profile.clone()).collect();
    let moves = pending.into_iter().map(|one| {
        let joined = harmed.contains(&one.from) || harmed.contains(&one.into);
        let (who, doubt) =
            (Subject::Profile(one.profile.clone()), UnconfirmedChange::Moves { profile: one.profile, to: one.to });
        Waiting { joined, doubted: one.doubted && joined, ..Waiting::new(doubt, who) }
    });
    let mut waiting: Vec<Waiting> = moves.collect();
    waiting.extend(taken.into_iter().map(|(_, waiting)| Waiting { joined: true, doubted, ..waiting }));
    Joins { waiting, profiles }
}

/// Returns the profiles of stored people whose address has an unconfirmed change, with the address that was read.
fn changed(known: &FactIndex, people: &[Person]) -> BTreeMap<FactId, (String, bool)> {
    let mut changed = BTreeMap::new();
    for (name, before) in known.before().filter(|(name, _)| matches!(name.kind, Kind::Member | Kind::Visitor)) {
        let Some(profile) = known.profile(name) else { continue };
        let address = ProfileAddress::of(profile, known.confirmed_profile(name));
        if let Some(read) = address.read.filter(|read| Some(read) != address.confirmed.as_ref()) {
            changed.insert(name.clone(), (read, before.doubted));
        }
    }
    if changed.is_empty() {
        return changed;
    }
    let goes_by = |name: &FactId, email: &str| {
        let owner = people.iter().find(|person| person.profiles.contains(name));
        owner.is_none_or(|person| person.email.as_deref() == Some(email))
    };
    changed.retain(|name, (email, _)| !goes_by(name, email));
    changed
}

fn placed(changed: BTreeMap<FactId, (String, bool)>, after: &[ProjectedPerson<'_>]) -> Vec<Pending> {
    let mut owners: BTreeMap<FactId, (Option<usize>, Option<usize>)> = BTreeMap::new();
    for (place, somebody) in after.iter().enumerate() {
        for name in
            somebody.known.iter().flat_map(|known| known.profiles.iter()).filter(|name| changed.contains_key(name))
        {
            owners.entry(name.clone()).or_default().0 = Some(place);
        }
        for name in somebody.person.profiles.iter().filter(|name| changed.contains_key(name)) {
            owners.entry(name.clone()).or_default().1 = Some(place);
        }
    }
    let one = |(profile, (email, doubted)): (FactId, (String, bool))| {
        let (from, into) = owners.get(&profile).copied()?;
        Some(Pending { profile, to: email_digest(&email), doubted, from: from?, into: into? })
    };
    changed.into_iter().filter_map(one).collect()
}

fn id_of(everybody: &[ProjectedPerson<'_>], place: usize) -> Option<String> {
    everybody.get(place).and_then(|somebody| somebody.known).map(|known| known.id.clone())
}

/// Returns the people who lose access, and all people who would be joined with them or parted from them.
fn harmed(pending: &[Pending], mut harmed: BTreeSet<usize>) -> BTreeSet<usize> {
    loop {
        let touches = |one: &&Pending| harmed.contains(&one.from) || harmed.contains(&one.into);
        let more: BTreeSet<usize> = pending.iter().filter(touches).flat_map(|one| [one.from, one.into]).collect();
        if more.is_subset(&harmed) {
            return harmed;
        }
        harmed.extend(more);
    }
}
