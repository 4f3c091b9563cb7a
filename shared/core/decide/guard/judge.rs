//! Decides for a set of inferred changes: which are released, and which a human must approve. Pure.
//!
//! 1. It releases profiles that join another person if that takes nothing from anyone.
//! 2. It holds the new accounts of a door system if there are more than [`MOST_NEW`] within
//!    [`TOGETHER`].
//! 3. It tests the removals from the widest scope to the narrowest: the site, each door system,
//!    each group. The widest scope that is too large is held whole, so that one fault is one hold
//!    to approve.
//! 4. It holds changes that follow from a list that was accepted only because it was repeated,
//!    however few there are.
//! 5. People who are joined or parted, with everything that this takes from them, are one set. The
//!    set is released or held whole.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Hold, MOST_NEW, Scope, TOGETHER, Tally, UnconfirmedChange, WaitingChange, checksum};
use crate::model::account::{AccountId, GroupId, GroupRef};
use crate::model::ids::{DoorsName, SiteId};
use crate::site::Guard;

/// The accounts in each group now, whether Doorstep put them there or not.
pub type CurrentMembers = BTreeMap<GroupRef, BTreeSet<AccountId>>;
/// The accounts at each door system to which Doorstep assigned a card.
pub type Holders = BTreeMap<DoorsName, BTreeSet<AccountId>>;

/// The input of the guard.
#[derive(Clone, Copy)]
pub struct Measure<'a> {
    /// Site.
    pub site: &'a SiteId,
    /// The limits of the site.
    pub guard: &'a Guard,
    /// The accounts in the groups.
    pub inside: &'a CurrentMembers,
    /// The accounts with a card that Doorstep assigned.
    pub holders: &'a Holders,
    /// The changes that the guard released by itself in the last 24 hours.
    pub tally: &'a Tally,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// The decision about a set.
#[derive(Debug, Default, PartialEq)]
pub struct Judgement {
    /// Changes that may be done.
    pub released: Vec<WaitingChange>,
    /// Changes that wait for a human.
    pub holds: Vec<(Hold, Vec<WaitingChange>)>,
}

/// The scope of a question.
#[derive(Clone, Copy)]
enum Within<'a> {
    Site,
    Doors(&'a DoorsName),
    Group(&'a DoorsName, &'a GroupId),
}

impl Within<'_> {
    fn holds(self, doors: &DoorsName, group: Option<&GroupId>) -> bool {
        match self {
            Within::Site => true,
            Within::Doors(at) => at == doors,
            Within::Group(at, of) => at == doors && group == Some(of),
        }
    }
}

/// Decides about all inferred changes as one set.
pub fn judge(measure: Measure<'_>, waiting: Vec<WaitingChange>) -> Judgement {
    let mut judgement = Judgement::default();
    let (made, removals): (Vec<WaitingChange>, Vec<WaitingChange>) = waiting
        .into_iter()
        .partition(|one| matches!(one.change, UnconfirmedChange::Made { .. }));
    // A profile that gets another address, where that takes nothing from anyone.
    let (harmless, removals): (Vec<WaitingChange>, Vec<WaitingChange>) = removals
        .into_iter()
        .partition(|one| matches!(one.change, UnconfirmedChange::Moves { .. }) && !one.joined);
    judgement.released.extend(harmless);
    measure.invitations(made, &mut judgement);
    measure.sets(removals, &mut judgement);
    judgement
}

