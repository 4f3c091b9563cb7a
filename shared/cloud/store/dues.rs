//! Who must be settled when.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Condition, Item, Store, Write, body, conflict, key};
use doorstep_core::model::account::GroupId;
use doorstep_core::model::error::Result;
use doorstep_core::model::subject::Subject;
use doorstep_core::model::window::{floor_minute, next_minute};

/// How many are crossed out at the same time.
const AT_ONCE: usize = 16;
/// How often a look is merged anew where another one was written down meanwhile.
const TRIES: usize = 5;

/// One due item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The whole minute.
    pub minute: Timestamp,
    /// When it was asked for, or is to be, to the second; the minute where that was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
    /// What asked for it, in words; none: its minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Who or what.
    pub subject: Subject,
    /// Groups to look at beyond those that the person's facts and claims name.
    #[serde(default)]
    pub groups: Vec<(String, GroupId)>,
    /// In these groups, being taken over, what is held becomes ours.
    #[serde(default)]
    pub adopt: bool,
    /// Door systems where their account must be looked at.
    #[serde(default)]
    pub look_at: BTreeSet<String>,
    /// Where their account must be looked at, cards are being taken over, too: those that they have become ours.
    #[serde(default)]
    pub adopt_cards: bool,
    /// It is not in the table: the bell that it came from comes again unless it is served.
    #[serde(skip)]
    pub passing: bool,
    /// The item as it is in the table, where another version wrote it otherwise.
    #[serde(skip)]
    written: Option<String>,
    /// Tells this item from a later one about the same: only what was served may be deleted.
    mark: String,
}

impl Due {
    /// `subject` is due at the minute in which `at` lies.
    pub fn at(at: Timestamp, subject: Subject) -> Self {
        let mark = Uuid::new_v4().simple().to_string();
        let (minute, groups, look_at) = (floor_minute(at), Vec::new(), BTreeSet::new());
        let asked = Some(at).filter(|at| *at != minute);
        Due {
            minute,
            asked,
            cause: None,
            subject,
            groups,
            adopt: false,
            look_at,
            adopt_cards: false,
            passing: false,
            written: None,
            mark,
        }
    }

    /// What tells this item from every other one, of the same subject too.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// When it was asked for.
    pub fn asked(&self) -> Timestamp {
        self.asked.unwrap_or(self.minute)
    }

    /// Asked for by a bell that was rung at this instant, where that is known and earlier.
    pub fn asked_at(mut self, rung: Option<Timestamp>) -> Self {
        self.asked = rung.map_or(self.asked, |rung| Some(rung.min(self.asked())));
        self
    }

    /// Because of this, in words for a claim.
    pub fn because_of(mut self, cause: &str) -> Self {
        self.cause = Some(cause.to_owned());
        self
    }

    /// Not to be written down.
    pub fn in_passing(mut self) -> Self {
        self.passing = true;
        self
    }

    /// With groups to look at.
    pub fn with_groups(mut self, groups: Vec<(String, GroupId)>, adopt: bool) -> Self {
        self.groups = groups;
        self.adopt = adopt;
        self
    }

    /// With door systems where the account must be looked at.
    pub fn with_a_look_at(mut self, doors: BTreeSet<String>) -> Self {
        self.look_at = doors;
        self
    }

    /// With cards that become theirs and ours where the account is looked at.
    pub fn with_cards(mut self, adopt: bool) -> Self {
        self.adopt_cards = adopt;
        self
    }

    /// Items with groups to look at lie beside the plain one, so that none takes the other's groups from it.
    fn sk(&self) -> String {
        let more = match (self.groups.is_empty() && self.look_at.is_empty(), self.adopt || self.adopt_cards) {
            (true, _) => "",
            (false, false) => "#look",
            (false, true) => "#adopt",
        };
        format!("{}#{}{more}", minute_word(self.minute), key::subject(&self.subject))
    }

    /// Writes it down.
    pub fn put(&self, site: &str) -> Result<Write> {
        Ok(Write::put(key::due(site, &self.sk()), body(self)?))
    }

    /// Where a person's due item of that minute is.
    pub fn delete(site: &str, minute: Timestamp, subject: &Subject) -> Write {
        let sk = format!("{}#{}", minute_word(floor_minute(minute)), key::subject(subject));
        Write::delete(key::due(site, &sk))
    }
}

/// The word for a minute in keys and in the names of alarms: `yyyymmddThhmm`, UTC.
pub fn minute_word(minute: Timestamp) -> String {
    minute.strftime("%Y%m%dT%H%M").to_string()
}

impl Store {
    /// Everything due until `minute`, that minute included, earliest first. An item that cannot be read is passed over:
    /// it must not keep everybody else waiting.
    pub async fn due_until(&self, site: &str, minute: Timestamp) -> Result<Vec<Due>> {
        let end = minute_word(next_minute(minute));
        let items = self.list_below(&key::dues(site), &end).await?;
        Ok(items.iter().filter_map(|item| self.due(site, item)).collect())
    }

    /// Nobody is due for any of these any more, whenever it was.
    pub async fn forget_dues(&self, site: &str, subjects: &[Subject]) -> Result<()> {
        let mut writes = Vec::new();
        for item in self.list(&key::dues(site), "").await? {
            if self.due(site, &item).is_some_and(|due| subjects.contains(&due.subject)) {
                writes.push(Write::delete(key::due(site, &item.sk)));
            }
        }
        self.write_many(writes).await
    }

