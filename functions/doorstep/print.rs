//! The output: text, or one JSON document. Text is coloured on a terminal unless NO_COLOR is set.
//! People choose their names, so no name may control the terminal.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use serde::Serialize;

use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::shown::shown_lines;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const CYAN: &str = "\u{1b}[36m";
const FAINT: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Prints text. A line that begins with a sign gets the sign's colour.
///
/// # Errors
/// [`Error::Permanent`] where standard output cannot be written.
pub fn text(text: &str) -> Result<()> {
    let painted: String = shown_lines(text)
        .lines()
        .map(|line| paint(line) + "\n")
        .collect();
    write(anstream::stdout(), &painted)
}

/// Prints text that has its own colours, on a terminal.
///
/// # Errors
/// As [`text`].
pub fn styled(text: &str) -> Result<()> {
    write(anstream::stdout(), text)
}

/// Prints a value: as one JSON document, or as its text.
///
/// # Errors
/// As [`text`].
pub fn value<T: Serialize + Display>(value: &T, as_json: bool) -> Result<()> {
    if as_json {
        json(value)
    } else {
        text(&value.to_string())
    }
}

/// Prints values: as one JSON array, or as their texts with an empty line between them.
///
/// # Errors
/// As [`text`].
pub fn values<T: Serialize + Display>(values: &[T], as_json: bool) -> Result<()> {
    match as_json {
        true => json(&values),
        false => text(
            &values
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n\n"),
        ),
    }
}

/// Prints one JSON document.
///
/// # Errors
/// As [`text`].
pub fn json<T: Serialize>(value: &T) -> Result<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Error::permanent(error.to_string()))?;
    write(std::io::stdout(), &(text + "\n"))
}

/// Prints a table without changes, as input for another program.
///
/// # Errors
/// As [`text`].
pub fn table(text: &str) -> Result<()> {
    write(std::io::stdout(), text)
}

/// Prints an error on standard error.
pub fn error(text: &str) {
    // A failure to write on standard error cannot be reported.
    writeln!(anstream::stderr(), "{RED}{}{PLAIN}", shown_lines(text)).ok();
}

/// Writes text. A closed pipe is no error, because a reader such as `head` may stop early.
fn write(mut to: impl Write, text: &str) -> Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::permanent(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

fn paint(line: &str) -> String {
    let colour = match line.trim_start().split_once(' ').map(|(sign, _)| sign) {
        Some("+") => GREEN,
        Some("-") => RED,
        Some("~" | "=") => CYAN,
        Some("!") => YELLOW,
        Some("?") => FAINT,
        _ => return line.to_owned(),
    };
    format!("{colour}{line}{PLAIN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_colours() {
        assert_eq!(paint("  + Ada"), format!("{GREEN}  + Ada{PLAIN}"));
        assert_eq!(paint("- "), format!("{RED}- {PLAIN}"));
        assert_eq!(paint("main: Members (1)"), "main: Members (1)");
    }
}
