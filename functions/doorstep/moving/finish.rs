//! The end of `import` and `init`: rules, check, file and the next commands.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::source::SourceOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::counted::counted;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Finding, Site};
use doorstep_operator::check::against_survey;
use doorstep_operator::moving::Word;
use doorstep_operator::moving::proposal::{Proposal, proposal};
use doorstep_operator::moving::write::written;
use doorstep_operator::survey::Survey;

/// A file before its rules, and what the vendors have.
pub struct Unfinished<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// Whether there is no file at that path yet.
    pub is_new: bool,
    /// The text.
    pub text: &'a str,
    /// What the vendors have.
    pub survey: &'a Survey,
}

/// Writes the rules that follow from the survey, checks the file, and shows the next commands.
///
/// # Errors
/// [`Error::Invalid`] for a file that is not valid or cannot be written. Then nothing is written.
pub fn finish(
    unfinished: &Unfinished<'_>,
    source: &SourceOptions,
    as_json: bool,
) -> Result<VerbOutcome> {
    let site = Site::parse(unfinished.text)?;
    let proposal = proposal(&site, unfinished.survey);
    let text = written(unfinished.text, &proposal, site.doors.len() > 1)?;
    let site = Site::parse(&text)?;
    let checked = against_survey(&site, unfinished.survey);
    let findings: Vec<Finding> = checked
        .findings
        .into_iter()
        .map(|problem| Finding::of_problem(problem, &text))
        .collect();
    save(unfinished, &text)?;
    let file = unfinished.path.display().to_string();
    let ended = Ended {
        next: source.next(&file),
        file,
        has_bridge: !unfinished.survey.bridged.is_empty(),
        proposal,
        findings,
    };
    match as_json {
        true => print::json(&ended.json())?,
        false => print::text(&ended.text())?,
    }
    Ok(VerbOutcome::found_if(!ended.findings.is_empty()))
}

/// Writes the file beside its place and moves it there, so that the place always has a whole file.
fn save(unfinished: &Unfinished<'_>, text: &str) -> Result<()> {
    let path = unfinished.path;
    let failed = |error: std::io::Error| Error::invalid(format!("{}: {error}", path.display()));
    if unfinished.is_new {
        let mut file = std::fs::File::create_new(path).map_err(failed)?;
        return file.write_all(text.as_bytes()).map_err(failed);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    std::fs::write(&name, text).map_err(failed)?;
    std::fs::rename(&name, path).map_err(failed)
}

/// What the command shows at its end.
struct Ended {
    file: String,
    proposal: Proposal,
    has_bridge: bool,
    findings: Vec<Finding>,
    next: [String; 3],
}

impl Ended {
    fn guesses(&self) -> usize {
        let rules = self.proposal.rules.iter();
        rules.filter(|rule| rule.guess.is_some()).count()
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} written, {} guessed\n",
            self.file,
            counted(self.proposal.rules.len(), "rule"),
            self.guesses()
        );
        for one in &self.proposal.left_out {
            // Writing to a string cannot fail.
            writeln!(text, "! {one}").ok();
        }
        let unused = &self.proposal.unused;
        let things = unused
            .things
            .iter()
            .map(|(selector, words)| counted(words.len(), selector.word()));
        let groups = unused.groups.values().map(Vec::len).sum::<usize>();
        let groups = (groups > 0).then(|| counted(groups, "group"));
        let unused: Vec<String> = things.chain(groups).collect();
        if !unused.is_empty() {
            let unused = unused.join(", ");
            writeln!(text, "Without a rule, named in comments: {unused}").ok();
        }
        if self.has_bridge {
            text.push_str(
                "The platform's own bridge still opens these groups. Remove its groups there before mode \"full\": two bridges undo each other.\n",
            );
        }
        for finding in &self.findings {
            writeln!(text, "{}:{finding}", self.file).ok();
        }
        match self.findings.len() {
            0 => text.push_str("check: no findings\n"),
            count => drop(writeln!(text, "check: {}", counted(count, "finding"))),
        }
        text.push_str("Next:\n");
        for command in &self.next {
            writeln!(text, "  {command}").ok();
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let rules = self.proposal.rules.iter().map(|rule| {
            let texts = |words: &[Word]| {
                words
                    .iter()
                    .map(|word| word.text.clone())
                    .collect::<Vec<_>>()
            };
            json!({
                "selector": rule.selector.word(),
                "things": texts(&rule.things),
                "doors": rule.doors,
                "opens": texts(&rule.opens),
                "guess": rule.guess.map(|guess| guess.to_string()),
            })
        });
        let left_out = self.proposal.left_out.iter().map(ToString::to_string);
        json!({
            "file": self.file,
            "rules": rules.collect::<Vec<_>>(),
            "left_out": left_out.collect::<Vec<_>>(),
            "findings": self.findings,
            "next": self.next,
        })
    }
}
