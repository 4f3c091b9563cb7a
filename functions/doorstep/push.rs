//! `doorstep push`.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;

use crate::ask::Question;
use crate::diff::{between, read};
use crate::section::{self, Section};
use crate::target::TargetOptions;
use crate::{VerbOutcome, print, progress};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;
use doorstep_operator::preview::diff::ShownPerson;
use doorstep_operator::push::PushOptions;

/// The arguments of `doorstep push`.
#[derive(clap::Args)]
pub struct PushArgs {
    /// The site files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Repeats the mode of the files. Without it, a site's first file only observes, whatever its
    /// mode. It acts once it is pushed with this option, or after a file with mode observe.
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Leaves access as it is at doors that the files no longer have, separated by commas. Doorstep
    /// then no longer claims that access.
    #[arg(long, value_name = "DOORS", value_delimiter = ',')]
    leave_access: Vec<DoorsName>,
    /// The version that this file was made from. Nothing is stored if another version is in force
    /// by now. 0: no file was in force.
    #[arg(long, value_name = "VERSION")]
    over: Option<u64>,
    /// Does not ask, for scripts. Without a terminal the command never asks.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Puts site files in force, one after the other. Stores none of them if one has a finding.
pub async fn run(asked: &PushArgs) -> Result<VerbOutcome> {
    if asked.over.is_some() && asked.files.len() > 1 {
        return Err(Error::invalid(
            "--over names the version of one site: push one file at a time",
        ));
    }
    let (files, mut sections) = read(&asked.files)?;
    sections.extend(between(&files));
    if !sections.is_empty() {
        return section::sections(&sections, asked.json);
    }
    let backend = asked.target.connect().await?;
    let asks = !asked.yes && !asked.json && is_terminal();
    if files.len() > 1 || asks {
        let sections = crate::diff::shown(backend.as_ref(), &files).await?;
        let is_faulty = |section: &Section| !section.shown.findings.is_empty();
        if sections.iter().any(is_faulty) {
            return section::sections(&sections, asked.json);
        }
        if asks && !is_wanted(&sections)? {
            print::text("nothing was stored")?;
            return Ok(VerbOutcome::Fine);
        }
    }
    let options = PushOptions {
        mode: asked.mode,
        leave_access: asked.leave_access.iter().cloned().collect(),
        over: asked.over,
    };
    for file in files {
        match progress::wait(
            &format!("pushing {}", file.path),
            backend.push(&file.text, &options),
        )
        .await
        {
            Ok(shown) => sections.push(Section {
                of: file.path,
                shown,
            }),
            Err(error) => {
                // The files stored so far are in force, so the operator must see them.
                if !sections.is_empty() {
                    section::sections(&sections, asked.json)?;
                }
                return Err(error);
            }
        }
    }
    section::sections(&sections, asked.json)
}

fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Shows the changes and asks whether to put them in force.
fn is_wanted(sections: &[Section]) -> Result<bool> {
    section::sections(sections, false)?;
    let people: BTreeSet<&ShownPerson> = sections
        .iter()
        .filter_map(|section| section.shown.diff.as_ref())
        .flat_map(|diff| &diff.groups)
        .flat_map(|group| group.closes.iter().map(|change| &change.who))
        .collect();
    let lose = match people.len() {
        0 => "No one loses access.".to_owned(),
        1 => "1 person loses access.".to_owned(),
        count => format!("{count} people lose access."),
    };
    let question = Question {
        what: &format!("Put in force? {lose} y/N"),
        option: "--yes",
        usual: Some("N"),
    };
    question.answer(None, |said| match said.to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("write y or n".to_owned()),
    })
}
