//! One value of a rule that is a text or a list of texts.

use std::ops::Range;

use toml_edit::{Array, Value};

use doorstep_core::model::error::{Error, Result};

use super::block::{line_end, line_start, newline, spliced};
use crate::moving::Word;
use crate::moving::quoted::quoted;

/// Returns the text with one more word in the value. The name of an id is added in a comment.
pub(super) fn added(text: &str, value: &Value, word: &Word) -> Result<String> {
    let new = quoted(&word.text);
    let Value::Array(array) = value else {
        let span = span_of(value)?;
        let old = text.get(span.clone()).unwrap_or_default();
        let named = commented(text, span.end, word);
        return Ok(spliced(&named, span, &format!("[{old}, {new}]")));
    };
    let last = array.iter().last().ok_or_else(no_place)?;
    let last = span_of(last)?;
    let end = span_of(value)?.end;
    let is_in_line = line_start(text, last.start) == line_start(text, end - 1);
    if is_in_line {
        let named = commented(text, end, word);
        return Ok(spliced(&named, last.end..last.end, &format!(", {new}")));
    }
    let line = text
        .get(line_start(text, last.start)..last.start)
        .unwrap_or_default();
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let name = word
        .name
        .as_deref()
        .map(|name| format!("   # {}", quoted(name)));
    let name = name.unwrap_or_default();
    let at = line_end(text, last.end);
    let line = format!("{indent}{new},{name}{}", newline(text));
    let added = spliced(text, at..at, &line);
    match array.trailing_comma() {
        true => Ok(added),
        false => Ok(spliced(&added, last.end..last.end, ",")),
    }
}

/// Returns the text without one word of the value.
pub(super) fn removed(text: &str, value: &Value, name: &str) -> Result<String> {
    let array = value.as_array().ok_or_else(no_place)?;
    let index = array.iter().position(|item| item.as_str() == Some(name));
    let index = index.ok_or_else(no_place)?;
    let item = span_of(array.get(index).ok_or_else(no_place)?)?;
    let (start, end) = (line_start(text, item.start), line_end(text, item.end));
    if is_alone(text, array, index, start..end) {
        return Ok(spliced(text, start..end, ""));
    }
    let span = |index: Option<usize>| array.get(index?).and_then(Value::span);
    let next = span(index.checked_add(1)).filter(|next| next.start < end);
    let previous = span(index.checked_sub(1)).filter(|previous| previous.end > start);
    let at = match (next, previous) {
        (Some(next), _) => item.start..next.start,
        (None, Some(previous)) => previous.end..item.end,
        // The value begins or ends in this line.
        (None, None) => item.start..comma_end(text, item.end),
    };
    Ok(spliced(text, at, ""))
}

/// Returns whether nothing of the value but this item is in these lines.
fn is_alone(text: &str, array: &Array, index: usize, lines: Range<usize>) -> bool {
    let spans = array
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != index);
    let mut spans = spans.filter_map(|(_, item)| item.span());
    let is_shared = spans.any(|other| other.start < lines.end && other.end > lines.start);
    let whole = array.span().unwrap_or_default();
    let is_inside = whole.start < lines.start && lines.end < whole.end;
    // The bracket at the end may follow in the same line.
    !is_shared && is_inside && !text.get(lines).unwrap_or_default().is_empty()
}

/// Returns the index behind the comma that follows, if one does.
fn comma_end(text: &str, at: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    let spaces = after.len() - after.trim_start_matches([' ', '\t']).len();
    let has_comma = after
        .get(spaces..)
        .is_some_and(|rest| rest.starts_with(','));
    at + if has_comma { spaces + 1 } else { 0 }
}

/// Adds the name of an id behind a value, unless its line has a comment.
fn commented(text: &str, end: usize, word: &Word) -> String {
    let rest = text.get(end..line_end(text, end)).unwrap_or_default();
    match &word.name {
        Some(name) if rest.trim().is_empty() => {
            spliced(text, end..end, &format!("   # {}", quoted(name)))
        }
        _ => text.to_owned(),
    }
}

fn span_of(value: &Value) -> Result<Range<usize>> {
    value.span().ok_or_else(no_place)
}

fn no_place() -> Error {
    Error::permanent("a value of the file has no place in it")
}
