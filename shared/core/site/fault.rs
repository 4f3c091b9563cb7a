//! What is wrong with a site file, and in which line. Faults are collected, so that one look shows them all.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use crate::model::error::Error;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what to do. It repeats no e-mail address.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Everything that is wrong with a site file, in the order of its lines. It prints one fault a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFileError(pub Vec<Fault>);

impl fmt::Display for SiteFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let end_of_last = if number == 0 { "" } else { "\n" };
            write!(f, "{end_of_last}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SiteFileError {}

impl From<SiteFileError> for Error {
    fn from(error: SiteFileError) -> Self {
        Error::invalid(error.to_string())
    }
}

/// Collects faults while a file is read, and knows where its lines begin.
pub(super) struct Faults {
    line_ends: Vec<usize>,
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    /// Nothing found yet in `text`.
    pub(super) fn new(text: &str) -> Self {
        let line_ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Faults { line_ends, found: RefCell::default() }
    }

    /// The line in which `span` begins.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        1 + self.line_ends.partition_point(|end| *end < span.start)
    }

    /// Writes one down.
    pub(super) fn add(&self, line: usize, message: impl Into<String>) {
        self.found.borrow_mut().push(Fault { line, message: message.into() });
    }

    /// Writes down a fault of TOML itself, once a line: what follows in one line is mostly its echo.
    pub(super) fn add_syntax(&self, error: &toml::de::Error) {
        let line = error.span().map_or(1, |span| self.line(&span));
        let mut found = self.found.borrow_mut();
        if found.last().is_none_or(|last: &Fault| last.line != line) {
            found.push(Fault { line, message: format!("this is not TOML: {}", error.message()) });
        }
    }

    /// Whether nothing was found.
    pub(super) fn none(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// What was found, in the order of the lines.
    pub(super) fn into_error(self) -> SiteFileError {
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        SiteFileError(found)
    }
}
