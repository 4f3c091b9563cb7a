//! The first lines of a new site file, from options and answers.

use std::path::Path;

use crate::ask::Question;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::is_site_id;
use doorstep_operator::moving::new_site::NewSite;

/// The options of a new site file. What they leave out is asked for.
#[derive(clap::Args)]
pub struct NewSiteOptions {
    /// The platform's own name of the operator: OfficeRnD's slug, Nexudus' ids of businesses,
    /// Spacebring's network.
    #[arg(long)]
    organization: Option<String>,
    /// The door system: salto-ks or kisi.
    #[arg(long, value_name = "KIND")]
    doors: Option<String>,
    /// The SALTO KS site, or the Kisi place.
    #[arg(long)]
    place: Option<String>,
    /// The IANA time zone; left out: the zone of the platform's locations.
    #[arg(long)]
    timezone: Option<String>,
}

impl NewSiteOptions {
    /// Returns the first lines of a new file. Asks for what is missing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wrong option, and for a question without an answer.
    pub fn site(&self, site: String, platform: PlatformKind, is_sandbox: bool) -> Result<NewSite> {
        let doors = Question {
            what: "Door system (salto-ks or kisi)",
            option: "--doors",
            usual: None,
        };
        let doors = doors.answer(self.doors.as_deref(), doors_kind)?;
        Ok(NewSite {
            site,
            timezone: self.timezone.clone(),
            platform,
            organization: self.organization(platform)?,
            doors,
            place: self.place(doors)?,
            is_sandbox,
        })
    }

    /// Returns whether any of these options is given.
    pub fn any(&self) -> bool {
        let all = [&self.organization, &self.doors, &self.place, &self.timezone];
        all.into_iter().any(Option::is_some)
    }

    fn organization(&self, platform: PlatformKind) -> Result<Option<String>> {
        if platform != PlatformKind::OfficeRnd {
            return Ok(self.organization.clone());
        }
        let asked = Question {
            what: "Slug of the OfficeRnD organisation",
            option: "--organization",
            usual: None,
        };
        asked
            .answer(self.organization.as_deref(), required)
            .map(Some)
    }

    fn place(&self, doors: DoorsKind) -> Result<Option<String>> {
        if doors == DoorsKind::Kisi {
            return Ok(self.place.clone());
        }
        let asked = Question {
            what: "Id of the SALTO KS site",
            option: "--place",
            usual: None,
        };
        asked.answer(self.place.as_deref(), required).map(Some)
    }
}

fn required(said: &str) -> std::result::Result<String, String> {
    match said.is_empty() {
        true => Err("it must not be empty".to_owned()),
        false => Ok(said.to_owned()),
    }
}

fn doors_kind(said: &str) -> std::result::Result<DoorsKind, String> {
    let found = DoorsKind::ALL.into_iter().find(|kind| kind.word() == said);
    found.ok_or_else(|| "write salto-ks or kisi".to_owned())
}

/// Returns the platform with a read API that this word names.
///
/// # Errors
/// The advice for the operator.
pub fn platform_kind(said: &str) -> std::result::Result<PlatformKind, String> {
    let mut all = PlatformKind::ALL.into_iter();
    let found = all.find(|kind| kind.has_read_api() && kind.word() == said);
    found.ok_or_else(|| "write officernd, nexudus or spacebring".to_owned())
}

/// Returns the name of the site in this file: the file's own name without its ending.
///
/// # Errors
/// [`Error::Invalid`] for a name that no site can have.
pub fn site_of(path: &Path) -> Result<String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let site = stem.filter(|stem| is_site_id(stem)).map(str::to_owned);
    site.ok_or_else(|| {
        Error::invalid(format!(
            "{}: name the file after its site, with up to 32 of a-z, 0-9 and -, such as riverside.toml",
            path.display()
        ))
    })
}
