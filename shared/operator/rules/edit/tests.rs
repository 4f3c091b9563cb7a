//! What each edit writes into a file, and what it refuses.

use doorstep_core::site::{Audience, Selector};

use super::{Edit, NewTimes, Times, edited};
use crate::rules::fixture::{HEAD, SIDE, cell, lists};

mod any;
mod refused;
mod times;

const ROOMS: &str = "
[[rule]]
resource = [\"Boardroom\", \"Studio\"]  # rooms that are booked
opens    = [\"Front door\", \"Meeting floor\"]
before   = \"20m\"   # the cleaner
hours    = \"Mon-Fri 08:00-20:00\"

# Only for those who live here.
[[rule]]
plan  = \"Hot desk\"
opens = [
  \"Front door\",   # the street
  \"Members\",      # upstairs
]
";

fn of(rules: &str) -> String {
    format!("{HEAD}{rules}")
}

/// Returns what follows the head of the file after an edit.
fn after(rules: &str, edit: &Edit) -> String {
    let text = edited(&of(rules), &lists(), edit).unwrap_or_else(|error| panic!("{error}"));
    let rest = text.strip_prefix(HEAD);
    rest.unwrap_or_else(|| panic!("the head has changed: {text}"))
        .to_owned()
}

fn refused(rules: &str, edit: &Edit) -> String {
    let refused = edited(&of(rules), &lists(), edit);
    refused.expect_err("it is refused").to_string()
}

fn open(selector: Selector, thing: &str, group: &str) -> Edit {
    Edit::Open(cell(selector, thing, group))
}

fn close(selector: Selector, thing: &str, group: &str) -> Edit {
    Edit::Close(cell(selector, thing, group))
}

fn times(thing: &str, rule: usize, before: u32, after: u32) -> Edit {
    Edit::Times(NewTimes {
        selector: Selector::Resource,
        thing: cell(Selector::Resource, thing, "1").thing,
        rule,
        times: Times {
            before,
            after,
            audience: Audience::Everyone,
        },
    })
}

#[test]
fn a_group_is_added_to_the_rule_that_is_about_the_thing_alone() {
    let new = after(ROOMS, &open(Selector::Plan, "p-hot", "4"));
    let (before, _) = ROOMS.split_once("]\n\n").unwrap_or_default();
    assert!(new.starts_with(before), "{new}");
    let end = "  \"Members\",      # upstairs\n  \"Roof\",\n]\n";
    assert!(new.ends_with(end), "{new}");
}

#[test]
fn a_thing_is_added_to_the_rule_that_opens_the_group_alone() {
    let rules = "\n[[rule]]\nplan = \"Hot desk\"   # day people\nopens = \"Members\"\n";
    let new = after(rules, &open(Selector::Plan, "p-office", "3"));
    assert_eq!(
        new,
        "\n[[rule]]\nplan = [\"Hot desk\", \"Office\"]   # day people\nopens = \"Members\"\n"
    );
}

#[test]
fn a_rule_is_written_behind_those_of_its_selector_and_in_their_form() {
    let new = after(ROOMS, &open(Selector::Resource, "r-studio", "4"));
    let rule = "20:00\"\n\n[[rule]]\nresource = \"Studio\"\nopens    = [\"Roof\"]\n\n# Only";
    assert!(new.contains(rule), "{new}");
    let new = after("", &open(Selector::Visitor, "*", "1"));
    assert_eq!(
        new,
        "\n[[rule]]\nvisitor = \"*\"\nopens = [\"Front door\"]\n"
    );
}

#[test]
fn a_name_that_is_not_clear_is_written_as_an_id_with_the_name_in_a_comment() {
    let new = after(ROOMS, &open(Selector::Resource, "r-booth2", "4"));
    assert!(
        new.contains("\nresource = \"r-booth2\"   # \"Booth\"\n"),
        "{new}"
    );
    let rules = "\n[[rule]]\nresource = \"Studio\"\nopens = [\"Roof\"]\n";
    let new = after(rules, &open(Selector::Resource, "r-booth1", "4"));
    assert_eq!(
        new,
        "\n[[rule]]\nresource = [\"Studio\", \"r-booth1\"]   # \"Booth\"\nopens = [\"Roof\"]\n"
    );
}

#[test]
fn a_rule_with_limits_of_its_own_is_not_extended() {
    let rules =
        "\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\nhours = \"Mon-Fri 08:00-20:00\"\n";
    let new = after(rules, &open(Selector::Plan, "p-office", "3"));
    let rule = "\n[[rule]]\nplan = \"Office\"\nopens = [\"Members\"]\n";
    assert_eq!(new, format!("{rules}{rule}"));
}

#[test]
fn with_several_doors_a_new_rule_says_which() {
    let text = of(SIDE);
    let new = edited(&text, &lists(), &open(Selector::Plan, "p-hot", "1")).expect("a file");
    let rule = "\n[[rule]]\nplan = \"Hot desk\"\ndoors = \"main\"\nopens = [\"Front door\"]\n";
    assert_eq!(new, format!("{text}{rule}"));
}

#[test]
fn what_is_open_already_changes_nothing() {
    let new = after(ROOMS, &open(Selector::Resource, "r-studio", "1"));
    assert_eq!(new, ROOMS);
    let new = after(ROOMS, &close(Selector::Resource, "r-studio", "4"));
    assert_eq!(new, ROOMS, "nor what is closed already");
}

#[test]
fn a_group_is_removed_with_its_line_and_its_comment() {
    let new = after(ROOMS, &close(Selector::Plan, "p-hot", "1"));
    assert_eq!(new, ROOMS.replace("  \"Front door\",   # the street\n", ""));
}

#[test]
fn a_thing_is_removed_from_a_rule_that_opens_one_group() {
    let rules = "\n[[rule]]\nplan = [\"Hot desk\", \"Office\"]\nopens = [\"Members\"]\n";
    let new = after(rules, &close(Selector::Plan, "p-hot", "3"));
    assert_eq!(
        new,
        "\n[[rule]]\nplan = [\"Office\"]\nopens = [\"Members\"]\n"
    );
}

#[test]
fn a_rule_about_several_things_and_groups_is_split_and_keeps_its_limits() {
    let new = after(ROOMS, &close(Selector::Resource, "r-studio", "1"));
    let split = "
[[rule]]
resource = [\"Boardroom\"]  # rooms that are booked
opens    = [\"Front door\", \"Meeting floor\"]
before   = \"20m\"   # the cleaner
hours    = \"Mon-Fri 08:00-20:00\"

[[rule]]
resource = \"Studio\"
opens    = [\"Meeting floor\"]
before   = \"20m\"   # the cleaner
hours    = \"Mon-Fri 08:00-20:00\"

# Only";
    assert!(new.starts_with(split), "{new}");
}

#[test]
fn a_rule_that_opens_nothing_any_more_goes_with_its_own_comment() {
    let rules = "\n# Doors.\n\n# The roof.\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Roof\"]\n\n[[rule]]\nplan = \"Office\"\nopens = [\"Members\"]\n";
    let new = after(rules, &close(Selector::Plan, "p-hot", "4"));
    assert_eq!(
        new,
        "\n# Doors.\n\n[[rule]]\nplan = \"Office\"\nopens = [\"Members\"]\n"
    );
}

#[test]
fn closures_go_on_naming_the_rules_that_they_named() {
    let rules = "
[[rule]]
plan = [\"Hot desk\", \"Office\"]
opens = [\"Members\", \"Roof\"]

[[rule]]
plan = \"Hot desk\"
opens = [\"Front door\"]

[[closed]]
days = \"2026-12-24\"
rules = [1, 2]   # no one is here

[[closed]]
days = \"2026-12-25\"
rules = 2
";
    let new = after(rules, &close(Selector::Plan, "p-office", "4"));
    assert!(
        new.contains("rules = [1, 2, 3]   # no one is here") && new.ends_with("rules = 3\n"),
        "the new rule is closed as the old one is: {new}"
    );
    let new = after(rules, &close(Selector::Plan, "p-hot", "1"));
    let closed = "[[closed]]\ndays = \"2026-12-24\"\nrules = [1]   # no one is here\n";
    assert!(new.ends_with(closed), "a closure of no rule goes: {new}");
    let new = after(rules, &open(Selector::Plan, "p-office", "1"));
    assert!(
        new.contains("rules = [1, 2]   #"),
        "a new rule is not closed: {new}"
    );
}

#[test]
fn a_file_keeps_the_ends_of_its_lines() {
    let text = of(ROOMS).replace('\n', "\r\n");
    for edit in [
        open(Selector::Resource, "r-studio", "4"),
        open(Selector::Plan, "p-hot", "4"),
        close(Selector::Resource, "r-studio", "1"),
        times("r-board", 1, 30, 40),
    ] {
        let new = edited(&text, &lists(), &edit).expect("a file");
        let plain = edited(&of(ROOMS), &lists(), &edit).expect("a file");
        assert_eq!(new, plain.replace('\n', "\r\n"));
    }
    let text = of(ROOMS.trim_end());
    let new = edited(&text, &lists(), &open(Selector::Plan, "p-office", "4")).expect("a file");
    let rule = "\n]\n\n[[rule]]\nplan  = \"Office\"\nopens = [\"Roof\"]\n";
    assert!(new.ends_with(rule), "{new}");
}
