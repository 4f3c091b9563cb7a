//! How findings, and what would change, are printed.

use doorstep::push::Shown;
use doorstep::site::Finding;
use serde::Serialize;
use serde_json::json;

use crate::End;

/// What there is to say of one file, or of one site.
#[derive(Serialize)]
pub struct Section {
    /// The file; or the site, where there is none.
    pub of: String,
    /// What there is to say.
    #[serde(flatten)]
    pub shown: Shown,
}

impl Section {
    /// Of a file about which nobody needs to be asked.
    pub fn faulty(of: String, findings: Vec<Finding>) -> Self {
        Section { of, shown: Shown { findings, ..Shown::default() } }
    }
}

/// Prints everything, and says what it came to.
pub fn print(sections: &[Section], as_json: bool) -> End {
    if as_json {
        println!("{}", json!({ "sections": sections }));
    } else {
        for (number, section) in sections.iter().enumerate() {
            if number > 0 {
                println!();
            }
            one(section);
        }
    }
    if sections.iter().any(|section| !section.shown.findings.is_empty()) { End::Found } else { End::Fine }
}

fn one(Section { of, shown }: &Section) {
    let Shown { site: _, version, stored, findings, diff, mode: _, remarks } = shown;
    for finding in findings {
        println!("{of}:{finding}");
    }
    if let Some(diff) = diff {
        println!("{diff}");
    }
    match (version, stored) {
        (Some(version), true) => println!("{of}: stored as version {version}, in force from now on"),
        (Some(version), false) if diff.is_none() => println!("{of}: in force already, as version {version}"),
        _ => {}
    }
    for remark in remarks {
        println!("{remark}");
    }
}
