//! The key-value store of everything except the table: queues, schedules, published events, sandbox
//! worlds. It stores bytes and knows nothing of their meaning.
//!
//! Everything is in memory and written through to one SQLite file, so that a run continues after a
//! kill. The file is synced to the disk at each checkpoint and not at each write: a power cut may
//! lose the last writes, but not the file. Deleted data is overwritten.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::locked::locked;

/// How long to wait for an ending run to release the file.
const LET_GO: Duration = Duration::from_secs(1);

/// A small key-value store. Clones share it.
#[derive(Clone)]
pub struct Keep {
    state: Arc<Mutex<KeepState>>,
    /// The prefix of every key.
    prefix: String,
}

struct KeepState {
    entries: BTreeMap<String, Vec<u8>>,
    file: Option<Connection>,
}

impl Keep {
    /// Creates a store that lives as long as the process.
    pub fn memory() -> Self {
        Keep::of(BTreeMap::new(), None)
    }

    /// Opens the store in the file at `path`, and creates the file if it is missing.
    ///
    /// # Errors
    /// The file cannot be opened or read, or another process holds it.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let file = Connection::open(path)?;
        file.busy_timeout(LET_GO)?;
        file.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             PRAGMA secure_delete = ON;
             CREATE TABLE IF NOT EXISTS keep (key TEXT PRIMARY KEY, value BLOB NOT NULL);
             BEGIN IMMEDIATE; COMMIT;",
        )?;
        let entries = {
            let mut rows = file.prepare("SELECT key, value FROM keep")?;
            rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?
        };
        Ok(Keep::of(entries, Some(file)))
    }

    fn of(entries: BTreeMap<String, Vec<u8>>, file: Option<Connection>) -> Self {
        Keep {
            state: Arc::new(Mutex::new(KeepState { entries, file })),
            prefix: String::new(),
        }
    }

    /// Returns the same store with `prefix` before every key.
    pub(crate) fn within(&self, prefix: &str) -> Self {
        Keep {
            state: self.state.clone(),
            prefix: format!("{}{prefix}", self.prefix),
        }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Returns the value of `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        locked(&self.state).entries.get(&self.key(key)).cloned()
    }

    /// Stores `value` under `key`. Returns `false` and logs if the file could not be written. Then
    /// nothing changed.
    pub fn put(&self, key: &str, value: &[u8]) -> bool {
        let (key, mut state) = (self.key(key), locked(&self.state));
        let sql = "INSERT INTO keep (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let kept = state.write(|file| file.prepare_cached(sql)?.execute(params![key, value]));
        if kept {
            state.entries.insert(key, value.to_vec());
        }
        kept
    }

    /// Removes `key`. Returns `false` and logs if the file could not be written. Then nothing
    /// changed.
    pub fn remove(&self, key: &str) -> bool {
        let (key, mut state) = (self.key(key), locked(&self.state));
        let kept = state.write(|file| {
            file.prepare_cached("DELETE FROM keep WHERE key = ?1")?
                .execute([&key])
        });
        if kept {
            state.entries.remove(&key);
        }
        kept
    }

    /// Returns every key that begins with `prefix`, in order, with its value.
    pub fn list(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let state = locked(&self.state);
        let whole = self.key(prefix);
        let own = |key: &String| key.get(self.prefix.len()..).unwrap_or_default().to_owned();
        let from = state.entries.range(whole.clone()..);
        from.take_while(|(key, _)| key.starts_with(&whole))
            .map(|(key, value)| (own(key), value.clone()))
            .collect()
    }

    /// Rewrites the file and empties its log, so that neither contains deleted or replaced data.
    pub(crate) fn overwrite_deleted(&self) {
        locked(&self.state).write(|file| {
            file.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(0)
        });
    }

    /// Stores `value` as JSON, like [`Keep::put`].
    pub(crate) fn put_json<T: Serialize>(&self, key: &str, value: &T) -> bool {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.put(key, &bytes),
            Err(error) => {
                tracing::error!(%error, "cannot be written as JSON");
                false
            }
        }
    }

    /// Returns the values under `prefix` in the order of their keys. An unreadable value is left
    /// out and logged.
    pub(crate) fn list_json<T: DeserializeOwned>(&self, prefix: &str) -> Vec<T> {
        let read = |(key, bytes): (String, Vec<u8>)| {
            serde_json::from_slice(&bytes)
                .inspect_err(|error| tracing::error!(key, %error, "left out"))
                .ok()
        };
        self.list(prefix).into_iter().filter_map(read).collect()
    }
}

impl KeepState {
    fn write(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> bool {
        let Some(file) = &self.file else { return true };
        change(file)
            .inspect_err(|error| tracing::error!(%error, "the data folder cannot be written"))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Keep;

    #[test]
    fn a_killed_run_finds_what_it_kept() -> rusqlite::Result<()> {
        let path =
            std::env::temp_dir().join(format!("doorstep-keep-{}.sqlite", uuid::Uuid::new_v4()));
        {
            let keep = Keep::open(&path)?;
            assert!(
                keep.put("line/1", b"a") && keep.put("line/2", b"b") && keep.put("lines", b"c")
            );
            assert!(keep.remove("line/1"));
            assert!(
                Keep::open(&path).is_err(),
                "a second process must not share the folder"
            );
        }
        let keep = Keep::open(&path)?;
        assert_eq!(
            keep.list("line/"),
            vec![("line/2".to_owned(), b"b".to_vec())]
        );
        drop(keep);
        std::fs::remove_file(path).ok();
        Ok(())
    }
}