impl Measure<'_> {
    fn invitations(self, made: Vec<WaitingChange>, judgement: &mut Judgement) {
        for (doors, made) in by(made, |change| change.doors().cloned().unwrap_or_default()) {
            let lately = self.tally.made.get(&doors).copied().unwrap_or_default();
            let count = made.len() + lately;
            if count > MOST_NEW {
                let hours = TOGETHER.as_hours();
                let reason = format!(
                    "{count} new accounts within {hours} hours, and more than {MOST_NEW} wait for a human"
                );
                judgement
                    .holds
                    .push(self.hold(Scope::Doors(doors), reason, made));
            } else {
                judgement.released.extend(made);
            }
        }
    }

    /// Decides about removals. What follows from joining and parting people is done whole or not at
    /// all.
    fn sets(self, removals: Vec<WaitingChange>, judgement: &mut Judgement) {
        let mut all = self.removals(removals);
        let stays = all
            .holds
            .iter()
            .find(|(_, held)| held.iter().any(|one| one.joined));
        if let Some((stays, _)) = stays {
            let reason = format!("people would be merged or split: {}", stays.reason);
            let held = all.holds.drain(..).flat_map(|(_, held)| held);
            let every: Vec<WaitingChange> = all.released.drain(..).chain(held).collect();
            let (joined, others): (Vec<WaitingChange>, Vec<WaitingChange>) =
                every.into_iter().partition(|one| one.joined);
            judgement.holds.push(self.hold(Scope::Site, reason, joined));
            all = self.removals(others);
        }
        judgement.released.extend(all.released);
        judgement.holds.extend(all.holds);
    }

    fn removals(self, removals: Vec<WaitingChange>) -> Judgement {
        let mut judgement = Judgement::default();
        if let Some(reason) = self.too_many(&removals, Within::Site) {
            judgement
                .holds
                .push(self.hold(Scope::Site, reason, removals));
            return judgement;
        }
        let (unconfirmed, removals): (Vec<WaitingChange>, Vec<WaitingChange>) =
            removals.into_iter().partition(|one| one.unconfirmed);
        if !unconfirmed.is_empty() {
            let reason = "a list lost half of its entries, and three reads agree".to_owned();
            judgement
                .holds
                .push(self.hold(Scope::Site, reason, unconfirmed));
        }
        for (doors, removals) in by(removals, |change| change.doors().cloned()) {
            match doors {
                Some(doors) => self.at_doors(&doors, removals, &mut judgement),
                None => judgement.released.extend(removals),
            }
        }
        judgement
    }

    fn at_doors(self, doors: &DoorsName, removals: Vec<WaitingChange>, judgement: &mut Judgement) {
        let within = Within::Doors(doors);
        if let Some(reason) = self
            .too_many(&removals, within)
            .or_else(|| self.all_cards(&removals, within))
        {
            judgement
                .holds
                .push(self.hold(Scope::Doors(doors.clone()), reason, removals));
            return;
        }
        for (group, removals) in by(removals, |change| change.group().cloned()) {
            let reason = group.as_ref().and_then(|group| {
                let within = Within::Group(doors, group);
                self.too_many(&removals, within)
                    .or_else(|| self.empties(&removals, within))
            });
            match (reason, group) {
                (Some(reason), Some(group)) => {
                    judgement.holds.push(self.hold(
                        Scope::Group(doors.clone(), group),
                        reason,
                        removals,
                    ));
                }
                _ => judgement.released.extend(removals),
            }
        }
    }

    /// Returns the reason why these removals are too many. They are compared with the people who
    /// have, or lately had, what is taken.
    fn too_many(self, removals: &[WaitingChange], within: Within<'_>) -> Option<String> {
        if removals.is_empty() {
            return None;
        }
        let cards = || {
            self.share(&self.cards(removals, within))
                .map(|reason| format!("the cards of {reason}"))
        };
        self.share(&self.all(removals, within)).or_else(cards)
    }

    fn share(self, sets: &AccountSets<'_>) -> Option<String> {
        let (losing, there) = (sets.losing.len(), sets.there.len());
        let Guard {
            share,
            least,
            base,
            most,
        } = *self.guard;
        let hours = TOGETHER.as_hours();
        if losing > most as usize {
            return Some(format!(
                "{losing} people within {hours} hours, and more than {most} wait for a human"
            ));
        }
        // Both numbers are far below the limit up to which a float is exact.
        let is_share = losing as f64 >= share * there as f64;
        let is_much = there >= base as usize && losing >= least as usize && is_share;
        is_much.then(|| format!("{losing} of {there} people within {hours} hours"))
    }

    fn empties(self, removals: &[WaitingChange], within: Within<'_>) -> Option<String> {
        let sets = self.all(removals, within);
        sets.loses_all()
            .then(|| format!("all {} people of the group", sets.there.len()))
    }

    fn all_cards(self, removals: &[WaitingChange], within: Within<'_>) -> Option<String> {
        let sets = self.cards(removals, within);
        sets.loses_all()
            .then(|| format!("the cards of all {} people", sets.there.len()))
    }

    /// Counts the people who lose anything, and the people who have anything.
    fn all<'a>(&'a self, removals: &'a [WaitingChange], within: Within<'_>) -> AccountSets<'a> {
        let mut sets = self.lately(within, |_| true);
        sets.add(removals, within, |_| true);
        let inside = self
            .inside
            .iter()
            .filter(|(at, _)| within.holds(&at.doors, Some(&at.group)));
        sets.there
            .extend(inside.flat_map(|(at, accounts)| accounts.iter().map(|id| (&at.doors, id))));
        sets.there.extend(self.holders(within));
        sets
    }

    /// Counts the people who lose a card, and the people who have a card that Doorstep assigned.
    fn cards<'a>(&'a self, removals: &'a [WaitingChange], within: Within<'_>) -> AccountSets<'a> {
        let is_card = |change: &UnconfirmedChange| matches!(change, UnconfirmedChange::Card { .. });
        let mut sets = self.lately(within, is_card);
        sets.add(removals, within, is_card);
        sets.there.extend(self.holders(within));
        sets
    }

    fn holders(&self, within: Within<'_>) -> impl Iterator<Item = (&DoorsName, &AccountId)> {
        let here = self
            .holders
            .iter()
            .filter(move |(doors, _)| within.holds(doors, None));
        here.flat_map(|(doors, accounts)| accounts.iter().map(move |id| (doors, id)))
    }

    /// Counts the people of the removals that the guard released in the last 24 hours.
    fn lately(
        &self,
        within: Within<'_>,
        counts: impl Fn(&UnconfirmedChange) -> bool,
    ) -> AccountSets<'_> {
        let lately = self
            .tally
            .left
            .iter()
            .filter(|(_, at)| self.now.duration_since(**at) < TOGETHER);
        let mut sets = AccountSets::default();
        lately
            .map(|(change, _)| change)
            .filter(|change| counts(change))
            .for_each(|change| sets.one(change, within));
        sets
    }

    fn hold(
        self,
        scope: Scope,
        reason: String,
        waiting: Vec<WaitingChange>,
    ) -> (Hold, Vec<WaitingChange>) {
        let changes: Vec<&UnconfirmedChange> = waiting.iter().map(|one| &one.change).collect();
        let count = |what: fn(&UnconfirmedChange) -> bool| {
            changes.iter().filter(|change| what(change)).count()
        };
        let hold = Hold {
            checksum: checksum(self.site, &changes),
            site: self.site.to_owned(),
            scope,
            revokes: count(|change| matches!(change, UnconfirmedChange::Leaves { .. })),
            accounts: count(|change| matches!(change, UnconfirmedChange::Made { .. })),
            cards: count(|change| matches!(change, UnconfirmedChange::Card { .. })),
            rests: count(|change| matches!(change, UnconfirmedChange::Rests { .. })),
            moves: count(|change| matches!(change, UnconfirmedChange::Moves { .. })),
            reason,
            since: self.now,
            reported: self.now,
            approved: None,
            pieces: 0,
            version: 0,
        };
        (hold, waiting)
    }
}

