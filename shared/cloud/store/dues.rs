//! Due items: which person or thing settle must handle, and when.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Item, Store, Write, WriteCondition, body, conflict, key};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::cause::Cause;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::subject::Subject;

/// Maximum number of due items that are deleted at the same time.
const AT_ONCE: usize = 16;
/// How often the merge of a refetch is tried again after a concurrent write.
const TRIES: usize = 5;

/// One due item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The minute at which it is due.
    pub minute: Minute,
    /// When it was requested, or is requested in the future, to the second; `None` means the
    /// minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
    /// What requested it; `None` means that its minute came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The person or thing that is due.
    pub subject: Subject,
    /// Groups to read besides those that the person's facts and claims name.
    #[serde(default)]
    pub groups: Vec<GroupRef>,
    /// These groups are being taken over: Doorstep claims the memberships that exist.
    #[serde(default)]
    pub adopt: bool,
    /// Door systems whose account of the person must be read.
    #[serde(default)]
    pub refetch_at: BTreeSet<DoorsName>,
    /// In these door systems cards are being taken over too: Doorstep claims the cards that the
    /// account has.
    #[serde(default)]
    pub adopt_cards: bool,
    /// Not stored in the table: the queue delivers its trigger again unless settle serves it.
    #[serde(skip)]
    pub passing: bool,
    /// The stored item, if another version of Doorstep serialized it differently.
    #[serde(skip)]
    written: Option<String>,
    /// A random mark that separates this item from a later one about the same subject. Only the
    /// served item may be deleted.
    mark: String,
}

impl Due {
    /// Creates a due item for `subject` at the minute of `at`.
    pub fn at(at: Timestamp, subject: Subject) -> Self {
        let mark = Uuid::new_v4().simple().to_string();
        let (minute, groups, refetch_at) = (Minute::of(at), Vec::new(), BTreeSet::new());
        let asked = Some(at).filter(|at| *at != minute.start());
        Due {
            minute,
            asked,
            cause: None,
            subject,
            groups,
            adopt: false,
            refetch_at,
            adopt_cards: false,
            passing: false,
            written: None,
            mark,
        }
    }

    /// Returns the mark that separates this item from every other one, even of the same subject.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Returns when it was requested.
    pub fn asked(&self) -> Timestamp {
        self.asked.unwrap_or(self.minute.start())
    }

    /// Sets the request time to that of its trigger, if that is known and earlier.
    pub fn asked_at(mut self, rung: Option<Timestamp>) -> Self {
        self.asked = rung.map_or(self.asked, |rung| Some(rung.min(self.asked())));
        self
    }

    /// Sets what requested it.
    pub fn because_of(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Marks the item as not stored in the table.
    pub fn in_passing(mut self) -> Self {
        self.passing = true;
        self
    }

    /// Sets the groups to read.
    pub fn with_groups(mut self, groups: Vec<GroupRef>, adopt: bool) -> Self {
        self.groups = groups;
        self.adopt = adopt;
        self
    }

    /// Sets the door systems whose account must be read.
    pub fn with_refetch_at(mut self, doors: BTreeSet<DoorsName>) -> Self {
        self.refetch_at = doors;
        self
    }

    /// Sets whether Doorstep claims the cards of the accounts that are read.
    pub fn with_cards(mut self, adopt: bool) -> Self {
        self.adopt_cards = adopt;
        self
    }

    /// Returns the sort key. Items with groups to read have a key of their own, so that a plain
    /// item does not overwrite them.
    fn sk(&self) -> String {
        let more = match (
            self.groups.is_empty() && self.refetch_at.is_empty(),
            self.adopt || self.adopt_cards,
        ) {
            (true, _) => "",
            (false, false) => "#look",
            (false, true) => "#adopt",
        };
        format!("{}#{}{more}", self.minute, key::subject(&self.subject))
    }

    /// Builds the write that stores the item.
    pub fn put(&self, site: &SiteId) -> Result<Write> {
        Ok(Write::put(key::due(site, &self.sk()), body(self)?))
    }

    /// Builds the write that deletes the plain due item of a subject at that minute.
    pub fn delete(site: &SiteId, minute: Minute, subject: &Subject) -> Write {
        let sk = format!("{minute}#{}", key::subject(subject));
        Write::delete(key::due(site, &sk))
    }
}

/// A part of the due items of a site.
#[derive(Debug)]
pub struct DuePage {
    /// The items, earliest first.
    pub dues: Vec<Due>,
    /// The sort key after which the next part begins.
    pub read_to: Option<String>,
    /// Nothing more was due when this part was read.
    pub is_last: bool,
}

impl Store {
    /// Loads at most `most` items that are due until the minute of `at`, inclusive, earliest first,
    /// after the sort key `after`. Skips unreadable items, so that they do not block the others.
    pub async fn due_page(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: Option<String>,
        most: usize,
    ) -> Result<DuePage> {
        let end = Minute::of(at).later(1).to_string();
        let (items, is_last) = self
            .page_below(&key::dues(site), &end, after.as_deref(), most)
            .await?;
        let read_to = items.last().map(|item| item.sk.clone()).or(after);
        let dues = items.iter().filter_map(|item| self.due(site, item));
        Ok(DuePage {
            dues: dues.collect(),
            read_to,
            is_last,
        })
    }

    /// Loads everything due until the minute of `at`, inclusive, earliest first. Skips unreadable
    /// items, so that they do not block the others.
    pub async fn due_until(&self, site: &SiteId, at: Timestamp) -> Result<Vec<Due>> {
        let end = Minute::of(at).later(1).to_string();
        let items = self.list_below(&key::dues(site), &end).await?;
        Ok(items
            .iter()
            .filter_map(|item| self.due(site, item))
            .collect())
    }

