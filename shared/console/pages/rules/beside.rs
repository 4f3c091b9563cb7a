//! The file beside the table: its text, and what is wrong with it, line by line.

use maud::{Markup, html};

use super::view::{FORM, View, here};
use crate::address;
use crate::layout::state;
use doorstep_core::model::counted::counted;
use doorstep_core::site::Finding;

/// Returns the text as a field, with its findings.
pub(super) fn file(view: &View<'_>) -> Markup {
    let (site, screen) = (view.at.id(), view.screen);
    let check = here(site, view.asked.selector());
    html! {
        h2 id="file-title" { "The file" }
        div id="findings" aria-live="polite" { (findings(view)) }
        label class="unseen" for="text" { "Text of the file" }
        // A browser drops the first line end of a text field.
        textarea id="text" name="text" rows="28" wrap="off" spellcheck="false" autocomplete="off" autocapitalize="off"
            aria-describedby="findings" hx-post=(check) hx-trigger="input changed delay:800ms" hx-target=(format!("#{}", FORM))
            hx-select=(format!("#{}", FORM)) hx-swap="outerMorph" { "\n" (screen.text) }
        div class="actions" {
            button { "Check the text" }
            button type="button" class="js-only" data-copy="#text" { "Copy" }
            button data-whole="" formaction=(address::of_site(site, "rules/file")) { "Download" }
        }
        p class="faint" { "The file in git stays the truth: copy or download it, and commit it." }
        details { summary { "The file with its line numbers" } (numbered(&screen.text)) }
    }
}

fn findings(view: &View<'_>) -> Markup {
    let screen = view.screen;
    html! {
        @if screen.findings.is_empty() {
            p { (state("open", "no errors")) " in the file, by what the table knows." }
        } @else {
            p { (state("refused", &counted(screen.findings.len(), "error"))) ": such a file cannot be saved." }
            (list(&screen.findings, &screen.text))
        }
        @if !screen.remarks.is_empty() {
            p { (state("late", &counted(screen.remarks.len(), "remark"))) }
            (list(&screen.remarks, &screen.text))
        }
    }
}

/// Returns findings, each with its line.
pub(super) fn list(findings: &[Finding], text: &str) -> Markup {
    let lines: Vec<&str> = text.lines().collect();
    let said = |finding: &Finding| {
        let index = finding.line.checked_sub(1)?;
        let line = lines.get(index)?.trim();
        (!line.is_empty()).then(|| line.chars().take(80).collect::<String>())
    };
    html! { ul class="findings" { @for finding in findings { li {
        a href=(format!("#L{}", finding.line)) data-line=(finding.line) { "Line " (finding.line) }
        @if let Some(line) = said(finding) { " " code { (line) } }
        br; (finding.message)
    } } } }
}

fn numbered(text: &str) -> Markup {
    html! { ol class="lines" { @for (number, line) in (1..).zip(text.lines()) {
        li id=(format!("L{number}")) { code { (line) } }
    } } }
}
