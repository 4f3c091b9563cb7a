//! `doorstep man`.

use std::path::PathBuf;

use crate::{VerbOutcome, print, whole};
use doorstep_core::model::error::{Error, Result};

/// The arguments of `doorstep man`.
#[derive(clap::Args)]
pub struct ManArgs {
    /// The folder, which must exist, such as ~/.local/share/man/man1.
    folder: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Writes one page for the command and one for each verb.
pub async fn run(asked: &ManArgs) -> Result<VerbOutcome> {
    let folder = asked.folder.display();
    clap_mangen::generate_to(whole(), &asked.folder)
        .map_err(|error| Error::invalid(format!("{folder}: {error}")))?;
    match asked.json {
        true => print::json(&asked.folder)?,
        false => print::text(&format!(
            "the pages are in {folder}: read them with man doorstep"
        ))?,
    }
    Ok(VerbOutcome::Fine)
}
