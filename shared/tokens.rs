//! Access tokens, fetched once and shared by every function: vendors allow only a few fetches a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Secret;
use crate::error::Result;
use crate::ledger::Ledger;

/// A token as a vendor gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What is sent with each call.
    pub access: Secret,
    /// What buys the next one, where the vendor gives such a thing. It may work only once.
    pub refresh: Option<Secret>,
    /// When `access` stops working.
    pub expires: Timestamp,
}

/// The tokens in force: kept in the table, and in memory while the function lives.
#[derive(Clone, Default)]
pub struct Tokens {
    ledger: Option<Ledger>,
    memory: Arc<Mutex<HashMap<String, Token>>>,
}

impl Tokens {
    /// Tokens that every function shares through the table.
    pub fn shared(ledger: Ledger) -> Self {
        Tokens { ledger: Some(ledger), memory: Arc::default() }
    }

    /// The token in memory under `name`, expired or not.
    pub fn remembered(&self, name: &str) -> Option<Token> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The token kept under `name` by whichever function was last, expired or not.
    pub async fn kept(&self, name: &str) -> Result<Option<Token>> {
        let kept = match &self.ledger {
            Some(ledger) => ledger.token(name).await?,
            None => self.remembered(name),
        };
        if let Some(token) = &kept {
            self.remember(name, token);
        }
        Ok(kept)
    }

    /// Keeps `token` under `name`.
    pub async fn keep(&self, name: &str, token: &Token) -> Result<()> {
        if let Some(ledger) = &self.ledger {
            ledger.keep_token(name, token).await?;
        }
        self.remember(name, token);
        Ok(())
    }

    fn remember(&self, name: &str, token: &Token) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), token.clone());
    }
}
