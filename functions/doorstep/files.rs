//! The files that the operator names.

use std::io::Read;
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

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

fn standard_input() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a site file; `-` is standard input. Text that is not UTF-8 is a finding with its line.
///
/// # Errors
/// [`Error::Invalid`] where the file cannot be read.
pub fn site_file(path: &Path) -> Result<std::result::Result<SiteFileText, Finding>> {
    let bytes = match path.as_os_str() == STANDARD_INPUT {
        true => standard_input(),
        false => std::fs::read(path),
    };
    let bytes = bytes.map_err(|error| Error::invalid(format!("{}: {error}", path.display())))?;
    Ok(finding::text(bytes).map(|text| SiteFileText {
        path: path.display().to_string(),
        text,
    }))
}