    /// Deletes every due item of these subjects, whatever its minute.
    pub async fn forget_dues(&self, site: &SiteId, subjects: &[Subject]) -> Result<()> {
        let mut writes = Vec::new();
        for item in self.list(&key::dues(site), "").await? {
            if self
                .due(site, &item)
                .is_some_and(|due| subjects.contains(&due.subject))
            {
                writes.push(Write::delete(key::due(site, &item.sk)));
            }
        }
        self.write_many(writes).await
    }

    /// Parses a due item; `None` if this version does not know its shape.
    fn due(&self, site: &SiteId, item: &Item) -> Option<Due> {
        let due: Due = self.readable(&key::due(site, &item.sk), item)?;
        let otherwise = body(&due).ok().is_none_or(|ours| ours != item.body);
        Some(Due {
            written: otherwise.then(|| item.body.clone()),
            ..due
        })
    }

    /// Stores due items. Items about one subject at one minute become one. Refetches of one thing
    /// in one minute are also merged with those that the table already holds.
    pub async fn put_dues(&self, site: &SiteId, dues: &[Due]) -> Result<()> {
        let (refetches, others): (Vec<Due>, Vec<Due>) = one_each(dues)
            .into_iter()
            .partition(|due| matches!(due.subject, Subject::Refetch { .. }));
        let writes: Result<Vec<Write>> = others.iter().map(|due| due.put(site)).collect();
        self.write_many(writes?).await?;
        for look in refetches {
            self.put_refetch(site, look).await?;
        }
        Ok(())
    }

    /// Stores a refetch, merged with one that the table already holds.
    async fn put_refetch(&self, site: &SiteId, look: Due) -> Result<()> {
        let at = key::due(site, &look.sk());
        for _ in 0..TRIES {
            let known = self.get(&at).await?;
            let condition = known.as_ref().map_or(WriteCondition::New, |item| {
                WriteCondition::Body(item.body.clone())
            });
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

    /// Deletes the items that were served, unless they were stored anew meanwhile.
    pub async fn cross_out(&self, site: &SiteId, served: &[Due]) -> Result<()> {
        let written = served.iter().filter(|due| !due.passing);
        let deletes: Result<Vec<Write>> = written
            .map(|due| {
                let as_written = due.written.clone().map_or_else(|| body(due), Ok)?;
                Ok(Write::delete(key::due(site, &due.sk()))
                    .only_if(WriteCondition::Body(as_written)))
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

/// Merges the items that have the same key: DynamoDB refuses a batch that writes one item twice.
fn one_each(dues: &[Due]) -> Vec<Due> {
    let mut each: BTreeMap<String, Due> = BTreeMap::new();
    for due in dues {
        match each.entry(due.sk()) {
            Entry::Vacant(place) => {
                place.insert(due.clone());
            }
            Entry::Occupied(mut same) => {
                let known = &mut same.get_mut().groups;
                let more: Vec<_> = due
                    .groups
                    .iter()
                    .filter(|group| !known.contains(group))
                    .cloned()
                    .collect();
                known.extend(more);
                same.get_mut()
                    .refetch_at
                    .extend(due.refetch_at.iter().cloned());
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
    use doorstep_core::model::account::GroupId;
    use doorstep_core::model::fact::FactId;
    use doorstep_core::model::ids::PersonId;
    use doorstep_core::model::push_update::ChangeHint;

    fn due(person: &PersonId, group: &str, adopt: bool) -> Due {
        let groups = vec![GroupRef::new(
            &DoorsName::from("main"),
            &GroupId(group.to_owned()),
        )];
        Due::at(Timestamp::UNIX_EPOCH, Subject::Person(person.to_owned()))
            .with_groups(groups, adopt)
    }

    #[test]
    fn two_refetches_of_one_thing_keep_the_removal_the_latest_version_and_the_fewest_refetches() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).ok();
        let look = |removed: bool, hour: i64, refetches: u8, by: &str| Subject::Refetch {
            hint: ChangeHint {
                about: FactId::new(doorstep_core::model::fact::Kind::Booking, "b"),
                reaches: at(hour),
                removed,
            },
            refetches,
            delivery: Some(by.to_owned()),
        };
        let both = look(true, 1, 2, "removal");
        for merged in [
            both.clone().merged(look(false, 2, 1, "update")),
            look(false, 2, 1, "update").merged(both),
        ] {
            assert_eq!(merged, look(true, 2, 1, "removal"));
        }
        assert_eq!(
            look(false, 1, 1, "one").merged(look(false, 2, 1, "two")),
            look(false, 2, 1, "two")
        );
    }

    #[test]
    fn one_subject_at_one_minute_is_one_item_with_every_group_but_adopting_stays_apart() {
        let dues = [
            due(&PersonId::from("p"), "1", false),
            due(&PersonId::from("p"), "2", false),
            due(&PersonId::from("p"), "1", false),
            due(&PersonId::from("p"), "3", true),
            due(&PersonId::from("q"), "1", true),
        ];
        let each = one_each(&dues);
        let told: Vec<(String, usize, bool)> = each
            .iter()
            .map(|due| (key::subject(&due.subject), due.groups.len(), due.adopt))
            .collect();
        let wanted = [
            ("person#p", 1, true),
            ("person#p", 2, false),
            ("person#q", 1, true),
        ];
        assert_eq!(
            told,
            wanted.map(|(key, groups, adopt)| (key.to_owned(), groups, adopt))
        );
    }
}
