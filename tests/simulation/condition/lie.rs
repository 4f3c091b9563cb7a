//! A platform lies in one field for everyone: any field that its things have, as null, empty, the
//! same for all, or of another type. Its webhooks still tell the truth; a reader follows them with
//! a read, which lies.
//!
//! Widened: the model does not know what the lie means, so access is not compared with it until 15
//! minutes after the lie (I1, I2, I5). What is checked instead is the harm of the first comparison
//! with the lie: it removes no group of three or more, and no more people than the guard lets pass.
//! I3, I4 and I6 to I10 hold as always. Push platforms do not lie: they are not read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::property::dice::Dice;
use crate::property::platform;
use crate::reference_model::{Entry, Minute};
use crate::simulation::day::Vendor;
use crate::simulation::doors_record::Passed;
use crate::simulation::stage::{Stage, Task};

/// The name of the lie among the vendors that fail.
pub const LIE: &str = "lie";
/// The guard holds fewer removals than this only where they would empty a group.
const FEW: usize = 5;
/// The size of a group that the guard does not let become empty.
const EMPTIED: usize = 3;

/// The members at the begin of a lie.
pub struct LieBound(BTreeMap<(String, String), BTreeSet<Entry>>);

impl Stage<'_> {
    pub async fn lie(&mut self, mut dice: Dice, lasts: Minute) -> Result<(), String> {
        let word = self.day.platform.word();
        if !platform::can_be_asked(self.day.platform) || self.troubles.is_on(word) {
            return Ok(());
        }
        let Some((field, usual)) = self.field(&mut dice).await else {
            return Ok(());
        };
        let value = match dice.of(5) {
            0 => Value::Null,
            1 => json!(""),
            2 => usual,
            3 => json!(7),
            _ => json!({}),
        };
        self.play.note(format!("every {field} is {value}"));
        let now = self.play.now();
        let bound = self.members_now();
        self.troubles.begins(LIE, now);
        let fault =
            json!({ "match": "GET *", "lie": { "field": field, "value": value }, "times": -1 });
        self.fail(&Vendor::Platform, &fault, lasts).await;
        self.put_off(now + lasts, Task::TellsTheTruth);
        self.reconcile().await?;
        self.play.machine.quiet().await;
        let passed = self.see().await;
        self.unaudited |= !passed.is_empty();
        self.is_bounded(&bound, &passed)
    }

    pub fn tell_the_truth(&mut self) {
        self.troubles.ends(LIE, self.play.now());
    }

    /// Chooses a field that the platform's things have, and the value of it that one of them has.
    async fn field(&self, dice: &mut Dice) -> Option<(String, Value)> {
        let world = self.play.get(self.day.platform.word()).await;
        let mut fields: BTreeMap<&String, &Value> = BTreeMap::new();
        let things = world.as_object()?.values().filter_map(Value::as_array);
        for thing in things.flatten().filter_map(Value::as_object) {
            fields.extend(thing.iter().filter(|(_, value)| !value.is_null()));
        }
        let fields: Vec<_> = fields.into_iter().collect();
        let (field, value) = fields[dice.index(fields.len())?];
        Some((field.clone(), value.clone()))
    }

    fn members_now(&self) -> LieBound {
        let mut members: BTreeMap<_, BTreeSet<Entry>> = BTreeMap::new();
        for line in self.record.held(self.play.now()) {
            let (_, doors, group) = &line.entry;
            members
                .entry((doors.clone(), group.clone()))
                .or_default()
                .insert(line.entry.clone());
        }
        LieBound(members)
    }

    /// Checks that the removals since the begin of a lie are ones that the guard lets pass.
    fn is_bounded(&self, LieBound(before): &LieBound, passed: &[Passed]) -> Result<(), String> {
        let (_, may) = self.open_now();
        let wrong: BTreeSet<&Entry> = passed
            .iter()
            .filter(|one| !one.entered && !one.by_hand && one.left_at_last == 0)
            .map(|one| &one.line.entry)
            .filter(|entry| may.contains(*entry))
            .collect();
        let emptied = before.iter().find(|(_, members)| {
            members.len() >= EMPTIED && members.iter().all(|entry| wrong.contains(entry))
        });
        if let Some((group, _)) = emptied {
            return Err(format!("I6: a lie emptied {group:?}"));
        }
        let all: usize = before.values().map(BTreeSet::len).sum();
        match wrong.len() >= FEW && all >= 2 * FEW && wrong.len() * 5 >= all {
            true => Err(format!("I6: a lie removed {} of {all}", wrong.len())),
            false => Ok(()),
        }
    }
}
