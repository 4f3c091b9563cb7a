//! `doorstep check`: reads no stack. With secrets it asks the vendors.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use crate::files::{SiteFileText, site_file};
use crate::snippet::{self, Severity};
use crate::{VerbOutcome, print, progress, readers};
use doorstep_core::model::error::Result;
use doorstep_core::site::shared_groups::{RuledSite, shared_groups};
use doorstep_core::site::{Finding, Place, Site, SiteProblem, resolve};
use doorstep_operator::check::{self, VendorCheck};
use doorstep_vendors::access::ApiSecrets;
use doorstep_vendors::http::Http;
use doorstep_vendors::network;

/// The arguments of `doorstep check`.
#[derive(clap::Args)]
pub struct CheckArgs {
    /// The site files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A TOML file with one table for each secret that the site files name. With it, the command
    /// also asks the vendors.
    #[arg(long)]
    secrets: Option<PathBuf>,
    /// Makes no call to a vendor, even with secrets.
    #[arg(long)]
    offline: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Checks the files and prints the findings and the remarks. Only findings make the command exit
/// with 1.
pub async fn run(asked: &CheckArgs) -> Result<VerbOutcome> {
    let checked = checked(asked).await?;
    say(&checked, asked.json)?;
    if !asked.json {
        let vendors = asked.secrets.is_some() && !asked.offline;
        print::text(&verdict(asked.files.len(), &checked, vendors))?;
    }
    Ok(VerbOutcome::found_if(!checked.findings.is_empty()))
}

/// A finding or a remark, with its file.
#[derive(Serialize)]
struct FileFinding {
    file: String,
    #[serde(flatten)]
    finding: Finding,
    /// The text of the file; empty if it cannot be read.
    #[serde(skip)]
    text: Arc<str>,
}

impl FileFinding {
    fn about(file: &SiteFileText, problem: SiteProblem) -> FileFinding {
        FileFinding {
            file: file.path.clone(),
            finding: Finding::of_problem(problem, &file.text),
            text: file.text.as_str().into(),
        }
    }

    fn about_the_name(file: &SiteFileText, text: String) -> FileFinding {
        FileFinding {
            file: file.path.clone(),
            finding: Finding::at(&Place::File.key("site"), text, &file.text),
            text: file.text.as_str().into(),
        }
    }
}

/// The result of a check.
#[derive(Serialize, Default)]
struct Checked {
    /// The errors in the files.
    findings: Vec<FileFinding>,
    /// Remarks about valid files that the operator should know.
    remarks: Vec<FileFinding>,
}

/// Returns how many files are right, and whether the vendors were asked.
fn verdict(files: usize, checked: &Checked, asked_vendors: bool) -> String {
    let faulty: BTreeSet<&String> = checked.findings.iter().map(|one| &one.file).collect();
    let right = files.saturating_sub(faulty.len());
    let right = match right {
        1 => "1 file is right".to_owned(),
        right => format!("{right} files are right"),
    };
    let wrong = match faulty.len() {
        0 => String::new(),
        1 => ", 1 has findings".to_owned(),
        wrong => format!(", {wrong} have findings"),
    };
    let vendors = match asked_vendors {
        true => "the vendors were asked",
        false => "the vendors were not asked",
    };
    format!("{right}{wrong}; {vendors}")
}

fn say(checked: &Checked, as_json: bool) -> Result<()> {
    if as_json {
        return print::json(&json!(checked));
    }
    if std::io::stdout().is_terminal() {
        return print::styled(&snippets(checked));
    }
    let findings = checked
        .findings
        .iter()
        .map(|said| format!("{}:{}\n", said.file, said.finding));
    let remarks = checked
        .remarks
        .iter()
        .map(|said| format!("{}:{} (remark)\n", said.file, said.finding));
    print::text(&findings.chain(remarks).collect::<String>())
}

/// Returns the findings and remarks with their lines, for a terminal.
fn snippets(checked: &Checked) -> String {
    let of = |all: &[FileFinding], severity: Severity| -> String {
        let shown = |one: &FileFinding| {
            let snippet = snippet::shown(&one.file, &one.text, &one.finding, severity);
            format!("{snippet}\n\n")
        };
        all.iter().map(shown).collect()
    };
    let findings = of(&checked.findings, Severity::Finding);
    findings + &of(&checked.remarks, Severity::Remark)
}

async fn checked(asked: &CheckArgs) -> Result<Checked> {
    let online = match &asked.secrets {
        Some(path) if !asked.offline => Some((readers::secrets(path)?, network::client(None)?)),
        _ => None,
    };
    let mut checked = Checked::default();
    let mut sites = Vec::new();
    for path in &asked.files {
        let file = match site_file(path)? {
            Ok(file) => file,
            Err(finding) => {
                checked.findings.push(FileFinding {
                    file: path.display().to_string(),
                    finding,
                    text: Arc::from(""),
                });
                continue;
            }
        };
        match Site::parse(&file.text) {
            Ok(site) => sites.push((file, site)),
            Err(error) => {
                let text: Arc<str> = file.text.as_str().into();
                let said = |finding| FileFinding {
                    file: file.path.clone(),
                    finding,
                    text: text.clone(),
                };
                checked
                    .findings
                    .extend(Vec::from(error).into_iter().map(said));
            }
        }
    }
    let mut resolved = Vec::new();
    for (file, site) in &sites {
        let (findings, remarks, ids) = match &online {
            Some((secrets, http)) => {
                let asking = ask(site, secrets, http);
                let answer =
                    progress::wait(&format!("asking the vendors of {}", site.id), asking).await?;
                (answer.findings, answer.remarks, Some(answer.resolved))
            }
            None => {
                let findings = [check::alone(site), resolve::unserved(site)].concat();
                (findings, Vec::new(), None)
            }
        };
        checked.findings.extend(
            findings
                .into_iter()
                .map(|problem| FileFinding::about(file, problem)),
        );
        checked.remarks.extend(
            remarks
                .into_iter()
                .map(|problem| FileFinding::about(file, problem)),
        );
        resolved.push(ids);
    }
    let all: Vec<&Site> = sites.iter().map(|(_, site)| site).collect();
    let ruled: Vec<RuledSite<'_>> = iter::zip(&all, &resolved)
        .map(|(site, resolved)| RuledSite {
            site,
            resolved: resolved.as_ref(),
        })
        .collect();
    let same_site = |(number, text)| {
        sites
            .get(number)
            .map(|(file, _)| FileFinding::about_the_name(file, text))
    };
    let about = |(number, problem)| {
        sites
            .get(number)
            .map(|(file, _)| FileFinding::about(file, problem))
    };
    checked
        .findings
        .extend(check::together(&all).into_iter().filter_map(same_site));
    checked
        .remarks
        .extend(shared_groups(&ruled).into_iter().filter_map(about));
    Ok(checked)
}

async fn ask(
    site: &Site,
    secrets: &BTreeMap<String, ApiSecrets>,
    http: &Http,
) -> Result<VendorCheck> {
    let readers = readers::connect(site, secrets, http)?;
    check::against_vendors(site, readers.platform.as_ref(), &readers.doors).await
}
