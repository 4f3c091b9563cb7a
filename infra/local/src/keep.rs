//! What this machine remembers besides the table: queue, alarms, outbox, sandbox worlds. Keys and bytes, no meaning.
//!
//! Everything is held in memory and written through to one SQLite file, so that a run that was killed goes on where it
//! was. The file is forced to the disk at each checkpoint, not at each write: a power cut may cost the last writes, but
//! not the file. What is deleted is overwritten.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::locked::locked;

/// How long a run that is just ending may take to let go of the file.
const LET_GO: Duration = Duration::from_secs(1);

/// A small key-value table. Clones share it.
#[derive(Clone)]
pub struct Keep {
    state: Arc<Mutex<State>>,
    /// Stands before every key.
    prefix: String,
}

struct State {
    entries: BTreeMap<String, Vec<u8>>,
    file: Option<Connection>,
}

impl Keep {
    /// One that forgets everything with the process.
    pub fn memory() -> Self {
        Keep::of(BTreeMap::new(), None)
    }

    /// One that is kept in the file at `path`, which is made if it is missing.
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
            rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?
        };
        Ok(Keep::of(entries, Some(file)))
    }

    fn of(entries: BTreeMap<String, Vec<u8>>, file: Option<Connection>) -> Self {
        Keep { state: Arc::new(Mutex::new(State { entries, file })), prefix: String::new() }
    }

    /// The same, with `prefix` before every key.
    pub(crate) fn within(&self, prefix: &str) -> Self {
        Keep { state: self.state.clone(), prefix: format!("{}{prefix}", self.prefix) }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// What is kept under `key`.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        locked(&self.state).entries.get(&self.key(key)).cloned()
    }

    /// Keeps `value` under `key`. Gives `false` (and a log line) where the file did not take it; then nothing changed.
    pub fn put(&self, key: &str, value: &[u8]) -> bool {
        let (key, mut state) = (self.key(key), locked(&self.state));
        let sql =
            "INSERT INTO keep (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let kept = state.write(|file| file.prepare_cached(sql)?.execute(params![key, value]));
        if kept {
            state.entries.insert(key, value.to_vec());
        }
        kept
    }

    /// Forgets `key`. Gives `false` (and a log line) where the file did not take it; then nothing changed.
    pub fn remove(&self, key: &str) -> bool {
        let (key, mut state) = (self.key(key), locked(&self.state));
        let kept = state.write(|file| file.prepare_cached("DELETE FROM keep WHERE key = ?1")?.execute([&key]));
        if kept {
            state.entries.remove(&key);
        }
        kept
    }

    /// Every key that begins with `prefix`, in order, with its value.
    pub fn list(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let state = locked(&self.state);
        let whole = self.key(prefix);
        let own = |key: &String| key.get(self.prefix.len()..).unwrap_or_default().to_owned();
        let from = state.entries.range(whole.clone()..);
        from.take_while(|(key, _)| key.starts_with(&whole)).map(|(key, value)| (own(key), value.clone())).collect()
    }

    /// Rewrites the file and empties its log, so that neither holds anything that was deleted or replaced.
    pub(crate) fn overwrite_deleted(&self) {
        locked(&self.state).write(|file| {
            file.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(0)
        });
    }

    /// [`Keep::put`] of `value` as JSON.
    pub(crate) fn put_json<T: Serialize>(&self, key: &str, value: &T) -> bool {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.put(key, &bytes),
            Err(error) => {
                tracing::error!(%error, "cannot be written as JSON");
                false
            }
        }
    }

    /// Values under `prefix` in the order of their keys. What no longer can be read is left out, with a log line.
    pub(crate) fn list_json<T: DeserializeOwned>(&self, prefix: &str) -> Vec<T> {
        let read = |(key, bytes): (String, Vec<u8>)| {
            serde_json::from_slice(&bytes).inspect_err(|error| tracing::error!(key, %error, "left out")).ok()
        };
        self.list(prefix).into_iter().filter_map(read).collect()
    }
}

impl State {
    fn write(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<usize>) -> bool {
        let Some(file) = &self.file else { return true };
        change(file).inspect_err(|error| tracing::error!(%error, "the data folder cannot be written")).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Keep;

    #[test]
    fn a_killed_run_finds_what_it_kept() -> rusqlite::Result<()> {
        let path = std::env::temp_dir().join(format!("doorstep-keep-{}.sqlite", uuid::Uuid::new_v4()));
        {
            let keep = Keep::open(&path)?;
            assert!(keep.put("line/1", b"a") && keep.put("line/2", b"b") && keep.put("lines", b"c"));
            assert!(keep.remove("line/1"));
            assert!(Keep::open(&path).is_err(), "a second process must not share the folder");
        }
        let keep = Keep::open(&path)?;
        assert_eq!(keep.list("line/"), vec![("line/2".to_owned(), b"b".to_vec())]);
        drop(keep);
        std::fs::remove_file(path).ok();
        Ok(())
    }
}
