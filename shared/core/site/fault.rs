//! Faults of a site file, each with its line. They are collected, so that one run shows them all.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use crate::model::error::Error;

/// One fault, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// The fault and what to do. The text repeats no e-mail address.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Every fault of a site file, in the order of the lines. It prints one fault on each line.
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

/// Collects faults while a file is parsed, and knows where the lines of the file begin.
pub(super) struct Faults {
    line_ends: Vec<usize>,
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    /// Creates an empty collection for `text`.
    pub(super) fn new(text: &str) -> Self {
        let line_ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at)
            .collect();
        Faults {
            line_ends,
            found: RefCell::default(),
        }
    }

    /// Returns the line in which `span` begins.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        1 + self.line_ends.partition_point(|end| *end < span.start)
    }

    /// Adds a fault.
    pub(super) fn add(&self, line: usize, message: impl Into<String>) {
        self.found.borrow_mut().push(Fault {
            line,
            message: message.into(),
        });
    }

    /// Adds a fault of the TOML syntax, at most one for each line. Further errors in one line
    /// mostly follow from the first.
    pub(super) fn add_syntax(&self, error: &toml::de::Error) {
        let line = error.span().map_or(1, |span| self.line(&span));
        let mut found = self.found.borrow_mut();
        if found.last().is_none_or(|last: &Fault| last.line != line) {
            found.push(Fault {
                line,
                message: format!("this is not TOML: {}", error.message()),
            });
        }
    }

    /// Returns whether there are no faults.
    pub(super) fn none(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Returns the faults in the order of the lines.
    pub(super) fn into_error(self) -> SiteFileError {
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        SiteFileError(found)
    }
}
