//! `doorstep rehearse`.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::files::site_file;
use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_operator::rehearse::{self, Rehearsal};

/// The arguments of `doorstep rehearse`.
#[derive(clap::Args)]
pub struct Rehearse {
    /// The site file.
    file: PathBuf,
    /// The local day, such as 2026-03-02; left out: yesterday.
    #[arg(long)]
    day: Option<Date>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Replays a day with a changed site file.
pub async fn run(asked: &Rehearse) -> Result<End> {
    let rehearsal = match site_file(&asked.file)? {
        Ok(file) => {
            let played = async {
                match asked.target.reach().await? {
                    Reached::Stack(environment) => rehearse::rehearse(&environment, &file.text, asked.day).await,
                    Reached::Local(local) => {
                        let day = asked.day.map(|day| format!("?day={day}")).unwrap_or_default();
                        local.post(&format!("/sandbox/rehearse{day}"), &file.text).await
                    }
                }
            };
            progress::wait("replaying the day", played).await?
        }
        Err(finding) => Rehearsal { findings: vec![finding], ..Rehearsal::default() },
    };
    let found = !rehearsal.findings.is_empty();
    match (asked.json, found) {
        (true, _) => print::json(&rehearsal)?,
        (false, false) => print::text(&rehearsal.to_string())?,
        (false, true) => {
            let lines = rehearsal.findings.iter().map(|finding| format!("{}:{finding}\n", asked.file.display()));
            print::text(&lines.collect::<String>())?;
        }
    }
    Ok(if found { End::Found } else { End::Fine })
}
