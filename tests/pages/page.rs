//! One page of Markdown, read as far as these tests need it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A page and where it is.
pub struct Page {
    pub path: PathBuf,
    lines: Vec<Line>,
}

/// One line of a page.
struct Line {
    text: String,
    /// It stands in a fenced block.
    fenced: bool,
}

/// A relative link, and the line that it stands in.
pub struct Link<'p> {
    pub line: usize,
    pub target: &'p str,
}

impl Page {
    pub fn read(path: PathBuf) -> Page {
        // A folder has no headings.
        let text = if path.is_dir() {
            String::new()
        } else {
            fs::read_to_string(&path).expect("text")
        };
        let mut inside = false;
        let mut lines = Vec::new();
        for text in text.lines() {
            let is_fence = text.trim_start().starts_with("```");
            lines.push(Line {
                text: text.to_owned(),
                fenced: inside || is_fence,
            });
            inside ^= is_fence;
        }
        Page { path, lines }
    }

    pub fn folder(&self) -> &Path {
        self.path.parent().expect("a folder")
    }

    pub fn name(&self) -> String {
        self.path
            .strip_prefix(super::root())
            .unwrap_or(&self.path)
            .display()
            .to_string()
    }

    /// The lines outside of fenced blocks, counted from 1.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..)
            .zip(&self.lines)
            .filter(|(_, line)| !line.fenced)
            .map(|(number, line)| (number, line.text.as_str()))
    }

    pub fn links(&self) -> Vec<Link<'_>> {
        let mut links = Vec::new();
        for (line, text) in self.prose() {
            // Every second part stands between backticks; a link may have such a part as its text.
            for (begins, _) in text.match_indices("](") {
                let is_code = text[..begins].matches('`').count() % 2 == 1;
                let target = text[begins + 2..]
                    .split([')', ' '])
                    .next()
                    .unwrap_or_default();
                let is_relative = !target.contains("://") && !target.starts_with("mailto:");
                if !is_code && is_relative {
                    links.push(Link { line, target });
                }
            }
        }
        links
    }

    /// The anchors that GitHub gives to the headings.
    pub fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        for (_, heading) in self.prose().filter(|(_, text)| text.starts_with('#')) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            let anchor: String = kept
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect();
            let again = (1..)
                .map(|number| format!("{anchor}-{number}"))
                .find(|again| !anchors.contains(again));
            anchors.insert(if anchors.contains(&anchor) {
                again.expect("a number")
            } else {
                anchor
            });
        }
        anchors
    }

    /// The first lines of tables whose second line does not divide the head from the rows.
    pub fn headless_tables(&self) -> Vec<usize> {
        let is_row = |at: usize| {
            self.lines
                .get(at)
                .is_some_and(|line| !line.fenced && line.text.starts_with('|'))
        };
        let divides = |at: usize| {
            self.lines
                .get(at)
                .is_some_and(|line| line.text.starts_with("|--") || line.text.starts_with("| --"))
        };
        let begins =
            (0..self.lines.len()).filter(|at| is_row(*at) && (*at == 0 || !is_row(*at - 1)));
        begins
            .filter(|at| !divides(*at + 1))
            .map(|at| at + 1)
            .collect()
    }

    /// The words after `program` where code calls it: at most `most` of each call, up to the first
    /// option or variable.
    pub fn arguments(&self, program: &str, most: usize) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (number, line) in (1..).zip(&self.lines) {
            let code: Vec<&str> = match line.fenced {
                true => vec![line.text.as_str()],
                false => line.text.split('`').skip(1).step_by(2).collect(),
            };
            for call in code.into_iter().filter_map(|code| call_of(program, code)) {
                let is_plain = |word: &&str| {
                    word.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
                    })
                };
                let words = call
                    .split_whitespace()
                    .take(most)
                    .take_while(|word| !word.starts_with('-'))
                    .take_while(is_plain);
                found.extend(words.map(|word| (number, word.to_owned())));
            }
        }
        found
    }
}

/// What follows `program` in a piece of code that calls it, by its name or through `cargo run`.
fn call_of<'c>(program: &str, code: &'c str) -> Option<&'c str> {
    let through_cargo = code
        .split_once(&format!("--bin {program} -- "))
        .map(|(_, rest)| rest);
    let by_name = || code.trim_start().strip_prefix(program)?.strip_prefix(' ');
    through_cargo.or_else(by_name)
}
