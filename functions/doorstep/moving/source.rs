//! Where both vendors are read: by this command, by a stack or by the one-machine run.

use std::path::PathBuf;

use crate::target::TargetOptions;
use crate::{progress, readers};
use doorstep_core::model::error::Result;
use doorstep_core::site::Site;
use doorstep_operator::survey::{self, Survey};
use doorstep_vendors::network;

/// The options that say how both vendors are read.
#[derive(clap::Args)]
pub struct SourceOptions {
    /// A TOML file with one table for each secret that the site file names. With it, this command
    /// reads the vendors itself. Without it, the stack or the one-machine run does.
    #[arg(long, conflicts_with = "local")]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    target: TargetOptions,
}

impl SourceOptions {
    /// Returns whether the vendors are those of the sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.target.is_local()
    }

    /// Reads the vendors of the file `text`.
    ///
    /// # Errors
    /// [`Invalid`](doorstep_core::model::error::Error::Invalid) for a file that is not valid, and the errors of
    /// the vendors.
    pub async fn survey(&self, text: &str) -> Result<Survey> {
        let what = "reading the platform and the doors";
        let Some(path) = &self.secrets else {
            let ask = async |backend: &dyn crate::backend::Backend| backend.survey(text).await;
            return self.target.ask(what, ask).await;
        };
        let site = Site::parse(text)?;
        let http = network::client(None)?;
        let readers = readers::connect(&site, &readers::secrets(path)?, &http)?;
        let reading = survey::of_vendors(&site, readers.platform.as_ref(), &readers.doors);
        progress::wait(what, reading).await
    }

    /// Returns the three commands that come next.
    pub(super) fn next(&self, file: &str) -> [String; 3] {
        let repeated = self.target.repeated();
        let secrets = self.secrets.as_ref();
        let secrets = secrets.map(|path| format!(" --secrets {}", path.display()));
        [
            format!("doorstep check {file}{}", secrets.unwrap_or_default()),
            format!("doorstep diff {file}{repeated}"),
            format!("doorstep push {file}{repeated}"),
        ]
    }
}
