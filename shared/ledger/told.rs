//! The mailbox of a platform that cannot be asked: its latest letter about each thing, and its rosters.
//!
//! "Newer wins" is a condition on the write, so that a late letter changes nothing, however many are written at once. A
//! removal is remembered like anything else. A roster's text is kept in pieces, because one item holds at most 400 KB;
//! its head, which makes it count, is written last.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::unreadable::Kept;
use super::{Condition, Ledger, Step, Write, body, faster};
use crate::delivery::{News, Rank, Receipt, Told};
use crate::error::{Error, Result};

/// Longest piece of a roster's text, in bytes.
const PIECE: usize = 300_000;

/// The latest letter about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// What kind of thing, in the platform's word.
    pub entity: String,
    /// The platform's id of it; empty where it was about a person who is forgotten: then only the rank is kept, so that no
    /// older letter is taken again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Which of two letters counts.
    pub rank: Rank,
    /// The thing, as JSON; `None`: it was removed.
    pub data: Option<String>,
}

impl Letter {
    fn is_forgotten(&self) -> bool {
        self.id.is_empty()
    }
}

/// The latest letters about all things.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mailbox {
    /// Those that can be read.
    pub letters: Vec<Letter>,
    /// Hashes of the things whose letters cannot be read; see [`key::thing_hash`].
    pub unreadable: BTreeSet<String>,
}

/// One part of a roster, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What tells this roster from others.
    pub roster: String,
    /// Which part, from one.
    pub part: u32,
    /// How many parts there are, as this one says.
    pub parts: u32,
    /// Which of two tellings of this part counts. Its hash also names the text.
    pub rank: Rank,
    /// In how many pieces the text is kept.
    pub pieces: usize,
    /// When and with which delivery it came.
    pub receipt: Receipt,
}

/// The roster that was last believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Believed {
    /// What tells it from others.
    pub roster: String,
    /// Which of two rosters counts.
    pub rank: Rank,
    /// How many of each kind of thing it listed.
    pub counts: BTreeMap<String, usize>,
}

/// Content of a snapshot that is not believed, and the letters that reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtedSnapshot {
    /// SHA-256 of what it lists.
    pub content: String,
    /// The newest letter with this content.
    pub latest: Believed,
    /// The letters that count as reports of it, oldest first.
    pub reports: Vec<SnapshotReport>,
}

/// One letter that reported a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReport {
    /// Which of two letters counts.
    pub rank: Rank,
    /// When and with which delivery it came.
    pub receipt: Receipt,
}

/// Mark that a person was taken out of what was told of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenThing {
    /// What kind of thing, in the platform's word.
    pub entity: String,
    /// Hash of its id; see [`key::thing_hash`].
    pub hash: String,
    /// What was told up to this rank may not be kept again.
    pub until: Rank,
}

/// Every roster that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rosters {
    /// Which of them was last believed.
    pub believed: Option<Believed>,
    /// The last content that was not believed.
    pub doubted: Option<DoubtedSnapshot>,
    /// All parts of all of them.
    pub heads: Vec<Head>,
}

impl Ledger {
    /// Writes down what was told, unless something newer is known of the same.
    ///
    /// # Errors
    /// [`Error::Later`] where the table is away.
    pub async fn tell(&self, site: &str, told: &Told, receipt: &Receipt) -> Result<()> {
        let rank = told.rank.clone();
        match &told.news {
            News::Thing { entity, id, data } => {
                let at = key::letter(site, entity, id);
                let letter = Letter { entity: (*entity).to_owned(), id: id.clone(), rank, data: data.clone() };
                self.write_newer(at, body(&letter)?, &told.rank).await
            }
            News::Roster { roster, part, parts, data } => {
                let pieces = pieces(data);
                let put = pieces.iter().enumerate().map(|(n, piece)| async move {
                    let put = Write::put(key::roster_text(site, &told.rank.hash, n), body(piece)?);
                    self.write_new(put).await
                });
                try_join_all(put).await?;
                let (part, parts, pieces) = (*part, *parts, pieces.len());
                let receipt = receipt.clone();
                let head = Head { roster: roster.clone(), part, parts, rank, pieces, receipt };
                self.write_newer(key::roster_part(site, roster, part), body(&head)?, &told.rank).await
            }
        }
    }

