//! Something found in a site file, and where: what the operator is shown, whoever found it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fault, SiteFileError};

/// Something found in a site file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The line, counted from 1, where it is about one.
    pub line: Option<usize>,
    /// What it is, and what to do.
    pub message: String,
}

impl Finding {
    /// What `said` is about in the file with this `text`: the line that it begins with (`line 12: ...`), or the one in
    /// which the table begins that it speaks of (`[doors.main] ...`).
    pub fn located(said: String, text: &str) -> Finding {
        let numbered = said.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
        if let Some((Ok(line), message)) = numbered.map(|(line, message)| (line.parse(), message)) {
            return Finding { line: Some(line), message: message.to_owned() };
        }
        let table = said.split_inclusive(']').next().filter(|table| table.starts_with('['));
        let begins = |line: &str| table.is_some_and(|table| line.trim_start().starts_with(table));
        let line = text.lines().position(begins).map(|place| place + 1);
        Finding { line, message: said }
    }
}

/// A site file's text.
///
/// # Errors
/// The finding of the line in which it is not UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, Finding> {
    String::from_utf8(bytes).map_err(|error| {
        let fine = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = Some(1 + fine.filter(|byte| **byte == b'\n').count());
        Finding { line, message: "this is not UTF-8: save the file as UTF-8".to_owned() }
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{line}: {}", self.message),
            None => write!(f, " {}", self.message),
        }
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        Finding { line: Some(fault.line), message: fault.message }
    }
}

impl From<SiteFileError> for Vec<Finding> {
    fn from(error: SiteFileError) -> Self {
        error.0.into_iter().map(Finding::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_knows_its_line_or_that_of_its_table() {
        let text = "site = \"a\"\n\n[platform]\n  [doors.main]\n";
        let located = |said: &str| Finding::located(said.to_owned(), text);
        assert_eq!(located("line 12: no plan"), Finding { line: Some(12), message: "no plan".into() });
        assert_eq!(located("[platform] locations: none").line, Some(3));
        assert_eq!(located("[doors.main] is opened by no rule").line, Some(4));
        assert_eq!(located("[doors.other] is opened by no rule").line, None);
        assert_eq!(located("there is no [[rule]]").line, None);
        assert_eq!(located("line of thought").line, None);
        assert_eq!(super::text(b"site = \"a\"\nmode = \"\xff\"".to_vec()).unwrap_err().line, Some(2));
    }
}
