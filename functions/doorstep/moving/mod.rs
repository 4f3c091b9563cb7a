//! What `import` and `init` share: a new file's first lines, the survey of both vendors, and the end
//! with a check and the next commands.

use std::path::Path;

use crate::VerbOutcome;
use doorstep_core::model::error::Result;
use doorstep_core::model::platform_kind::PlatformKind;
use finish::{Unfinished, finish};

mod finish;
mod new_site;
mod source;

use new_site::NewSiteOptions;
pub use new_site::{platform_kind, site_of};
use source::SourceOptions;

/// The options of both verbs.
#[derive(clap::Args)]
pub struct MovingOptions {
    #[command(flatten)]
    pub new_site: NewSiteOptions,
    #[command(flatten)]
    source: SourceOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl MovingOptions {
    /// Makes the file of a new site.
    ///
    /// # Errors
    /// Those of [`NewSiteOptions::site`], [`SourceOptions::survey`] and [`finish()`].
    pub async fn make(
        &self,
        path: &Path,
        site: String,
        platform: PlatformKind,
    ) -> Result<VerbOutcome> {
        let is_sandbox = self.source.is_sandbox();
        let new_site = self.new_site.site(site, platform, is_sandbox)?;
        let survey = &self.source.survey(&new_site.text(None)).await?;
        let unfinished = Unfinished {
            path,
            is_new: true,
            text: &new_site.text(Some(survey)),
            survey,
        };
        finish(&unfinished, &self.source, self.json)
    }

    /// Adds rules to the file `text`, which is there.
    ///
    /// # Errors
    /// Those of [`SourceOptions::survey`] and [`finish()`].
    pub async fn add_to(&self, path: &Path, text: &str) -> Result<VerbOutcome> {
        let unfinished = Unfinished {
            path,
            is_new: false,
            text,
            survey: &self.source.survey(text).await?,
        };
        finish(&unfinished, &self.source, self.json)
    }
}
