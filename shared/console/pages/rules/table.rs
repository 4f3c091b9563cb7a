//! The table: rows from the platform's list, columns from the doors' list.

use maud::{Markup, html};

use super::form::Asked;
use super::view::{View, here};
use super::{cell, times, words};
use crate::layout::{scroll, state};
use doorstep_core::model::counted::counted;
use doorstep_core::site::Selector;
use doorstep_operator::rules::shape::{
    Cell, GroupColumn, Matrix, NamedBy, RuleOfCell, SelectorSummary, ThingRow,
};
use doorstep_operator::rules::thing::{CellKey, ThingKey};

/// The most rows of one page.
const MOST_ROWS: usize = 60;

/// Returns a tab for each selector. A tab is a button, because it carries the draft.
pub(super) fn tabs(view: &View<'_>) -> Markup {
    let (site, screen) = (view.at.id(), view.screen);
    let chosen = view.asked.selector();
    let summary = |selector: Selector| {
        let mut all = screen.selectors.iter();
        all.find(move |one| one.selector == selector)
    };
    html! {
        div class="tabs" role="group" aria-label="What the rules are about" {
            @for selector in Selector::ALL {
                button formaction=(here(site, selector)) aria-current=[(selector == chosen).then_some("true")] {
                    (words::tab(selector))
                    @if let Some(summary) = summary(selector) { " " span class="faint" { (counts(summary)) } }
                }
            }
        }
    }
}

fn counts(summary: &SelectorSummary) -> String {
    let rules = counted(summary.rules, "rule");
    match (summary.rules, summary.unmapped) {
        (0, _) => "no rule".to_owned(),
        (_, Some(unmapped)) if unmapped > 0 => format!("{rules}, {unmapped} without a rule"),
        _ => rules,
    }
}

/// Returns the table, or why there is none.
pub(super) fn table(view: &View<'_>) -> Markup {
    let screen = view.screen;
    html! {
        @match &screen.matrix {
            None => p { "The file has an error, so there is no table. Correct the file first." },
            Some(matrix) => {
                @if screen.read.is_none() && screen.has_list { p class="note late" { "The platform was not read in full yet. Its list may lack things." } }
                @if matrix.columns.is_empty() { p class="note late" { "No door system was read yet, so no group is known." } }
                (filter(view.asked))
                (rows(view, matrix))
            },
        }
    }
}

fn filter(asked: &Asked) -> Markup {
    html! {
        div class="actions" {
            label { "Rows with " input name="find" value=(asked.find) size="14" autocomplete="off"; }
            label { input type="checkbox" name="rows" value="unmapped" checked[asked.only_unmapped()]; " without a rule only" }
            button { "Filter" }
        }
    }
}

fn rows(view: &View<'_>, matrix: &Matrix) -> Markup {
    let wanted = view.asked.find.trim().to_lowercase();
    let is_wanted = |row: &&ThingRow| {
        let is_chosen = view.cell.is_some_and(|cell| cell.thing == row.thing);
        let is_found = row.name.to_lowercase().contains(&wanted);
        is_chosen || (is_found && (row.is_unmapped || !view.asked.only_unmapped()))
    };
    let found: Vec<&ThingRow> = matrix.rows.iter().filter(is_wanted).collect();
    let doors: Vec<&str> = matrix
        .columns
        .iter()
        .map(|column| column.group.doors.as_str())
        .collect();
    let runs: Vec<(&str, usize)> = doors
        .chunk_by(|one, next| one == next)
        .filter_map(|run| Some((*run.first()?, run.len())))
        .collect();
    html! {
        @if found.len() > MOST_ROWS {
            p class="note" { "The first " (MOST_ROWS) " of " (found.len()) " rows. Write a part of a name above to see others." }
        }
        (scroll("Table of rules", html! { table class="rules" {
                caption { (words::tab(matrix.selector)) " and the groups that open for them" }
                thead {
                    @if runs.len() > 1 {
                        tr { td {} @for (doors, count) in &runs { th scope="colgroup" colspan=(count) { (doors) } } }
                    }
                    tr {
                        th scope="col" { (words::tab(matrix.selector)) }
                        @for column in &matrix.columns { (head(column)) }
                    }
                }
                tbody {
                    @if found.is_empty() { tr { td colspan=(matrix.columns.len() + 1) { "No row is of this kind." } } }
                    @for row in found.iter().take(MOST_ROWS) { (line(view, matrix, row)) }
                }
            } }))
    }
}

