//! `doorstep check`: reads no stack. With secrets it asks the vendors.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use crate::files::{SiteFileText, site_file};
use crate::snippet::{self, Severity};
use crate::{VerbOutcome, print, progress};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::shared_groups::{RuledSite, shared_groups};
use doorstep_core::site::{Finding, Place, Site, SiteProblem, line_at, resolve};
use doorstep_operator::check::{self, VendorCheck};
use doorstep_vendors::access::{Access, ApiSecrets, Share};
use doorstep_vendors::doors::{DoorsVendor, ReadDoors};
use doorstep_vendors::http::Http;
use doorstep_vendors::network;
use doorstep_vendors::platform::push::reader::PushReader as Told;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform};
use doorstep_vendors::time::WallClock;
use doorstep_vendors::tokens::Tokens;
use doorstep_vendors::vendor_http::RateGate;

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
        Some(path) if !asked.offline => Some((read_secrets(path)?, network::client(None)?)),
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

/// Reads the secrets. An error names only the line, because the text of the line may contain a
/// secret.
fn read_secrets(path: &Path) -> Result<BTreeMap<String, ApiSecrets>> {
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::invalid(format!("{file}: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| line_at(text.as_bytes(), span.start));
        Error::invalid(format!(
            "{file}:{line}: not a secrets file: write one TOML table for each secret, with text values"
        ))
    })
}

async fn ask(
    site: &Site,
    secrets: &BTreeMap<String, ApiSecrets>,
    http: &Http,
) -> Result<VendorCheck> {
    let (platform, doors) = connect(site, secrets, http)?;
    check::against_vendors(site, platform.as_ref(), &doors).await
}

type Readers = (
    Box<dyn ReadPlatform>,
    BTreeMap<DoorsName, Box<dyn ReadDoors>>,
);

fn connect(site: &Site, secrets: &BTreeMap<String, ApiSecrets>, http: &Http) -> Result<Readers> {
    let access = |of: &str, secret: &str, url: &Option<String>, identity_url: &Option<String>| {
        if url.as_deref() == Some("sandbox") {
            return Err(Error::invalid(format!(
                "{of}: only `make run` has a sandbox: check this file with --offline"
            )));
        }
        let found = secrets.get(secret).cloned();
        Ok(Access {
            http: http.clone(),
            time: Arc::new(WallClock),
            url: url.clone(),
            identity_url: identity_url.clone(),
            secrets: found.ok_or_else(|| {
                Error::invalid(format!(
                    "{of}: the secrets file has no table [\"{secret}\"]: add it"
                ))
            })?,
            tokens: Tokens::default(),
            token_name: format!("{}#{of}", site.id),
            turn: RateGate::default(),
            card_property: None,
            contact: None,
            region: None,
            share: Share::Reconcile,
        })
    };
    let config = &site.platform;
    let platform: Box<dyn ReadPlatform> = match config.kind.vendor().contract() {
        // It has no read API, so its names cannot be checked.
        Some(contract) => Box::new(Told::of_nothing(contract)),
        None => {
            let to_platform = access(
                "[platform]",
                &config.secret,
                &config.url,
                &config.identity_url,
            )?;
            let to_platform = Access {
                region: config.region.clone(),
                ..to_platform
            };
            config.kind.vendor().reader(
                config.organization.as_deref().unwrap_or_default(),
                to_platform,
            )
        }
    };
    let mut doors = BTreeMap::new();
    for (name, config) in &site.doors {
        let to_doors = access(
            &format!("[doors.{name}]"),
            &config.secret,
            &config.url,
            &config.identity_url,
        )?;
        let to_doors = Access {
            contact: config.contact.clone(),
            ..to_doors
        };
        let (reader, _writer) = config.kind.connect(config.place.as_deref(), to_doors);
        doors.insert(name.clone(), reader);
    }
    Ok((platform, doors))
}
