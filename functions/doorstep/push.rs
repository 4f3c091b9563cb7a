//! `doorstep push`.

use std::path::PathBuf;

use crate::diff::{between, read};
use crate::show::{self, Section};
use crate::target::TargetOptions;
use crate::{VerbOutcome, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;
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
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Puts site files in force, one after the other. Stores none of them if one has a finding.
pub async fn run(asked: &PushArgs) -> Result<VerbOutcome> {
    let (files, mut sections) = read(&asked.files)?;
    sections.extend(between(&files));
    if !sections.is_empty() {
        return show::sections(&sections, asked.json);
    }
    let backend = asked.target.connect().await?;
    if files.len() > 1 {
        let sections = crate::diff::shown(backend.as_ref(), &files).await?;
        if sections
            .iter()
            .any(|section| !section.shown.findings.is_empty())
        {
            return show::sections(&sections, asked.json);
        }
    }
    let options = PushOptions {
        mode: asked.mode,
        leave_access: asked.leave_access.iter().cloned().collect(),
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
                    show::sections(&sections, asked.json)?;
                }
                return Err(error);
            }
        }
    }
    show::sections(&sections, asked.json)
}
