//! The files that the operator names.

use std::path::Path;

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Finding, finding};

/// A site file: its path and its text.
pub struct SiteFileText {
    /// The path as the operator wrote it.
    pub path: String,
    /// The content.
    pub text: String,
}

/// Reads a site file. Text that is not UTF-8 is a finding with its line.
///
/// # Errors
/// [`Error::Invalid`] where the file cannot be read.
pub fn site_file(path: &Path) -> Result<std::result::Result<SiteFileText, Finding>> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    Ok(finding::text(bytes).map(|text| SiteFileText {
        path: path.display().to_string(),
        text,
    }))
}
