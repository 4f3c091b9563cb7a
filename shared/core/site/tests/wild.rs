//! Tests of arbitrary files: each is parsed or refused, with lines that exist.

use proptest::prelude::*;

use super::EXAMPLE;
use crate::site::Site;

fn holds(text: &str) {
    if let Err(error) = Site::parse(text) {
        assert!(!error.0.is_empty(), "a refusal says why: {text:?}");
        let lines = text.matches('\n').count() + 1;
        assert!(
            error
                .0
                .iter()
                .all(|fault| (1..=lines).contains(&fault.line)),
            "{error}\n{text:?}"
        );
    }
}

/// Generates a line of the example, or something that does not belong there.
fn piece() -> impl Strategy<Value = String> {
    let lines: Vec<String> = EXAMPLE.lines().map(str::to_owned).collect();
    let odd = [
        "[[rule]]",
        "[rule]",
        "rule = 1",
        "doors = 1",
        "[doors.main]",
        "[doors.main.x]",
        "[doors]",
        "plan = 1",
        "opens = [[]]",
        "before = \"9h\"",
        "share = inf",
        "least = 0xFFFFFFFFFF",
        "a.b.c = 1",
        "\"\" = 1",
        "'\u{7f}' = 2",
        "place = \"\\u0000\"",
        "x = 1979-05-27",
        "hours = \"Mon\"",
        "at = \"*\"",
        "[[doors]]",
        "[[doors.main]]",
        "= 1",
    ];
    let odd: Vec<String> = odd.iter().map(|text| (*text).to_owned()).collect();
    prop_oneof![
        prop::sample::select(lines),
        prop::sample::select(odd),
        ".{0,20}"
    ]
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn any_mixture_of_lines(pieces in prop::collection::vec(piece(), 0..40)) {
        holds(&pieces.join("\n"));
    }

    #[test]
    fn the_example_with_something_else_in_it(at in 0usize..4000, cut in 0usize..60, put in "[\\PC\n]{0,6}") {
        let start = EXAMPLE.floor_char_boundary(at.min(EXAMPLE.len()));
        let end = EXAMPLE.floor_char_boundary((start + cut).min(EXAMPLE.len()));
        holds(&format!("{}{put}{}", &EXAMPLE[..start], &EXAMPLE[end.max(start)..]));
    }
}
