//! The members of each group according to the door system's own record: who added them, and which
//! audit records that requires.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::property::scenario::{Doors, PROTECTED};
use crate::reference_model::{Entry, Minute, list, text, who};
use doorstep_local::sandbox::MembershipChange;

/// A group member.
#[derive(Debug, Clone)]
pub struct Line {
    pub entry: Entry,
    /// Ids of the person and of the group.
    pub key: Key,
    pub until: Option<Minute>,
    pub by: By,
}

/// Door system, person and group, the last two by id.
pub type Key = (&'static str, String, String);

/// The origin of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Made through the interface.
    Us,
    /// Made by hand, and taken over with the group.
    Adopted,
    /// Made by hand.
    Hand,
    /// Made by hand while Doorstep had claimed, or begun to grant, an indistinguishable membership.
    Unclear,
}

/// How many records there must be of one person and group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub granted: usize,
    /// At least, at most: a line that is taken out beside another may be tidied away.
    pub revoked: (usize, usize),
    /// Part of it cannot be decided.
    pub unclear: bool,
}

/// A manual change at a door system.
#[derive(Debug, Clone)]
pub struct Passed {
    pub line: Line,
    pub entered: bool,
    pub by_hand: bool,
    /// Valid members of this person in this group after it, and after every change that was
    /// recorded with it.
    pub left: usize,
    pub left_at_last: usize,
}

#[derive(Default)]
pub struct DoorsRecord {
    lines: BTreeMap<(&'static str, u64), Line>,
    people: BTreeMap<(&'static str, String), String>,
    pub tallies: BTreeMap<Key, Tally>,
    /// The members that Doorstep added through the interface or adopted, and did not remove again.
    claimed: BTreeSet<Key>,
    /// The instant of the last manual change.
    pub touched: BTreeMap<Entry, Minute>,
}

impl DoorsRecord {
    /// Names of people, from a door world.
    pub fn meet(&mut self, doors: &Doors, world: &Value) {
        for user in list(world, "users") {
            self.people.insert(
                (
                    doors.name,
                    text(user, "id").unwrap_or_default().to_lowercase(),
                ),
                who(user),
            );
        }
    }

    pub fn knows(&self, doors: &Doors, crossing: &MembershipChange) -> bool {
        self.people
            .contains_key(&(doors.name, crossing.user.clone()))
    }

    pub fn name_of(&self, doors: &Doors, id: &str) -> String {
        self.people
            .get(&(doors.name, id.to_owned()))
            .cloned()
            .unwrap_or_default()
    }

    /// Takes over what a door system recorded. `hazy`: Doorstep's begun changes cannot be told from
    /// manual ones.
    pub fn take(
        &mut self,
        doors: &Doors,
        crossings: Vec<MembershipChange>,
        now: Minute,
        hazy: bool,
    ) -> Vec<Passed> {
        let mut passed: Vec<Passed> = crossings
            .into_iter()
            .map(|crossing| self.crossed(doors, crossing, now, hazy))
            .collect();
        for one in &mut passed {
            one.left_at_last = self.valid(&one.line.key, now);
        }
        passed
    }

    fn crossed(
        &mut self,
        doors: &Doors,
        crossing: MembershipChange,
        now: Minute,
        hazy: bool,
    ) -> Passed {
        let group = doors.group_name(&crossing.group);
        let key: Key = (doors.name, crossing.user.clone(), crossing.group.clone());
        let entry = (
            self.name_of(doors, &crossing.user),
            doors.name.to_owned(),
            group,
        );
        let place = (doors.name, crossing.line);
        let line = if crossing.entered {
            let by = match crossing.by_hand {
                false => By::Us,
                true if hazy || self.claimed.contains(&key) => By::Unclear,
                true => By::Hand,
            };
            let until = crossing.until.map(|until| until.as_second());
            if by == By::Unclear {
                // Two identical memberships cannot be told apart.
                let alike = |line: &&mut Line| line.key == key && line.until == until;
                self.lines
                    .values_mut()
                    .filter(alike)
                    .for_each(|line| line.by = By::Unclear);
            }
            let line = Line {
                entry: entry.clone(),
                key: key.clone(),
                until,
                by,
            };
            self.lines.insert(place, line.clone());
            line
        } else {
            self.lines.remove(&place).expect("a line that was there")
        };
        let left = self.valid(&key, now);
        let more = self.lines.values().any(|line| line.key == key);
        let tally = self.tallies.entry(key.clone()).or_default();
        tally.unclear |= line.by == By::Unclear || crossing.by_hand && hazy;
        match (crossing.by_hand, crossing.entered) {
            (false, true) => tally.granted += 1,
            (false, false) => {
                tally.revoked.0 += usize::from(!more);
                tally.revoked.1 += 1;
            }
            (true, _) => drop(self.touched.insert(entry, now)),
        }
        match (crossing.by_hand, crossing.entered) {
            (false, true) => drop(self.claimed.insert(key)),
            (false, false) if !more => drop(self.claimed.remove(&key)),
            _ => {}
        }
        Passed {
            line,
            entered: crossing.entered,
            by_hand: crossing.by_hand,
            left,
            left_at_last: left,
        }
    }

    /// Records that the first reconcile is over: it adopted the memberships of entitled people in
    /// ruled groups.
    pub fn taken_over(&mut self, ruled: impl Fn(&Line) -> bool) {
        for line in self
            .lines
            .values_mut()
            .filter(|line| line.by == By::Hand && ruled(line))
        {
            line.by = By::Adopted;
            self.claimed.insert(line.key.clone());
        }
    }

    /// Joins a removal and the addition that directly follows it: the two are one change.
    pub fn put_back(&mut self, key: &Key) {
        if let Some(tally) = self.tallies.get_mut(key) {
            tally.revoked.0 = tally.revoked.0.saturating_sub(1);
        }
    }

    fn valid(&self, key: &Key, now: Minute) -> usize {
        self.lines
            .values()
            .filter(|line| line.key == *key && line.is_valid(now))
            .count()
    }

    /// Returns the members that open now.
    pub fn held(&self, now: Minute) -> impl Iterator<Item = &Line> {
        self.lines.values().filter(move |line| line.is_valid(now))
    }

    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// Returns the members that stay for every state of the platform.
    pub fn spared(&self, exclusive: impl Fn(&Line) -> bool) -> BTreeSet<Entry> {
        let stays = |line: &&Line| {
            let protected = line.is_of_the_protected();
            // A member with an end stays no longer than the platform says.
            protected && line.until.is_none()
                || matches!(line.by, By::Hand | By::Unclear) && !exclusive(line)
        };
        self.lines
            .values()
            .filter(stays)
            .map(|line| line.entry.clone())
            .collect()
    }
}

impl Line {
    pub fn is_valid(&self, now: Minute) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    pub fn is_of_the_protected(&self) -> bool {
        PROTECTED.contains(&self.entry.0.as_str())
    }
}
