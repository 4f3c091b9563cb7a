//! The queue itself: groups in order, one batch of a group at a time, five minutes of memory against duplicates.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keep::Keep;

/// How many messages a function is handed at once.
pub(super) const BATCH: usize = 10;
/// How often a message is handed out before it is given up.
const MOST_RECEIVES: u32 = 5;
/// How long an equal deduplication id is swallowed. [D]
const SAMENESS: SignedDuration = SignedDuration::from_mins(5);

const LINE: &str = "line/";
const SEEN: &str = "seen/";
const DEAD: &str = "dead/";

/// One message of the line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its group: the site.
    pub group: String,
    /// Its deduplication id.
    pub sameness: String,
    /// What it says.
    pub body: String,
    /// Its place among all messages.
    pub sequence: u64,
    /// When it was sent.
    pub sent: Timestamp,
    /// How often it was handed out.
    pub receives: u32,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    /// Group and deduplication id.
    sameness: String,
    id: String,
    sequence: u64,
    until: Timestamp,
}

#[derive(Default)]
struct Group {
    waiting: VecDeque<Message>,
    serving: usize,
    hidden_until: Option<Timestamp>,
}

pub(super) struct Queue {
    keep: Keep,
    next: u64,
    groups: BTreeMap<String, Group>,
    seen: BTreeMap<String, Seen>,
    expiring: BTreeSet<(Timestamp, String)>,
    /// Pauses that the function asked for, by the message's receipt, which is its id.
    pub(super) asked: BTreeMap<String, SignedDuration>,
}

impl Queue {
    /// The queue as `keep` holds it; whatever was being served when the last run ended waits again.
    pub(super) fn kept(keep: Keep) -> Self {
        let mut queue = Queue {
            next: 1,
            groups: BTreeMap::new(),
            seen: BTreeMap::new(),
            expiring: BTreeSet::new(),
            asked: BTreeMap::new(),
            keep: keep.clone(),
        };
        for message in keep.list_json::<Message>(LINE) {
            queue.next = queue.next.max(message.sequence + 1);
            queue.groups.entry(message.group.clone()).or_default().waiting.push_back(message);
        }
        for seen in keep.list_json::<Seen>(SEEN) {
            queue.next = queue.next.max(seen.sequence + 1);
            queue.remember(seen);
        }
        queue
    }

    /// Id and place of the message, or of the equal one before it; `None` where it cannot be kept.
    pub(super) fn send(&mut self, group: &str, sameness: &str, body: &str, now: Timestamp) -> Option<(String, u64)> {
        self.forget(now);
        // Equal ids of two sites are two messages. Neither holds a space.
        let same = format!("{group} {sameness}");
        if let Some(seen) = self.seen.get(&same) {
            return Some((seen.id.clone(), seen.sequence));
        }
        let message = Message {
            id: uuid::Uuid::new_v4().to_string(),
            group: group.to_owned(),
            sameness: sameness.to_owned(),
            body: body.to_owned(),
            sequence: self.next,
            sent: now,
            receives: 0,
        };
        let until = now.saturating_add(SAMENESS).unwrap_or(Timestamp::MAX);
        let seen = Seen { sameness: same, id: message.id.clone(), sequence: message.sequence, until };
        // The message first: a kill between the two costs a duplicate, never a message.
        if !self.keep.put_json(&key(LINE, message.sequence), &message) {
            return None;
        }
        self.keep.put_json(&format!("{SEEN}{}", seen.sameness), &seen);
        self.next += 1;
        self.remember(seen);
        let sent = (message.id.clone(), message.sequence);
        self.groups.entry(group.to_owned()).or_default().waiting.push_back(message);
        Some(sent)
    }

    fn remember(&mut self, seen: Seen) {
        self.expiring.insert((seen.until, seen.sameness.clone()));
        self.seen.insert(seen.sameness.clone(), seen);
    }

    fn forget(&mut self, now: Timestamp) {
        while self.expiring.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, sameness)) = self.expiring.pop_first() {
                self.seen.remove(&sameness);
                self.keep.remove(&format!("{SEEN}{sameness}"));
            }
        }
    }

    pub(super) fn take(&mut self, now: Timestamp) -> Option<Vec<Message>> {
        let free = |group: &&mut Group| group.serving == 0 && group.hidden_until.is_none_or(|until| until <= now);
        let oldest = |group: &&mut Group| group.waiting.front().map_or(u64::MAX, |message| message.sequence);
        let group = self.groups.values_mut().filter(free).min_by_key(oldest)?;
        let mut batch: Vec<_> = group.waiting.drain(..group.waiting.len().min(BATCH)).collect();
        group.serving = batch.len();
        for message in &mut batch {
            message.receives += 1;
            self.keep.put_json(&key(LINE, message.sequence), message);
        }
        (!batch.is_empty()).then_some(batch)
    }

    pub(super) fn give_back(&mut self, batch: Vec<Message>, failed: impl Fn(&Message) -> bool, visible: Timestamp) {
        for message in batch.into_iter().rev() {
            let group = self.groups.entry(message.group.clone()).or_default();
            group.serving = 0;
            let dead = failed(&message) && message.receives >= MOST_RECEIVES;
            if failed(&message) && !dead {
                group.hidden_until = Some(visible);
                group.waiting.push_front(message);
                continue;
            }
            if dead {
                tracing::error!(site = message.group, sequence = message.sequence, "given up: to the dead letters");
                self.keep.put_json(&key(DEAD, message.sequence), &message);
            }
            self.keep.remove(&key(LINE, message.sequence));
        }
        self.groups.retain(|_, group| !group.waiting.is_empty() || group.serving > 0);
    }

    /// How many wait, and how many are being served.
    pub(super) fn len(&self) -> (usize, usize) {
        let sum = |of: fn(&Group) -> usize| self.groups.values().map(of).sum();
        (sum(|group| group.waiting.len()), sum(|group| group.serving))
    }

    pub(super) fn next_visible(&self) -> Option<Timestamp> {
        self.groups.values().filter(|group| group.serving == 0).filter_map(|group| group.hidden_until).min()
    }

    pub(super) fn dead(&self) -> Vec<Message> {
        self.keep.list_json(DEAD)
    }
}

fn key(prefix: &str, sequence: u64) -> String {
    format!("{prefix}{sequence:020}")
}