    /// Puts an item unless it is there. The text of a part is named by its hash, so the one that is there says the same, or
    /// was rewritten since because a person was taken out of it.
    async fn write_new(&self, put: Write) -> Result<()> {
        match self.write(put.only_if(Condition::New)).await {
            Err(error) if error == faster() => Ok(()),
            written => written,
        }
    }

    async fn write_newer(&self, at: Key, body: String, rank: &Rank) -> Result<()> {
        let rank = rank.text();
        let write = Write::put(at, body).ranked(rank.clone()).only_if(Condition::Below(rank));
        match self.write(write).await {
            Err(error) if error == faster() => Ok(()),
            written => written,
        }
    }

    /// The latest letter about one thing; `None` where there is none that can be read.
    pub async fn letter(&self, site: &str, entity: &str, id: &str) -> Result<Option<Letter>> {
        Ok(self.letter_kept(site, entity, id).await?.readable())
    }

    /// Returns the same, and whether there is one that cannot be read.
    pub async fn letter_kept(&self, site: &str, entity: &str, id: &str) -> Result<Kept<Letter>> {
        Ok(match self.kept_at::<Letter>(&key::letter(site, entity, id)).await? {
            Kept::Readable(letter) if letter.is_forgotten() => Kept::Missing,
            kept => kept,
        })
    }

    /// The latest letter about everything that there were letters about, as far as they can be read.
    pub async fn letters(&self, site: &str) -> Result<Vec<Letter>> {
        Ok(self.mailbox(site).await?.letters)
    }

    /// Returns the same, and the things whose letters cannot be read.
    pub async fn mailbox(&self, site: &str) -> Result<Mailbox> {
        let pk = key::told(site);
        let mut mailbox = Mailbox::default();
        for item in self.list(&pk, key::LETTERS).await? {
            let at = Key { pk: pk.clone(), sk: item.sk };
            match serde_json::from_str::<Letter>(&item.body) {
                Ok(letter) if letter.is_forgotten() => {}
                Ok(letter) => mailbox.letters.push(letter),
                Err(_) => {
                    self.unreadable.note(&at);
                    mailbox.unreadable.extend(at.sk.rsplit('#').next().map(str::to_owned));
                }
            }
        }
        Ok(mailbox)
    }

    /// Every roster that is kept, without their texts.
    pub async fn rosters(&self, site: &str) -> Result<Rosters> {
        let (believed, doubted) = (self.kept(&key::believed(site)).await?, self.doubted(site).await?);
        Ok(Rosters { believed, doubted, heads: self.list_as(&key::told(site), key::ROSTERS).await? })
    }

    /// The last snapshot that was not believed.
    pub async fn doubted(&self, site: &str) -> Result<Option<DoubtedSnapshot>> {
        self.kept(&key::doubted(site)).await
    }

    /// The text of one part of a roster.
    ///
    /// # Errors
    /// [`Error::Later`] where a piece of it is missing: it was told again, or is being forgotten.
    pub async fn roster_text(&self, site: &str, head: &Head) -> Result<String> {
        let pieces = (0..head.pieces).map(|n| async move {
            let piece = self.get(&key::roster_text(site, &head.rank.hash, n)).await?;
            piece.ok_or_else(|| Error::later("a roster is being replaced"))?.read::<String>()
        });
        Ok(try_join_all(pieces).await?.concat())
    }

    /// Notes what a roster said that is not believed; `None`: the last one is.
    pub async fn doubt(&self, site: &str, doubted: Option<&DoubtedSnapshot>) -> Result<()> {
        let at = key::doubted(site);
        self.write(match doubted {
            Some(doubted) => Write::put(at, body(doubted)?),
            None => Write::delete(at),
        })
        .await
    }

    /// Puts another, shorter text in place of one part's, all at once. It stays where it was, in as many pieces, so that
    /// nothing else must change with it.
    ///
    /// # Errors
    /// [`Error::Later`] where the table is away.
    pub async fn rewrite_roster(&self, site: &str, head: &Head, text: &str) -> Result<()> {
        let pieces = pieces(text);
        if pieces.len() > head.pieces {
            return Err(Error::report("a roster grew by what was taken out of it"));
        }
        let writes = (0..head.pieces).map(|n| {
            let piece = pieces.get(n).copied().unwrap_or_default();
            Ok(Write::put(key::roster_text(site, &head.rank.hash, n), body(&piece)?))
        });
        self.write_all(Step::Keep, writes.collect::<Result<_>>()?).await
    }

