//! The configuration of a run, and why a run cannot start.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::folder;
use crate::secrets::SecretsError;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;

/// Where the run stores its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: the data ends with the process.
    Memory,
    /// In this folder, which is created if it is missing.
    Folder(PathBuf),
}

impl Data {
    /// Returns whether no run has used it yet.
    pub fn is_new(&self) -> bool {
        match self {
            Data::Memory => true,
            Data::Folder(folder) => !folder::is_used(folder),
        }
    }
}

/// The configuration of a run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The texts of the site files.
    pub sites: Vec<String>,
    /// The text of the secrets file; `None` uses the sandbox's own secrets.
    pub secrets: Option<String>,
    /// The instant of a standing clock; `None` is real time. A folder whose clock is already later
    /// starts from there.
    pub clock: Option<Timestamp>,
    /// How often every site is reconciled, counted from the start; `None` reconciles only on
    /// request.
    pub reconcile: Option<Duration>,
    /// Where the run stores its data.
    pub data: Data,
}

/// The reason why a run could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A site file is invalid.
    #[error("{why}")]
    Site {
        /// Index in [`Setup::sites`].
        index: usize,
        /// The error of the library.
        why: Error,
    },
    /// Two files are for the same site.
    #[error("another file has the site {site} too: keep one of them")]
    SameSite {
        /// Index in [`Setup::sites`].
        index: usize,
        /// The site.
        site: SiteId,
    },
    /// The secrets file is invalid.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The data folder cannot be used, or another run uses it.
    #[error(
        "the data folder cannot be used. If another run uses it, stop that one or choose another --data ({0})"
    )]
    Data(String),
}
