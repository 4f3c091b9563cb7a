//! The stored push updates of a platform without a read API: the latest update about each thing,
//! and its snapshots.
//!
//! "The newer update wins" is a condition of the write. A late update therefore changes nothing,
//! whatever the concurrency. A removal is stored like any other update. The text of a snapshot is
//! stored in pieces, because one item holds at most 400 KB. The head of a part makes the part
//! count, and is written last.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::key::{self, Key};
use super::{Store, Write, WriteCondition, WriteStep, body, conflict};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, ForgottenThing, LatestUpdates, PartHead, PushUpdate, Receipt, Snapshots,
    ThingUpdate, UnconfirmedSnapshot, UpdateBody, UpdateVersion, thing_hash,
};
use doorstep_core::model::record::{FactRecord, Kept};
use doorstep_vendors::platform::push::store::PushStore;

/// Maximum size in bytes of a piece of a snapshot's text.
const PIECE: usize = 300_000;

impl Store {
    /// Stores a push update, unless a newer one about the same thing or part is stored.
    ///
    /// # Errors
    /// [`Error::Retry`] if the table is unavailable.
    pub async fn keep_update(
        &self,
        site: &SiteId,
        pushed: &PushUpdate,
        receipt: &Receipt,
    ) -> Result<()> {
        let version = pushed.version.clone();
        match &pushed.body {
            UpdateBody::Thing { entity, id, data } => {
                let at = key::update(site, entity, id);
                let update = ThingUpdate {
                    entity: (*entity).to_owned(),
                    id: id.clone(),
                    version,
                    data: data.clone(),
                };
                self.write_newer(at, body(&update)?, &pushed.version).await
            }
            UpdateBody::Snapshot {
                snapshot,
                part,
                parts,
                data,
            } => {
                let pieces = pieces(data);
                let put = pieces.iter().enumerate().map(|(n, piece)| async move {
                    let put = Write::put(
                        key::snapshot_text(site, &pushed.version.hash, n),
                        body(piece)?,
                    );
                    self.write_new(put).await
                });
                try_join_all(put).await?;
                let (part, parts, pieces) = (*part, *parts, pieces.len());
                let receipt = receipt.clone();
                let head = PartHead {
                    snapshot: snapshot.clone(),
                    part,
                    parts,
                    version,
                    pieces,
                    receipt,
                };
                self.write_newer(
                    key::snapshot_part(site, snapshot, part),
                    body(&head)?,
                    &pushed.version,
                )
                .await
            }
        }
    }

    /// Puts an item unless it exists. The text of a part is keyed by its hash. An existing item
    /// therefore has the same text, or a text that was rewritten since to remove a person.
    async fn write_new(&self, put: Write) -> Result<()> {
        match self.write(put.only_if(WriteCondition::New)).await {
            Err(error) if error == conflict() => Ok(()),
            written => written,
        }
    }

