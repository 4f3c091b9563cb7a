//! The operator's command. It reads what it is given, asks the library, and prints; it decides nothing itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use doorstep::access::{Access, ApiSecrets, Share};
use doorstep::caller::Turn;
use doorstep::doors::ReadDoors;
use doorstep::error::{Error, Result};
use doorstep::http::Http;
use doorstep::network;
use doorstep::platform::ReadPlatform;
use doorstep::site::{Fault, Site, check};
use doorstep::time::WallClock;
use doorstep::tokens::Tokens;
use serde::Serialize;

/// Keeps doors in step with bookings.
#[derive(Parser)]
#[command(name = "doorstep", version)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Checks site files; with secrets also against both vendors. Exits with 0 if all is well, 1 with findings, 2 if
    /// it could not be checked.
    Check(Check),
}

#[derive(clap::Args)]
struct Check {
    /// The site files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A TOML file with one table for each secret that the site files name: asks the vendors too.
    #[arg(long)]
    secrets: Option<PathBuf>,
    /// Asks nobody, even with secrets.
    #[arg(long)]
    offline: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Something found, and where.
#[derive(Serialize)]
struct Finding {
    file: String,
    line: Option<usize>,
    message: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Verb::Check(asked) = Command::parse().verb;
    match found(&asked).await {
        Ok(findings) => {
            print(&findings, asked.json);
            ExitCode::from(u8::from(!findings.is_empty()))
        }
        Err(error) => {
            eprintln!("doorstep check: {error}");
            ExitCode::from(2)
        }
    }
}

fn print(findings: &[Finding], json: bool) {
    if json {
        println!("{}", serde_json::json!({ "findings": findings }));
        return;
    }
    for Finding { file, line, message } in findings {
        match line {
            Some(line) => println!("{file}:{line}: {message}"),
            None => println!("{file}: {message}"),
        }
    }
}

async fn found(asked: &Check) -> Result<Vec<Finding>> {
    let online = match &asked.secrets {
        Some(path) if !asked.offline => Some((read_secrets(path)?, network::client(None)?)),
        _ => None,
    };
    let mut findings = Vec::new();
    let mut sites = Vec::new();
    for path in &asked.files {
        let file = path.display().to_string();
        match read_site(path)? {
            Ok(site) => sites.push((file, site)),
            Err(faults) => findings.extend(faults.into_iter().map(|Fault { line, message }| Finding {
                file: file.clone(),
                line: Some(line),
                message,
            })),
        }
    }
    for (file, site) in &sites {
        let texts = match &online {
            Some((secrets, http)) => ask(site, secrets, http).await?,
            None => check::alone(site),
        };
        findings.extend(texts.into_iter().map(|text| finding(file, text)));
    }
    let all: Vec<&Site> = sites.iter().map(|(_, site)| site).collect();
    let between = check::together(&all).into_iter();
    findings.extend(between.filter_map(|(number, text)| Some(finding(&sites.get(number)?.0, text))));
    Ok(findings)
}

/// `line 12: …` becomes a line of its own.
fn finding(file: &str, text: String) -> Finding {
    let parts = text.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    let (line, message) = match parts.and_then(|(line, message)| Some((line.parse().ok()?, message.to_owned()))) {
        Some((line, message)) => (Some(line), message),
        None => (None, text),
    };
    Finding { file: file.to_owned(), line, message }
}

fn read_site(path: &Path) -> Result<std::result::Result<Site, Vec<Fault>>> {
    let bytes = std::fs::read(path).map_err(|error| Error::refused(format!("{}: {error}", path.display())))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Site::parse(&text).map_err(|error| error.0),
        Err(error) => {
            let fine = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = 1 + fine.filter(|byte| **byte == b'\n').count();
            Err(vec![Fault { line, message: "this is not UTF-8: save the file as UTF-8".to_owned() }])
        }
    })
}

/// The secrets' own faults are told by their line alone, since anything more might quote one.
fn read_secrets(path: &Path) -> Result<BTreeMap<String, ApiSecrets>> {
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Error::refused(format!("{file}: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        Error::refused(format!("{file}:{line}: write one TOML table for each secret, and texts in it"))
    })
}

async fn ask(site: &Site, secrets: &BTreeMap<String, ApiSecrets>, http: &Http) -> Result<Vec<String>> {
    let (platform, doors) = connect(site, secrets, http)?;
    check::against_vendors(site, platform.as_ref(), &doors).await
}

type Readers = (Box<dyn ReadPlatform>, BTreeMap<String, Box<dyn ReadDoors>>);

fn connect(site: &Site, secrets: &BTreeMap<String, ApiSecrets>, http: &Http) -> Result<Readers> {
    let access = |of: &str, secret: &str, url: &Option<String>, identity_url: &Option<String>| {
        if url.as_deref() == Some("sandbox") {
            return Err(Error::refused(format!("{of}: a sandbox lives only in `make run`: check with --offline")));
        }
        let found = secrets.get(secret).cloned();
        Ok(Access {
            http: http.clone(),
            time: Arc::new(WallClock),
            url: url.clone(),
            identity_url: identity_url.clone(),
            secrets: found.ok_or_else(|| Error::refused(format!("{of}: the secrets have no table [\"{secret}\"]")))?,
            tokens: Tokens::default(),
            token_name: format!("{}#{of}", site.id),
            turn: Turn::default(),
            share: Share::Reconcile,
        })
    };
    let config = &site.platform;
    let to_platform = access("[platform]", &config.secret, &config.url, &None)?;
    let platform = config.kind.vendor().reader(config.organization.as_deref().unwrap_or_default(), to_platform);
    let mut doors = BTreeMap::new();
    for (name, config) in &site.doors {
        let to_doors = access(&format!("[doors.{name}]"), &config.secret, &config.url, &config.identity_url)?;
        let (reader, _writer) = config.kind.connect(config.place.as_deref(), to_doors);
        doors.insert(name.clone(), reader);
    }
    Ok((platform, doors))
}