/// The different accounts that lose something, and those that have something.
#[derive(Default)]
struct AccountSets<'a> {
    losing: BTreeSet<(&'a DoorsName, &'a AccountId)>,
    there: BTreeSet<(&'a DoorsName, &'a AccountId)>,
}

impl<'a> AccountSets<'a> {
    fn add(
        &mut self,
        removals: &'a [WaitingChange],
        within: Within<'_>,
        counts: impl Fn(&UnconfirmedChange) -> bool,
    ) {
        removals
            .iter()
            .map(|one| &one.change)
            .filter(|change| counts(change))
            .for_each(|change| self.one(change, within));
    }

    /// Counts the account of one change. A person who loses something had it, so the account counts
    /// on both sides.
    fn one(&mut self, change: &'a UnconfirmedChange, within: Within<'_>) {
        if let Some((doors, account)) = change
            .place()
            .filter(|(doors, _)| within.holds(doors, change.group()))
        {
            self.losing.insert((doors, account));
            self.there.insert((doors, account));
        }
    }

    fn loses_all(&self) -> bool {
        self.there.len() >= 3 && self.losing.len() >= self.there.len()
    }
}

fn by<K: Ord>(
    waiting: Vec<WaitingChange>,
    key: impl Fn(&UnconfirmedChange) -> K,
) -> BTreeMap<K, Vec<WaitingChange>> {
    let mut parts: BTreeMap<K, Vec<WaitingChange>> = BTreeMap::new();
    for one in waiting {
        parts.entry(key(&one.change)).or_default().push(one);
    }
    parts
}
