//! `doorstep import`: writes the rules that the platform's own bridge follows today.

use std::path::PathBuf;

use crate::VerbOutcome;
use crate::files::site_file;
use crate::moving::{MovingOptions, platform_kind, site_of};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::Site;

/// The arguments of `doorstep import`.
#[derive(clap::Args)]
pub struct ImportArgs {
    /// The site file. If there is none, it is made. The rules of a file stay as they are.
    file: PathBuf,
    /// The platform: officernd, nexudus or spacebring.
    #[arg(long, value_name = "PLATFORM", value_parser = platform_kind)]
    from: PlatformKind,
    #[command(flatten)]
    moving: MovingOptions,
}

/// Writes the rules into the file. Only findings of the file make the command exit with 1.
pub async fn run(asked: &ImportArgs) -> Result<VerbOutcome> {
    let path = asked.file.as_path();
    match path.exists() {
        true => asked.moving.add_to(path, &existing(asked)?).await,
        false => asked.moving.make(path, site_of(path)?, asked.from).await,
    }
}

/// Returns the text of the file that is there.
fn existing(asked: &ImportArgs) -> Result<String> {
    let path = asked.file.display();
    let file =
        site_file(&asked.file)?.map_err(|finding| Error::invalid(format!("{path}:{finding}")))?;
    let site =
        Site::parse(&file.text).map_err(|error| Error::invalid(format!("{path}: {error}")))?;
    if site.platform.kind != asked.from {
        return Err(Error::invalid(format!(
            "{path} is about {}: write --from {} or name another file",
            site.platform.kind.word(),
            site.platform.kind.word()
        )));
    }
    if asked.moving.new_site.any() {
        return Err(Error::invalid(format!(
            "{path} exists and names its vendors itself: leave out --organization, --doors, --place and --timezone"
        )));
    }
    Ok(file.text)
}