    /// Notes which roster is believed from now on.
    pub async fn believe(&self, site: &str, believed: &Believed) -> Result<()> {
        let rank = believed.rank.clone();
        self.write_newer(key::believed(site), body(believed)?, &rank).await
    }

    /// Forgets one part of a roster, unless it was told again meanwhile. A text that is shared with a part that stays is
    /// kept.
    pub async fn forget_part(&self, site: &str, head: &Head, stays: &[&Head]) -> Result<()> {
        let at = key::roster_part(site, &head.roster, head.part);
        match self.write(Write::delete(at).only_if(Condition::Body(body(head)?))).await {
            Err(error) if error == faster() => return Ok(()),
            gone => gone?,
        }
        if stays.iter().any(|stays| stays.rank.hash == head.rank.hash) {
            return Ok(());
        }
        let texts = (0..head.pieces).map(|n| Write::delete(key::roster_text(site, &head.rank.hash, n)));
        self.write_many(texts.collect()).await
    }

    /// Forgets a letter that a believed roster says all of, unless it was told again meanwhile. Of a thing that a forgotten
    /// person was taken out of, its rank stays.
    pub async fn forget_letter(&self, site: &str, letter: &Letter, forgotten: &[ForgottenThing]) -> Result<()> {
        let at = key::letter(site, &letter.entity, &letter.id);
        let hash = key::thing_hash(site, &letter.entity, &letter.id);
        let write = match forgotten.iter().find(|thing| thing.hash == hash) {
            Some(thing) => {
                let until = letter.rank.clone().max(thing.until.clone());
                shell(at, &ForgottenThing { until, ..thing.clone() })?
            }
            None => Write::delete(at),
        };
        self.write_unless_changed(write.only_if(Condition::Body(body(letter)?))).await
    }

    async fn write_unless_changed(&self, write: Write) -> Result<()> {
        match self.write(write).await {
            Err(error) if error == faster() => Ok(()),
            gone => gone,
        }
    }

    /// Every thing that a forgotten person was taken out of.
    pub async fn forgotten_things(&self, site: &str) -> Result<Vec<ForgottenThing>> {
        self.list_as(&key::told(site), key::FORGOTTEN).await
    }

    /// Notes that a person is taken out of what was told of a thing, up to a rank: neither a letter nor a roster of that
    /// rank or below may bring it back. A newer letter that is kept stays.
    pub async fn note_forgotten(&self, site: &str, thing: &ForgottenThing, letter: Option<&Letter>) -> Result<()> {
        let (at, rank) = (key::forgotten(site, &thing.hash), &thing.until);
        self.write_newer(at, body(thing)?, rank).await?;
        let put = shell(key::letter_of(site, &thing.entity, &thing.hash), thing)?;
        let condition = match letter {
            Some(letter) => Condition::Body(body(letter)?),
            None => Condition::Below(rank.text()),
        };
        self.write_unless_changed(put.only_if(condition)).await
    }
}

/// What stays of a letter about a thing that a forgotten person was taken out of.
fn shell(at: Key, thing: &ForgottenThing) -> Result<Write> {
    let rank = thing.until.clone();
    let letter = Letter { entity: thing.entity.clone(), id: String::new(), rank, data: None };
    Ok(Write::put(at, body(&letter)?).ranked(letter.rank.text()))
}

/// A text in pieces of at most [`PIECE`] bytes, none of them cutting a character.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Which of two rosters of such parts counts: it was so when the earliest of them was. One in a single part has that
/// part's hash, and any other the hash of all of them, so that none is taken for another that has a part of it.
pub fn rank_of(heads: &[&Head]) -> Rank {
    let at = heads.iter().map(|head| head.rank.at).min().unwrap_or(Timestamp::MIN);
    let hash = match heads {
        [whole] => whole.rank.hash.clone(),
        parts => {
            let all = parts.iter().fold(Sha256::new(), |all, part| all.chain_update(&part.rank.hash));
            hex::encode(all.finalize())
        }
    };
    Rank { at, hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_characters_and_nothing_is_lost() {
        let text = format!("x{}", "é".repeat(400_000));
        let pieces = pieces(&text);
        assert!(pieces.len() == 3 && pieces.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(pieces.concat(), text);
        assert!(super::pieces("").is_empty());
    }
}
