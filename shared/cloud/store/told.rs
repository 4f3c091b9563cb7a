//! The stored push updates of a platform without a read API: the latest update about each thing, and its snapshots.
//!
//! "The newer update wins" is a condition of the write. A late update therefore changes nothing, whatever the
//! concurrency. A removal is stored like any other update. The text of a snapshot is stored in pieces, because one item
//! holds at most 400 KB. The head of a part makes the part count, and is written last.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::key::{self, Key};
use super::{Condition, Step, Store, Write, body, conflict};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Kind;
use doorstep_core::model::push_update::{
    Believed, DoubtedSnapshot, ForgottenThing, Head, Mailbox, PushUpdate, Receipt, Rosters, ThingUpdate, UpdateBody,
    UpdateVersion, thing_hash,
};
use doorstep_core::model::record::{Kept, Record};
use doorstep_vendors::platform::told::store::PushStore;

/// Maximum size in bytes of a piece of a snapshot's text.
const PIECE: usize = 300_000;

impl Store {
    /// Stores a push update, unless a newer one about the same thing or part is stored.
    ///
    /// # Errors
    /// [`Error::Retry`] if the table is unavailable.
    pub async fn tell(&self, site: &str, told: &PushUpdate, receipt: &Receipt) -> Result<()> {
        let rank = told.rank.clone();
        match &told.news {
            UpdateBody::Thing { entity, id, data } => {
                let at = key::letter(site, entity, id);
                let letter = ThingUpdate { entity: (*entity).to_owned(), id: id.clone(), rank, data: data.clone() };
                self.write_newer(at, body(&letter)?, &told.rank).await
            }
            UpdateBody::Roster { roster, part, parts, data } => {
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

    /// Puts an item unless it exists. The text of a part is keyed by its hash. An existing item therefore has the same
    /// text, or a text that was rewritten since to remove a person.
    async fn write_new(&self, put: Write) -> Result<()> {
        match self.write(put.only_if(Condition::New)).await {
            Err(error) if error == conflict() => Ok(()),
            written => written,
        }
    }

    async fn write_newer(&self, at: Key, body: String, rank: &UpdateVersion) -> Result<()> {
        let rank = rank.text();
        let write = Write::put(at, body).ranked(rank.clone()).only_if(Condition::Below(rank));
        match self.write(write).await {
            Err(error) if error == conflict() => Ok(()),
            written => written,
        }
    }

    async fn write_unless_changed(&self, write: Write) -> Result<()> {
        match self.write(write).await {
            Err(error) if error == conflict() => Ok(()),
            gone => gone,
        }
    }
}

#[async_trait]
impl PushStore for Store {
    async fn letter_kept(&self, site: &str, entity: &str, id: &str) -> Result<Kept<ThingUpdate>> {
        Ok(match self.kept_at::<ThingUpdate>(&key::letter(site, entity, id)).await? {
            Kept::Readable(letter) if letter.is_forgotten() => Kept::Missing,
            kept => kept,
        })
    }

    async fn mailbox(&self, site: &str) -> Result<Mailbox> {
        let pk = key::told(site);
        let mut mailbox = Mailbox::default();
        for item in self.list(&pk, key::LETTERS).await? {
            let at = Key { pk: pk.clone(), sk: item.sk };
            match serde_json::from_str::<ThingUpdate>(&item.body) {
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

    async fn rosters(&self, site: &str) -> Result<Rosters> {
        let (believed, doubted) = (self.kept(&key::believed(site)).await?, self.doubted(site).await?);
        Ok(Rosters { believed, doubted, heads: self.list_as(&key::told(site), key::ROSTERS).await? })
    }

    async fn doubted(&self, site: &str) -> Result<Option<DoubtedSnapshot>> {
        self.kept(&key::doubted(site)).await
    }

    async fn roster_text(&self, site: &str, head: &Head) -> Result<String> {
        let pieces = (0..head.pieces).map(|n| async move {
            let piece = self.get(&key::roster_text(site, &head.rank.hash, n)).await?;
            piece.ok_or_else(|| Error::retry("a roster is being replaced"))?.read::<String>()
        });
        Ok(try_join_all(pieces).await?.concat())
    }

    async fn doubt(&self, site: &str, doubted: Option<&DoubtedSnapshot>) -> Result<()> {
        let at = key::doubted(site);
        self.write(match doubted {
            Some(doubted) => Write::put(at, body(doubted)?),
            None => Write::delete(at),
        })
        .await
    }

    async fn rewrite_roster(&self, site: &str, head: &Head, text: &str) -> Result<()> {
        let pieces = pieces(text);
        if pieces.len() > head.pieces {
            return Err(Error::permanent("a roster grew by what was taken out of it"));
        }
        let writes = (0..head.pieces).map(|n| {
            let piece = pieces.get(n).copied().unwrap_or_default();
            Ok(Write::put(key::roster_text(site, &head.rank.hash, n), body(&piece)?))
        });
        self.write_all(Step::Keep, writes.collect::<Result<_>>()?).await
    }

    async fn believe(&self, site: &str, believed: &Believed) -> Result<()> {
        let rank = believed.rank.clone();
        self.write_newer(key::believed(site), body(believed)?, &rank).await
    }

    async fn forget_part(&self, site: &str, head: &Head, stays: &[&Head]) -> Result<()> {
        let at = key::roster_part(site, &head.roster, head.part);
        match self.write(Write::delete(at).only_if(Condition::Body(body(head)?))).await {
            Err(error) if error == conflict() => return Ok(()),
            gone => gone?,
        }
        if stays.iter().any(|stays| stays.rank.hash == head.rank.hash) {
            return Ok(());
        }
        let texts = (0..head.pieces).map(|n| Write::delete(key::roster_text(site, &head.rank.hash, n)));
        self.write_many(texts.collect()).await
    }

    async fn forget_letter(&self, site: &str, letter: &ThingUpdate, forgotten: &[ForgottenThing]) -> Result<()> {
        let at = key::letter(site, &letter.entity, &letter.id);
        let hash = thing_hash(site, &letter.entity, &letter.id);
        let write = match forgotten.iter().find(|thing| thing.hash == hash) {
            Some(thing) => {
                let until = letter.rank.clone().max(thing.until.clone());
                shell(at, &ForgottenThing { until, ..thing.clone() })?
            }
            None => Write::delete(at),
        };
        self.write_unless_changed(write.only_if(Condition::Body(body(letter)?))).await
    }

    async fn forgotten_things(&self, site: &str) -> Result<Vec<ForgottenThing>> {
        self.list_as(&key::told(site), key::FORGOTTEN).await
    }

    async fn note_forgotten(&self, site: &str, thing: &ForgottenThing, letter: Option<&ThingUpdate>) -> Result<()> {
        let (at, rank) = (key::forgotten(site, &thing.hash), &thing.until);
        self.write_newer(at, body(thing)?, rank).await?;
        let put = shell(key::letter_of(site, &thing.entity, &thing.hash), thing)?;
        let condition = match letter {
            Some(letter) => Condition::Body(body(letter)?),
            None => Condition::Below(rank.text()),
        };
        self.write_unless_changed(put.only_if(condition)).await
    }

    async fn records_of(&self, site: &str, kind: Kind) -> Result<Vec<Record>> {
        self.facts_of(site, kind).await
    }
}

/// Builds the write of what remains of an update about a thing that a forgotten person was removed from.
fn shell(at: Key, thing: &ForgottenThing) -> Result<Write> {
    let rank = thing.until.clone();
    let letter = ThingUpdate { entity: thing.entity.clone(), id: String::new(), rank, data: None };
    Ok(Write::put(at, body(&letter)?).ranked(letter.rank.text()))
}

/// Splits a text into pieces of at most [`PIECE`] bytes, at character boundaries.
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
