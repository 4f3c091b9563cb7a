//! Minutes and audiences of one thing.

use doorstep_core::site::{Audience, Selector};

use super::super::{Edit, NewTimes, Times};
use super::{ROOMS, after, refused, times};
use crate::rules::fixture::cell;

#[test]
fn minutes_are_set_where_the_rule_has_them_and_else_behind_its_keys() {
    let rules = ROOMS.replace("[\"Boardroom\", \"Studio\"]", "\"Boardroom\"");
    let new = after(&rules, &times("r-board", 1, 30, 120));
    let expected = rules
        .replace("\"20m\"   # the", "\"30m\"   # the")
        .replace("20:00\"\n", "20:00\"\nafter    = \"2h\"\n");
    assert_eq!(new, expected);
    assert_eq!(
        after(&rules, &times("r-board", 1, 20, 15)),
        rules,
        "the same"
    );
}

#[test]
fn minutes_of_one_room_of_several_leave_the_others_theirs() {
    let new = after(ROOMS, &times("r-board", 1, 30, 15));
    let split = "
[[rule]]
resource = [\"Studio\"]  # rooms that are booked
opens    = [\"Front door\", \"Meeting floor\"]
before   = \"20m\"   # the cleaner
hours    = \"Mon-Fri 08:00-20:00\"

[[rule]]
resource = \"Boardroom\"
opens    = [\"Front door\", \"Meeting floor\"]
before   = \"30m\"   # the cleaner
hours    = \"Mon-Fri 08:00-20:00\"
";
    assert!(new.starts_with(split), "{new}");
}

#[test]
fn an_audience_is_set_for_bookings_only_and_minutes_for_bookings_and_visits() {
    let set = |selector, thing: &str, before| {
        let times = Times {
            before,
            after: 15,
            audience: Audience::Members,
        };
        let thing = cell(selector, thing, "1").thing;
        Edit::Times(NewTimes {
            selector,
            thing,
            rule: 1,
            times,
        })
    };
    let rules = "\n[[rule]]\nresource = \"*\"\nopens = [\"Members\"]\n";
    let new = after(rules, &set(Selector::Resource, "*", 15));
    assert_eq!(new, format!("{rules}for   = \"members\"\n"));
    let why = refused(rules, &set(Selector::Resource, "*", 1441));
    assert!(why.contains("0 to 1440"), "{why}");
    let rules = rules.replace("resource", "visitor");
    let why = refused(&rules, &set(Selector::Visitor, "*", 15));
    assert!(why.contains("only a rule about bookings"), "{why}");
    let rules = rules.replace("visitor", "plan");
    let why = refused(&rules, &set(Selector::Plan, "*", 15));
    assert!(why.contains("bookings and visits only"), "{why}");
    let why = refused(&rules, &set(Selector::Resource, "*", 15));
    assert!(why.contains("no rule 1 about a resource"), "{why}");
}
