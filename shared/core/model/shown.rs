//! Shows texts of others to people. A name is what its owner typed: it may hold line breaks,
//! terminal commands and marks that change the direction of writing. They are escaped, so that a
//! terminal or reader does not follow them. This is for text output only; JSON keeps the original.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Returns `text` with each character that a terminal or a reader would follow written as `\u{…}`.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_followed) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_followed(c) {
            // Writing to a string cannot fail.
            let _written = write!(escaped, "{}", c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns a text of several lines with each line escaped. The line breaks stay.
pub fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

/// Writes one line of Doorstep's own text, which may contain texts of others. The text may begin
/// with an empty line.
pub fn write_line(f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    let text = text.to_string();
    let line = text.strip_prefix('\n');
    let empty = if line.is_some() { "\n" } else { "" };
    writeln!(f, "{empty}{}", shown(line.unwrap_or(&text)))
}

/// Calls [`write_line`] with a format.
#[macro_export]
macro_rules! shown_line {
    ($f:expr, $($text:tt)*) => { $crate::model::shown::write_line($f, format_args!($($text)*)) };
}

/// Returns whether a reader follows `c`: control characters, line and paragraph separators, and
/// marks of direction (Unicode `Bidi_Control`).
fn is_followed(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(&'static str);

    impl fmt::Display for Line {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            crate::shown_line!(f, "\n+ {}", self.0)
        }
    }

    #[test]
    fn a_name_makes_no_line_of_its_own() {
        assert_eq!(Line("Ada\n- Bob").to_string(), "\n+ Ada\\u{a}- Bob\n");
    }

    #[test]
    fn what_would_be_followed_is_shown_and_every_script_stays() {
        assert_eq!(shown("Ada\n- Bob\u{202e}gpj"), "Ada\\u{a}- Bob\\u{202e}gpj");
        assert_eq!(
            shown("\u{1b}[2J\u{9b}1m\t\u{2028}\u{2066}"),
            "\\u{1b}[2J\\u{9b}1m\\u{9}\\u{2028}\\u{2066}"
        );
        for name in ["Zoë", "מרים", "أدا", "李雷", "👩‍🚀 Ada", "O'Brien"] {
            assert!(
                matches!(shown(name), Cow::Borrowed(same) if same == name),
                "{name}"
            );
        }
        assert_eq!(shown_lines("a\r\nb"), "a\\u{d}\nb");
    }
}
