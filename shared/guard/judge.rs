//! Inferred changes × who is there → what may be done, and what waits for a human. Pure.
//!
//! The widest scope that is too large is held whole, so that one thing that went wrong is one thing to approve.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Doubt, Hold, MOST_NEW, Scope, TOGETHER, Tally, Waiting, checksum};
use crate::doors::{AccountId, GroupId};
use crate::site::Guard;

/// Who is in which group now, theirs and others'.
pub type Inside = BTreeMap<(String, GroupId), BTreeSet<AccountId>>;

/// What the guard goes by.
#[derive(Clone, Copy)]
pub struct Measure<'a> {
    /// Site.
    pub site: &'a str,
    /// Its limits.
    pub guard: &'a Guard,
    /// Who is in the groups.
    pub inside: &'a Inside,
    /// What it let pass in the last 24 hours.
    pub tally: &'a Tally,
    /// The instant for which it is judged.
    pub now: Timestamp,
}

/// What became of a set.
#[derive(Debug, Default, PartialEq)]
pub struct Judgement {
    /// What may be done.
    pub released: Vec<Waiting>,
    /// What waits for a human.
    pub holds: Vec<(Hold, Vec<Waiting>)>,
}

/// Judges everything that is inferred, as one set.
pub fn judge(measure: Measure<'_>, waiting: Vec<Waiting>) -> Judgement {
    let mut judgement = Judgement::default();
    let (made, leaves): (Vec<Waiting>, Vec<Waiting>) =
        waiting.into_iter().partition(|one| matches!(one.doubt, Doubt::Made { .. }));
    measure.invitations(made, &mut judgement);
    measure.revokes(leaves, &mut judgement);
    judgement
}

impl Measure<'_> {
    fn invitations(self, made: Vec<Waiting>, judgement: &mut Judgement) {
        for (doors, made) in by(made, |doubt| doubt.doors().to_owned()) {
            if made.len() > MOST_NEW {
                let reason = format!("{} new accounts at once, and more than {MOST_NEW} wait for a human", made.len());
                judgement.holds.push(self.hold(Scope::Doors(doors), reason, made));
            } else {
                judgement.released.extend(made);
            }
        }
    }

    fn revokes(self, leaves: Vec<Waiting>, judgement: &mut Judgement) {
        if let Some(reason) = self.too_many(&leaves, |_| true) {
            judgement.holds.push(self.hold(Scope::Site, reason, leaves));
            return;
        }
        let (doubted, leaves): (Vec<Waiting>, Vec<Waiting>) = leaves.into_iter().partition(|one| one.doubted);
        if !doubted.is_empty() {
            let reason = "a list that lost half of what it held said the same three times".to_owned();
            judgement.holds.push(self.hold(Scope::Site, reason, doubted));
        }
        for (doors, leaves) in by(leaves, |doubt| doubt.doors().to_owned()) {
            if let Some(reason) = self.too_many(&leaves, |(at, _)| *at == doors) {
                judgement.holds.push(self.hold(Scope::Doors(doors), reason, leaves));
                continue;
            }
            for (group, leaves) in by(leaves, group_of) {
                let here = |at: &(String, GroupId)| at.0 == doors && Some(&at.1) == group.as_ref();
                let too_many = self.too_many(&leaves, here).or_else(|| self.empties(&leaves, here));
                match (too_many, group) {
                    (Some(reason), Some(group)) => {
                        judgement.holds.push(self.hold(Scope::Group(doors.clone(), group), reason, leaves));
                    }
                    _ => judgement.released.extend(leaves),
                }
            }
        }
    }

    /// Why these are too many of those who are, or lately were, in the groups where `here` says so.
    fn too_many(self, leaves: &[Waiting], here: impl Fn(&(String, GroupId)) -> bool) -> Option<String> {
        if leaves.is_empty() {
            return None;
        }
        let (leaving, held) = self.both(leaves, here);
        let (leaving, held) = (people(&leaving), people(&held));
        let Guard { share, least, base, most } = *self.guard;
        let hours = TOGETHER.as_hours();
        if leaving > most as usize {
            return Some(format!("{leaving} people within {hours} hours, and more than {most} wait for a human"));
        }
        // Both are far below what a float counts exactly.
        let is_share = leaving as f64 >= share * held as f64;
        let is_much = held >= base as usize && leaving >= least as usize && is_share;
        is_much.then(|| format!("{leaving} of {held} people within {hours} hours"))
    }

    fn empties(self, leaves: &[Waiting], here: impl Fn(&(String, GroupId)) -> bool) -> Option<String> {
        let (leaving, held) = self.both(leaves, here);
        let (leaving, held) = (people(&leaving), people(&held));
        (held >= 3 && leaving >= held).then(|| format!("all {held} people of the group"))
    }

    /// Who leaves, or lately left, and who is, or lately was, there.
    fn both<'a>(&'a self, leaves: &'a [Waiting], here: impl Fn(&(String, GroupId)) -> bool) -> (Crowd<'a>, Crowd<'a>) {
        let lately = self.tally.left.iter().filter(|(_, at)| self.now.duration_since(**at) < TOGETHER);
        let left = lately
            .filter_map(|(doubt, _)| place(doubt))
            .filter(|(doors, group, _)| here(&((*doors).to_owned(), (*group).clone())));
        let left: Vec<_> = left.map(|(doors, _, account)| (doors, account)).collect();
        let leaving = leaves.iter().filter_map(|one| place(&one.doubt)).map(|(doors, _, account)| (doors, account));
        let inside = self.inside.iter().filter(|(at, _)| here(at));
        let inside = inside.flat_map(|((doors, _), accounts)| accounts.iter().map(move |one| (doors.as_str(), one)));
        (leaving.chain(left.iter().copied()).collect(), inside.chain(left.iter().copied()).collect())
    }

    fn hold(self, scope: Scope, reason: String, waiting: Vec<Waiting>) -> (Hold, Vec<Waiting>) {
        let doubts: Vec<&Doubt> = waiting.iter().map(|one| &one.doubt).collect();
        let accounts = doubts.iter().filter(|doubt| matches!(doubt, Doubt::Made { .. })).count();
        let hold = Hold {
            checksum: checksum(self.site, &doubts),
            site: self.site.to_owned(),
            scope,
            revokes: doubts.len() - accounts,
            accounts,
            reason,
            since: self.now,
            told: self.now,
            approved: None,
            pieces: 0,
        };
        (hold, waiting)
    }
}

/// Accounts, each with its door system.
type Crowd<'a> = Vec<(&'a str, &'a AccountId)>;

/// How many different people these are.
fn people(of: &[(&str, &AccountId)]) -> usize {
    of.iter().collect::<BTreeSet<_>>().len()
}

fn place(doubt: &Doubt) -> Option<(&str, &GroupId, &AccountId)> {
    match doubt {
        Doubt::Leaves { doors, group, account } => Some((doors, group, account)),
        Doubt::Made { .. } => None,
    }
}

fn group_of(doubt: &Doubt) -> Option<GroupId> {
    place(doubt).map(|(_, group, _)| group.clone())
}

fn by<K: Ord>(waiting: Vec<Waiting>, key: impl Fn(&Doubt) -> K) -> BTreeMap<K, Vec<Waiting>> {
    let mut parts: BTreeMap<K, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        parts.entry(key(&one.doubt)).or_default().push(one);
    }
    parts
}
