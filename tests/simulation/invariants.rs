//! The invariants of the design, by their numbers. Each is checked after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use super::doors_record::{By, DoorsRecord, Key, Line, Passed, Tally};
use super::known::Known;
use super::trouble::Troubles;
use crate::property::judge;
use crate::property::scenario::GeneratedScenario;
use crate::reference_model::{Entry, Minute, text};

/// The longest time that access may outlast its window, while the vendor answers.
const I1_BOUND: Minute = 120;
/// The longest wait for access after the window's start, while the vendor answers.
const I2_BOUND: Minute = 90;
/// The longest time that a vendor needs by itself.
const SLOW: Minute = 400;
/// The longest time until the next comparison corrects a manual change.
const BY_COMPARISON: Minute = 15 * 60;
/// The most seconds by which clocks may differ.
pub const SKEW: Minute = 6;

/// The state that is checked.
pub struct Observation<'a> {
    pub scenario: &'a GeneratedScenario,
    pub record: &'a DoorsRecord,
    pub known: &'a Known,
    pub troubles: &'a Troubles,
    pub now: Minute,
    /// The most seconds by which clocks may differ today.
    pub skew: Minute,
    /// The platform lies, or has lied until lately: the model does not know what Doorstep reads.
    pub lied: bool,
    /// Door systems that have answered with success and done nothing.
    pub forgetful: &'a BTreeSet<&'static str>,
    /// The most seconds by which the clock of a function may be ahead: by itself, and by the time
    /// of its work.
    pub ahead: Minute,
}

type Kept = Result<(), String>;

