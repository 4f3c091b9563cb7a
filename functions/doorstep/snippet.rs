//! Findings on a terminal: the line of the file, with a mark below what the finding is about.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use doorstep_core::model::shown::shown_lines;
use doorstep_core::site::Finding;

/// Whether a finding is an error of the file or a remark about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used as it is.
    Finding,
    /// The operator should know it.
    Remark,
}

/// Returns a finding with its line of the file `text`, whose name is `path`.
pub fn shown(path: &str, text: &str, finding: &Finding, severity: Severity) -> String {
    let level = match severity {
        Severity::Finding => Level::ERROR,
        Severity::Remark => Level::NOTE,
    };
    // A file may hold characters that control a terminal.
    let (text, message) = (shown_lines(text), shown_lines(&finding.message));
    let marks = span(&text, finding.line).map(|span| AnnotationKind::Primary.span(span));
    let source = Snippet::source(text.as_str()).path(path).annotations(marks);
    let group = level.primary_title(message.as_str()).element(source);
    Renderer::styled().render(&[group])
}

/// Returns the bytes of a line without the spaces around them and without a comment after a value;
/// `None` for an empty line.
fn span(text: &str, line: usize) -> Option<std::ops::Range<usize>> {
    let before = text.split_inclusive('\n').take(line.checked_sub(1)?);
    let start: usize = before.map(str::len).sum();
    let line = text.get(start..)?.lines().next()?;
    let shown = line.split(" #").next().unwrap_or(line).trim_end();
    let indent = shown.len() - shown.trim_start().len();
    let is_empty = indent == shown.len();
    (!is_empty).then_some(start + indent..start + shown.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, line: usize) -> String {
        let finding = Finding {
            line,
            message: "`mode`: write \"observe\"".to_owned(),
        };
        let styled = shown("riverside.toml", text, &finding, Severity::Finding);
        anstream::adapter::strip_str(&styled).to_string()
    }

    #[test]
    fn a_finding_shows_its_line_and_a_mark() {
        let text = "site = \"riverside\"\n  mode = \"all\"   # which?\n";
        let told = plain(text, 2);
        assert!(told.contains("--> riverside.toml:2:3"), "{told}");
        assert!(told.contains("2 |   mode = \"all\"   # which?"), "{told}");
        let mark = told
            .lines()
            .find(|line| line.contains('^'))
            .expect("a mark");
        assert_eq!(mark.matches('^').count(), "mode = \"all\"".len(), "{told}");
    }

    #[test]
    fn a_line_that_is_empty_or_missing_breaks_nothing() {
        for (text, line) in [("", 1), ("\n\n", 1), ("site = 1\n", 9), ("é = 1 # ü\n", 1)] {
            assert!(plain(text, line).contains("write \"observe\""));
        }
    }
}
