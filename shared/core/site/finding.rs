//! Findings about a site file, with their lines, as the operator sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fault, Place, SiteFileError, SiteProblem, line_at};

/// One finding about a site file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The line, counted from 1. A finding about the whole file has line 1.
    pub line: usize,
    /// The defect, and what to do.
    pub message: String,
}

impl Finding {
    /// Returns a finding about a part of the file `text`.
    pub fn at(place: &Place, message: String, text: &str) -> Finding {
        Finding {
            line: place.line(text),
            message,
        }
    }

    /// Returns the finding of a problem of the file `text`. Its message names a table and a key. It
    /// does not name a line, because the finding has one.
    pub fn of_problem(problem: SiteProblem, text: &str) -> Finding {
        let line = problem.place.line(text);
        let message = match problem.place {
            Place::Rule(_) => problem.message,
            Place::File | Place::Table(_) | Place::Key { .. } => problem.to_string(),
        };
        Finding { line, message }
    }

    /// Returns a finding about the whole file.
    pub fn of_file(message: String) -> Finding {
        Finding::at(&Place::File, message, "")
    }
}

/// Decodes the text of a site file.
///
/// # Errors
/// Returns a finding in the first line that is not UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, Finding> {
    String::from_utf8(bytes).map_err(|error| Finding {
        line: line_at(error.as_bytes(), error.utf8_error().valid_up_to()),
        message: "this is not UTF-8: save the file as UTF-8".to_owned(),
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        Finding {
            line: fault.line,
            message: fault.message,
        }
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

    fn found(place: Place, message: &str, text: &str) -> (usize, String) {
        let found = Finding::of_problem(SiteProblem::new(place, message), text);
        (found.line, found.message)
    }

    fn line(place: &Place, text: &str) -> usize {
        Finding::at(place, String::new(), text).line
    }

    #[test]
    fn a_finding_has_the_line_of_its_rule() {
        let problem = SiteProblem::new(Place::Rule(12), "no plan");
        assert_eq!(problem.to_string(), "line 12: no plan");
        let found = Finding::of_problem(problem, "");
        assert_eq!(
            found,
            Finding {
                line: 12,
                message: "no plan".to_owned()
            }
        );
        assert_eq!(found.to_string(), "12: no plan");
        assert_eq!(
            text(b"site = \"a\"\nmode = \"\xff\"".to_vec())
                .unwrap_err()
                .line,
            2
        );
    }

    #[test]
    fn a_finding_about_a_key_has_the_line_of_the_key() {
        let text = "site = \"a\"\n\n[platform]\nlocations = [\n  \"Quay\"]\n  [doors.main]\n  secret = \"s\"\n\
                    # protected\n  protected = []\n[doors.\"side\"]\nprotected = []\n[bookings]\nplace = 1\n";
        let (locations, address) = (
            Place::platform().key("locations"),
            "address 1 has no account there",
        );
        assert_eq!(
            found(locations, "none", text),
            (4, "[platform] locations: none".to_owned())
        );
        let message = format!("[doors.main] protected: {address}");
        assert_eq!(
            found(Place::doors("main").key("protected"), address, text),
            (9, message)
        );
        assert_eq!(line(&Place::doors("side").key("protected"), text), 11);
        assert_eq!(line(&Place::File.key("site"), text), 1);
        assert_eq!(line(&Place::File.key("site"), "\nsite = 1"), 2);
    }

    #[test]
    fn a_finding_about_a_table_has_the_line_of_the_table() {
        let text = "site = \"a\"\n[doors.main]\nkind = \"kisi\"\n[doors.side]\nplace = 1\n[doors.\"a.b\"]\n";
        let message = "[doors.side] is opened by no rule".to_owned();
        assert_eq!(
            found(Place::doors("side"), "is opened by no rule", text),
            (4, message)
        );
        assert_eq!(
            line(&Place::doors("main").key("place"), text),
            2,
            "the key is not in this table"
        );
        assert_eq!(line(&Place::doors("main"), text), 2);
        assert_eq!(line(&Place::doors("a.b"), text), 6);
    }

    #[test]
    fn a_finding_about_the_whole_file_has_line_1() {
        let text = "# A site.\n[doors.main]\n";
        for said in ["there is no [[rule]]", "[doors.main] a", "line 2: a"] {
            assert_eq!(
                found(Place::File, said, text),
                (1, said.to_owned()),
                "no place is read from a message"
            );
        }
        assert_eq!(line(&Place::doors("other"), text), 1);
        assert_eq!(line(&Place::doors("other").key("protected"), text), 1);
        assert_eq!(
            Finding::of_file("it is empty".to_owned()).to_string(),
            "1: it is empty"
        );
    }
}
