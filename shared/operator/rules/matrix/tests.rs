//! Which rows, columns and cells a file has.

use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::site::{Audience, Selector, Site};

use super::{matrix, summaries};
use crate::rules::fixture::{HEAD, SIDE, group, lists};
use crate::rules::lists::Lists;
use crate::rules::reading::Reading;
use crate::rules::shape::{Matrix, NamedBy, RuleOfCell, ThingRow};
use crate::rules::thing::ThingKey;

fn reading(rules: &str, lists: &Lists) -> Reading {
    let site = Site::parse(&format!("{HEAD}{rules}"));
    Reading::of(site.unwrap_or_else(|error| panic!("{error}")), lists)
}

fn table(rules: &str, selector: Selector) -> Matrix {
    let lists = lists();
    matrix(&reading(rules, &lists), &lists, selector)
}

fn row<'m>(matrix: &'m Matrix, id: &str) -> &'m ThingRow {
    let is_it = |row: &&ThingRow| row.thing == ThingKey::Listed(id.to_owned());
    matrix.rows.iter().find(is_it).expect("a row")
}

/// Returns the names of the groups that open in a row.
fn opened(matrix: &Matrix, row: &ThingRow) -> Vec<String> {
    let names = row
        .cells
        .iter()
        .map(|cell| &matrix.columns[cell.column].name);
    names.cloned().collect()
}

#[test]
fn every_thing_and_every_group_has_its_place_even_without_a_rule() {
    let table = table("", Selector::Resource);
    let names: Vec<(&str, bool)> = table
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.is_unmapped))
        .collect();
    let rooms = ["Boardroom", "Boardroom half", "Booth", "Booth", "Studio"];
    let rooms: Vec<(&str, bool)> = rooms.map(|room| (room, true)).into();
    assert_eq!(names, [vec![("*", false)], rooms].concat());
    assert_eq!(row(&table, "r-board").place, ["Riverside", "First floor"]);
    let columns: Vec<(&str, bool)> = table
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.is_opened))
        .collect();
    let groups = ["Front door", "Meeting floor", "Members", "Roof"];
    let mut sorted = groups;
    sorted.sort_unstable_by_key(|name| name.to_lowercase());
    let main: Vec<(&str, bool)> = sorted.map(|name| (name, false)).into();
    assert_eq!(columns, [main, vec![("Front door", false)]].concat());
}

#[test]
fn a_cell_names_its_rules_and_when_they_open() {
    let rules = "
[[rule]]
resource = [\"Boardroom\", \"r-studio\"]
opens    = [\"Front door\", \"Meeting floor\"]
before   = \"30m\"
for      = \"members\"
hours    = \"Mon-Fri 09:00-18:00\"
at       = \"Riverside\"

[[rule]]
resource = \"*\"
opens    = \"Front door\"
open_when_closed = true
";
    let table = table(rules, Selector::Resource);
    let board = row(&table, "r-board");
    assert_eq!(opened(&table, board), ["Front door", "Meeting floor"]);
    let named = RuleOfCell {
        rule: 1,
        line: 14,
        way: NamedBy::Name,
        before: 30,
        after: 15,
        audience: Audience::Members,
        has_hours: true,
        at: vec!["Riverside".to_owned()],
        open_when_closed: false,
    };
    let every = RuleOfCell {
        rule: 2,
        line: 22,
        way: NamedBy::Every,
        before: 15,
        after: 15,
        audience: Audience::Everyone,
        has_hours: false,
        at: Vec::new(),
        open_when_closed: true,
    };
    assert_eq!(board.cells[0].by, [named.clone(), every.clone()]);
    assert_eq!(board.cells[1].by, [named]);
    assert_eq!(row(&table, "r-booth1").cells[0].by, [every]);
    let of_all = &table.rows[0];
    assert_eq!((&of_all.thing, of_all.cells.len()), (&ThingKey::Every, 1));
    assert_eq!(of_all.cells[0].by[0].way, NamedBy::Name);
    assert!(table.rows.iter().all(|row| !row.is_unmapped));
}

#[test]
fn a_room_opens_by_a_rule_about_its_part_and_counts_as_mapped() {
    let rules = "[[rule]]\nresource = \"Boardroom half\"\nopens = \"Roof\"\nwith_parent = true\n";
    let table = table(rules, Selector::Resource);
    let board = row(&table, "r-board");
    assert_eq!(board.cells[0].by[0].way, NamedBy::Part);
    assert!(!board.is_unmapped && row(&table, "r-studio").is_unmapped);
}

#[test]
fn a_room_that_is_assigned_is_mapped_in_the_table_of_bookings_too() {
    let rules = "[[rule]]\nassignable = \"Studio\"\nopens = \"Roof\"\n";
    let table = table(rules, Selector::Resource);
    let studio = row(&table, "r-studio");
    assert!(studio.cells.is_empty() && !studio.is_unmapped);
}

#[test]
fn names_that_match_nothing_have_rows_and_their_groups() {
    let rules = "[[rule]]\nplan = [\"Gold\", \"Booth\"]\nopens = [\"Roof\", \"Vault\"]\n";
    let table = table(rules, Selector::Plan);
    let rows = table.rows.iter().take(3);
    let rows: Vec<&ThingKey> = rows.map(|row| &row.thing).collect();
    let unlisted = |name: &str| ThingKey::Unlisted(name.to_owned());
    assert_eq!(
        rows,
        [&ThingKey::Every, &unlisted("Booth"), &unlisted("Gold")]
    );
    assert_eq!(opened(&table, &table.rows[2]), ["Roof"]);
}

#[test]
fn a_group_is_told_apart_by_its_doors_and_must_have_their_prefix() {
    let rules = format!(
        "prefix = \"Front\"\n{SIDE}\n[[rule]]\nplan = \"Hot desk\"\ndoors = \"side\"\nopens = \"Front door\"\n"
    );
    let table = table(&rules, Selector::Plan);
    let side = GroupRef::new(&"side".into(), &GroupId("1".to_owned()));
    let cells = &row(&table, "p-hot").cells;
    assert_eq!(cells.len(), 1);
    let column = &table.columns[cells[0].column];
    assert_eq!((&column.group, column.is_opened), (&side, true));
    let lacking = table.columns.iter().filter(|column| column.lacks_prefix);
    assert_eq!(lacking.count(), 3, "all of the main doors but one");
}

#[test]
fn a_tab_counts_its_rules_and_the_things_without_one() {
    let mut lists = lists();
    let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = \"Roof\"\n[[rule]]\npass = \"*\"\nopens = \"Roof\"\n";
    let all = summaries(&reading(rules, &lists), &lists);
    let of = |all: &[crate::rules::shape::SelectorSummary], selector: Selector| {
        let one = all
            .iter()
            .find(|one| one.selector == selector)
            .expect("one");
        (one.rules, one.unmapped)
    };
    assert_eq!(of(&all, Selector::Plan), (1, Some(1)));
    assert_eq!(of(&all, Selector::Resource), (0, Some(5)));
    assert_eq!(of(&all, Selector::Pass), (1, Some(0)));
    lists.survey.catalogue.passes = None;
    let all = summaries(&reading(rules, &lists), &lists);
    assert_eq!(of(&all, Selector::Pass), (1, None), "they were not loaded");
    lists
        .survey
        .groups
        .insert("main".into(), vec![group("9", "New")]);
    let table = matrix(&reading(rules, &lists), &lists, Selector::Plan);
    assert!(
        row(&table, "p-hot").cells.is_empty(),
        "no such group is there"
    );
}
