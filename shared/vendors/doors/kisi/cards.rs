//! Cards: lists them with their holders, assigns them and takes them back. Creates and deletes
//! none.
//!
//! A card has several numbers (printed token, chip's uid, number of its format), so all cards are
//! fetched and compared here. No answer is trusted: the card's assignments are fetched again after
//! a change.

use std::collections::HashMap;

use http::{Method, StatusCode};
use serde_json::json;

use super::client::{LONGEST_PAGE, done};
use super::wire::{CardAssignment, KisiAssignee, KisiCard, number};
use super::{Kisi, account_gone};
use doorstep_core::model::account::{Account, Card as OurCard};
use doorstep_core::model::error::{Error, Result};

impl Kisi {
    /// Fetches all cards. If a card has two assignments, the active one names the holder.
    pub(super) async fn all_cards(&self) -> Result<Vec<OurCard>> {
        let cards: Vec<KisiCard> = self.client.list("cards", &[], LONGEST_PAGE).await?;
        let assignments: Vec<CardAssignment> = self
            .client
            .list("card_assignments", &[], LONGEST_PAGE)
            .await?;
        let mut by_card: HashMap<i64, &CardAssignment> = HashMap::new();
        for assignment in &assignments {
            let known = by_card.entry(assignment.card_id).or_insert(assignment);
            if !known.is_active() {
                *known = assignment;
            }
        }
        Ok(cards
            .into_iter()
            .map(|card| {
                let id = card.id;
                card.card(by_card.get(&id).copied())
            })
            .collect())
    }

    /// Assigns a card, then fetches its assignments to confirm it.
    ///
    /// # Errors
    /// [`Error::Retry`] where Kisi answers that the card is assigned already, or reports success
    /// without assigning it.
    pub(super) async fn give_card(&self, account: &Account, card: &OurCard) -> Result<()> {
        let who = KisiAssignee::of(&account.id)?;
        let (kind, id) = who.assignee();
        let card = number(&card.id)?;
        let body = json!({ "card_assignment": { "assignee_type": kind, "assignee_id": id, "card_id": card } });
        let answer = self
            .client
            .write(Method::POST, &["card_assignments"], Some(&body))
            .await?;
        match answer.status() {
            StatusCode::CONFLICT => {
                return Err(Error::retry(
                    "Kisi reports that the card is assigned already; reading again",
                ));
            }
            // Either the card or the person is gone.
            StatusCode::NOT_FOUND => return Err(account_gone()),
            _ => drop(done(answer)?),
        }
        match self.assignment_of(card, who).await? {
            Some(assignment) if assignment.is_active() => Ok(()),
            Some(_) => Err(Error::retry(
                "Kisi assigned the card but did not activate it",
            )),
            None => Err(Error::retry(
                "Kisi reported success, but the card is not assigned to the account; retrying",
            )),
        }
    }

    /// Takes a card back. An assignment that is gone is a success.
    ///
    /// # Errors
    /// [`Error::Retry`] where Kisi reports success and still lists the assignment.
    pub(super) async fn take_card(&self, account: &Account, card: &OurCard) -> Result<()> {
        let (who, card) = (KisiAssignee::of(&account.id)?, number(&card.id)?);
        let Some(assignment) = self.assignment_of(card, who).await? else {
            return Ok(());
        };
        let path = ["card_assignments", &assignment.id.to_string()];
        let answer = self.client.write(Method::DELETE, &path, None).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            done(answer)?;
        }
        match self.assignment_of(card, who).await? {
            Some(_) => Err(Error::retry(
                "Kisi reported success, but the card is still assigned to the account; retrying",
            )),
            None => Ok(()),
        }
    }

    async fn assignment_of(&self, card: i64, who: KisiAssignee) -> Result<Option<CardAssignment>> {
        let id = card.to_string();
        let of_card: Vec<CardAssignment> = self
            .client
            .list("card_assignments", &[("card_id", &id)], LONGEST_PAGE)
            .await?;
        Ok(of_card
            .into_iter()
            .find(|assignment| assignment.card_id == card && assignment.is_of(who)))
    }
}
