//! Access tokens. Every function shares a fetched token, because vendors allow only a few fetches a
//! minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::secret::Secret;
use doorstep_core::model::error::Result;

/// A token as the vendor issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token that each call sends.
    pub access: Secret,
    /// The refresh token, where the vendor issues one. It may work only once.
    pub refresh: Option<Secret>,
    /// The instant at which `access` expires.
    pub expires: Timestamp,
}

/// A sign-in that a vendor refused. The same credentials are not tried again before `until`,
/// because vendors lock accounts after some wrong passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedSignIn {
    /// The fingerprint of these credentials. It does not reveal them.
    pub credentials: String,
    /// The instant from which they may be tried again.
    pub until: Timestamp,
}

/// Returns a fingerprint of credentials under `key`: half of their HMAC-SHA256, in hex.
pub fn fingerprint(key: &str, parts: &[&str]) -> String {
    // An HMAC accepts a key of any length, so this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(b"\0");
    }
    let tag = mac.finalize().into_bytes();
    hex::encode(tag.get(..tag.len() / 2).unwrap_or_default())
}

/// The shared store of tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Loads the token under `name`.
    async fn token(&self, name: &str) -> Result<Option<Token>>;
    /// Stores the token under `name`.
    async fn keep_token(&self, name: &str, token: &Token) -> Result<()>;
    /// Loads the last refused sign-in under `name`.
    async fn refused_sign_in(&self, name: &str) -> Result<Option<RefusedSignIn>>;
    /// Stores a refused sign-in under `name`.
    async fn keep_refused_sign_in(&self, name: &str, refused: &RefusedSignIn) -> Result<()>;
    /// Loads a text beside the token under `name`.
    async fn token_note(&self, name: &str, word: &str) -> Result<Option<String>>;
    /// Stores a text beside the token under `name`.
    async fn note_token(&self, name: &str, word: &str, text: &str) -> Result<()>;
}

/// The tokens in force: stored in the table, and cached in memory while the function lives.
#[derive(Clone, Default)]
pub struct Tokens {
    store: Option<Arc<dyn TokenStore>>,
    memory: Arc<Mutex<HashMap<String, Token>>>,
    refused: Arc<Mutex<HashMap<String, RefusedSignIn>>>,
    notes: Arc<Mutex<HashMap<(String, &'static str), String>>>,
}

impl Tokens {
    /// Returns tokens that every function shares through the table.
    pub fn shared(store: Arc<dyn TokenStore>) -> Self {
        Tokens {
            store: Some(store),
            ..Tokens::default()
        }
    }

    /// Returns the token in memory under `name`, expired or not.
    pub fn remembered(&self, name: &str) -> Option<Token> {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Loads the token that any function stored last under `name`, expired or not.
    pub async fn kept(&self, name: &str) -> Result<Option<Token>> {
        let kept = match &self.store {
            Some(store) => store.token(name).await?,
            None => self.remembered(name),
        };
        if let Some(token) = &kept {
            self.remember(name, token);
        }
        Ok(kept)
    }

    /// Stores `token` under `name`.
    pub async fn keep(&self, name: &str, token: &Token) -> Result<()> {
        if let Some(store) = &self.store {
            store.keep_token(name, token).await?;
        }
        self.remember(name, token);
        Ok(())
    }

    /// Loads the last refused sign-in under `name`, of any function.
    pub async fn refused_sign_in(&self, name: &str) -> Result<Option<RefusedSignIn>> {
        match &self.store {
            Some(store) => store.refused_sign_in(name).await,
            None => Ok(self
                .refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(name)
                .cloned()),
        }
    }

    /// Stores a refused sign-in under `name`.
    pub async fn keep_refused_sign_in(&self, name: &str, refused: RefusedSignIn) -> Result<()> {
        if let Some(store) = &self.store {
            return store.keep_refused_sign_in(name, &refused).await;
        }
        self.refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), refused);
        Ok(())
    }

    /// Loads the text that a client stored beside its token under `name`. It is no secret.
    pub async fn noted(&self, name: &str, word: &'static str) -> Result<Option<String>> {
        match &self.store {
            Some(store) => store.token_note(name, word).await,
            None => {
                let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(notes.get(&(name.to_owned(), word)).cloned())
            }
        }
    }

    /// Stores a text beside the token under `name`.
    pub async fn note(&self, name: &str, word: &'static str, text: &str) -> Result<()> {
        match &self.store {
            Some(store) => store.note_token(name, word, text).await,
            None => {
                let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
                notes.insert((name.to_owned(), word), text.to_owned());
                Ok(())
            }
        }
    }

    fn remember(&self, name: &str, token: &Token) {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), token.clone());
    }
}
