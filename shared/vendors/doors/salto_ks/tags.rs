//! Tags: lists them, assigns them to an account and takes them back. It deletes no tag and changes
//! no tag of a pod.
//!
//! An assignment is a change of the person: `tag_id`, null for none `[I]`. A person has one tag at
//! most `[I]`. No answer is trusted: the person is fetched again after a change.

use serde_json::{Value, json};

use super::client::V1_1;
use super::{SaltoKs, account_gone, wire};
use doorstep_core::model::account::{Account, Card};
use doorstep_core::model::error::{Error, Result};

impl SaltoKs {
    pub(super) async fn all_tags(&self) -> Result<Vec<Card>> {
        let tags: Vec<wire::SaltoTag> = self.0.list(V1_1, &["tags"], None).await?;
        Ok(tags.into_iter().map(Card::from).collect())
    }

    /// Fetches the tags of these numbers, and the tag of the person. That one may belong to another
    /// site. It is then shown as reserved, so that Doorstep leaves it alone.
    pub(super) async fn tags_about(
        &self,
        numbers: &[String],
        account: &Account,
    ) -> Result<Vec<Card>> {
        let inner = self.inner_of(account).await?.ok_or_else(account_gone)?;
        let theirs = self.tag_number_of(&inner).await?;
        let mut cards: Vec<Card> = Vec::new();
        for number in numbers {
            cards.extend(self.tags_numbered(number).await?);
        }
        let Some(number) = theirs else {
            return Ok(cards);
        };
        if !cards.iter().any(|card| card.has(&number)) {
            cards.extend(self.tags_numbered(&number).await?);
        }
        let holder = Some(account.id.clone());
        if !cards
            .iter()
            .any(|card| card.has(&number) && card.holder == holder)
        {
            cards.retain(|card| !card.has(&number));
            let id = format!("elsewhere {inner}");
            cards.push(Card {
                id,
                numbers: vec![number],
                holder,
                reserved: true,
                ..Card::default()
            });
        }
        Ok(cards)
    }

    /// Fetches the tags with this number. Whether `eq` ignores case is unknown `[?]`, so the result
    /// is compared here.
    pub(super) async fn tags_numbered(&self, number: &str) -> Result<Vec<Card>> {
        let filter = format!("tag_number eq '{}'", number.trim().replace('\'', "''"));
        let tags: Vec<wire::SaltoTag> = self.0.list(V1_1, &["tags"], Some(&filter)).await?;
        Ok(tags
            .into_iter()
            .map(Card::from)
            .filter(|card| card.has(number))
            .collect())
    }

    async fn tag_number_of(&self, inner: &str) -> Result<Option<String>> {
        let user = self.fetch_raw(inner).await?.ok_or_else(account_gone)?;
        Ok(user.tag_number().map(str::to_owned))
    }

    /// Assigns a tag, then fetches the person to confirm it.
    ///
    /// # Errors
    /// [`Error::Retry`] where the person has another tag by now, or SALTO KS reports success
    /// without assigning it.
    pub(super) async fn give_tag(&self, account: &Account, card: &Card) -> Result<()> {
        let inner = self.inner_of(account).await?.ok_or_else(account_gone)?;
        match self.tag_number_of(&inner).await? {
            Some(number) if card.has(&number) => return Ok(()),
            Some(_) => return Err(Error::retry("the user has another tag now; reading again")),
            None => {}
        }
        self.patch_tag(&inner, json!(card.id)).await?;
        match self.tag_number_of(&inner).await? {
            Some(number) if card.has(&number) => Ok(()),
            _ => Err(Error::retry(
                "SALTO KS reported success, but the tag is not assigned to the user; retrying",
            )),
        }
    }

    /// Takes a tag back. If the person has another tag, it stays, because it was assigned by hand.
    ///
    /// # Errors
    /// [`Error::Retry`] where SALTO KS reports success and the person still has the tag.
    pub(super) async fn take_tag(&self, account: &Account, card: &Card) -> Result<()> {
        let Some(inner) = self.inner_of(account).await? else {
            return Ok(());
        };
        let Some(user) = self.fetch_raw(&inner).await? else {
            return Ok(());
        };
        let has = |user: &wire::SiteUser| user.tag_number().is_some_and(|number| card.has(number));
        if !has(&user) {
            return Ok(());
        }
        self.patch_tag(&inner, Value::Null).await?;
        match self.fetch_raw(&inner).await? {
            Some(user) if has(&user) => Err(Error::retry(
                "SALTO KS reported success, but the tag is still assigned to the user; retrying",
            )),
            _ => Ok(()),
        }
    }

    /// Changes the person's tag. A 404 is about the person or about the tag.
    async fn patch_tag(&self, inner: &str, tag: Value) -> Result<()> {
        let answer = self.patch(inner, &json!({ "tag_id": tag })).await?;
        if answer.is_missing() {
            return Err(match self.fetch_raw(inner).await? {
                Some(_) => Error::retry("SALTO KS no longer has the tag; looking it up again"),
                None => account_gone(),
            });
        }
        answer.done().map(drop)
    }
}