fn head(column: &GroupColumn) -> Markup {
    html! { th scope="col" {
        (column.name)
        @if !column.is_opened { br; (state("closed", "no rule")) }
        @if let Some(problem) = &column.problem { br; span class="late" { (state("late", "opens nothing")) } span class="unseen" { ": " (problem) } }
    } }
}

fn line(view: &View<'_>, matrix: &Matrix, row: &ThingRow) -> Markup {
    let name = name(matrix.selector, row);
    let chosen = view
        .cell
        .filter(|cell| cell.thing == row.thing && cell.selector == matrix.selector);
    html! {
        tr {
            th scope="row" {
                (name)
                @if !row.place.is_empty() { br; span class="faint" { (row.place.join(", ")) } }
                @match row.thing {
                    ThingKey::Unlisted(_) if view.screen.has_list => { br; (state("refused", "not at the platform")) },
                    ThingKey::Unlisted(_) => { br; (state("late", "not seen yet")) },
                    _ if row.is_unmapped => { br; (state("closed", "no rule")) },
                    _ => {},
                }
            }
            @for (index, column) in matrix.columns.iter().enumerate() {
                @let open = row.cells.iter().find(|cell| cell.column == index);
                (square(view, row, column, open))
            }
        }
        @if let Some(chosen) = chosen { (times::row(matrix, row, chosen, &name)) }
    }
}

/// Returns the name of a row.
fn name(selector: Selector, row: &ThingRow) -> String {
    match row.thing {
        ThingKey::Every => words::every(selector).to_owned(),
        _ => row.name.clone(),
    }
}

fn square(view: &View<'_>, row: &ThingRow, column: &GroupColumn, open: Option<&Cell>) -> Markup {
    let selector = view.asked.selector();
    let name = name(selector, row);
    let key = cell::written(&CellKey {
        selector,
        thing: row.thing.clone(),
        group: column.group.clone(),
    });
    let by = open.map_or(&[][..], |cell| &cell.by);
    let is_named = by.iter().any(|rule| rule.way == NamedBy::Name);
    let does = if is_named { "close" } else { "open" };
    let is_there = !view.screen.has_list || !matches!(row.thing, ThingKey::Unlisted(_));
    let can_be_opened = !column.lacks_prefix && is_there;
    let shape = match (is_named, by.is_empty()) {
        (true, _) => "box ticked",
        (false, false) => "box partly",
        (false, true) => "box",
    };
    html! { td {
        @if is_named || can_be_opened {
            button class="tick" name=(does) value=(key) aria-pressed=(is_named.to_string())
                aria-label=(format!("{name} opens {}", column.name)) { span class=(shape) {} }
        } @else {
            span class="faint" title="a rule cannot open it" { "–" }
        }
        @if !by.is_empty() {
            button class="terms" name="cell" value=(key) {
                (terms(selector, by))
                span class="unseen" { ", " (name) " and " (column.name) }
            }
        }
    } }
}

/// Returns what a cell says of its rules, in short.
fn terms(selector: Selector, by: &[RuleOfCell]) -> Markup {
    html! {
        @for (index, rule) in by.iter().enumerate() {
            @if index > 0 { br; }
            @if words::has_minutes(selector) { (rule.before) " min before, " (rule.after) " after" }
            @else { "rule " (rule.rule) }
            @match rule.way {
                NamedBy::Name => {},
                NamedBy::Every => " (by every)",
                NamedBy::Part => " (by its part)",
            }
            @if rule.has_hours || !rule.at.is_empty() { " …" }
        }
    }
}
