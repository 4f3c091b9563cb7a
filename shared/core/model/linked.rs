//! An account that belongs to a person, and the cards that Doorstep assigned to it.

use std::sync::Arc;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::account::{Account, Standing};
use crate::model::usual::is_usual;

/// An account that is known to belong to this person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linked {
    /// The account as last read. It shares memory with the list from which it was read.
    pub account: Arc<Account>,
    /// Doorstep created the account, so Doorstep may delete it if the operator asks for that.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub made: bool,
    /// Doorstep suspended the account, or the account got no seat when Doorstep created it.
    /// Doorstep may resume it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub suspended: bool,
    /// The name that Doorstep last set, or the platform's name when the account was linked.
    pub name: CompactString,
    /// A name that the door system refused.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused_name: Option<String>,
    /// The account is still in a group by a membership that Doorstep does not manage, so Doorstep
    /// neither suspends nor deletes it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub left_alone: bool,
    /// Cards that Doorstep assigned to the account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cards: Vec<OurCard>,
    /// Card changes that Doorstep stored before it made them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub card_intents: Vec<CardIntent>,
}

/// Record that Doorstep assigned a card to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OurCard {
    /// The card's number, as the platform writes it.
    pub number: String,
    /// When Doorstep assigned or adopted it.
    pub since: Timestamp,
    /// The reason for the assignment.
    pub because: String,
}

/// A card change that is stored before it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardIntent {
    /// The card's number.
    pub number: String,
    /// `true` to assign the card to the account, `false` to unassign it.
    pub theirs: bool,
    /// The reason for the change.
    pub because: String,
}

impl Linked {
    /// Links an account that was found, or was just created (`made`).
    pub fn new(account: impl Into<Arc<Account>>, name: &str, made: bool) -> Box<Self> {
        let account = account.into();
        let suspended = made && account.standing == Standing::Suspended;
        let (cards, card_intents, name) = (Vec::new(), Vec::new(), name.into());
        Box::new(Linked {
            account,
            made,
            suspended,
            name,
            refused_name: None,
            left_alone: false,
            cards,
            card_intents,
        })
    }
}
