//! The queue itself: ordered groups, one batch of a group at a time, and deduplication over five
//! minutes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::QueueConfig;
use crate::keep::Keep;

/// How long a repeated deduplication id is dropped. `[D]`
const DEDUP_ID: SignedDuration = SignedDuration::from_mins(5);

const LINE: &str = "line/";
const SEEN: &str = "seen/";
const DEAD: &str = "dead/";

/// One message of the queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its group: the site.
    pub group: String,
    /// Its deduplication id.
    pub dedup_id: String,
    /// Its body.
    pub body: String,
    /// Its position among all messages.
    pub sequence: u64,
    /// When it was sent.
    pub sent: Timestamp,
    /// How often it was received.
    pub receives: u32,
}

/// A message that its consumer returns.
pub(super) struct Returned {
    pub(super) message: Message,
    /// The instant at which it is visible again; `None` if it is finished.
    pub(super) visible: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct DedupEntry {
    /// Group and deduplication id.
    dedup_id: String,
    id: String,
    sequence: u64,
    until: Timestamp,
}

#[derive(Default)]
struct MessageGroup {
    waiting: VecDeque<Message>,
    serving: usize,
    hidden_until: Option<Timestamp>,
}

pub(super) struct Queue {
    keep: Keep,
    rules: QueueConfig,
    next: u64,
    groups: BTreeMap<String, MessageGroup>,
    seen: BTreeMap<String, DedupEntry>,
    expiring: BTreeSet<(Timestamp, String)>,
    /// Pauses that the function requested, by the message's receipt handle, which is its id.
    pub(super) asked: BTreeMap<String, SignedDuration>,
}

impl Queue {
    /// Loads the queue from `keep`. Messages that were in flight when the last run ended wait
    /// again.
    pub(super) fn kept(keep: Keep, rules: QueueConfig) -> Self {
        let mut queue = Queue {
            rules,
            next: 1,
            groups: BTreeMap::new(),
            seen: BTreeMap::new(),
            expiring: BTreeSet::new(),
            asked: BTreeMap::new(),
            keep: keep.clone(),
        };
        for message in keep.list_json::<Message>(LINE) {
            queue.next = queue.next.max(message.sequence + 1);
            queue
                .groups
                .entry(message.group.clone())
                .or_default()
                .waiting
                .push_back(message);
        }
        for seen in keep.list_json::<DedupEntry>(SEEN) {
            queue.next = queue.next.max(seen.sequence + 1);
            queue.remember(seen);
        }
        queue
    }

    /// Stores a message. Returns its id and position, or those of an earlier message with the same
    /// deduplication id; `None` if it cannot be stored.
    pub(super) fn send(
        &mut self,
        group: &str,
        dedup_id: &str,
        body: &str,
        now: Timestamp,
    ) -> Option<(String, u64)> {
        self.forget(now);
        // No group and no deduplication id contains a space, so the joined text is unique.
        let same = if self.rules.dedup_by_group {
            format!("{group} {dedup_id}")
        } else {
            dedup_id.to_owned()
        };
        if let Some(seen) = self.seen.get(&same) {
            return Some((seen.id.clone(), seen.sequence));
        }
        let message = Message {
            id: uuid::Uuid::new_v4().to_string(),
            group: group.to_owned(),
            dedup_id: dedup_id.to_owned(),
            body: body.to_owned(),
            sequence: self.next,
            sent: now,
            receives: 0,
        };
        let until = now.saturating_add(DEDUP_ID).unwrap_or(Timestamp::MAX);
        let seen = DedupEntry {
            dedup_id: same,
            id: message.id.clone(),
            sequence: message.sequence,
            until,
        };
        // The message is stored first. A kill between the two writes costs a duplicate and never a
        // message.
        if !self.keep.put_json(&key(LINE, message.sequence), &message) {
            return None;
        }
        self.keep
            .put_json(&format!("{SEEN}{}", seen.dedup_id), &seen);
        self.next += 1;
        self.remember(seen);
        let sent = (message.id.clone(), message.sequence);
        self.groups
            .entry(group.to_owned())
            .or_default()
            .waiting
            .push_back(message);
        Some(sent)
    }

    fn remember(&mut self, seen: DedupEntry) {
        self.expiring.insert((seen.until, seen.dedup_id.clone()));
        self.seen.insert(seen.dedup_id.clone(), seen);
    }

    fn forget(&mut self, now: Timestamp) {
        while self
            .expiring
            .first()
            .is_some_and(|(until, _)| *until <= now)
        {
            if let Some((_, dedup_id)) = self.expiring.pop_first() {
                self.seen.remove(&dedup_id);
                self.keep.remove(&format!("{SEEN}{dedup_id}"));
            }
        }
    }

    pub(super) fn take(&mut self, now: Timestamp) -> Option<Vec<Message>> {
        let mut batch = Vec::new();
        while let Some(room) = self
            .rules
            .batch
            .checked_sub(batch.len())
            .filter(|room| *room > 0)
        {
            let free = |group: &&mut MessageGroup| {
                let visible = group.hidden_until.is_none_or(|until| until <= now);
                group.serving == 0 && !group.waiting.is_empty() && visible
            };
            let oldest = |group: &&mut MessageGroup| {
                group
                    .waiting
                    .front()
                    .map_or(u64::MAX, |message| message.sequence)
            };
            let Some(group) = self.groups.values_mut().filter(free).min_by_key(oldest) else {
                break;
            };
            group.serving = group.waiting.len().min(room);
            batch.extend(group.waiting.drain(..group.serving));
        }
        for message in &mut batch {
            message.receives += 1;
            self.keep.put_json(&key(LINE, message.sequence), message);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Takes back a batch. A group with an invisible message delivers no other one.
    pub(super) fn give_back(&mut self, batch: Vec<Returned>) {
        for Returned { message, visible } in batch.into_iter().rev() {
            let group = self.groups.entry(message.group.clone()).or_default();
            if std::mem::take(&mut group.serving) > 0 {
                group.hidden_until = None;
            }
            let dead = visible.is_some() && message.receives >= self.rules.most_receives;
            if visible.is_some() && !dead {
                group.hidden_until = group.hidden_until.max(visible);
                group.waiting.push_front(message);
                continue;
            }
            if dead {
                tracing::error!(
                    site = message.group,
                    sequence = message.sequence,
                    "a message failed too often: moving it to the dead-letter queue"
                );
                self.keep.put_json(&key(DEAD, message.sequence), &message);
            }
            self.keep.remove(&key(LINE, message.sequence));
        }
        self.groups
            .retain(|_, group| !group.waiting.is_empty() || group.serving > 0);
    }

    /// Returns the number of waiting messages and of messages in flight.
    pub(super) fn len(&self) -> (usize, usize) {
        let sum = |of: fn(&MessageGroup) -> usize| self.groups.values().map(of).sum();
        (sum(|group| group.waiting.len()), sum(|group| group.serving))
    }

    pub(super) fn next_visible(&self) -> Option<Timestamp> {
        self.groups
            .values()
            .filter(|group| group.serving == 0)
            .filter_map(|group| group.hidden_until)
            .min()
    }

    pub(super) fn dead(&self) -> Vec<Message> {
        self.keep.list_json(DEAD)
    }
}

fn key(prefix: &str, sequence: u64) -> String {
    format!("{prefix}{sequence:020}")
}
