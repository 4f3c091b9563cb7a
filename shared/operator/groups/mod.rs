//! People × groups with the signs of `diff`, from the table alone: what facts and rules give, what
//! the claims say, and what the last reconcile saw of memberships made by hand.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::at_doors::PersonAtDoors;
use crate::known_site::{KnownSite, name_of};
use crate::nearest::in_force;
use crate::preview::diff::ShownPerson;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::observed::ForeignAccount;
use doorstep_core::decide::entitlement::{
    Desired, OpenInterval, RuleIndex, derive_by, desired, open_at,
};
use doorstep_core::decide::group::EndDirection;
use doorstep_core::model::account::{AccountId, GroupRef};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::site::Mode;
use doorstep_jobs::compare::people::{AddressSource, Projection};

mod judge;
pub mod shape;
#[cfg(test)]
mod tests;

use judge::{CellState, judge};
use shape::{CellNote, GroupCell, GroupColumn, GroupsRow, Sign, SignCount};
pub use shape::{Groups, GroupsQuery};

/// The number of people on one page.
const A_PAGE: usize = 100;

/// Returns people × groups.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn groups(
    environment: &Environment,
    site: &SiteId,
    wanted: &GroupsQuery,
) -> Result<Groups> {
    let now = environment.time.now();
    let stored = in_force(environment, site).await?;
    let known = KnownSite::of(environment, stored, now).boxed().await?;
    Ok(shown(&known, wanted, now))
}

/// Decides everything. Pure.
fn shown(known: &KnownSite, wanted: &GroupsQuery, now: Timestamp) -> Groups {
    let columns = columns(known);
    let table = Table {
        known,
        places: columns.iter().cloned().zip(0..).collect(),
        now,
    };
    let mut rows = table.people();
    rows.extend(table.unknown_accounts());
    rows.sort_by(|one, other| one.who.cmp(&other.who));
    let groups = table.columns(&columns, &rows);
    if wanted.only_wrong {
        rows.retain(|row| row.cells.iter().any(|cell| !cell.sign.is_right()));
    }
    let (all_people, pages) = (rows.len(), rows.len().div_ceil(A_PAGE).max(1));
    let page = wanted.page.min(pages - 1);
    let people = rows.into_iter().skip(page * A_PAGE).take(A_PAGE);
    Groups {
        site: known.site.id.clone(),
        timezone: known.timezone(),
        as_of: now,
        mode: known.site.mode,
        remarks: remarks(known),
        groups,
        people: people.collect(),
        all_people,
        page,
        pages,
    }
}

fn remarks(known: &KnownSite) -> Vec<String> {
    let left_out = known.site.doors.keys().filter_map(|doors| {
        let count = known.last_read.as_ref()?.left_out(doors);
        (count > 0).then(|| {
            format!("{doors}: {count} more memberships made by hand are not listed, because they are so many: see `doorstep drift`")
        })
    });
    known.remarks().into_iter().chain(left_out).collect()
}

/// Returns the groups that a rule opens or that a person has, by door system and name.
fn columns(known: &KnownSite) -> Vec<GroupRef> {
    let claimed = known.people.iter().flat_map(|person| &person.claims);
    let claimed = claimed.map(|claim| GroupRef::new(&claim.doors, &claim.group));
    let all: BTreeSet<GroupRef> = known.rules.ruled(&known.site).chain(claimed).collect();
    let mut all: Vec<GroupRef> = all.into_iter().collect();
    let name = |at: &GroupRef| known.group(at).map(|group| group.name.clone());
    all.sort_by_cached_key(|at| (at.doors.clone(), name(at), at.group.clone()));
    all
}

/// One person at one group.
#[derive(Clone, Copy)]
struct AskedCell<'a> {
    at: &'a GroupRef,
    /// The interval that facts and rules give now.
    interval: Option<&'a OpenInterval>,
    claim: Option<&'a Claim>,
    applies: &'a PersonAtDoors<'a>,
}

/// The table while it is filled.
struct Table<'a> {
    known: &'a KnownSite,
    places: BTreeMap<GroupRef, usize>,
    now: Timestamp,
}

