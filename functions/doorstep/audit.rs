//! `doorstep audit`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::Value;

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::audit::{Head, Verdict, verify};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep audit`.
#[derive(clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    what: AuditVerb,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum AuditVerb {
    /// Verifies that no record of the chain was changed, removed or moved. A broken chain is a
    /// finding.
    Verify(Verify),
    /// Prints the whole chain as one JSON array, oldest record first, to keep or verify it
    /// elsewhere.
    Export(Export),
}

#[derive(clap::Args)]
struct Verify {
    /// The site.
    site: SiteId,
    /// A record that you noted earlier, as SEQ:HASH. The chain must still contain it.
    #[arg(long, value_name = "SEQ:HASH")]
    known: Option<Head>,
    /// An exported file to verify instead of the table.
    #[arg(long)]
    file: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Export {
    /// The site.
    site: SiteId,
}

/// Verifies the chain, or prints it.
pub async fn run(asked: &AuditArgs) -> Result<VerbOutcome> {
    match &asked.what {
        AuditVerb::Verify(wanted) => verified(wanted, asked).await,
        AuditVerb::Export(wanted) => exported(wanted, &asked.target).await,
    }
}

async fn exported(asked: &Export, target: &TargetOptions) -> Result<VerbOutcome> {
    let chain = target
        .ask("reading the audit chain", async |backend| {
            backend.audit(&asked.site).await
        })
        .await?;
    print::json(&chain)?;
    Ok(VerbOutcome::Fine)
}

async fn verified(asked: &Verify, whole: &AuditArgs) -> Result<VerbOutcome> {
    let verdict = match &asked.file {
        Some(file) => verify(&asked.site, &read(file)?, asked.known.clone()),
        None => {
            let verify = async |backend: &dyn Backend| {
                backend.verify_audit(&asked.site, asked.known.clone()).await
            };
            whole
                .target
                .ask("verifying the audit chain", verify)
                .await?
        }
    };
    match whole.json {
        true => print::json(&verdict)?,
        false => print::text(&sentence(&asked.site, &verdict))?,
    }
    Ok(VerbOutcome::found_if(!verdict.whole))
}

fn read(file: &Path) -> Result<Vec<Value>> {
    let wrong = |why: String| Error::invalid(format!("{}: {why}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|_| {
        wrong("not an exported audit chain: write the path of a JSON array of records".to_owned())
    })
}

fn sentence(site: &SiteId, verdict: &Verdict) -> String {
    match &verdict.broken {
        None if verdict.records == 0 => format!("the audit chain of {site} has no records yet"),
        None => format!(
            "the audit chain of {site} is whole: {} records\nto verify against this state later, note the last record: \
             --known {}:{}",
            verdict.records, verdict.head.seq, verdict.head.hash
        ),
        Some(broken) => format!(
            "the audit chain of {site} is broken at record {}: {}\nthe {} records before it are unchanged",
            broken.seq, broken.why, verdict.records
        ),
    }
}
