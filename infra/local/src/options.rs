//! The command line and environment variables of the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};

use crate::{Data, Setup, sample};

/// Doorstep on one machine, with sandbox vendors.
#[derive(Debug, Parser)]
#[command(name = "doorstep-local", version)]
pub struct Options {
    /// Port to listen on; 0 picks a free one and prints it
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Name or address of this machine to listen on; requests that control the run must use it or a
    /// loopback name
    #[arg(long, default_value = "127.0.0.1")]
    pub listen: String,
    /// A site file, or a folder of site files; left out: the sample sites
    #[arg(long, env = "DOORSTEP_SITES")]
    pub sites: Option<PathBuf>,
    /// A TOML file with one table for each secret; left out: the secrets of the sandbox
    #[arg(long, env = "DOORSTEP_SECRETS", hide_env_values = true)]
    pub secrets: Option<PathBuf>,
    /// Folder of the embedded table; `:memory:` stores nothing on disk
    #[arg(long, env = "DOORSTEP_DATA", default_value = ".doorstep")]
    pub data: PathBuf,
    /// An RFC 3339 instant at which the clock is frozen until a call moves it; left out: real time
    #[arg(long, env = "DOORSTEP_CLOCK")]
    pub clock: Option<Timestamp>,
    /// How often every site is reconciled (`15m`, `1h`), or `off` for only on request
    #[arg(long, env = "DOORSTEP_RECONCILE", default_value = "15m", value_parser = cadence)]
    pub reconcile: Cadence,
    /// Plays no sample day, and only serves
    #[arg(long)]
    pub quiet: bool,
    /// Lets the console act: approve, push, pause, compare; left out: it only shows
    #[arg(long)]
    pub act: bool,
}

/// How often everything is reconciled; `None` reconciles only on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence(pub Option<Duration>);

/// The reason why the files of the command line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A file or folder cannot be read.
    #[error("{path}: {why}", path = path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
    /// A folder without site files.
    #[error("{path}: no site file: put a *.toml file into this folder", path = path.display())]
    NoSites {
        /// Its path.
        path: PathBuf,
    },
}

impl Options {
    /// Returns the configuration of the run, and the paths of its site files in the same order. The
    /// sample sites have no paths.
    ///
    /// # Errors
    /// See [`OptionsError`].
    pub fn setup(&self) -> Result<(Setup, Vec<PathBuf>), OptionsError> {
        let paths = self.sites.as_deref().map_or(Ok(Vec::new()), site_files)?;
        let sites = match &self.sites {
            Some(_) => paths
                .iter()
                .map(|path| read(path))
                .collect::<Result<_, _>>()?,
            None => sample::sites(),
        };
        let setup = Setup {
            sites,
            secrets: self.secrets.as_deref().map(read).transpose()?,
            clock: self
                .clock
                .or_else(|| self.plays_sample().then(sample_begins)),
            reconcile: self.reconcile.0,
            data: self.data(),
        };
        Ok((setup, paths))
    }

    /// Returns whether the sample day is requested. It moves the clock, so it never plays with a
    /// clock set by the operator.
    pub fn wants_sample(&self) -> bool {
        self.sites.is_none() && self.clock.is_none() && !self.quiet
    }

    /// Returns whether the sample day is played: only in an unused folder. A later run of the same
    /// folder continues where the last one stopped. Call it before the run starts.
    pub fn plays_sample(&self) -> bool {
        self.wants_sample() && self.data().is_new()
    }

    fn data(&self) -> Data {
        if self.data.as_os_str() == ":memory:" {
            Data::Memory
        } else {
            Data::Folder(self.data.clone())
        }
    }
}

fn sample_begins() -> Timestamp {
    sample::begins(sample::yesterday(Timestamp::now()))
}

fn cadence(text: &str) -> Result<Cadence, String> {
    if text == "off" {
        return Ok(Cadence(None));
    }
    let span = text
        .parse::<SignedDuration>()
        .ok()
        .filter(SignedDuration::is_positive);
    let span = span.and_then(|span| Duration::try_from(span).ok());
    span.map(|span| Cadence(Some(span)))
        .ok_or_else(|| "not a duration: write one such as 15m or 1h, or off".into())
}

/// Returns the site files at `path`: the file itself, or every `*.toml` in the folder by name.
fn site_files(path: &Path) -> Result<Vec<PathBuf>, OptionsError> {
    let unreadable = |why| OptionsError::Unreadable {
        path: path.to_owned(),
        why,
    };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable)?;
    let is_site = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    };
    let mut files: Vec<_> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(is_site)
        .collect();
    files.sort();
    if files.is_empty() {
        Err(OptionsError::NoSites {
            path: path.to_owned(),
        })
    } else {
        Ok(files)
    }
}

fn read(path: &Path) -> Result<String, OptionsError> {
    fs::read_to_string(path).map_err(|why| OptionsError::Unreadable {
        path: path.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cadence, cadence};

    #[test]
    fn cadences_are_durations_or_off() {
        assert_eq!(cadence("15m"), Ok(Cadence(Some(Duration::from_secs(900)))));
        assert_eq!(cadence("1h"), Ok(Cadence(Some(Duration::from_secs(3600)))));
        assert_eq!(cadence("off"), Ok(Cadence(None)));
        assert!(cadence("0m").is_err() && cadence("-5m").is_err() && cadence("often").is_err());
    }
}