impl Observation<'_> {
    fn is_well(&self, doors: &str) -> bool {
        self.scenario
            .doors
            .iter()
            .any(|one| one.name == doors && self.troubles.is_well(one.kind, self.now))
    }

    fn is_ours_alone(&self, line: &Line) -> bool {
        is_ours_alone(self.scenario, line)
    }

    fn instants(&self, bound: Minute) -> Vec<Minute> {
        let bound = if self.scenario.is_slow() { SLOW } else { bound };
        // Clocks that are minutes behind see every instant later.
        let bound = bound + (self.skew - SKEW);
        let mut instants: Vec<Minute> = (0..=bound / 60)
            .map(|minutes| self.now - minutes * 60)
            .collect();
        instants.extend([self.now - bound, self.now + self.ahead]);
        instants
    }

    fn bounds(&self, bound: Minute) -> (BTreeSet<Entry>, BTreeSet<Entry>) {
        let instants = self.instants(bound);
        let oldest = instants.iter().min().copied().unwrap_or(self.now);
        self.known.bounds(&self.known.credible(oldest), &instants)
    }

    fn was_touched(&self, entry: &Entry) -> bool {
        self.record
            .touched
            .get(entry)
            .is_some_and(|at| self.now <= at + BY_COMPARISON)
    }

    /// I1: no person has a claimed group later than its window's end plus the bound (2 min while
    /// the vendor answers; 15 min after it recovers). People whose removal waits for an approval
    /// stay.
    pub fn i1_no_one_stays_too_long(&self, held: &BTreeMap<Key, Rc<Value>>) -> Kept {
        if self.lied {
            return Ok(());
        }
        let (_, open) = self.bounds(I1_BOUND);
        let over = self.record.held(self.now).find(|line| {
            let ours = match line.by {
                By::Us | By::Adopted => true,
                By::Hand => self.is_ours_alone(line) && !self.was_touched(&line.entry),
                By::Unclear => false,
            };
            ours && !held.contains_key(&line.key)
                && !line.is_of_the_protected()
                && !open.contains(&line.entry)
                && self.is_well(&line.entry.1)
        });
        over.map_or(Ok(()), |line| {
            Err(format!("I1: still let in: {:?}, {:?}", line.entry, line.by))
        })
    }

    /// I2: everyone entitled holds the group from the window's start while the vendor answers (90
    /// s).
    pub fn i2_no_one_waits(&self) -> Kept {
        if self.lied {
            return Ok(());
        }
        let (open, _) = self.bounds(I2_BOUND);
        let held: BTreeSet<&Entry> = self.record.held(self.now).map(|line| &line.entry).collect();
        let out = open.iter().find(|entry| {
            !held.contains(entry) && self.is_well(&entry.1) && !self.was_touched(entry)
        });
        out.map_or(Ok(()), |entry| Err(format!("I2: shut out: {entry:?}")))
    }

    /// I3: no revoke of a membership that is not ours, and none of a protected person.
    pub fn i3_only_what_is_ours(&self, passed: &[Passed]) -> Kept {
        let taken = passed.iter().filter(|one| !one.entered && !one.by_hand);
        for Passed {
            line, left_at_last, ..
        } in taken
        {
            if line.is_of_the_protected() && *left_at_last == 0 && line.is_valid(self.now) {
                return Err(format!(
                    "I3: a protected person was taken out: {:?}",
                    line.entry
                ));
            }
            if line.by == By::Hand && !self.is_ours_alone(line) {
                return Err(format!(
                    "I3: what a hand had made was taken out: {:?}",
                    line.entry
                ));
            }
        }
        Ok(())
    }

    /// I5: overlapping and back-to-back windows are a union, never last-wins: no access is revoked
    /// while one runs.
    pub fn i5_no_gap(&self, passed: &[Passed]) -> Kept {
        if self.lied {
            return Ok(());
        }
        let instants = [self.now - self.skew, self.now, self.now + self.ahead];
        let (open, _) = self
            .known
            .bounds(&self.known.credible(self.now - 1), &instants);
        let quirky = |doors: &str| {
            let mut doors = self.scenario.doors.iter().filter(|one| one.name == doors);
            doors.any(|one| one.quirks.contains(&"second-assignment-409"))
        };
        let gap = passed.iter().find(|one| {
            let Passed {
                line,
                left,
                left_at_last,
                ..
            } = one;
            let put_back =
                quirky(&line.entry.1) && (*left_at_last > 0 || !self.is_well(&line.entry.1));
            let taken = !one.entered && !one.by_hand && *left == 0 && line.is_valid(self.now);
            taken && open.contains(&line.entry) && !put_back
        });
        gap.map_or(Ok(()), |one| {
            Err(format!(
                "I5: taken out although a window runs: {:?}",
                one.line.entry
            ))
        })
    }

    /// I6: a held revoke is not applied until it is approved, unless its window ends or a signed
    /// delivery announces it meanwhile.
    pub fn i6_held_is_held(&self, passed: &[Passed], held: &BTreeMap<Key, Rc<Value>>) -> Kept {
        let taken = passed
            .iter()
            .filter(|one| !one.entered && !one.by_hand && one.left_at_last == 0);
        for Passed { line, .. } in taken {
            let Some(before) = held.get(&line.key) else {
                continue;
            };
            let open = [self.now - self.skew, self.now, self.now + self.ahead];
            if open
                .iter()
                .all(|at| self.known.open(before, *at).contains(&line.entry))
            {
                return Err(format!(
                    "I6: taken out although it is held: {:?}",
                    line.entry
                ));
            }
        }
        Ok(())
    }

    /// I7: every change at a door has exactly one audit record with its cause, and the chain has no
    /// gap.
    pub fn i7_one_record_each(&self, chains: &[Value], everywhere: bool) -> Kept {
        for chain in chains {
            judge::chain(chain).map_err(|wrong| format!("I7: {wrong}"))?;
        }
        let mut written: BTreeMap<Key, (usize, usize)> = BTreeMap::new();
        for record in chains.iter().filter_map(Value::as_array).flatten() {
            let Some(group) = text(record, "group") else {
                continue;
            };
            let doors = self
                .scenario
                .doors
                .iter()
                .find(|doors| text(record, "doors") == Some(doors.name));
            let account = text(record, "account")
                .unwrap_or_default()
                .trim_start_matches("guest:")
                .to_lowercase();
            let key = (
                doors.expect("doors of the site").name,
                account,
                group.to_owned(),
            );
            let count = written.entry(key).or_default();
            match text(record, "what") {
                Some("granted") => count.0 += 1,
                Some("revoked") => count.1 += 1,
                _ => {}
            }
            if text(record, "because").is_none_or(str::is_empty)
                && text(record, "what") != Some("refused")
            {
                return Err(format!("I7: a record without a cause: {record}"));
            }
        }
        let keys: BTreeSet<&Key> = written.keys().chain(self.record.tallies.keys()).collect();
        for key in keys
            .into_iter()
            .filter(|key| everywhere || self.is_well(key.0))
        {
            let (granted, revoked) = written.get(key).copied().unwrap_or_default();
            let tally = self.record.tallies.get(key).copied().unwrap_or_default();
            let Tally {
                granted: put_in,
                revoked: (least, most),
                unclear,
            } = tally;
            // What a vendor forgot has a record and did not happen.
            let forgets = self.forgetful.contains(key.0);
            let too_many = !forgets && (granted > put_in || revoked > most);
            if !unclear && (granted < put_in || revoked < least || too_many) {
                let doors = self
                    .scenario
                    .doors
                    .iter()
                    .find(|doors| doors.name == key.0)
                    .expect("doors");
                let (who, group) = (self.record.name_of(doors, &key.1), doors.group_name(&key.2));
                return Err(format!(
                    "I7: {who} came into {group} at {} {put_in} times and left {least} to {most} times; written down are \
                     {granted} and {revoked}",
                    key.0
                ));
            }
        }
        Ok(())
    }
}

/// Returns whether members of this group are removed unless they are entitled, even if they were
/// added by hand.
pub fn is_ours_alone(scenario: &GeneratedScenario, line: &Line) -> bool {
    let (_, doors, group) = &line.entry;
    is_ruled(scenario, line)
        && !line.is_of_the_protected()
        && scenario
            .doors
            .iter()
            .any(|one| one.name == doors && one.exclusive)
        && !group.is_empty()
}

/// Returns whether a rule opens this member's group.
pub fn is_ruled(scenario: &GeneratedScenario, line: &Line) -> bool {
    let (_, doors, group) = &line.entry;
    scenario
        .rules()
        .any(|rule| rule.doors == doors && rule.opens.iter().any(|one| one == group))
}
