//! The row below a cell: the rules that open it, and their minutes as fields.

use maud::{Markup, html};

use super::view::View;
use super::{cell, words};
use doorstep_core::site::{Audience, Selector};
use doorstep_operator::rules::shape::{Cell, Matrix, NamedBy, RuleOfCell, ThingRow};
use doorstep_operator::rules::thing::CellKey;

/// Returns the button that the Enter key presses: it applies the shown times, or checks the text.
pub(super) fn default_button(view: &View<'_>) -> Markup {
    let rule = view.cell.and_then(|cell| first_with_fields(view, cell));
    html! {
        @match rule {
            Some(value) => button class="unseen" tabindex="-1" aria-hidden="true" name="times" value=(value) { "Apply" },
            None => button class="unseen" tabindex="-1" aria-hidden="true" { "Check" },
        }
    }
}

fn first_with_fields(view: &View<'_>, cell: &CellKey) -> Option<String> {
    let matrix = view.screen.matrix.as_ref()?;
    if matrix.selector != cell.selector || !words::has_minutes(cell.selector) {
        return None;
    }
    let row = matrix.rows.iter().find(|row| row.thing == cell.thing)?;
    let rules = rules(matrix, row, cell);
    let rule = rules.iter().find(|rule| rule.way == NamedBy::Name)?;
    Some(cell::written_rule(cell.selector, &cell.thing, rule.rule))
}

/// Returns the rules that open a cell.
fn rules<'m>(matrix: &Matrix, row: &'m ThingRow, cell: &CellKey) -> &'m [RuleOfCell] {
    let mut columns = matrix.columns.iter();
    let column = columns.position(|column| column.group == cell.group);
    let mut cells = row.cells.iter();
    let found = cells.find(|one| Some(one.column) == column);
    found.map_or(&[], |cell| &cell.by)
}

/// Returns the row of the chosen cell.
pub(super) fn row(matrix: &Matrix, row: &ThingRow, cell: &CellKey, name: &str) -> Markup {
    let rules = rules(matrix, row, cell);
    let mut columns = matrix.columns.iter();
    let column = columns.find(|column| column.group == cell.group);
    let group = column.map_or("", |column| &column.name);
    html! { tr class="chosen" { td colspan=(matrix.columns.len() + 1) {
        input type="hidden" name="shown" value=(cell::written(cell));
        div id="chosen" {
            p { strong { (name) " opens " (group) } }
            @if rules.is_empty() { p { "No rule opens it." } }
            @for rule in rules { (fields(matrix, row, cell, rule)) }
        }
    } } }
}

fn fields(matrix: &Matrix, row: &ThingRow, cell: &CellKey, rule: &RuleOfCell) -> Markup {
    let number = rule.rule;
    let has_fields = words::has_minutes(matrix.selector) && rule.way == NamedBy::Name;
    html! {
        p { (about(rule)) " " (line_link(rule.line)) "." (together(matrix, row, rule)) }
        @if has_fields {
            div class="fields" {
                label { "Minutes before" input type="number" name=(format!("before-{number}")) value=(rule.before) min="0" max="1440" required; }
                label { "Minutes after" input type="number" name=(format!("after-{number}")) value=(rule.after) min="0" max="1440" required; }
                @if matrix.selector == Selector::Resource {
                    label { "For" select name=(format!("for-{number}")) {
                        @for audience in Audience::ALL {
                            option value=(audience.word()) selected[audience == rule.audience] { (words::audience(audience)) }
                        }
                    } }
                }
                button name="times" value=(cell::written_rule(cell.selector, &cell.thing, number)) { "Apply to the draft" }
            }
        } @else if rule.way == NamedBy::Every {
            p class="faint" { "This rule is about all of them. Tick the box of this row to write a rule of its own." }
        }
    }
}

/// Says what limits a rule has.
fn about(rule: &RuleOfCell) -> Markup {
    html! {
        "Rule " (rule.rule)
        @match rule.way {
            NamedBy::Name => {},
            NamedBy::Every => ", which is about all,",
            NamedBy::Part => ", which names a part of it,",
        }
        @if rule.has_hours { ", in its hours only," }
        @if !rule.at.is_empty() { ", at " (rule.at.join(", ")) " only," }
        @if rule.open_when_closed { ", also when the site is closed," }
    }
}

fn line_link(line: usize) -> Markup {
    html! { a href=(format!("#L{line}")) data-line=(line) { "line " (line) } }
}

/// Names the other groups that the rule opens for the row.
fn together(matrix: &Matrix, row: &ThingRow, rule: &RuleOfCell) -> Markup {
    let has_rule = |cell: &&Cell| cell.by.iter().any(|one| one.rule == rule.rule);
    let groups: Vec<&str> = row
        .cells
        .iter()
        .filter(has_rule)
        .filter_map(|cell| Some(matrix.columns.get(cell.column)?.name.as_str()))
        .collect();
    html! { @if groups.len() > 1 { " It opens " (groups.join(", ")) " together." } }
}