    /// The due item, unless it has a shape that this version does not know.
    fn due(&self, site: &str, item: &Item) -> Option<Due> {
        let due: Due = self.readable(&key::due(site, &item.sk), item)?;
        let otherwise = body(&due).ok().is_none_or(|ours| ours != item.body);
        Some(Due { written: otherwise.then(|| item.body.clone()), ..due })
    }

    /// Writes down that these are due. Several that are about one subject at one minute become one. So do several looks at
    /// one thing in one minute, whenever they were written down.
    pub async fn put_dues(&self, site: &str, dues: &[Due]) -> Result<()> {
        let (looks, others): (Vec<Due>, Vec<Due>) =
            one_each(dues).into_iter().partition(|due| matches!(due.subject, Subject::Look { .. }));
        let writes: Result<Vec<Write>> = others.iter().map(|due| due.put(site)).collect();
        self.write_many(writes?).await?;
        for look in looks {
            self.put_look(site, look).await?;
        }
        Ok(())
    }

    /// Writes down a later look, together with one that was written down before.
    async fn put_look(&self, site: &str, look: Due) -> Result<()> {
        let at = key::due(site, &look.sk());
        for _ in 0..TRIES {
            let known = self.get(&at).await?;
            let condition = known.as_ref().map_or(Condition::New, |item| Condition::Body(item.body.clone()));
            let mut merged = look.clone();
            if let Some(known) = known.as_ref().and_then(|item| self.due(site, item)) {
                merged.subject = merged.subject.merged(known.subject);
            }
            match self.write(merged.put(site)?.only_if(condition)).await {
                Err(error) if error == conflict() => {}
                written => return written,
            }
        }
        Err(conflict())
    }

    /// Crosses out what was served, unless it was written down anew meanwhile.
    pub async fn cross_out(&self, site: &str, served: &[Due]) -> Result<()> {
        let written = served.iter().filter(|due| !due.passing);
        let deletes: Result<Vec<Write>> = written
            .map(|due| {
                let as_written = due.written.clone().map_or_else(|| body(due), Ok)?;
                Ok(Write::delete(key::due(site, &due.sk())).only_if(Condition::Body(as_written)))
            })
            .collect();
        let each = stream::iter(deletes?).map(|delete| async move {
            match self.write(delete).await {
                Err(error) if error != conflict() => Err(error),
                _ => Ok(()),
            }
        });
        each.buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// One item for each place in the table: a batch that writes one place twice is refused whole.
fn one_each(dues: &[Due]) -> Vec<Due> {
    let mut each: BTreeMap<String, Due> = BTreeMap::new();
    for due in dues {
        match each.entry(due.sk()) {
            Entry::Vacant(place) => {
                place.insert(due.clone());
            }
            Entry::Occupied(mut same) => {
                let known = &mut same.get_mut().groups;
                let more: Vec<_> = due.groups.iter().filter(|group| !known.contains(group)).cloned().collect();
                known.extend(more);
                same.get_mut().look_at.extend(due.look_at.iter().cloned());
                let merged = same.get().subject.clone().merged(due.subject.clone());
                same.get_mut().subject = merged;
            }
        }
    }
    each.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::fact::FactId;
    use doorstep_core::model::push_update::ChangeHint;

    fn due(person: &str, group: &str, adopt: bool) -> Due {
        let groups = vec![("main".to_owned(), GroupId(group.to_owned()))];
        Due::at(Timestamp::UNIX_EPOCH, Subject::Person(person.to_owned())).with_groups(groups, adopt)
    }

    #[test]
    fn two_looks_at_one_thing_keep_the_removal_the_latest_version_and_the_fewest_looks() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).ok();
        let look = |removed: bool, hour: i64, looks: u8, by: &str| Subject::Look {
            mention: ChangeHint {
                about: FactId::new(doorstep_core::model::fact::Kind::Booking, "b"),
                reaches: at(hour),
                removed,
            },
            looks,
            delivery: Some(by.to_owned()),
        };
        let both = look(true, 1, 2, "removal");
        for merged in [both.clone().merged(look(false, 2, 1, "update")), look(false, 2, 1, "update").merged(both)] {
            assert_eq!(merged, look(true, 2, 1, "removal"));
        }
        assert_eq!(look(false, 1, 1, "one").merged(look(false, 2, 1, "two")), look(false, 2, 1, "two"));
    }

    #[test]
    fn one_subject_at_one_minute_is_one_item_with_every_group_but_adopting_stays_apart() {
        let dues = [
            due("p", "1", false),
            due("p", "2", false),
            due("p", "1", false),
            due("p", "3", true),
            due("q", "1", true),
        ];
        let each = one_each(&dues);
        let told: Vec<(String, usize, bool)> =
            each.iter().map(|due| (key::subject(&due.subject), due.groups.len(), due.adopt)).collect();
        let wanted = [("person#p", 1, true), ("person#p", 2, false), ("person#q", 1, true)];
        assert_eq!(told, wanted.map(|(key, groups, adopt)| (key.to_owned(), groups, adopt)));
    }
}
