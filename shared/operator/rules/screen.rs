//! The screen of the rules: the table of one selector, the file beside it, and its findings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::{Finding, Mode, Selector, Site};

use super::draft::{self, DraftText};
use super::edit::{Edit, edited};
use super::lists::Lists;
use super::matrix::{matrix, summaries};
use super::reading::Reading;
use super::shape::{Matrix, SelectorSummary};
use crate::nearest::in_force;

/// What to show.
#[derive(Debug, Clone)]
pub struct RulesQuery {
    /// The selector of the table.
    pub selector: Selector,
    /// The draft; `None`: the file in force.
    pub draft: Option<DraftText>,
    /// An edit of that text.
    pub edit: Option<Edit>,
}

/// The rules of a site, from the table alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RulesScreen {
    /// The site.
    pub site: SiteId,
    /// When the table was read.
    pub as_of: Timestamp,
    /// The site's time zone.
    pub timezone: String,
    /// When the platform's lists were last read in full; `None` before the first time.
    pub read: Option<Timestamp>,
    /// Whether the platform lists its things. One that only pushes changes is known by what it
    /// pushed, and a file may name more.
    pub has_list: bool,
    /// The version in force.
    pub in_force: u64,
    /// The version that the text was made from. The text can be put in force over this one only.
    pub over: u64,
    /// The mode in which the site acts.
    pub mode: Option<Mode>,
    /// The text. After an edit, the new one.
    pub text: String,
    /// Whether the text differs from the file in force.
    pub is_changed: bool,
    /// Why the edit was not made.
    pub refused: Option<String>,
    /// The errors of the text, in the order of the lines.
    pub findings: Vec<Finding>,
    /// What the operator should know about the text.
    pub remarks: Vec<Finding>,
    /// The selectors; empty for a text that is no valid file.
    pub selectors: Vec<SelectorSummary>,
    /// The table; `None` for a text that is no valid file.
    pub matrix: Option<Matrix>,
}

/// Returns the rules of the file in force, or of a draft, after an edit if there is one.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, and the error of the table.
pub async fn rules(
    environment: &Environment,
    site: &SiteId,
    query: &RulesQuery,
) -> Result<RulesScreen> {
    let stored = in_force(environment, site).await?;
    let draft = query.draft.clone().unwrap_or_else(|| DraftText {
        text: stored.text.clone(),
        over: stored.n,
    });
    let file = stored.file().ok();
    let timezone = file.as_ref().and_then(|file| file.timezone.iana_name());
    let mut screen = RulesScreen {
        site: site.clone(),
        as_of: environment.time.now(),
        timezone: timezone.unwrap_or("UTC").to_owned(),
        read: None,
        has_list: true,
        in_force: stored.n,
        over: draft.over,
        mode: stored.site().ok().map(|site| site.mode),
        is_changed: false,
        refused: None,
        findings: Vec::new(),
        remarks: Vec::new(),
        selectors: Vec::new(),
        matrix: None,
        text: draft.text,
    };
    match Site::parse(&screen.text) {
        Ok(file) => {
            let has_passes = query.selector == Selector::Pass;
            let lists = Lists::load(environment, site, &file, has_passes).await?;
            screen.read = lists.read;
            screen.has_list = file.platform.kind.has_read_api();
            screen.fill(file, &lists, query);
        }
        Err(error) => {
            let wrong = query.edit.is_some().then(|| {
                Error::invalid("the file has errors: correct them before you change its table")
            });
            screen.refused = wrong.map(|error| error.why().to_owned());
            screen.findings = error.into();
        }
    }
    screen.is_changed = screen.text != stored.text;
    Ok(screen)
}

impl RulesScreen {
    /// Makes the edit, and fills in what follows from the text.
    fn fill(&mut self, mut file: Site, lists: &Lists, query: &RulesQuery) {
        match query
            .edit
            .as_ref()
            .map(|edit| edited(&self.text, lists, edit))
        {
            Some(Ok(text)) => {
                // The edit was compared with the file that it changed, so it parses.
                if let Ok(new) = Site::parse(&text) {
                    (file, self.text) = (new, text);
                }
            }
            Some(Err(refused)) => self.refused = Some(refused.why().to_owned()),
            None => {}
        }
        let found = draft::findings(&self.site, &file, &self.text, lists);
        (self.findings, self.remarks) = (found.findings, found.remarks);
        let reading = Reading::of(file, lists);
        self.selectors = summaries(&reading, lists);
        self.matrix = Some(matrix(&reading, lists, query.selector));
    }
}
