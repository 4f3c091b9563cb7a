//! A webhook as it arrived, and as proven: two types, so that nothing unproven can be read.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use crate::fact::FactId;

/// Largest body that is taken, in bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// A webhook as it arrived: anybody may have sent it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The path it was posted to, without the query.
    pub path: String,
    /// Its headers, each name as often as it was sent.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
}

/// A delivery whose sender was proven. Made only by [`Proven::by`].
#[derive(Debug)]
pub struct Proven {
    delivery: Delivery,
    /// The delivery's own id, or what tells it from every other one: path, body and signed timestamp.
    pub sameness: String,
}

impl Proven {
    /// Called by a platform's proof alone, after the signature was compared.
    pub(crate) fn by(delivery: Delivery, sameness: String) -> Self {
        Proven { delivery, sameness }
    }

    /// The body, proven.
    pub fn body(&self) -> &Bytes {
        &self.delivery.body
    }

    /// The sender's own id of this delivery, as Standard Webhooks sign it; empty where the sender gives none.
    pub fn sender_id(&self) -> &str {
        let id = self.delivery.headers.get("webhook-id").and_then(|id| id.to_str().ok());
        id.unwrap_or_default()
    }

    /// The path, proven only where the platform signs it.
    pub fn path(&self) -> &str {
        &self.delivery.path
    }
}

/// The proof failed. It carries no reason, so that no reason can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven;

/// What a proven delivery turned out to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    /// Something may have changed about these.
    About(Vec<Mention>),
    /// An event that is none of our business.
    NotForUs,
    /// Proven, but it cannot be read; the text says why without quoting it.
    Unreadable(String),
    /// Facts themselves, from a platform that cannot be asked.
    Tells(Told),
    /// Proven, but not what the contract says, from a platform whose sender is told so; the text says what is wrong
    /// without quoting it.
    Wrong(String),
}

/// What a platform that cannot be asked says of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which of two tellings counts.
    pub rank: Rank,
    /// What it says.
    pub news: News,
    /// The things that it is about; none for a roster, which is about all of them.
    pub mentions: Vec<Mention>,
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// One thing as it is.
    Thing {
        /// What kind of thing, in the platform's word.
        entity: &'static str,
        /// The platform's id of it.
        id: String,
        /// Its content as JSON; `None`: it was removed.
        data: Option<String>,
    },
    /// Everything there is, or a part of it.
    Roster {
        /// What tells this roster from others.
        roster: String,
        /// Which part this is, from one.
        part: u32,
        /// How many parts there are.
        parts: u32,
        /// Its lists as JSON.
        data: String,
    },
}

/// Which of two tellings of one thing counts: the later one, and of one instant that with the greater hash of its body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Rank {
    /// When the platform says that it was so.
    pub at: Timestamp,
    /// Hex SHA-256 of the body that said it.
    pub hash: String,
}

impl Rank {
    /// As a text that sorts as ranks do.
    pub fn text(&self) -> String {
        let seconds = self.at.as_second() - Timestamp::MIN.as_second();
        // Before 1970 the fraction counts backwards from the second above.
        let (seconds, nanos) = match self.at.subsec_nanosecond() {
            below @ ..0 => (seconds - 1, 1_000_000_000 + below),
            above => (seconds, above),
        };
        format!("{:012}.{nanos:09}#{}", seconds + 1, self.hash)
    }
}

/// Record that a letter came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    /// When, by our clock.
    pub at: Timestamp,
    /// SHA-256 of the sender's id of the delivery.
    pub delivery: String,
}

/// One thing that a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mention {
    /// The thing.
    pub about: FactId,
    /// A re-read must show a state at least as new as this.
    pub reaches: Option<Timestamp>,
    /// The platform says that it is gone.
    pub removed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_sort_as_their_texts_do() {
        let rank = |at: &str, hash: &str| Rank { at: at.parse().expect("an instant"), hash: hash.to_owned() };
        let ascending = [
            Rank { at: Timestamp::MIN, hash: "ff".into() },
            rank("1900-01-01T00:00:00Z", "0"),
            rank("1969-12-31T23:59:58.999999999Z", "0"),
            rank("1969-12-31T23:59:59Z", "0"),
            rank("1969-12-31T23:59:59.5Z", "0"),
            rank("1969-12-31T23:59:59.75Z", "0"),
            rank("1970-01-01T00:00:00Z", "0a"),
            rank("1970-01-01T01:00:00+01:00", "0b"),
            rank("1970-01-01T00:00:00.000000001Z", "00"),
            rank("2026-03-02T08:00:00Z", "a"),
            Rank { at: Timestamp::MAX, hash: String::new() },
        ];
        for pair in ascending.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].text() < pair[1].text(), "{pair:?}");
            assert_eq!(pair[0].text().split('#').next().map(str::len), Some(22), "{pair:?}");
        }
    }
}