impl Table<'_> {
    /// Returns the rows of the people whom the platform or Doorstep knows.
    fn people(&self) -> Vec<GroupsRow> {
        let known = self.known;
        let index = RuleIndex::of(known.rules.by(&known.site));
        let projected = Projection::of(AddressSource::Confirmed, &known.people, &known.facts);
        let mut rows = Vec::new();
        for one in &projected.people {
            let facts = known.facts.facts_of(one.person.profiles.iter());
            let derived = derive_by(&index, &facts, self.now);
            let cells = self.cells(&one.person, &desired(&derived.entitlements));
            if cells.is_empty() {
                continue;
            }
            let accounts = &one.person.accounts;
            let account = accounts.values().next();
            let who = ShownPerson {
                name: name_of(one, &facts).unwrap_or_else(|| "Guest".to_owned()),
                email: one.person.email.clone(),
                person: one.stored.map(|person| person.id.clone()),
                account: account.map(|linked| linked.account.id.clone()),
            };
            rows.push(GroupsRow { who, cells });
        }
        rows
    }

    fn cells(&self, person: &Person, desired: &Desired) -> Vec<GroupCell> {
        let mut here: Option<PersonAtDoors<'_>> = None;
        let mut cells = Vec::new();
        for (at, group) in &self.places {
            let applies = match here.take().filter(|here| here.is_at(&at.doors)) {
                Some(applies) => applies,
                None => PersonAtDoors::of(self.known, person, &at.doors),
            };
            let asked = AskedCell {
                at,
                interval: open_at(desired, at, self.now),
                claim: person.claim(&at.doors, &at.group),
                applies: &applies,
            };
            cells.extend(self.cell(&asked, *group));
            here = Some(applies);
        }
        cells.sort_by_key(|cell| cell.group);
        cells
    }

    /// Decides the cell of one group, which has this place.
    fn cell(&self, asked: &AskedCell<'_>, group: usize) -> Option<GroupCell> {
        let (known, applies) = (self.known, asked.applies);
        let AskedCell {
            at,
            interval,
            claim,
            ..
        } = *asked;
        let by_hand = applies.by_hand(&at.group);
        if interval.is_none() && claim.is_none() && by_hand.is_none() {
            return None;
        }
        let later_only = applies.protected || known.site.mode == Mode::GrantOnly;
        let config = known.site.doors.get(&at.doors);
        let state = CellState {
            now: self.now,
            desired: interval,
            claim,
            ends_by_itself: config.is_some_and(|config| config.kind.ends_by_itself()),
            ends: if later_only {
                EndDirection::LaterOnly
            } else {
                EndDirection::Follow
            },
            revokes: known.site.mode == Mode::Full && !applies.protected,
            protected: applies.protected,
            stale: known.stale,
            suspended: applies.suspended.as_deref(),
            problem: applies.problem.as_deref(),
            held_account: applies.held_account,
            held_removal: applies.held_removal(&at.group, claim.map(|claim| &claim.account)),
            by_hand,
            removed: claim.is_some_and(|claim| self.is_removed(claim)),
        };
        let (sign, note) = judge(&state)?;
        let until = interval.map_or(claim.and_then(|claim| claim.until), |interval| {
            interval.window.until
        });
        Some(GroupCell {
            group,
            sign,
            until,
            note,
        })
    }

    /// Returns whether the membership of a claim was removed by hand and is not added again, because
    /// the site only observes.
    fn is_removed(&self, claim: &Claim) -> bool {
        let last = self.known.last_read.as_ref();
        self.known.site.mode == Mode::Observe && last.is_some_and(|last| last.removed(claim))
    }

    /// Returns the rows of accounts that a hand added and that belong to no known person.
    fn unknown_accounts(&self) -> Vec<GroupsRow> {
        let Some(last) = &self.known.last_read else {
            return Vec::new();
        };
        let people = self.known.people.iter();
        let linked: BTreeSet<(&DoorsName, &AccountId)> = people
            .flat_map(|person| person.accounts.iter())
            .map(|(doors, linked)| (doors, &linked.account.id))
            .collect();
        let mut rows: BTreeMap<(&DoorsName, &AccountId), GroupsRow> = BTreeMap::new();
        for doors in self.known.site.doors.keys() {
            let unknown = last.foreign(doors);
            let unknown = unknown.filter(|one| !linked.contains(&(doors, &one.account)));
            for one in unknown {
                let Some(group) = self.places.get(&GroupRef::new(doors, &one.group)) else {
                    continue;
                };
                let row = rows
                    .entry((doors, &one.account))
                    .or_insert_with(|| row_of(one));
                row.cells.push(GroupCell {
                    group: *group,
                    sign: if one.goes { Sign::Extra } else { Sign::ByHand },
                    until: None,
                    note: one.goes.then_some(CellNote::Goes),
                });
            }
        }
        rows.into_values().collect()
    }

    fn columns(&self, groups: &[GroupRef], rows: &[GroupsRow]) -> Vec<GroupColumn> {
        let mut counts: BTreeMap<(usize, Sign), usize> = BTreeMap::new();
        for cell in rows.iter().flat_map(|row| &row.cells) {
            *counts.entry((cell.group, cell.sign)).or_default() += 1;
        }
        let last = self.known.last_read.as_ref();
        let column = |(place, at): (usize, &GroupRef)| {
            let here = Sign::ALL.into_iter();
            let here = here.filter_map(|sign| {
                let people = *counts.get(&(place, sign))?;
                Some(SignCount { sign, people })
            });
            GroupColumn {
                doors: at.doors.clone(),
                group: at.group.clone(),
                name: self.known.group(at).map(|group| group.name.clone()),
                seen: last.and_then(|last| last.at(&at.doors)),
                counts: here.collect(),
            }
        };
        groups.iter().enumerate().map(column).collect()
    }
}

fn row_of(one: &ForeignAccount) -> GroupsRow {
    GroupsRow {
        who: ShownPerson {
            name: one.name.clone().unwrap_or_else(|| "Guest".to_owned()),
            email: one.email.clone(),
            person: None,
            account: Some(one.account.clone()),
        },
        cells: Vec::new(),
    }
}
