//! The golden file: sections of named values, and JSON in lines that a reader can compare.

use std::fmt::Write;
use std::path::PathBuf;

/// One stored item, or one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is.
    pub name: String,
    /// Its attributes, in order.
    pub values: Vec<(String, String)>,
}

impl Section {
    /// Finds an attribute.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    fn text(&self) -> String {
        let mut text = format!("# {}\n", self.name);
        for (name, value) in &self.values {
            writeln!(text, "{name}: {}", lines_of(value).join("\n")).expect("a line");
        }
        text
    }
}

/// Most levels of JSON whose parts have lines of their own.
const LEVELS: usize = 2;

/// Splits JSON behind commas, so that a difference is a short line. All lines but the first are
/// indented by their level.
fn lines_of(value: &str) -> Vec<String> {
    let (mut lines, mut depth, mut quoted, mut escaped) =
        (vec![String::new()], 0_usize, false, false);
    let is_json = value.starts_with(['{', '[']);
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth = depth.saturating_sub(1),
            ',' if is_json
                && !quoted
                && depth <= LEVELS
                && !rest.peek().is_some_and(char::is_ascii_digit) =>
            {
                lines.push("  ".repeat(depth + 1));
            }
            _ => {}
        }
    }
    lines
}

fn path() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/stored.txt"
    ))
}

/// Loads the golden file. A file that does not exist yet is empty.
pub fn read() -> Vec<Section> {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("# ") {
            sections.push(Section {
                name: name.to_owned(),
                values: Vec::new(),
            });
            continue;
        }
        let values = &mut sections
            .last_mut()
            .expect("a section before its values")
            .values;
        match line.strip_prefix("  ") {
            Some(more) => values
                .last_mut()
                .expect("a value before the rest of it")
                .1
                .push_str(more.trim_start()),
            None => {
                let (name, value) = line.split_once(": ").expect("a name and a value");
                values.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    sections
}

/// Rewrites the golden file.
pub fn write(sections: &[Section]) {
    let text: Vec<String> = sections.iter().map(Section::text).collect();
    std::fs::write(path(), text.join("\n")).expect("it writes");
}

/// Returns what differs, by section; empty where nothing does.
pub fn differences(golden: &[Section], now: &[Section]) -> String {
    let find =
        |all: &[Section], name: &str| all.iter().find(|one| one.name == name).map(Section::text);
    let added = now
        .iter()
        .filter(|one| golden.iter().all(|other| other.name != one.name));
    let mut text = String::new();
    for name in golden.iter().chain(added).map(|section| &section.name) {
        let (before, after) = (
            find(golden, name).unwrap_or_default(),
            find(now, name).unwrap_or_default(),
        );
        if before == after {
            continue;
        }
        writeln!(text, "# {name}").expect("a line");
        let only_in = |one: &str, other: &str, sign: char| -> String {
            let lines = one
                .lines()
                .skip(1)
                .filter(|line| !other.lines().any(|same| same == *line));
            lines
                .map(|line| format!("{sign} {}\n", line.trim_start()))
                .collect()
        };
        let lines = only_in(&before, &after, '-') + &only_in(&after, &before, '+');
        text.push_str(if lines.is_empty() {
            "  the same lines in another order\n"
        } else {
            &lines
        });
    }
    text
}

#[test]
fn a_golden_value_is_read_as_it_was_written() {
    let value = r#"{"a":[1,{"b":"x,y\",[{"}],"c":{"d":[]}}"#;
    let lines = lines_of(value);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        lines
            .iter()
            .map(|line| line.trim_start())
            .collect::<String>(),
        value
    );
}
