//! The output of findings and changes.

use std::fmt::Write;

use serde::Serialize;
use serde_json::json;

use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::site::Finding;
use doorstep_operator::push::PushPreview;

/// The result for one file or one site.
#[derive(Serialize)]
pub struct Section {
    /// The file, or the site where there is no file.
    pub of: String,
    /// The findings and the changes.
    #[serde(flatten)]
    pub shown: PushPreview,
}

impl Section {
    /// Returns the result for a file with findings that need no call.
    pub fn faulty(of: String, findings: Vec<Finding>) -> Self {
        Section {
            of,
            shown: PushPreview {
                findings,
                ..PushPreview::default()
            },
        }
    }
}

/// Prints the results and returns the outcome.
pub fn sections(sections: &[Section], as_json: bool) -> Result<VerbOutcome> {
    if as_json {
        print::json(&json!({ "sections": sections }))?;
    } else {
        let texts: Vec<String> = sections.iter().map(one).collect();
        print::text(&texts.join("\n"))?;
    }
    let found = sections
        .iter()
        .any(|section| !section.shown.findings.is_empty());
    Ok(VerbOutcome::found_if(found))
}

fn one(Section { of, shown }: &Section) -> String {
    let PushPreview {
        site: _,
        version,
        stored,
        findings,
        diff,
        mode: _,
        remarks,
    } = shown;
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let mut line = |line: &dyn std::fmt::Display| writeln!(text, "{line}").unwrap_or_default();
    findings
        .iter()
        .for_each(|finding| line(&format_args!("{of}:{finding}")));
    if let Some(diff) = diff {
        line(diff);
    }
    match (version, stored) {
        (Some(version), true) => line(&format_args!(
            "{of}: stored as version {version}, now in force"
        )),
        (Some(version), false) if diff.is_none() => {
            line(&format_args!("{of}: already in force as version {version}"));
        }
        _ => {}
    }
    remarks
        .iter()
        .for_each(|remark| line(&format_args!("! {remark}")));
    text
}
