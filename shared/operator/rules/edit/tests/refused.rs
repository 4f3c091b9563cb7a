//! Edits that are refused, and the edits beside them that are not.

use doorstep_core::site::Selector;

use super::super::{Edit, edited};
use super::{after, close, open, refused, times};
use crate::rules::fixture::{HEAD, cell, lists};
use crate::rules::thing::ThingKey;

#[test]
fn a_rule_about_everything_is_not_split() {
    let rules = "\n[[rule]]\nplan = \"*\"\nopens = [\"Members\"]\n";
    let why = refused(rules, &close(Selector::Plan, "p-hot", "3"));
    assert!(
        why.contains("rule 1 in line 14 is about every plan"),
        "{why}"
    );
    let new = after(rules, &close(Selector::Plan, "*", "3"));
    assert_eq!(new, "", "the row of every plan is another one");
    let both = format!("{rules}\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n");
    let new = after(&both, &close(Selector::Plan, "p-hot", "3"));
    assert_eq!(new, rules, "the thing's own rule goes");
    let own = "\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";
    let new = after(rules, &open(Selector::Plan, "p-hot", "3"));
    assert_eq!(
        new,
        format!("{rules}{own}"),
        "a rule of its own is possible"
    );
}

#[test]
fn a_room_that_opens_by_its_part_is_refused_with_the_line() {
    let rules =
        "\n[[rule]]\nresource = \"Boardroom half\"\nopens = [\"Members\"]\nwith_parent = true\n";
    let why = refused(rules, &close(Selector::Resource, "r-board", "3"));
    assert!(
        why.contains("line 14") && why.contains("with_parent"),
        "{why}"
    );
    let why = refused(rules, &times("r-board", 1, 30, 15));
    assert!(why.contains("does not name this resource"), "{why}");
}

#[test]
fn names_that_match_nothing_can_be_closed_and_not_opened() {
    let rules = "\n[[rule]]\nplan = [\"Hot desk\", \"Gold\"]\nopens = [\"Members\"]\n";
    let mut gold = cell(Selector::Plan, "", "3");
    gold.thing = ThingKey::Unlisted("Gold".to_owned());
    let new = after(rules, &Edit::Close(gold.clone()));
    assert_eq!(new, rules.replace(", \"Gold\"", ""));
    gold.group.group.0 = "4".to_owned();
    let why = refused(rules, &Edit::Open(gold));
    assert!(why.contains("no plan \"Gold\""), "{why}");
}

#[test]
fn a_platform_that_only_pushes_may_have_what_no_list_has() {
    let head = HEAD
        .replace("\"officernd\"", "\"andcards\"")
        .replace("organization = \"riverside-hub\"\n", "");
    let rules = "\n[[rule]]\nplan = \"Gold\"\nopens = [\"Members\"]\n";
    let mut gold = cell(Selector::Plan, "", "4");
    gold.thing = ThingKey::Unlisted("Gold".to_owned());
    let new = edited(&format!("{head}{rules}"), &lists(), &Edit::Open(gold));
    let opened = rules.replace("[\"Members\"]", "[\"Members\", \"Roof\"]");
    assert_eq!(new.expect("a file"), format!("{head}{opened}"));
}

#[test]
fn a_group_without_the_demanded_prefix_is_refused() {
    let text = format!("{HEAD}prefix = \"DS_\"\n");
    let why = edited(&text, &lists(), &open(Selector::Plan, "p-hot", "1"));
    let why = why.expect_err("it is refused").to_string();
    assert!(
        why.contains("\"Front door\" does not start with \"DS_\""),
        "{why}"
    );
}

#[test]
fn a_file_with_an_error_or_with_rules_in_one_value_is_refused() {
    let why = refused(
        "\n[[rule]]\nplan = 1\n",
        &open(Selector::Plan, "p-hot", "1"),
    );
    assert!(why.contains("line 14"), "{why}");
    let text = format!("rule = [{{ plan = \"Hot desk\", opens = \"Members\" }}]\n{HEAD}");
    let why = edited(&text, &lists(), &open(Selector::Plan, "p-hot", "1"));
    let why = why.expect_err("it is refused").to_string();
    assert!(why.contains("[[rule]] of its own"), "{why}");
}
