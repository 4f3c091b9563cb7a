//! The mailbox of a platform that cannot be asked: its latest letter about each thing, and its rosters.
//!
//! "Newer wins" is a condition on the write, so that a late letter changes nothing, however many are written at once. A
//! removal is remembered like anything else. A roster's text is kept in pieces, because one item holds at most 400 KB;
//! its head, which makes it count, is written last.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::{Condition, Item, Ledger, Step, Write, body, faster};
use crate::delivery::{News, Rank, Told};
use crate::error::{Error, Result};
use crate::ledger::sites::Disbelief;

/// Longest piece of a roster's text, in bytes.
const PIECE: usize = 300_000;

/// The latest letter about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// What kind of thing, in the platform's word.
    pub entity: String,
    /// The platform's id of it.
    pub id: String,
    /// Which of two letters counts.
    pub rank: Rank,
    /// The thing, as JSON; `None`: it was removed.
    pub data: Option<String>,
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

/// Every roster that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rosters {
    /// Which of them was last believed.
    pub believed: Option<Believed>,
    /// What the last one said that was not believed.
    pub doubted: Option<Disbelief>,
    /// All parts of all of them.
    pub heads: Vec<Head>,
}

impl Ledger {
    /// Writes down what was told, unless something newer is known of the same.
    ///
    /// # Errors
    /// [`Error::Later`] where the table is away.
    pub async fn tell(&self, site: &str, told: &Told) -> Result<()> {
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
                    self.write(Write::put(key::roster_text(site, &told.rank.hash, n), body(piece)?)).await
                });
                try_join_all(put).await?;
                let (part, parts, pieces) = (*part, *parts, pieces.len());
                let head = Head { roster: roster.clone(), part, parts, rank, pieces };
                self.write_newer(key::roster_part(site, roster, part), body(&head)?, &told.rank).await
            }
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

    /// The latest letter about one thing.
    pub async fn letter(&self, site: &str, entity: &str, id: &str) -> Result<Option<Letter>> {
        self.get(&key::letter(site, entity, id)).await?.as_ref().map(Item::read).transpose()
    }

    /// The latest letter about everything that there were letters about.
    pub async fn letters(&self, site: &str) -> Result<Vec<Letter>> {
        self.list_as(&key::told(site), key::LETTERS).await
    }

    /// Every roster that is kept, without their texts.
    pub async fn rosters(&self, site: &str) -> Result<Rosters> {
        let believed = self.get(&key::believed(site)).await?.as_ref().map(Item::read).transpose()?;
        let doubted = self.get(&key::doubted(site)).await?.as_ref().map(Item::read).transpose()?;
        Ok(Rosters { believed, doubted, heads: self.list_as(&key::told(site), key::ROSTERS).await? })
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
    pub async fn doubt(&self, site: &str, doubted: Option<&Disbelief>) -> Result<()> {
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

    /// Forgets a letter that a believed roster says all of, unless it was told again meanwhile.
    pub async fn forget_letter(&self, site: &str, letter: &Letter) -> Result<()> {
        let at = key::letter(site, &letter.entity, &letter.id);
        match self.write(Write::delete(at).only_if(Condition::Body(body(letter)?))).await {
            Err(error) if error == faster() => Ok(()),
            gone => gone,
        }
    }
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
