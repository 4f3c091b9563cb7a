//! `doorstep rehearse`.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::backend::Backend;
use crate::files::site_file;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_operator::rehearse::Rehearsal;

/// The arguments of `doorstep rehearse`.
#[derive(clap::Args)]
pub struct RehearseArgs {
    /// The site file.
    file: PathBuf,
    /// The local day, such as 2026-03-02; left out: yesterday.
    #[arg(long)]
    day: Option<Date>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Replays a day with a changed site file.
pub async fn run(asked: &RehearseArgs) -> Result<VerbOutcome> {
    let rehearsal = match site_file(&asked.file)? {
        Ok(file) => {
            let ask = async |backend: &dyn Backend| backend.rehearse(&file.text, asked.day).await;
            asked.target.ask("replaying the day", ask).await?
        }
        Err(finding) => Rehearsal {
            findings: vec![finding],
            ..Rehearsal::default()
        },
    };
    let found = !rehearsal.findings.is_empty();
    match (asked.json, found) {
        (true, _) => print::json(&rehearsal)?,
        (false, false) => print::text(&rehearsal.to_string())?,
        (false, true) => {
            let lines = rehearsal
                .findings
                .iter()
                .map(|finding| format!("{}:{finding}\n", asked.file.display()));
            print::text(&lines.collect::<String>())?;
        }
    }
    Ok(VerbOutcome::found_if(found))
}
