//! Files that the operator names.

use std::path::Path;

use doorstep::error::{Error, Result};
use doorstep::site::Finding;

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
/// [`Error::Refused`] where it cannot be read.
pub fn site_file(path: &Path) -> Result<std::result::Result<File, Finding>> {
    let bytes = std::fs::read(path).map_err(|error| Error::refused(format!("{}: {error}", path.display())))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Ok(File { path: path.display().to_string(), text }),
        Err(error) => {
            let fine = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            let line = Some(1 + fine.filter(|byte| **byte == b'\n').count());
            Err(Finding { line, message: "this is not UTF-8: save the file as UTF-8".to_owned() })
        }
    })
}