    async fn write_newer(&self, at: Key, body: String, version: &UpdateVersion) -> Result<()> {
        let version = version.text();
        let write = Write::put(at, body)
            .versioned(version.clone())
            .only_if(WriteCondition::Below(version));
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
    async fn update_kept(
        &self,
        site: &SiteId,
        entity: &str,
        id: &str,
    ) -> Result<Kept<ThingUpdate>> {
        Ok(
            match self
                .kept_at::<ThingUpdate>(&key::update(site, entity, id))
                .await?
            {
                Kept::Readable(update) if update.is_forgotten() => Kept::Missing,
                kept => kept,
            },
        )
    }

    async fn mailbox(&self, site: &SiteId) -> Result<LatestUpdates> {
        let pk = key::push(site);
        let mut mailbox = LatestUpdates::default();
        for item in self.list(&pk, key::UPDATES).await? {
            let at = Key {
                pk: pk.clone(),
                sk: item.sk,
            };
            match serde_json::from_str::<ThingUpdate>(&item.body) {
                Ok(update) if update.is_forgotten() => {}
                Ok(update) => mailbox.updates.push(update),
                Err(_) => {
                    self.unreadable.note(&at);
                    mailbox
                        .unreadable
                        .extend(at.sk.rsplit('#').next().map(str::to_owned));
                }
            }
        }
        Ok(mailbox)
    }

    async fn snapshots(&self, site: &SiteId) -> Result<Snapshots> {
        let (accepted, unconfirmed) = (
            self.kept(&key::accepted(site)).await?,
            self.unconfirmed(site).await?,
        );
        Ok(Snapshots {
            accepted,
            unconfirmed,
            heads: self.list_as(&key::push(site), key::SNAPSHOTS).await?,
        })
    }

    async fn unconfirmed(&self, site: &SiteId) -> Result<Option<UnconfirmedSnapshot>> {
        self.kept(&key::unconfirmed(site)).await
    }

    async fn snapshot_text(&self, site: &SiteId, head: &PartHead) -> Result<String> {
        let pieces = (0..head.pieces).map(|n| async move {
            let piece = self
                .get(&key::snapshot_text(site, &head.version.hash, n))
                .await?;
            piece
                .ok_or_else(|| Error::retry("a roster is being replaced"))?
                .read::<String>()
        });
        Ok(try_join_all(pieces).await?.concat())
    }

    async fn keep_unconfirmed(
        &self,
        site: &SiteId,
        unconfirmed: Option<&UnconfirmedSnapshot>,
    ) -> Result<()> {
        let at = key::unconfirmed(site);
        self.write(match unconfirmed {
            Some(unconfirmed) => Write::put(at, body(unconfirmed)?),
            None => Write::delete(at),
        })
        .await
    }

    async fn rewrite_snapshot(&self, site: &SiteId, head: &PartHead, text: &str) -> Result<()> {
        let pieces = pieces(text);
        if pieces.len() > head.pieces {
            return Err(Error::permanent(
                "a roster became larger although a person was removed from it",
            ));
        }
        let writes = (0..head.pieces).map(|n| {
            let piece = pieces.get(n).copied().unwrap_or_default();
            Ok(Write::put(
                key::snapshot_text(site, &head.version.hash, n),
                body(&piece)?,
            ))
        });
        self.write_all(WriteStep::Keep, writes.collect::<Result<_>>()?)
            .await
    }

    async fn accept(&self, site: &SiteId, accepted: &AcceptedSnapshot) -> Result<()> {
        let version = accepted.version.clone();
        self.write_newer(key::accepted(site), body(accepted)?, &version)
            .await
    }

    async fn forget_part(&self, site: &SiteId, head: &PartHead, stays: &[&PartHead]) -> Result<()> {
        let at = key::snapshot_part(site, &head.snapshot, head.part);
        match self
            .write(Write::delete(at).only_if(WriteCondition::Body(body(head)?)))
            .await
        {
            Err(error) if error == conflict() => return Ok(()),
            gone => gone?,
        }
        if stays
            .iter()
            .any(|stays| stays.version.hash == head.version.hash)
        {
            return Ok(());
        }
        let texts = (0..head.pieces)
            .map(|n| Write::delete(key::snapshot_text(site, &head.version.hash, n)));
        self.write_many(texts.collect()).await
    }

    async fn forget_update(
        &self,
        site: &SiteId,
        update: &ThingUpdate,
        forgotten: &[ForgottenThing],
    ) -> Result<()> {
        let at = key::update(site, &update.entity, &update.id);
        let hash = thing_hash(site, &update.entity, &update.id);
        let write = match forgotten.iter().find(|thing| thing.hash == hash) {
            Some(thing) => {
                let until = update.version.clone().max(thing.until.clone());
                shell(
                    at,
                    &ForgottenThing {
                        until,
                        ..thing.clone()
                    },
                )?
            }
            None => Write::delete(at),
        };
        self.write_unless_changed(write.only_if(WriteCondition::Body(body(update)?)))
            .await
    }

    async fn forgotten_things(&self, site: &SiteId) -> Result<Vec<ForgottenThing>> {
        self.list_as(&key::push(site), key::FORGOTTEN).await
    }

    async fn note_forgotten(
        &self,
        site: &SiteId,
        thing: &ForgottenThing,
        update: Option<&ThingUpdate>,
    ) -> Result<()> {
        let (at, version) = (key::forgotten(site, &thing.hash), &thing.until);
        self.write_newer(at, body(thing)?, version).await?;
        let put = shell(key::update_of(site, &thing.entity, &thing.hash), thing)?;
        let condition = match update {
            Some(update) => WriteCondition::Body(body(update)?),
            None => WriteCondition::Below(version.text()),
        };
        self.write_unless_changed(put.only_if(condition)).await
    }

    async fn records_of(&self, site: &SiteId, kind: Kind) -> Result<Vec<FactRecord>> {
        self.facts_of(site, kind).await
    }
}

/// Builds the write of what remains of an update about a thing that a forgotten person was removed
/// from.
fn shell(at: Key, thing: &ForgottenThing) -> Result<Write> {
    let version = thing.until.clone();
    let update = ThingUpdate {
        entity: thing.entity.clone(),
        id: String::new(),
        version,
        data: None,
    };
    Ok(Write::put(at, body(&update)?).versioned(update.version.text()))
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
