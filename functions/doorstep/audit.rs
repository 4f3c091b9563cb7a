//! `doorstep audit`.

use doorstep_core::model::ids::SiteId;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value;

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::audit::{Head, Record, Verdict, verify};
use doorstep_core::model::error::{Error, Result};

/// The arguments of `doorstep audit`.
#[derive(clap::Args)]
pub struct Audit {
    #[command(subcommand)]
    what: What,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Verifies that no record of the chain was changed, removed or moved. A broken chain is a finding.
    Verify(Verify),
    /// Prints the whole chain as one JSON array, oldest record first, to keep or verify it elsewhere.
    Export(Export),
}

#[derive(clap::Args)]
struct Verify {
    /// The site.
    site: String,
    /// A record that was noted earlier, as SEQ:HASH. The chain must still contain it.
    #[arg(long, value_name = "SEQ:HASH")]
    known: Option<Head>,
    /// An exported file to verify instead of the table.
    #[arg(long)]
    file: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

#[derive(clap::Args)]
struct Export {
    /// The site.
    site: String,
    #[command(flatten)]
    target: Target,
}

/// Verifies the chain, or prints it.
pub async fn run(asked: &Audit) -> Result<End> {
    match &asked.what {
        What::Verify(wanted) => verified(wanted, asked.json).await,
        What::Export(wanted) => exported(wanted).await,
    }
}

async fn exported(asked: &Export) -> Result<End> {
    let records = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => {
                is_here(&environment, &asked.site).await?;
                environment.store.audit(&SiteId::from(asked.site.as_str())).await
            }
            Reached::Local(local) => local.get(&format!("{}/audit", local.site(&asked.site)?)).await,
        }
    };
    let records: Vec<Record> = progress::wait("reading the audit chain", records).await?;
    print::json(&records)?;
    Ok(End::Fine)
}

async fn verified(asked: &Verify, json: bool) -> Result<End> {
    let verdict = async {
        if let Some(file) = &asked.file {
            return Ok(verify(&SiteId::from(asked.site.as_str()), &read(file)?, asked.known.clone()));
        }
        match asked.target.reach().await? {
            Reached::Stack(environment) => {
                is_here(&environment, &asked.site).await?;
                environment.store.verify_audit(&SiteId::from(asked.site.as_str()), asked.known.clone()).await
            }
            Reached::Local(local) => {
                let known = asked.known.as_ref().map(|known| ("known", format!("{}:{}", known.seq, known.hash)));
                let known: Vec<_> = known.into_iter().collect();
                local.get(&local.query(&asked.site, "audit/verify", &known)?).await
            }
        }
    };
    let verdict: Verdict = progress::wait("verifying the audit chain", verdict).await?;
    match json {
        true => print::json(&verdict)?,
        false => print::text(&told(&asked.site, &verdict))?,
    }
    Ok(if verdict.whole { End::Fine } else { End::Found })
}

/// Checks that the site exists. A retired site still has its chain.
async fn is_here(environment: &Environment, site: &str) -> Result<()> {
    if environment.store.audit_end(&SiteId::from(site)).await? > 0 {
        return Ok(());
    }
    environment.store.in_force(&SiteId::from(site)).await.map(drop)
}

fn read(file: &Path) -> Result<Vec<Value>> {
    let wrong = |why: String| Error::invalid(format!("{}: {why}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| wrong("this is no exported audit chain: a JSON array of records".to_owned()))
}

fn told(site: &str, verdict: &Verdict) -> String {
    match &verdict.broken {
        None if verdict.records == 0 => format!("the audit chain of {site} has no records yet"),
        None => format!(
            "the audit chain of {site} is whole: {} records\nnote the last one elsewhere, to verify against it later: \
             --known {}:{}",
            verdict.records, verdict.head.seq, verdict.head.hash
        ),
        Some(broken) => format!(
            "the audit chain of {site} is broken at record {}: {}\nthe {} records before it are as they were written",
            broken.seq, broken.why, verdict.records
        ),
    }
}
