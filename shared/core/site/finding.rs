//! Findings about a site file, with their lines, as the operator sees them.

use std::fmt;

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use super::{Fault, SiteFileError};

/// One finding about a site file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The line, counted from 1. A finding about the whole file has line 1.
    pub line: usize,
    /// The defect, and what to do.
    pub message: String,
}

impl Finding {
    /// Finds the line for a message about the file `text`. It is the line that the message names (`line 12: ...`), or
    /// the line of the key or table that it names (`[doors.main] protected: ...`), or else line 1.
    pub fn located(said: String, text: &str) -> Finding {
        let numbered = said.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
        if let Some((Ok(line), message)) = numbered.map(|(line, message)| (line.parse(), message)) {
            return Finding { line, message: message.to_owned() };
        }
        let Some((table, rest)) = said.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else {
            return Finding { line: WHOLE_FILE, message: said };
        };
        let table: Vec<&str> = table.split('.').collect();
        let key = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default();
        let line = line_of(text, &[&table[..], &[key]].concat()).or_else(|| line_of(text, &table));
        Finding { line: line.unwrap_or(WHOLE_FILE), message: said }
    }

    /// Returns a finding about one key above the first table.
    pub fn of_key(key: &str, message: String, text: &str) -> Finding {
        Finding { line: line_of(text, &[key]).unwrap_or(WHOLE_FILE), message }
    }

    /// Returns a finding about the whole file.
    pub fn of_file(message: String) -> Finding {
        Finding { line: WHOLE_FILE, message }
    }
}

/// The line of a finding about the whole file.
const WHOLE_FILE: usize = 1;

/// Returns the line of the key at the end of `path`. The keys before it are tables.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let (key, tables) = path.split_last()?;
    let (root, _errors) = DeTable::parse_recoverable(text);
    let mut table = root.get_ref();
    for name in tables {
        let DeValue::Table(inner) = table.get(*name)?.get_ref() else { return None };
        table = inner;
    }
    let (key, _) = table.iter().find(|(found, _)| found.get_ref() == key)?;
    let before = text.bytes().take(key.span().start);
    Some(1 + before.filter(|byte| *byte == b'\n').count())
}

/// Decodes the text of a site file.
///
/// # Errors
/// Returns a finding in the first line that is not UTF-8.
pub fn text(bytes: Vec<u8>) -> Result<String, Finding> {
    String::from_utf8(bytes).map_err(|error| {
        let fine = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + fine.filter(|byte| **byte == b'\n').count();
        Finding { line, message: "this is not UTF-8: save the file as UTF-8".to_owned() }
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        Finding { line: fault.line, message: fault.message }
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

    fn line(said: &str, text: &str) -> usize {
        Finding::located(said.to_owned(), text).line
    }

    #[test]
    fn a_finding_has_the_line_that_it_names() {
        let found = Finding::located("line 12: no plan".to_owned(), "");
        assert_eq!(found, Finding { line: 12, message: "no plan".to_owned() });
        assert_eq!(found.to_string(), "12: no plan");
        assert_eq!(text(b"site = \"a\"\nmode = \"\xff\"".to_vec()).unwrap_err().line, 2);
    }

    #[test]
    fn a_finding_about_a_key_has_the_line_of_the_key() {
        let text = "site = \"a\"\n\n[platform]\nlocations = [\n  \"Quay\"]\n  [doors.main]\n  secret = \"s\"\n\
                    # protected\n  protected = []\n[doors.\"side\"]\nprotected = []\n[bookings]\nplace = 1\n";
        assert_eq!(line("[platform] locations: none", text), 4);
        assert_eq!(line("[doors.main] protected: address 1 has no account there", text), 9);
        assert_eq!(line("[doors.side] protected: address 1 has no account there", text), 11);
        assert_eq!(Finding::of_key("site", "twice".to_owned(), text).line, 1);
        assert_eq!(Finding::of_key("site", "twice".to_owned(), "\nsite = 1").line, 2);
    }

    #[test]
    fn a_finding_about_a_table_has_the_line_of_the_table() {
        let text = "site = \"a\"\n[doors.main]\nkind = \"kisi\"\n[doors.side]\nplace = 1\n";
        assert_eq!(line("[doors.side] is opened by no rule", text), 4);
        assert_eq!(line("[doors.main] place: another table has the same", text), 2, "the key is not in this table");
        assert_eq!(line("[doors.main] 8 of 10 seats are in use", text), 2);
    }

    #[test]
    fn a_finding_about_the_whole_file_has_line_1() {
        let text = "# A site.\n[doors.main]\n";
        for said in
            ["there is no [[rule]]", "[doors.other] is opened by no rule", "[] a", "[", "[[rule]] a", "line of thought"]
        {
            let found = Finding::located(said.to_owned(), text);
            assert_eq!((found.line, found.message.as_str()), (1, said));
        }
        assert_eq!(Finding::of_file("it is empty".to_owned()).to_string(), "1: it is empty");
    }
}
