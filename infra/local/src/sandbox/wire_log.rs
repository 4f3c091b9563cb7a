//! A log of every call to a sandbox and its answer, for checks by other programs. It is written if
//! `DOORSTEP_WIRE` names a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;

/// The name of the variable.
const WIRE: &str = "DOORSTEP_WIRE";

static LOG: OnceLock<Option<Mutex<File>>> = OnceLock::new();

/// Writes one call and its answer as a line of JSON.
pub fn note(vendor: &str, ask: &Ask, answer: &Answer) {
    let open = || {
        let path = std::env::var_os(WIRE)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .ok()?;
        Some(Mutex::new(file))
    };
    let Some(log) = LOG.get_or_init(open) else {
        return;
    };
    let said = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let line = json!({
        "vendor": vendor,
        "method": ask.method.as_str(),
        "path": ask.path,
        "query": ask.query,
        "type": ask.header("content-type"),
        "body": said(&ask.body),
        "status": answer.status().as_u16(),
        "answer": said(answer.body()),
    });
    let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
    // A line that cannot be written is missing from the check, and changes nothing else.
    writeln!(file, "{line}").ok();
}
