//! The lines of one `[[…]]` table of a site file.

use std::ops::Range;

use toml_edit::Table;

use doorstep_core::model::error::{Error, Result};

/// One key of a table.
pub(super) struct KeyLines<'t> {
    pub name: &'t str,
    /// Its value.
    pub value: Range<usize>,
    /// Its whole lines, with the end of the last one.
    pub lines: Range<usize>,
}

/// One table: its header and its keys.
pub(super) struct Block<'t> {
    /// Its keys, in the order of the file. Never empty.
    pub keys: Vec<KeyLines<'t>>,
    header: Range<usize>,
}

impl<'t> Block<'t> {
    /// Returns the lines of a table.
    pub(super) fn of(text: &str, table: &'t Table) -> Result<Block<'t>> {
        let none = || Error::permanent("a rule of the file has no place in it");
        let header = table.span().ok_or_else(none)?;
        let mut keys = Vec::new();
        for (name, item) in table.iter() {
            let (key, _) = table.get_key_value(name).ok_or_else(none)?;
            let key = key.span().ok_or_else(none)?;
            let value = item.span().ok_or_else(none)?;
            keys.push(KeyLines {
                name,
                lines: line_start(text, key.start)..line_end(text, value.end),
                value,
            });
        }
        keys.sort_by_key(|key| key.value.start);
        Ok(Block {
            header: line_start(text, header.start)..line_end(text, header.end),
            keys,
        })
    }

    /// Returns the end of the last key's line.
    fn end(&self) -> usize {
        self.keys
            .last()
            .map_or(self.header.end, |key| key.lines.end)
    }

    /// Returns the end of the table with the comments right below it, unless they stand right above
    /// the next table.
    pub(super) fn end_with_comments(&self, text: &str) -> usize {
        let rest = text.get(self.end()..).unwrap_or_default();
        let comments = rest.split_inclusive('\n');
        let comments: usize = comments
            .take_while(|line| line.trim_start().starts_with('#'))
            .map(str::len)
            .sum();
        let next = rest.get(comments..).unwrap_or_default();
        let is_apart = next
            .lines()
            .next()
            .is_none_or(|line| line.trim().is_empty());
        self.end() + if is_apart { comments } else { 0 }
    }

    /// Returns whether the equals signs of the keys stand below each other, away from the longest
    /// key.
    pub(super) fn is_aligned(&self, text: &str) -> bool {
        let mut widths = self.keys.iter().map(|key| self.width(text, key));
        let first = widths.next();
        let is_padded = |key: &KeyLines<'_>| self.width(text, key) > key.name.len() + 1;
        widths.all(|width| Some(width) == first) && self.keys.iter().any(is_padded)
    }

    /// Returns where a new key is written, and its line.
    pub(super) fn new_line(&self, text: &str, key: &str, value: &str) -> (Range<usize>, String) {
        let end = self.end();
        let width = self
            .keys
            .last()
            .map_or(0, |last| self.width(text, last).saturating_sub(1));
        let last = self.keys.last().map(|last| text.get(last.lines.clone()));
        let last = last.flatten().unwrap_or_default();
        let indent = last
            .get(..last.len() - last.trim_start().len())
            .unwrap_or_default();
        let before = missing_newline(text, end);
        let newline = newline(text);
        let line = format!("{before}{indent}{key:width$} = {value}{newline}");
        (end..end, line)
    }

    /// Returns the number of characters from the start of a key to its equals sign.
    fn width(&self, text: &str, key: &KeyLines<'_>) -> usize {
        let line = text
            .get(key.lines.start..key.value.start)
            .unwrap_or_default();
        let line = line.trim_start();
        line.find('=').unwrap_or_default()
    }
}

/// Removes a table with the comments that stand right above it, and one empty line.
pub(super) fn removed(text: &str, block: &Block<'_>) -> String {
    let mut start = block.header.start;
    while let Some(above) = line_above(text, start) {
        let line = text.get(above..start).unwrap_or_default();
        // The first line may be an instruction to an editor.
        if above == 0 || !line.trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    let end = block.end();
    let is_empty = |at: Range<usize>| text.get(at).is_some_and(|line| line.trim().is_empty());
    let is_last = end == text.len();
    if let Some(above) = line_above(text, start)
        && is_empty(above..start)
        && (is_last || is_empty(end..line_end(text, end)))
    {
        start = above;
    }
    spliced(text, start..end, "")
}

/// Writes lines as a table of their own, with an empty line before them.
pub(super) fn inserted(text: &str, at: usize, lines: &[String]) -> String {
    let newline = newline(text);
    let before = missing_newline(text, at);
    let body: String = lines
        .iter()
        .map(|line| format!("{line}{newline}"))
        .collect();
    spliced(text, at..at, &format!("{before}{newline}{body}"))
}

/// Returns the text with a part replaced.
pub(super) fn spliced(text: &str, at: Range<usize>, new: &str) -> String {
    let before = text.get(..at.start).unwrap_or_default();
    let after = text.get(at.end..).unwrap_or_default();
    format!("{before}{new}{after}")
}

/// Returns the end of a line that the text uses.
pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn missing_newline(text: &str, at: usize) -> &'static str {
    let before = text.get(..at).unwrap_or_default();
    match before.is_empty() || before.ends_with('\n') {
        true => "",
        false => newline(text),
    }
}

/// Returns the start of the line of this byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |end| end + 1)
}

/// Returns the end of the line of this byte, behind its newline.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    after.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Returns the start of the line above the one that begins here.
fn line_above(text: &str, start: usize) -> Option<usize> {
    Some(line_start(text, start.checked_sub(1)?))
}
