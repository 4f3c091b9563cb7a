//! What deliveries are about: ids, and nothing else of what they say.

use crate::delivery::Letter;
use crate::platform::nexudus::letters;

fn read(action: &str, body: &str) -> Letter {
    letters::read(&format!("/hooks/riverside/nexudus/{action}"), body.as_bytes())
}

/// What a letter is about, as `booking 7`; with `-` before it where that is gone.
fn about(action: &str, body: &str) -> Vec<String> {
    match read(action, body) {
        Letter::About(all) => all
            .iter()
            .inspect(|mention| assert_eq!(mention.reaches, None, "no version of an unsigned path is believed"))
            .map(|mention| format!("{}{}", if mention.removed { "-" } else { "" }, mention.about))
            .collect(),
        other => panic!("{action}: {other:?}"),
    }
}

#[test]
fn each_action_is_about_its_own_kind() {
    let body = r#"[{"Id":7,"CoworkerId":9,"FullName":"Ada"}]"#;
    for (actions, expected) in [
        (&["2", "3", "61"][..], &["member 7"][..]),
        (&["50"], &["-member 7"]),
        (&["6", "7"], &["booking 7"]),
        (&["8"], &["-booking 7"]),
        (&["10", "11", "12", "13", "14", "60", "62"], &["membership 7"]),
        (&["77"], &["-membership 7"]),
        (&["57", "58"], &["team 7"]),
        (&["59"], &["-team 7"]),
        (&["47", "48"], &["checkin 7", "member 9"]),
        (&["49"], &["-checkin 7", "member 9"]),
        (&["41", "42", "64"], &["member 9"]),
        (&["71", "73"], &["resource desk-7"]),
        (&["72"], &["-resource desk-7"]),
        (&["74", "76"], &["plan 7"]),
        (&["75"], &["-plan 7"]),
        (&["BookingCreate", "bookingupdate"], &["booking 7"]),
        (&["AccessControlUpdate"], &["member 7"]),
    ] {
        for action in actions {
            assert_eq!(about(action, body), expected, "{action}");
        }
    }
}

#[test]
fn one_entity_or_several_in_an_array_or_alone() {
    assert_eq!(about("6", r#"{"Id":7}"#), ["booking 7"]);
    assert_eq!(about("6", r#"[{"Id":"7"},{"Id":8},{"Id":7}]"#), ["booking 7", "booking 8"]);
    assert_eq!(about("47", r#"[{"Id":7}]"#), ["checkin 7"]);
}

#[test]
fn what_is_none_of_our_business_is_not_read() {
    for action in ["16", "1", "99", "0", "65536", "+6", "Nonsense", "nexudus"] {
        assert_eq!(read(action, "not JSON"), Letter::NotForUs, "{action}");
    }
    assert_eq!(read("42", r#"[{"Id":7,"CoworkerId":null}]"#), Letter::NotForUs, "a visitor of nobody");
}

#[test]
fn what_cannot_be_read_says_why_without_quoting() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "7",
        "null",
        "[]",
        "[7]",
        "[[]]",
        r#"[{"Id":null}]"#,
        r#"[{"Id":""}]"#,
        r#"[{"Id":"x"}]"#,
        r#"[{"Id":-7}]"#,
        r#"[{"Id":7.5}]"#,
        r#"[{"Id":"7#8"}]"#,
        r#"[{"Id":"123456789012345678901"}]"#,
        r#"[{"Id":7,"Id":8}]"#,
        r#"[{"Id":7},{"Name":"none"}]"#,
        &deep,
    ] {
        let Letter::Unreadable(why) = read("6", body) else { panic!("{:?}", body.get(..20)) };
        assert!(!why.contains('7') && !why.contains("none"), "{why}");
    }
}
