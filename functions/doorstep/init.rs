//! `doorstep init`: asks, reads both vendors, and writes a first site file.

use std::path::PathBuf;

use crate::VerbOutcome;
use crate::ask::Question;
use crate::moving::{MovingOptions, platform_kind, site_of};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::is_site_id;

/// The arguments of `doorstep init`.
#[derive(clap::Args)]
pub struct InitArgs {
    /// The file to make, named after its site; left out: the name of the site is asked for.
    file: Option<PathBuf>,
    /// The platform: officernd, nexudus or spacebring.
    #[arg(long)]
    platform: Option<String>,
    #[command(flatten)]
    moving: MovingOptions,
}

/// Makes the file. Only findings of the file make the command exit with 1.
pub async fn run(asked: &InitArgs) -> Result<VerbOutcome> {
    let path = match &asked.file {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.toml", site_name()?)),
    };
    if path.exists() {
        return Err(Error::invalid(format!(
            "{} exists: choose another name, or add its rules with `doorstep import`",
            path.display()
        )));
    }
    let site = site_of(&path)?;
    let platform = Question {
        what: "Platform (officernd, nexudus or spacebring)",
        option: "--platform",
        usual: None,
    };
    let platform = platform.answer(asked.platform.as_deref(), platform_kind)?;
    asked.moving.make(&path, site, platform).await
}

fn site_name() -> Result<String> {
    let asked = Question {
        what: "Name of the site (a-z, 0-9 and -)",
        option: "the name of the file",
        usual: None,
    };
    asked.answer(None, |said| match is_site_id(said) {
        true => Ok(said.to_owned()),
        false => Err("write up to 32 of a-z, 0-9 and -, such as riverside".to_owned()),
    })
}
