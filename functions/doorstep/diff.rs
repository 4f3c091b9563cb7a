//! `doorstep diff`.

use std::path::PathBuf;

use crate::backend::Backend;
use crate::files::{SiteFileText, site_file};
use crate::section::{self, Section};
use crate::target::TargetOptions;
use crate::{VerbOutcome, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::{Finding, Place, Site};
use doorstep_operator::check;

/// The arguments of `doorstep diff`.
#[derive(clap::Args)]
pub struct DiffArgs {
    /// The site files.
    #[arg(required_unless_present = "site", conflicts_with = "site")]
    files: Vec<PathBuf>,
    /// Compares the version in force of this site instead of a file. The result is what is not yet
    /// applied.
    #[arg(long, value_name = "ID")]
    site: Vec<SiteId>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows what would change.
pub async fn run(asked: &DiffArgs) -> Result<VerbOutcome> {
    let (files, mut sections) = read(&asked.files)?;
    sections.extend(between(&files));
    if !files.is_empty() || !asked.site.is_empty() {
        let backend = asked.target.connect().await?;
        sections.extend(shown(backend.as_ref(), &files).await?);
        for site in &asked.site {
            let shown =
                progress::wait(&format!("comparing {site}"), backend.diff_in_force(site)).await?;
            sections.push(Section {
                of: site.to_string(),
                shown,
            });
        }
    }
    section::sections(&sections, asked.json)
}

/// Compares each file with the doors, and returns its changes.
pub async fn shown(backend: &dyn Backend, files: &[SiteFileText]) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for file in files {
        let shown = progress::wait(
            &format!("comparing {}", file.path),
            backend.diff(&file.text),
        )
        .await?;
        sections.push(Section {
            of: file.path.clone(),
            shown,
        });
    }
    Ok(sections)
}

/// Reads the files. Returns the ones that parse, and the findings of the others. Makes no call.
pub fn read(paths: &[PathBuf]) -> Result<(Vec<SiteFileText>, Vec<Section>)> {
    let (mut files, mut sections) = (Vec::new(), Vec::new());
    for path in paths {
        let faulty = |findings| Section::faulty(path.display().to_string(), findings);
        match site_file(path)? {
            Ok(file) => match Site::parse(&file.text) {
                Ok(_) => files.push(file),
                Err(error) => sections.push(faulty(error.into())),
            },
            Err(finding) => sections.push(faulty(vec![finding])),
        }
    }
    Ok((files, sections))
}

/// Returns the findings between these files. Makes no call.
pub fn between(files: &[SiteFileText]) -> Vec<Section> {
    let parsed: Vec<(&SiteFileText, Site)> = files
        .iter()
        .filter_map(|file| Some((file, Site::parse(&file.text).ok()?)))
        .collect();
    let sites: Vec<&Site> = parsed.iter().map(|(_, site)| site).collect();
    let said = check::together(&sites).into_iter();
    said.filter_map(|(number, said)| {
        let file = parsed.get(number)?.0;
        Some(Section::faulty(
            file.path.clone(),
            vec![Finding::at(&Place::File.key("site"), said, &file.text)],
        ))
    })
    .collect()
}
