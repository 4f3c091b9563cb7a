//! Files that the operator names.

use std::path::Path;

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Finding, finding};

/// One site file: how it was named, and its text.
pub struct File {
    /// Its path, as it was written.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Reads a site file. One that is not UTF-8 is a finding of its line.
///
/// # Errors
/// [`Error::Invalid`] where it cannot be read.
pub fn site_file(path: &Path) -> Result<std::result::Result<File, Finding>> {
    let bytes = std::fs::read(path).map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    Ok(finding::text(bytes).map(|text| File { path: path.display().to_string(), text }))
}
