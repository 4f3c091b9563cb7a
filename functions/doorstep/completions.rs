//! `doorstep completions`.

use clap_complete::{Shell, generate};

use crate::{VerbOutcome, print, whole};
use doorstep_core::model::error::{Error, Result};

/// The arguments of `doorstep completions`.
#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
    /// Prints the same text as one JSON text.
    #[arg(long)]
    json: bool,
}

/// Prints what the shell loads to complete verbs and options.
pub async fn run(asked: &CompletionsArgs) -> Result<VerbOutcome> {
    let mut bytes = Vec::new();
    generate(asked.shell, &mut whole(), "doorstep", &mut bytes);
    let text = String::from_utf8(bytes).map_err(|error| Error::permanent(error.to_string()))?;
    match asked.json {
        true => print::json(&text)?,
        false => print::table(&text)?,
    }
    Ok(VerbOutcome::Fine)
}
